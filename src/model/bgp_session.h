// BGP sessions of the network's routers with their peers, as the wire tells of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/address.h"
#include "net/prefix.h"

namespace peering::model {

/// One session of a router (RFC 4271), whatever of its tables are reported. A value.
struct BgpSession {
  std::string router;  ///< BMP sysName, else the router's address; for our own collector the neighbour's name
  std::uint64_t distinguisher = 0;  ///< of the routing instance (RFC 7854 section 4.2); 0: the global one
  std::string pop;                  ///< PoP of the router, by configuration or the router's own name
  net::Address peer_address;
  std::optional<net::Address> local_address;  ///< the router's end, where it is known
  net::Asn peer_asn = 0;
  bool established = false;
  /// State of RFC 4271 section 8.2.2 ("Idle", "OpenSent", "Established" …); empty: not known, as of a router
  /// that tells nothing any more.
  std::string state;
  TimePoint since{};  ///< when `state` began, by the router's clock where it says so
  friend bool operator==(const BgpSession&, const BgpSession&) = default;
};

/// All sessions that are known at one time. Immutable.
class BgpSessions {
 public:
  BgpSessions() = default;
  explicit BgpSessions(std::vector<BgpSession> sessions) : all_(std::move(sessions)) {
    std::ranges::stable_sort(all_, {}, &BgpSession::peer_address);
  }
  /// In order of the peers' addresses.
  std::span<const BgpSession> all() const { return all_; }
  /// The sessions with a peer's address, of whatever router.
  std::span<const BgpSession> with(const net::Address& peer_address) const {
    const auto found = std::ranges::equal_range(all_, peer_address, {}, &BgpSession::peer_address);
    return {found.begin(), found.end()};
  }
  /// The sessions with any peer's address in the prefix.
  std::span<const BgpSession> within(const net::Prefix& prefix) const {
    const auto first = std::ranges::lower_bound(all_, prefix.address(), {}, &BgpSession::peer_address);
    auto last = first;
    while (last != all_.end() && prefix.contains(last->peer_address)) ++last;
    return {first, last};
  }

 private:
  std::vector<BgpSession> all_;
};
using BgpSessionsPointer = std::shared_ptr<const BgpSessions>;

}  // namespace peering::model
