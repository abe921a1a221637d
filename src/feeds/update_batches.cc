#include "feeds/update_batches.h"

#include <algorithm>

namespace peering::feeds {

namespace {

using wire::bgp::Nlri;
using wire::bgp::Update;

void withdraw_routes(const std::vector<Nlri>& routes, PathSet* paths, rib::RouteBatch& withdrawals,
                     std::vector<rib::RouteBatch>& out) {
  for (const Nlri& route : routes) {
    rib::AttributesPointer shown;
    const auto effect = paths ? paths->withdraw(route, shown) : PathSet::Effect::withdrawn;
    if (effect == PathSet::Effect::withdrawn) withdrawals.withdrawn.push_back(route.prefix);
    if (effect == PathSet::Effect::replaced) {
      out.push_back({withdrawals.peer, withdrawals.time, shown, {route.prefix}, {}});
    }
  }
}

void announce_routes(const std::vector<Nlri>& routes, const wire::bgp::PathAttributes& attributes,
                     const std::optional<net::Address>& next_hop, PathSet* paths, rib::RouteBatch batch,
                     std::vector<rib::RouteBatch>& out) {
  if (routes.empty()) return;
  auto own = std::make_shared<wire::bgp::PathAttributes>(attributes);
  own->next_hop = next_hop;
  batch.attributes = std::move(own);
  batch.announced.reserve(routes.size());
  for (const Nlri& route : routes) {
    if (paths) paths->announce(route, batch.attributes);
    batch.announced.push_back(route.prefix);
  }
  out.push_back(std::move(batch));
}

}  // namespace

void PathSet::announce(const Nlri& route, const rib::AttributesPointer& attributes) {
  std::vector<Path>& paths = paths_[route.prefix];
  std::erase_if(paths, [&](const Path& path) { return path.id == route.path_id; });
  paths.push_back({route.path_id, attributes});
}

PathSet::Effect PathSet::withdraw(const Nlri& route, rib::AttributesPointer& now_shown) {
  const auto found = paths_.find(route.prefix);
  if (found == paths_.end()) return Effect::withdrawn;
  std::vector<Path>& paths = found->second;
  const bool was_shown = paths.back().id == route.path_id;
  std::erase_if(paths, [&](const Path& path) { return path.id == route.path_id; });
  if (paths.empty()) {
    paths_.erase(found);
    return Effect::withdrawn;
  }
  now_shown = paths.back().attributes;
  return was_shown ? Effect::replaced : Effect::none;
}

std::vector<rib::RouteBatch> batches_of(const Update& update, const rib::PeerPointer& peer, TimePoint time,
                                        PathSet* paths) {
  std::vector<rib::RouteBatch> out;
  const rib::RouteBatch empty{peer, time, nullptr, {}, {}};
  rib::RouteBatch withdrawals = empty;
  withdraw_routes(update.withdrawn, paths, withdrawals, out);
  withdraw_routes(update.mp_withdrawn, paths, withdrawals, out);
  if (!withdrawals.withdrawn.empty()) out.insert(out.begin(), std::move(withdrawals));
  const auto& attributes = update.attributes;
  announce_routes(update.announced, attributes, attributes.next_hop, paths, empty, out);
  announce_routes(update.mp_announced, attributes, update.mp_next_hop, paths, empty, out);
  return out;
}

void count_faults(Metrics& metrics, const Update& update) {
  for (const wire::bgp::Issue& issue : update.issues) {
    metrics
        .counter("peering_bgp_update_faults_total",
                 "Faults in UPDATEs by what RFC 7606 makes of them and the attribute's type code.",
                 {{"outcome", std::string(to_string(issue.outcome))},
                  {"attribute", std::to_string(issue.attribute)}})
        .add();
  }
}

void strip_first_as(wire::bgp::AsPath& path, net::Asn asn) {
  if (path.asns.size() < 2 || path.first() != asn || path.segments.empty()) return;
  path.asns.erase(path.asns.begin());
  if (--path.segments.front().count == 0) path.segments.erase(path.segments.begin());
}

}  // namespace peering::feeds
