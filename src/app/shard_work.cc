#include "app/shard_work.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "rib/packed_path.h"

namespace peering::app {

namespace {

constexpr std::size_t flushed_routes_max = 5000;
constexpr std::size_t judged_prefixes_max = 200;
constexpr std::size_t sought_prefixes_max = 5000, sought_routes_max = 1000;

}  // namespace

ShardWork::ShardWork(Options options, Metrics& metrics)
    : options_(std::move(options)),
      detector_(options_.detection),
      changes_total_(metrics.counter("peering_route_changes_total", "Routes that became another one.")),
      events_total_(
          metrics.counter("peering_events_detected_total", "Versions of events that detectors made.")),
      left_out_total_(metrics.counter("peering_monitored_findings_left_out_total",
                                      "Findings about monitored ASes not told, as their connection has too "
                                      "many; each time a route showed one.")) {}

void ShardWork::judge(TimePoint at) {
  if (table_.changes() != counted_changes_) {
    changes_total_.add(static_cast<double>(table_.changes() - counted_changes_));
    counted_changes_ = table_.changes();
  }
  for (const rib::RouteChange& change : changes_) detector_.route_changed(change, table_, at, events_);
  changes_.clear();
}

void ShardWork::handle(const feeds::RouteRun& run, TimePoint at) {
  const rib::Peer* heard = nullptr;
  run.burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
    if (peer.get() == heard || routes.announced.empty()) return;
    heard = peer.get();
    detector_.peer_heard(*peer, routes.time, at, events_);
  });
  table_.apply(run.burst, changes_);
  monitored_.changes_of(run.burst, detector_.monitored(), *watched_, changes_);
  judge(at);
}

void ShardWork::handle(const feeds::RouterUp& up, TimePoint at) {
  const auto away = deadlines_.find(up.router);
  if (away != deadlines_.end() && up.sends_table) {
    away->second = {at + options_.reconnect_grace, AtDeadline::sweep_stale};
  }
  detector_.router_state_changed(up.router, true, up.time, at, events_);
}

void ShardWork::handle(const feeds::RouterDown& down, TimePoint at) {
  table_.mark_stale(down.router);
  const auto then = down.outage ? AtDeadline::lose_router : AtDeadline::forget_stale;
  deadlines_[down.router] = {at + down.keep.value_or(options_.reconnect_grace), then};
  if (!down.outage) return;
  detector_.router_state_changed(down.router, false, down.time, at, events_);
}

void ShardWork::handle(const feeds::PeerUp& up, TimePoint at) {
  detector_.peer_state_changed(*up.peer, true, up.time, at, events_);
}

void ShardWork::handle(const feeds::PeerDown& down, TimePoint at) {
  if (down.outage) {
    detector_.peer_state_changed(*down.peer, false, down.time, at, events_);
  } else if (down.for_good) {
    detector_.peer_forgotten(*down.peer, down.time, at, events_);
  } else {
    detector_.peer_out_of_sight(*down.peer, down.time, at, events_);
  }
  table_.peer_down(down.peer->id, down.time);
  doomed_ = true;
}

void ShardWork::handle(const feeds::EndOfRib& end, TimePoint) {
  if (!end.complete) return;
  table_.sweep(end.peer->id, std::nullopt, end.time);
  doomed_ = true;
}

void ShardWork::handle(const feeds::RoutesRepeat& repeat, TimePoint) {
  if (repeat.begins) {
    // Whoever repeats its routes has sent its table: what waits for that must not sweep what is repeated
    // now.
    const auto waiting = deadlines_.find(repeat.peer->key.router);
    const bool came_back = waiting != deadlines_.end() && waiting->second.then == AtDeadline::sweep_stale;
    if (came_back) deadlines_.erase(waiting);
    return table_.mark_stale(repeat.peer->id, repeat.family);
  }
  table_.sweep(repeat.peer->id, repeat.family, repeat.time);
  doomed_ = true;
}

// What the detectors want to hear of. Gives what was registered and is not, or no longer so.
std::vector<net::Prefix> ShardWork::watch(const model::RegistryPointer& after) {
  std::vector<net::Prefix> added, removed;
  for (const auto& entry : model::difference(*registry_, *after).prefixes) {
    if (entry.after) added.push_back(entry.after->expectation.prefix);
    if (entry.before) removed.push_back(entry.before->expectation.prefix);
  }
  registry_ = after;
  watched_->follow(std::shared_ptr<const net::PrefixTree>(after, &after->watch), added, removed);
  table_.watch(watched_);
  return removed;
}

// Of space that nobody watches any more the table tells nothing, but somebody may monitor ASes of its routes.
void ShardWork::follow_unwatched(const std::vector<net::Prefix>& spaces) {
  const detect::MonitoredAses& monitored = detector_.monitored();
  if (monitored.empty()) return;
  const auto follow = [&](const std::vector<rib::Route>& routes) {
    for (const rib::Route& route : routes) {
      const auto& path = route.attributes->as_path.asns;
      if (std::ranges::any_of(path, [&](net::Asn asn) { return monitored.has(asn); })) {
        monitored_.follow(route, *watched_);
      }
    }
  };
  for (const net::Prefix& space : spaces) {
    follow(table_.covering(space));
    follow(table_.covered(space, detect::monitored_routes_max));
  }
}

// A router that did not return in time is lost; of one that did, what it did not announce again is.
void ShardWork::pass_deadlines(TimePoint at) {
  for (auto entry = deadlines_.begin(); entry != deadlines_.end();) {
    if (entry->second.at > at) {
      ++entry;
      continue;
    }
    switch (entry->second.then) {
      case AtDeadline::lose_router:
        table_.router_down(entry->first, at);
        break;
      case AtDeadline::sweep_stale:
        table_.sweep_router(entry->first, at);
        break;
      case AtDeadline::forget_stale:
        table_.forget_stale(entry->first, at);
        break;
    }
    doomed_ = true;
    entry = deadlines_.erase(entry);
  }
}

void ShardWork::take(const feeds::ShardMessage& message, TimePoint at) {
  std::visit([&](const auto& inner) { handle(inner, at); }, message);
}

void ShardWork::take(const model::RegistryPointer& registry, TimePoint at) {
  const std::vector<net::Prefix> removed = watch(registry);
  detector_.registry_changed(registry, table_, at, events_);
  if (detector_.monitored().empty()) monitored_.clear();
  follow_unwatched(removed);
  for (const net::Asn asn : detector_.monitored_anew()) sought_next_.insert(asn);
}

// Looks at a part of the table for routes of ASes that are monitored anew.
void ShardWork::seek(TimePoint at) {
  if (sought_.empty()) sought_.swap(sought_next_);
  std::vector<rib::Route> found;
  const auto concerns = [&](rib::PackedView attributes) {
    return rib::any_asn_of_path(attributes, [&](net::Asn asn) { return sought_.contains(asn); });
  };
  const bool more = table_.walk(walk_, sought_prefixes_max, sought_routes_max, concerns, found);
  for (const rib::Route& route : found) {
    monitored_.follow(route, *watched_);
    detector_.judge_held(route, at, events_);
  }
  if (!more) sought_.clear();
}

void ShardWork::take(const KnowledgeUpdate& update) {
  detector_.knowledge_changed(update.after, update.roas.get(), update.at, events_);
  rejudging_ = true;
}

void ShardWork::take(const FeedChange& change, TimePoint at) {
  if (change.silent) {
    detector_.feed_silent(change.router, change.since, at, events_);
  } else {
    detector_.feed_heard(change.router, at, events_);
  }
}

void ShardWork::go_on(TimePoint at) {
  if (doomed_) {
    rib::Table::IsFollowed is_followed;
    if (monitored_.followed() > 0) {
      is_followed = [this](const net::Prefix& prefix, rib::PeerId peer) {
        return monitored_.forget(prefix, peer);
      };
    }
    doomed_ = table_.flush(flushed_routes_max, changes_, is_followed);
    judge(at);
  }
  if (!sought_.empty() || !sought_next_.empty()) seek(at);
  if (rejudging_) rejudging_ = detector_.judge_waiting(table_, judged_prefixes_max, at, events_);
}

void ShardWork::tick(TimePoint at) {
  pass_deadlines(at);
  detector_.tick(table_, at, events_);
}

std::vector<model::Event> ShardWork::fetch() {
  const std::uint64_t left_out = detector_.findings_left_out();
  left_out_total_.add(static_cast<double>(left_out - std::exchange(counted_left_out_, left_out)));
  if (!events_.empty()) events_total_.add(static_cast<double>(events_.size()));
  return std::exchange(events_, {});
}

}  // namespace peering::app
