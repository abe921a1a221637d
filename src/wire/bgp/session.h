// What two OPENs agree on, for the reader of the messages that follow.
#pragma once

#include <optional>
#include <vector>

#include "wire/bgp/message.h"
#include "wire/bgp/update.h"

namespace peering::wire::bgp {

/// The facts of what `sender` sends to `receiver`: four-octet AS numbers when both speak them (RFC 6793),
/// path identifiers where one offers to send and the other to receive them (RFC 7911 section 4).
SessionFacts agreed_facts(const Open& sender, const Open& receiver);

/// Everything else that is agreed.
struct Agreement {
  /// Of what the sender sends; also whether IPv6 next hops of IPv4 routes were agreed (RFC 8950), and whether
  /// both are of one AS.
  SessionFacts facts;
  std::vector<FamilyId> families;  ///< both named (RFC 4760 section 8); IPv4 unicast where neither names any
  std::uint16_t hold_time_s = 0;   ///< the smaller one; 0: no KEEPALIVEs and no hold timer
  bool extended_message = false;   ///< RFC 8654 section 3: both said so
  bool route_refresh = false;      ///< the sender takes requests (RFC 2918)
  bool enhanced_route_refresh = false;  ///< both (RFC 7313)

  bool has(FamilyId family) const;
};
Agreement agree(const Open& sender, const Open& receiver);

/// The families an OPEN speaks for: IPv4 unicast when it names none.
std::vector<FamilyId> families_of(const Open& open);

/// The one role an OPEN names. Nothing when it names none.
std::optional<std::uint8_t> role_of(const Open& open);
/// RFC 9234 section 4.2: whether the roles fit each other. `local`: what we are.
bool roles_fit(Role local, std::uint8_t remote);

/// How long the routes of a peer whose session is lost stay as stale (RFC 4724 section 4.2). Nothing: not at
/// all, since the peer preserves nothing.
std::optional<std::uint16_t> restart_time_s(const Open& peer);

}  // namespace peering::wire::bgp
