// A shard: one thread that owns a share of all routes, judges their changes, and answers questions about
// them.
//
// Everything reaches it through one bounded mailbox, in order: routes from the feeds, registry snapshots from
// the watcher, questions from workers. It shares nothing, so it needs no locks; what it finds goes to the
// event writer, which never makes it wait.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/shard_work.h"
#include "base/metrics.h"
#include "base/result.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/table.h"

namespace peering::app {

/// Thread-safe unless said otherwise. Inert until `start`.
class Shard {
 public:
  struct Options {
    std::size_t mailbox_messages_max = 65536;
    ShardWork::Options work;
  };
  /// Where events go; must not block.
  using Emit = std::function<void(std::vector<model::Event>)>;

  Shard(const Options& options, Metrics& metrics, Emit emit);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Open events and latest announcements from before a restart; before `start`.
  void restore(const std::vector<model::Event>& known, const std::vector<model::Event>& findings = {});
  void start();
  /// Judges what waits, then joins. Idempotent.
  void stop();

  /// False when the mailbox is full; the message stays with the caller then.
  bool try_post(feeds::ShardMessage& message);
  /// Puts a snapshot in force; `done` is called on the shard's thread afterwards.
  void apply(model::RegistryPointer registry, std::function<void()> done);
  /// Puts what is known of the world in force; held routes are judged again, a part at a time.
  void know(KnowledgeUpdate update);
  /// What became of a feed that is watched.
  void feed_changed(FeedChange change);
  /// Exact, covering and more specific routes, at most `limit`. Waits for the shard (`unavailable` after 5
  /// s).
  Result<std::vector<rib::Route>> routes(const net::Prefix& prefix, std::size_t limit);
  /// What an operator looks for in this shard's table. Waits as `routes` does.
  Result<rib::FoundRoutes> search(const rib::RouteSearch& search);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::app
