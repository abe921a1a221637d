// Who is who: one number for each peer, the same after every reconnect, and the PoP of each router.
//
// The table keeps routes by `PeerId`. A peer that comes back (or its router, or the file that is read again)
// must get the number it had, else its old routes would never be replaced. So numbers are given once for each
// `PeerKey` and kept while the process lives. The book of the routers' BGP sessions lies here too: the feeds
// write it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "feeds/session_book.h"
#include "rib/route.h"

namespace peering::feeds {

/// `[[network.routers]]`: a router, known by its BMP sysName or its address, stands in a PoP.
struct RouterPlace {
  std::string name;  ///< empty: known by address only
  std::optional<net::Address> address;
  std::string pop;
};

/// Thread-safe; shared by all feeds.
class PeerRegistry {
 public:
  explicit PeerRegistry(std::vector<RouterPlace> places = {}, std::size_t peers_max = 1'000'000);

  /// The peer of this key with what its present session says. `limit_exceeded` when a new key would be one
  /// too many. `router_address` is where the router's messages come from.
  Result<rib::PeerPointer> peer(const rib::PeerKey& key, net::Asn asn, const net::Address& bgp_identifier,
                                const std::optional<net::Address>& router_address);
  /// The PoP configured for the router's name, else for its address, else the router's own name.
  std::string pop_of(std::string_view router, const std::optional<net::Address>& address) const;
  std::size_t size() const;
  SessionBook& sessions() { return sessions_; }

  static constexpr std::size_t sessions_max = 100'000;

 private:
  const std::vector<RouterPlace> places_;
  const std::size_t peers_max_;
  mutable std::mutex mutex_;
  std::map<rib::PeerKey, rib::PeerId> ids_;
  SessionBook sessions_{sessions_max};
};

}  // namespace peering::feeds
