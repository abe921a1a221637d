#include "feeds/update_routes.h"

#include <string>

#include "base/log.h"

namespace peering::feeds {

namespace {

using wire::bgp::MpRoutes;
using wire::bgp::Outcome;
using wire::bgp::UpdateScan;

std::size_t unicast_count(const std::optional<MpRoutes>& routes) {
  return routes && routes->address_family && !routes->multicast() ? routes->count : 0;
}

// Lets `append` add to the run at the end of `out`, begun when there is none and dropped when it stays empty.
template <class Append>
void add_to_run(TimePoint time, std::vector<ShardMessage>& out, Append append) {
  const bool begun = out.empty() || !std::holds_alternative<RouteRun>(out.back());
  if (begun) out.emplace_back(RouteRun{{}, time});
  rib::RouteBurst& burst = std::get<RouteRun>(out.back()).burst;
  append(burst);
  if (burst.empty()) out.pop_back();
}

}  // namespace

RouteCount count_routes(const UpdateScan& update) {
  const auto outcome = update.outcome();
  if (outcome == Outcome::reset_session) return {};
  RouteCount out;
  out.announced = update.announced_count + unicast_count(update.attributes.reach);
  out.withdrawn = update.withdrawn_count + unicast_count(update.attributes.unreach);
  if (outcome == Outcome::treat_as_withdraw) out.withdrawn += std::exchange(out.announced, 0);
  return out;
}

void push_update(const UpdateScan& update, const wire::bgp::SessionFacts& facts,
                 const rib::UpdateSource& from, std::vector<ShardMessage>& out) {
  add_to_run(from.time, out, [&](rib::RouteBurst& burst) { append_update(update, facts, from, burst); });
}

void push_batch(const rib::RouteBatch& batch, std::vector<ShardMessage>& out) {
  add_to_run(batch.time, out, [&](rib::RouteBurst& burst) { append_batch(batch, burst); });
}

void push_burst(const rib::RouteBurst& more, TimePoint time, std::vector<ShardMessage>& out) {
  add_to_run(time, out, [&](rib::RouteBurst& burst) { burst.append(more); });
}

void count_faults(Metrics& metrics, std::span<const wire::bgp::Issue> issues) {
  for (const wire::bgp::Issue& issue : issues) {
    metrics
        .counter("peering_bgp_update_faults_total",
                 "Faults in UPDATEs by what RFC 7606 makes of them and the attribute's type code.",
                 {{"outcome", std::string(to_string(issue.outcome))},
                  {"attribute", std::to_string(issue.attribute)}})
        .add();
  }
}

Counter& forgotten_paths(Metrics& metrics) {
  return metrics.counter("peering_bgp_paths_forgotten_total",
                         "Paths (ADD-PATH) forgotten because a peer has too many for one prefix.");
}

void count_forgotten_paths(const rib::UpdateSource& from, std::uint64_t before, Counter& counter) {
  const std::uint64_t now = from.paths->forgotten();
  if (now == before) return;
  counter.add(static_cast<double>(now - before));
  if (before > 0) return;
  log::warning("AS{} ({}) at {} has more than {} paths for one prefix: the oldest are forgotten",
               from.peer->asn, from.peer->key.address.to_string(), from.peer->key.router, rib::paths_max);
}

}  // namespace peering::feeds
