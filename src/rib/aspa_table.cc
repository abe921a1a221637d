#include "rib/aspa_table.h"

#include <algorithm>

namespace peering::rib {

AspaTable::AspaTable(std::span<const wire::rtr::Aspa> aspas) {
  for (const wire::rtr::Aspa& aspa : aspas) {
    auto& all = providers_[aspa.customer];
    all.insert(all.end(), aspa.providers.begin(), aspa.providers.end());
  }
  for (auto& [customer, all] : providers_) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }
}

std::vector<wire::rtr::Aspa> AspaTable::aspas() const {
  std::vector<wire::rtr::Aspa> out;
  for (const auto& [customer, providers] : providers_) {
    out.push_back({customer, providers, wire::rtr::AspaScope::both});
  }
  return out;
}

Provider AspaTable::provider(net::Asn customer, net::Asn of) const {
  const auto found = providers_.find(customer);
  if (found == providers_.end()) return Provider::no_attestation;
  const bool listed = std::binary_search(found->second.begin(), found->second.end(), of);
  return listed ? Provider::provider : Provider::not_provider;
}

// Draft section 6.2 (algorithm for downstream paths): the climb from the origin ends at the latest where a
// customer denies its neighbour, the descent begins at the earliest after the last such denial seen from the
// other end; when they do not meet, the path is invalid.
std::optional<AspaBreak> AspaTable::broken(std::span<const net::Asn> path) const {
  if (path.size() < 3) return std::nullopt;
  const std::size_t last = path.size() - 1;
  std::size_t climb = last;  // how far towards the front the route may have climbed
  while (climb > 0 && provider(path[climb], path[climb - 1]) != Provider::not_provider) --climb;
  std::size_t descent = 0;  // how far towards the origin it may have descended
  while (descent < last && provider(path[descent], path[descent + 1]) != Provider::not_provider) ++descent;
  // One step sideways at the top is no break.
  if (climb <= descent + 1) return std::nullopt;
  // path[climb - 1] had the route from above or the side, and path[descent + 1] sent it up or sideways: one
  // of those in between leaked, and when they are one AS, that one.
  return AspaBreak{path[descent + 1], path[descent + 2], path[descent]};
}

// Draft section 6.1 (algorithm for upstream paths): every step from the origin on is one to a provider.
std::optional<AspaBreak> AspaTable::broken_from_below(std::span<const net::Asn> path) const {
  for (std::size_t at = path.size(); at-- > 1;) {
    if (provider(path[at], path[at - 1]) != Provider::not_provider) continue;
    const net::Asn leaker = path[at - 1];
    return AspaBreak{leaker, path[at], at > 1 ? path[at - 2] : leaker};
  }
  return std::nullopt;
}

}  // namespace peering::rib
