#include "app/latency_blame.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "detect/judgement.h"
#include "latency/median_interval.h"

namespace peering::app {

namespace {

constexpr std::size_t moments_max = 16, prefixes_asked_max = 50'000, route_events_max = 100;
constexpr std::chrono::seconds moment_age_max{5};
constexpr std::chrono::hours hour_before{1};

// What one client network saw at one PoP.
struct Seen {
  sketch::LatencySketch before, during;
};

// A route that the PoP may use; the better one is less.
using Choice = std::tuple<int, std::size_t, std::string, std::vector<net::Asn>>;

Choice choice_of(const rib::Route& route) {
  const bool loc_rib = route.peer->key.rib_kind == rib::RibKind::loc_rib;
  const std::vector<net::Asn>& path = route.attributes->as_path.asns;
  // The longest prefix first, then what the router itself has chosen, then the shortest path.
  return {-2 * static_cast<int>(route.prefix.length()) - (loc_rib ? 1 : 0), path.size(),
          route.peer->key.router + " " + route.peer->key.address.to_string(), path};
}

}  // namespace

model::Blame LatencyBlame::of(const model::Event& degraded, TimePoint at) {
  const std::vector<latency::Quartet>& quartets =
      quartets_of(degraded.latency->kind, degraded.first_seen, at);
  const std::vector<latency::RouteEvent> routes = route_events(degraded);
  return latency::blame({.quartets = quartets,
                         .subject = latency::BlameSubject{degraded.prefix, degraded.latency->pop},
                         .at = degraded.first_seen,
                         .route_events = routes});
}

const std::vector<latency::Quartet>& LatencyBlame::quartets_of(model::SampleKind kind, TimePoint start,
                                                               TimePoint at) {
  std::erase_if(moments_, [&](const Moment& each) { return at - each.read_at > moment_age_max; });
  const auto known = std::ranges::find_if(
      moments_, [&](const Moment& each) { return each.kind == kind && each.start == start; });
  if (known != moments_.end()) return known->quartets;
  Moment made{kind, start, at, {}};
  const model::RegistryPointer registry = services_.registry();
  std::size_t asked = 0;
  for (const auto& [id, prefix] : registry->prefixes) {
    if (++asked > prefixes_asked_max) break;
    add_quartets(model::lower(id.id()), *prefix, made);
  }
  moments_.push_front(std::move(made));
  if (moments_.size() > moments_max) moments_.pop_back();
  return moments_.front().quartets;
}

void LatencyBlame::add_quartets(const std::string& key, const model::RegisteredPrefix& prefix,
                                Moment& out) const {
  const Microseconds during = latency::bin_width * static_cast<std::int64_t>(services_.settings.shifted_bins);
  const auto bins = services_.bins({key, out.start - hour_before, out.start + during});
  if (!bins) return;
  std::map<std::pair<net::Prefix, std::string>, Seen> seen;
  for (const latency::SeriesBin& bin : *bins) {
    if (bin.series->kind != out.kind || bin.level != model::SketchLevel::five_minutes) continue;
    Seen& here = seen[{bin.series->client, bin.series->pop}];
    (bin.start < out.start ? here.before : here.during).merge(bin.sketch);
  }
  const std::size_t first = out.quartets.size();
  for (const auto& [where, here] : seen) {
    if (here.during.count() < services_.settings.samples_min) continue;
    std::optional<double> usual;
    if (here.before.count() >= services_.settings.samples_min) {
      usual = latency::median_interval(here.before)->median;
    } else {
      usual = services_.usual_us(key, {where.second, out.kind}, out.start);
    }
    if (!usual) continue;
    latency::Quartet quartet;
    quartet.client = where.first;
    quartet.prefix = prefix.expectation.prefix;
    quartet.pop = where.second;
    quartet.samples = here.during.count();
    quartet.bad =
        latency::median_interval(here.during)->median - *usual >= services_.settings.rise_of(*usual);
    out.quartets.push_back(std::move(quartet));
  }
  add_paths(prefix, out.quartets, first);
}

void LatencyBlame::add_paths(const model::RegisteredPrefix& prefix, std::vector<latency::Quartet>& quartets,
                             std::size_t from) const {
  if (from == quartets.size()) return;
  std::map<std::string, Choice> paths;  // by PoP
  if (const auto routes = services_.routes(prefix.expectation.prefix)) {
    for (const rib::Route& route : *routes) {
      if (!route.peer || !route.attributes || !route.prefix.covers(prefix.expectation.prefix)) continue;
      Choice choice = choice_of(route);
      const auto [known, fresh] = paths.try_emplace(route.peer->pop, choice);
      if (!fresh) known->second = std::min(known->second, choice);
    }
  }
  const std::vector<net::Asn> origins = detect::expected_origins(prefix.expectation);
  for (std::size_t i = from; i < quartets.size(); ++i) {
    latency::Quartet& quartet = quartets[i];
    if (const auto path = paths.find(quartet.pop); path != paths.end()) {
      quartet.as_path = std::get<std::vector<net::Asn>>(path->second);
    }
    if (!quartet.as_path.empty()) {
      quartet.client_asn = quartet.as_path.back();
    } else if (!origins.empty()) {
      quartet.client_asn = origins.front();
    }
  }
}

std::vector<latency::RouteEvent> LatencyBlame::route_events(const model::Event& degraded) const {
  store::EventQuery query;
  query.scope = degraded.prefix_resource;
  query.from = degraded.first_seen - latency::route_events_within;
  query.to = degraded.first_seen + latency::route_events_within + Microseconds(1);
  query.limit = route_events_max;
  std::vector<latency::RouteEvent> out;
  const auto page = services_.events(query);
  if (!page) return out;
  for (const model::Event& event : page->events) {
    if (event.latency) continue;
    out.push_back({event.first_seen, event.prefix, "",
                   fmt::format("{}: {}", model::to_string(event.kind), event.summary)});
  }
  return out;
}

}  // namespace peering::app
