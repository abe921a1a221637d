// The server's way from routes to what a receiver of alerts is told, on one thread: the shard router, shards,
// the backlog of events, the committer with its rules, and the store are the server's own. Only the threads
// between them are replaced by whoever says what goes on next, and the receiver by one that fails at random.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "alert/rules.h"
#include "app/event_backlog.h"
#include "app/event_committer.h"
#include "app/shard_work.h"
#include "base/metrics.h"
#include "feeds/shard_router.h"
#include "random.h"
#include "store/telemetry_store.h"

namespace peering::seeded {

/// What the receiver has been told of one alert, by states in the order of their first arrival.
struct Told {
  std::vector<model::EventState> states;
  model::Event latest;
};

class Station : public feeds::ShardSink {
 public:
  /// Called with each message that a shard has judged.
  using Judged = std::function<void(std::size_t shard, const feeds::ShardMessage&)>;
  /// Payloads that the RPKI has; null: there is no RPKI data.
  using Vrps = rib::VrpTablePointer;
  /// Called when a shard goes by other payloads from now on.
  using Learned = std::function<void(std::size_t shard)>;

  Station(std::size_t shards, model::RegistryPointer registry, Random& random, Judged judged,
          Learned learned);

  std::size_t shards() const override { return count_; }
  bool try_post(std::size_t shard, feeds::ShardMessage& message) override;

  /// One shard takes some of what waits for it.
  void work(std::size_t shard, std::size_t messages, TimePoint at);
  void tick(TimePoint at);
  /// Commits some of what waits. False when the store refused.
  bool write(std::size_t events, TimePoint at);
  /// Offers the receiver what is due, in order; it ends with the first that fails.
  void deliver(TimePoint at, bool may_fail);
  /// Everything that waits anywhere is done, and the receiver has all.
  void settle(TimePoint at);
  void register_prefixes(model::RegistryPointer registry, TimePoint at);
  /// The RPKI says something else; each shard hears of it when it works next.
  void know(Vrps vrps, TimePoint at);
  /// The process is gone and starts again: what was not in the store is forgotten.
  void crash(TimePoint at);
  void store_fails(bool does) { store_fails_ = does; }

  /// Every stored event in its latest version.
  std::vector<model::Event> stored();
  const std::map<std::string, Told>& told() const { return told_; }

 private:
  void begin(TimePoint at);
  void fetch(app::ShardWork& shard, TimePoint at);
  void learn(std::size_t shard);

  std::size_t count_;
  Random& random_;
  Judged judged_;
  Learned learned_;
  Metrics metrics_;
  model::RegistryPointer registry_;
  std::unique_ptr<store::TelemetryStore> telemetry_;
  alert::Rules rules_;
  alert::GroupSettings groups_;
  std::vector<std::unique_ptr<app::ShardWork>> shards_;
  std::vector<std::deque<feeds::ShardMessage>> mailboxes_;
  Vrps vrps_;
  std::vector<std::deque<app::KnowledgeUpdate>> news_;  // of each shard
  std::unique_ptr<app::EventBacklog> backlog_;
  std::unique_ptr<app::EventCommitter> committer_;
  bool store_fails_ = false;
  std::map<std::string, Told> told_;  // by alert
  std::set<std::string> seen_;        // ids of deliveries
};

}  // namespace peering::seeded
