#include "rib/route.h"

namespace peering::rib {

std::string_view to_string(RibKind kind) {
  switch (kind) {
    case RibKind::adj_rib_in_pre_policy:
      return "adjRibInPrePolicy";
    case RibKind::adj_rib_in_post_policy:
      return "adjRibInPostPolicy";
    case RibKind::adj_rib_out_pre_policy:
      return "adjRibOutPrePolicy";
    case RibKind::adj_rib_out_post_policy:
      return "adjRibOutPostPolicy";
    case RibKind::loc_rib:
      return "locRib";
  }
  return "";
}

PeerPointer with_role(const Peer& peer, PeerRole role) {
  auto out = std::make_shared<Peer>(peer);
  out->role = role;
  return out;
}

std::optional<PeerRole> parse_peer_role(std::string_view text) {
  if (text == "provider") return PeerRole::provider;
  if (text == "customer") return PeerRole::customer;
  if (text == "peer") return PeerRole::peer;
  if (text == "rs") return PeerRole::route_server;
  if (text == "rs-client") return PeerRole::route_server_client;
  return std::nullopt;
}

}  // namespace peering::rib
