// What a shard does, without its thread and its mailbox: one message, one moment after the other.
//
// Holds a share of all routes, judges their changes, and keeps what it finds until it is fetched. Whoever
// runs it says what time it is, so that the same messages at the same times give the same events.
#pragma once

#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/world_knowledge.h"
#include "base/metrics.h"
#include "detect/detector.h"
#include "detect/monitored_routes.h"
#include "feeds/shard_message.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/table.h"

namespace peering::app {

/// A feed fell silent, heard last at `since`, or is silent no longer.
struct FeedChange {
  std::string router;
  bool silent = false;
  TimePoint since{};
};

/// Not thread-safe.
class ShardWork {
 public:
  struct Options {
    /// How long the routes of a router that is away are kept, when it does not say itself.
    Microseconds reconnect_grace = std::chrono::seconds(60);
    detect::Settings detection;
  };

  ShardWork(Options options, Metrics& metrics);

  /// Open events and latest announcements from before a restart, and what was found before, oldest first;
  /// before anything else.
  void restore(const std::vector<model::Event>& known, const std::vector<model::Event>& findings = {}) {
    detector_.recall(findings);
    detector_.restore(known);
  }
  void take(const feeds::ShardMessage& message, TimePoint at);
  /// Puts a snapshot in force.
  void take(const model::RegistryPointer& registry, TimePoint at);
  /// Puts what is known of the world in force; held routes are judged again by `go_on`.
  void take(const KnowledgeUpdate& update);
  void take(const FeedChange& change, TimePoint at);
  /// True when there are routes to remove, to judge again, or to look for.
  bool has_more() const { return doomed_ || rejudging_ || !sought_.empty() || !sought_next_.empty(); }
  /// Does a part of it.
  void go_on(TimePoint at);
  /// What the time alone brings about; once a second.
  void tick(TimePoint at);
  /// What was found since it was asked last, in order.
  std::vector<model::Event> fetch();

  const rib::Table& table() const { return table_; }

 private:
  // Routers that are away or came back, and when what is stale of them has had time enough.
  enum class AtDeadline { lose_router, sweep_stale, forget_stale };
  struct Deadline {
    TimePoint at;
    AtDeadline then = AtDeadline::lose_router;
  };

  void judge(TimePoint at);
  void handle(const feeds::RouteRun& run, TimePoint at);
  void handle(const feeds::RouterUp& up, TimePoint at);
  void handle(const feeds::RouterDown& down, TimePoint at);
  void handle(const feeds::PeerUp& up, TimePoint at);
  void handle(const feeds::PeerDown& down, TimePoint at);
  void handle(const feeds::EndOfRib& end, TimePoint at);
  void handle(const feeds::RoutesRepeat& repeat, TimePoint at);
  std::vector<net::Prefix> watch(const model::RegistryPointer& after);
  void follow_unwatched(const std::vector<net::Prefix>& spaces);
  void seek(TimePoint at);
  void pass_deadlines(TimePoint at);

  Options options_;
  rib::Table table_;
  model::RegistryPointer registry_ = std::make_shared<const model::Registry>();
  std::shared_ptr<net::PrefixSpace> watched_ = std::make_shared<net::PrefixSpace>();
  detect::Detector detector_;
  detect::MonitoredRoutes monitored_;
  std::vector<rib::RouteChange> changes_;
  std::vector<model::Event> events_;
  std::map<std::string, Deadline> deadlines_;
  bool doomed_ = false;     // routes wait to be removed
  bool rejudging_ = false;  // prefixes wait to be judged again
  // ASes that are monitored anew: the routes that have one in their path are looked for in the table, in one
  // walk for all of them. Those that come meanwhile wait for the next.
  std::unordered_set<net::Asn> sought_, sought_next_;
  rib::TableWalk walk_;
  std::uint64_t counted_changes_ = 0, counted_left_out_ = 0;
  Counter &changes_total_, &events_total_, &left_out_total_;
};

}  // namespace peering::app
