#include "feeds/peer_registry.h"

namespace peering::feeds {

PeerRegistry::PeerRegistry(std::vector<RouterPlace> places, std::size_t peers_max)
    : places_(std::move(places)), peers_max_(peers_max) {}

std::string PeerRegistry::pop_of(std::string_view router, const std::optional<net::Address>& address) const {
  for (const RouterPlace& place : places_) {
    if (!place.name.empty() && place.name == router) return place.pop;
  }
  for (const RouterPlace& place : places_) {
    if (address && place.address == address) return place.pop;
  }
  return std::string(router);
}

Result<rib::PeerPointer> PeerRegistry::peer(const rib::PeerKey& key, net::Asn asn,
                                            const net::Address& bgp_identifier,
                                            const std::optional<net::Address>& router_address) {
  auto out = std::make_shared<rib::Peer>();
  out->key = key;
  out->asn = asn;
  out->bgp_identifier = bgp_identifier;
  out->pop = pop_of(key.router, router_address);
  const std::lock_guard lock(mutex_);
  const auto known = ids_.find(key);
  if (known != ids_.end()) {
    out->id = known->second;
    return out;
  }
  if (ids_.size() >= peers_max_) {
    return fail(ErrorCode::limit_exceeded, "more than {} peers", peers_max_);
  }
  out->id = rib::PeerId(static_cast<std::uint32_t>(ids_.size() + 1));
  ids_.emplace(key, out->id);
  return out;
}

std::size_t PeerRegistry::size() const {
  const std::lock_guard lock(mutex_);
  return ids_.size();
}

}  // namespace peering::feeds
