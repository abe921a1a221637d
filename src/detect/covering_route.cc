#include "detect/covering_route.h"

namespace peering::detect {

namespace {

// Shorter ones cover so much that they say nothing about one prefix (defaults, martians).
constexpr int v4_length_min = 8, v6_length_min = 16;

}  // namespace

bool CoveringRoutes::too_short(const net::Prefix& prefix) {
  return prefix.length() < (prefix.family() == net::Family::ipv4 ? v4_length_min : v6_length_min);
}

void CoveringRoutes::judge(const model::Registry& registry, const net::Prefix& observed, const PathView& view,
                           std::vector<Finding>& out) {
  if (too_short(observed) || !view.origin) return;
  // Mostly it is known; what lies inside may be the registry of a whole country.
  const auto known = first_origins_.find(observed);
  if (known != first_origins_.end() && known->second.contains(*view.origin)) return;
  std::vector<model::RegisteredPrefixPointer> inside;
  registry.watch.for_covered(observed, [&](const net::Prefix& prefix, const auto& entries) {
    if (prefix == observed) return;
    for (const auto& entry : entries) {
      if (inside.size() < told_max) inside.push_back(entry);
    }
  });
  if (inside.empty()) return;
  auto& first = first_origins_.try_emplace(observed, std::set{*view.origin}).first->second;
  if (first.contains(*view.origin)) return;
  for (const auto& entry : inside) {
    const model::Expectation& e = entry->expectation;
    if (e.ignore || e.allows_origin(*view.origin) || !judges(e, model::EventKind::covering_route)) continue;
    Finding finding;
    finding.kind = model::EventKind::covering_route;
    finding.entry = entry;
    finding.discriminator = std::to_string(*view.origin);
    finding.suspect = view.origin;
    finding.why = fmt::format("{}, which covers the registered {}, is announced by AS{} instead of AS{}",
                              observed.to_string(), e.prefix.to_string(), *view.origin, *first.begin());
    out.push_back(std::move(finding));
  }
}

}  // namespace peering::detect
