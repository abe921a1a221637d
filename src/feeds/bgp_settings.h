// What the BGP collector is told about itself and its neighbours.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "wire/bgp/message.h"

namespace peering::feeds {

class Archive;

/// `[[feeds.bgp.neighbors]]`.
struct BgpNeighbor {
  std::string name;  ///< empty: the address stands for it
  net::Address address;
  std::uint16_t port = 179;
  net::Asn asn = 0;
  bool passive = true;
  std::string password;  ///< TCP-MD5 (RFC 2385); empty: none. Never logged.
  std::vector<wire::bgp::FamilyId> families{wire::bgp::ipv4_unicast, wire::bgp::ipv6_unicast};
  bool add_path = false;
  std::optional<wire::bgp::Role> role;  ///< what we are to the neighbour (RFC 9234)
  bool role_strict = false;
  std::uint16_t hold_time_s = 90;
  int ttl_security = 0;          ///< GTSM (RFC 5082): hops that the neighbour may be away, 1 to 255; 0: off
  std::size_t prefixes_max = 0;  ///< of each family; 0: any number
  net::Asn local_asn = 0;        ///< 0: `BgpSettings::asn`
  std::optional<net::Address> local_address;

  friend bool operator==(const BgpNeighbor&, const BgpNeighbor&) = default;
  std::string shown_name() const { return name.empty() ? address.to_string() : name; }
};

struct BgpSettings {
  net::Asn asn = 0;
  net::Address router_id;
  std::vector<BgpNeighbor> neighbors;  ///< addresses are unique
  std::chrono::milliseconds connect_retry{30'000};
  std::chrono::milliseconds hold_off_first{1000}, hold_off_longest{60'000};
  std::chrono::milliseconds stable_time{60'000};
  std::chrono::milliseconds open_time{60'000};
  /// After a neighbour sent too many prefixes; 0: not before the next start.
  std::chrono::milliseconds prefix_limit_pause{30 * 60'000};
  /// A neighbour that began to send a family again (BoRR) and has not said for so long that this was all
  /// (EoRR) is taken to have said it: what it did not repeat goes. RFC 7313 section 4 lets a receiver bound
  /// how long it keeps stale routes, and remove them then without the EoRR.
  std::chrono::milliseconds repeat_time_max{10 * 60'000};
  /// Gets what the neighbours say, when not null; must outlive the listener.
  Archive* archive = nullptr;
};

}  // namespace peering::feeds
