#include "store/rocksdb/telemetry_store.h"

#include <mutex>
#include <shared_mutex>

#include "store/rocksdb/database.h"
#include "store/rocksdb/event_tables.h"
#include "store/rocksdb/sample_tables.h"
#include "store/rocksdb/session_tables.h"
#include "store/rocksdb/sketch_tables.h"

namespace peering::store {

namespace {

class RocksTelemetryStore final : public TelemetryStore {
 public:
  explicit RocksTelemetryStore(std::unique_ptr<rocks::Database> database)
      : database_(std::move(database)),
        events_(*database_),
        samples_(*database_),
        sketches_(*database_),
        sessions_(*database_) {}

  Result<void> load() {
    if (auto loaded = events_.load(); !loaded) return loaded;
    if (auto loaded = samples_.load(); !loaded) return loaded;
    auto loaded = sketches_.load();
    loaded_ = loaded.has_value();
    return loaded;
  }

  Result<void> append(const EventCommit& commit) override {
    return writing([&] { return events_.append(commit); });
  }
  Result<EventPage> events(const EventQuery& query) override {
    return reading([&] { return events_.events(query); });
  }
  Result<std::optional<model::Event>> event(const model::EventId& id) override {
    return reading([&] { return events_.event(id.value); });
  }
  Result<std::vector<StoredEvent>> events_after(std::uint64_t sequence, std::size_t limit) override {
    return reading([&] { return events_.events_after(sequence, limit); });
  }
  Result<std::uint64_t> last_event_sequence() override {
    return reading([&] { return events_.last_sequence(); });
  }
  Result<std::vector<model::Event>> latest_events(model::EventKind kind) override {
    return reading([&] { return events_.latest_events(kind); });
  }
  Result<std::vector<model::Event>> open_events() override {
    return reading([&] { return events_.open_events(); });
  }

  Result<std::optional<model::Alert>> alert(std::string_view id) override {
    return reading([&] { return events_.alert(id); });
  }
  Result<std::vector<model::Alert>> alerts(std::string_view scope, std::size_t limit) override {
    return reading([&] { return events_.alerts(scope, limit); });
  }
  Result<std::vector<model::Delivery>> due(TimePoint now, std::size_t limit) override {
    return reading([&] { return events_.due(now, limit); });
  }
  Result<void> settle_deliveries(std::span<const std::string> done,
                                 std::span<const model::Delivery> postponed) override {
    return writing([&] { return events_.settle_deliveries(done, postponed); });
  }

  Result<Accepted> accept(const model::SampleBatch& batch, std::string_view answer) override {
    return writing([&] { return samples_.accept(batch, answer); });
  }
  Result<std::vector<PendingBatch>> pending(std::uint64_t after, std::size_t limit) override {
    return reading([&] { return samples_.pending(after, limit); });
  }
  Result<void> settle(const model::SketchBatch& added, std::uint64_t through) override {
    return writing([&] { return sketches_.settle(added, through); });
  }
  Result<Sketches> sketches(const SketchQuery& query) override {
    return reading([&] { return sketches_.sketches(query); });
  }
  Result<std::size_t> roll_up(TimePoint before, std::size_t limit) override {
    return writing([&] { return sketches_.roll_up(before, limit); });
  }
  Result<void> expire_sketches(const model::OfLevels<TimePoint>& before) override {
    return writing([&] { return sketches_.expire(before); });
  }

  Result<void> append_session_changes(std::span<const model::SessionChange> changes,
                                      TimePoint until) override {
    return writing([&] { return sessions_.append(changes, until); });
  }
  Result<std::vector<model::SessionChange>> session_changes(const SessionQuery& query) override {
    return reading([&] { return sessions_.changes(query); });
  }
  Result<KnownSessions> known_sessions() override {
    return reading([&] { return sessions_.known(); });
  }

  Result<void> expire(TimePoint before) override {
    return writing([&]() -> Result<void> {
      if (auto expired = events_.expire(before); !expired) return expired;
      if (auto expired = samples_.expire(); !expired) return expired;
      return sessions_.expire(before);
    });
  }

 private:
  template <class Call>
  auto reading(Call call) -> decltype(call()) {
    const std::shared_lock in_use(in_use_);
    if (!database_->is_open())
      return fail(ErrorCode::unavailable, "telemetry store: could not be opened again");
    return call();
  }

  template <class Call>
  auto writing(Call call) -> decltype(call()) {
    if (auto repaired = repair(); !repaired) return tl::unexpected(repaired.error());
    return reading(call);
  }

  // Opens the database again when an earlier write failed and there is room now.
  Result<void> repair() {
    const auto usable = [this] { return loaded_ && !database_->broken(); };
    {
      const std::shared_lock in_use(in_use_);
      if (usable()) return {};
    }
    const std::unique_lock alone(in_use_);
    if (usable()) return {};
    loaded_ = false;
    if (auto opened = database_->reopen(); !opened) return opened;
    if (auto discarded = samples_.discard_failed(); !discarded) return discarded;
    return load();
  }

  std::shared_mutex in_use_;  // exclusive while the database is opened again
  bool loaded_ = false;       // guarded by `in_use_`: false until the database is wholly usable (again)
  std::unique_ptr<rocks::Database> database_;
  rocks::EventTables events_;
  rocks::SampleTables samples_;
  rocks::SketchTables sketches_;
  rocks::SessionTables sessions_;
};

}  // namespace

Result<std::unique_ptr<TelemetryStore>> open_rocksdb(const std::string& folder) {
  auto database = rocks::Database::open(folder);
  if (!database) return tl::unexpected(database.error());
  auto store = std::make_unique<RocksTelemetryStore>(std::move(*database));
  if (auto loaded = store->load(); !loaded) return tl::unexpected(loaded.error());
  return store;
}

}  // namespace peering::store
