// What the detectors' tests stand on: a table and a detector fed as a shard feeds them, and a few words to
// write scenes with.
#pragma once

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/detector.h"

namespace peering::detect {

inline net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

inline constexpr rib::RibKind pre_policy = rib::RibKind::adj_rib_in_pre_policy;
inline constexpr rib::RibKind post_policy = rib::RibKind::adj_rib_in_post_policy;
inline constexpr rib::RibKind loc_rib = rib::RibKind::loc_rib;

/// A shard's view of the world: time moves only by `wait`.
class Scene {
 public:
  explicit Scene(Settings settings = {}) : detector_(settings), known_(settings) {}

  /// Registers a prefix for a connection of the subscription "s"; in force after `apply`.
  void expect(std::string_view prefix, const std::function<void(model::Expectation&)>& change = {},
              std::string_view name = "web", std::string_view connection = "c") {
    auto entry = std::make_shared<model::RegisteredPrefix>();
    entry->connection = fmt::format("/subscriptions/s/peeringServices/{}", connection);
    entry->resource = fmt::format("{}/prefixes/{}", entry->connection, name);
    entry->expectation.prefix = p(prefix);
    entry->expectation.origins = {{64500, 64500}};
    if (change) change(entry->expectation);
    entries_[model::lower(entry->resource)] = entry;
  }
  void forget(std::string_view name, std::string_view connection = "c") {
    entries_.erase(
        model::lower(fmt::format("/subscriptions/s/peeringServices/{}/prefixes/{}", connection, name)));
  }
  std::vector<model::Event> apply() {
    auto registry = std::make_shared<model::Registry>();
    for (const auto& [id, entry] : entries_) {
      registry->prefixes[id] = entry;
      registry->watch[entry->expectation.prefix].push_back(entry);
      auto connection = std::make_shared<model::Connection>();
      connection->resource = entry->connection;
      connection->primary_metro = primary_metro;
      connection->backup_metro = backup_metro;
      registry->connections[model::lower(entry->connection)] = connection;
    }
    std::vector<model::Event> out;
    detector_.registry_changed(registry, table_, now_, out);
    return keep(std::move(out));
  }
  std::string primary_metro, backup_metro;

  rib::PeerPointer peer(net::Asn asn, std::string router = "edge-1", rib::RibKind kind = pre_policy) {
    rib::Peer made;
    const bool local = kind == loc_rib;
    made.key = {std::move(router), 0, local ? net::Address() : net::Address::v4(0xC0000200 + asn % 256),
                kind};
    made.asn = asn;
    made.pop = made.key.router;
    auto& found = peers_[made.key];
    if (!found) {
      made.id = rib::PeerId(static_cast<std::uint32_t>(peers_.size()));
      found = std::make_shared<const rib::Peer>(made);
    }
    return found;
  }
  std::vector<model::Event> announce(const rib::PeerPointer& from, std::vector<net::Asn> path,
                                     std::string_view prefix = "203.0.113.0/24") {
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    return update({from, now_, attributes, {p(prefix)}, {}});
  }
  std::vector<model::Event> withdraw(const rib::PeerPointer& from,
                                     std::string_view prefix = "203.0.113.0/24") {
    return update({from, now_, nullptr, {}, {p(prefix)}});
  }
  std::vector<model::Event> update(const rib::RouteBatch& batch) {
    std::vector<rib::RouteChange> changes;
    table_.apply(batch, changes);
    return judge(changes);
  }
  /// The session ends, and its routes are flushed.
  std::vector<model::Event> session_down(const rib::PeerPointer& of) {
    std::vector<model::Event> out;
    detector_.peer_state_changed(*of, false, now_, now_, out);
    table_.peer_down(of->id, now_);
    return flush(std::move(out));
  }
  /// We no longer look through the peer.
  std::vector<model::Event> out_of_sight(const rib::PeerPointer& of) {
    std::vector<model::Event> out;
    detector_.peer_out_of_sight(*of, now_, now_, out);
    table_.peer_down(of->id, now_);
    return flush(std::move(out));
  }
  /// The same, and we never will again.
  std::vector<model::Event> forgotten(const rib::PeerPointer& of) {
    std::vector<model::Event> out;
    detector_.peer_forgotten(*of, now_, now_, out);
    table_.peer_down(of->id, now_);
    return flush(std::move(out));
  }
  std::vector<model::Event> session_up(const rib::PeerPointer& of) {
    std::vector<model::Event> out;
    detector_.peer_state_changed(*of, true, now_, now_, out);
    return keep(std::move(out));
  }
  std::vector<model::Event> router(std::string_view name, bool up) {
    std::vector<model::Event> out;
    detector_.router_state_changed(name, up, now_, now_, out);
    if (!up) table_.mark_stale(name);
    return keep(std::move(out));
  }
  /// The router is connected and said its last word at `since`; or is heard again.
  std::vector<model::Event> silent(std::string_view name, TimePoint since) {
    std::vector<model::Event> out;
    detector_.feed_silent(name, since, now_, out);
    return keep(std::move(out));
  }
  std::vector<model::Event> heard(std::string_view name) {
    std::vector<model::Event> out;
    detector_.feed_heard(name, now_, out);
    return keep(std::move(out));
  }
  std::vector<model::Event> sweep(std::string_view name) {
    table_.sweep_router(name, now_);
    return flush({});
  }
  std::vector<model::Event> wait(Microseconds time) {
    std::vector<model::Event> out;
    now_ += time;
    detector_.tick(table_, now_, out);
    return keep(std::move(out));
  }
  /// The RPKI (and whatever else is known of the world) says something else from now on.
  std::vector<model::Event> know(Knowledge knowledge) {
    std::vector<model::Event> out;
    std::optional<rib::VrpDelta> delta;
    if (known_.vrps && knowledge.vrps) delta = rib::difference(*known_.vrps, *knowledge.vrps);
    known_ = knowledge;
    detector_.knowledge_changed(std::move(knowledge), delta ? &*delta : nullptr, now_, out);
    while (detector_.judge_waiting(table_, 1, now_, out)) {
    }
    return keep(std::move(out));
  }
  std::vector<model::Event> roas(std::vector<rib::Vrp> vrps) {
    Knowledge knowledge = known_;
    knowledge.vrps = std::make_shared<const rib::VrpTable>(std::move(vrps));
    return know(std::move(knowledge));
  }
  const Knowledge& known() const { return known_; }

  /// A new process: what the store knew is given to an empty detector, the table is empty.
  void restart(Settings settings = {}) {
    std::vector<model::Event> known, findings;
    std::map<std::string, model::Event> announced;
    for (const auto& [id, event] : stored_) {
      if (event.state == model::EventState::open) known.push_back(event);
      if (event.confidence < 1) findings.push_back(event);
      if (event.kind == model::EventKind::announcement) announced[event.prefix_resource] = event;
    }
    for (const auto& [resource, event] : announced) known.push_back(event);
    detector_ = Detector(std::move(settings));
    table_ = rib::Table();
    std::ranges::sort(findings, {}, &model::Event::first_seen);
    detector_.recall(findings);
    detector_.restore(known);
    apply();
  }

  TimePoint now() const { return now_; }
  /// Every event in its latest version.
  const std::map<model::EventId, model::Event>& stored() const { return stored_; }
  std::vector<model::Event> open() const {
    std::vector<model::Event> out;
    for (const auto& [id, event] : stored_) {
      if (event.state == model::EventState::open) out.push_back(event);
    }
    return out;
  }

 private:
  std::vector<model::Event> judge(const std::vector<rib::RouteChange>& changes) {
    std::vector<model::Event> out;
    for (const rib::RouteChange& change : changes) detector_.route_changed(change, table_, now_, out);
    return keep(std::move(out));
  }
  std::vector<model::Event> flush(std::vector<model::Event> out) {
    for (bool more = true; more;) {
      std::vector<rib::RouteChange> changes;
      more = table_.flush(2, changes);
      for (const rib::RouteChange& change : changes) detector_.route_changed(change, table_, now_, out);
    }
    return keep(std::move(out));
  }
  std::vector<model::Event> keep(std::vector<model::Event> events) {
    for (const model::Event& event : events) {
      EXPECT_FALSE(event.type.empty());
      EXPECT_FALSE(event.summary.empty());
      EXPECT_FALSE(event.description.empty());
      EXPECT_EQ(event.state == model::EventState::open, !event.resolved_at.has_value() && is_opened(event));
      stored_[event.id] = event;
    }
    return events;
  }
  static bool is_opened(const model::Event& event) { return event.state == model::EventState::open; }

  Detector detector_;
  Knowledge known_;
  rib::Table table_;
  std::map<std::string, model::RegisteredPrefixPointer> entries_;
  std::map<rib::PeerKey, rib::PeerPointer> peers_;
  std::map<model::EventId, model::Event> stored_;
  TimePoint now_ = time_from_us(1'700'000'000'000'000);
};

/// "withdrawal Critical open", to compare lists of events at a glance.
inline std::string brief(const model::Event& event) {
  return fmt::format("{} {} {}", to_string(event.kind), to_string(event.level), to_string(event.state));
}
inline std::vector<std::string> brief(const std::vector<model::Event>& events) {
  std::vector<std::string> out;
  for (const model::Event& event : events) out.push_back(brief(event));
  return out;
}

}  // namespace peering::detect
