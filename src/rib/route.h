// Routes as they travel from the feeds to the RIB and from the RIB to the detectors.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "net/prefix.h"
#include "wire/bgp/path_attributes.h"

namespace peering::rib {

/// Which table of the router a route was seen in (RFC 7854 sections 4.2 and 5, RFC 8671, RFC 9069).
enum class RibKind : std::uint8_t {
  adj_rib_in_pre_policy,
  adj_rib_in_post_policy,
  adj_rib_out_pre_policy,
  adj_rib_out_post_policy,
  loc_rib,
};
/// "adjRibInPrePolicy" and so on, as served in JSON.
std::string_view to_string(RibKind kind);

/// What makes a peer the same peer again after a reconnect.
struct PeerKey {
  std::string router;  ///< BMP sysName, else the router's address; collector name for MRT and RIS
  std::uint64_t distinguisher = 0;  ///< RFC 7854 section 4.2
  net::Address address;             ///< the peer's address; unspecified for Loc-RIB
  RibKind rib_kind = RibKind::adj_rib_in_pre_policy;
  friend auto operator<=>(const PeerKey&, const PeerKey&) = default;
  friend bool operator==(const PeerKey&, const PeerKey&) = default;
};

using PeerId = Strong<struct PeerTag, std::uint32_t>;

/// What a peer is to the router that it speaks with (RFC 9234 section 4.1).
enum class PeerRole : std::uint8_t { unknown, provider, customer, peer, route_server, route_server_client };
/// "provider", "customer", "peer", "rs" or "rs-client"; nothing for other texts.
std::optional<PeerRole> parse_peer_role(std::string_view text);

/// A BGP peer of a monitored router. Immutable; shared by every route that came from it. Two sessions of the
/// same key have two Peer objects but one id.
struct Peer {
  PeerId id;
  PeerKey key;
  net::Asn asn = 0;
  net::Address bgp_identifier;
  std::string pop;  ///< PoP of the router, by configuration or the router's own name
  PeerRole role = PeerRole::unknown;
};
using PeerPointer = std::shared_ptr<const Peer>;
/// The same peer with a role that has become known.
PeerPointer with_role(const Peer& peer, PeerRole role);

using AttributesPointer = std::shared_ptr<const wire::bgp::PathAttributes>;

/// What one UPDATE says about one peer: routes with the same attributes, and withdrawals.
struct RouteBatch {
  PeerPointer peer;
  TimePoint time;  ///< when the router saw it, by its own clock; the arrival time when it gives none
  AttributesPointer attributes;  ///< null when `announced` is empty
  std::vector<net::Prefix> announced;
  std::vector<net::Prefix> withdrawn;
};

/// Why a route changed: only `update` is the network speaking about the prefix.
enum class ChangeReason : std::uint8_t {
  update,       ///< an UPDATE said so
  peer_down,    ///< the session to the peer ended (BMP Peer Down, BGP session down)
  router_down,  ///< we lost the router itself (BMP session closed)
  stale_swept,  ///< not announced again after a reconnect, or when the peer repeated its routes
};

/// A route of one peer for one prefix became another one. `before` and `after` differ; either may be null.
struct RouteChange {
  net::Prefix prefix;
  PeerPointer peer;
  AttributesPointer before, after;
  TimePoint time;
  ChangeReason reason = ChangeReason::update;
};

/// One route in the table.
struct Route {
  net::Prefix prefix;
  PeerPointer peer;
  AttributesPointer attributes;
  TimePoint received_at;
};

}  // namespace peering::rib
