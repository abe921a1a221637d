// Events, alerts and their outbox in RocksDB.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/rocksdb/database.h"
#include "store/telemetry_store.h"

namespace peering::store::rocks {

/// The half of the telemetry store that is about events. Thread-safe. Writers take turns, because a new
/// version replaces the index entries of the one before it.
class EventTables {
 public:
  explicit EventTables(Database& database) : database_(database) {}
  /// Finds the last sequence given. Call before anything else, and after the database was opened again.
  Result<void> load();

  Result<void> append(const EventCommit& commit);
  Result<EventPage> events(const EventQuery& query);
  Result<std::optional<model::Event>> event(std::string_view id);
  Result<std::vector<StoredEvent>> events_after(std::uint64_t sequence, std::size_t limit);
  Result<std::uint64_t> last_sequence();
  Result<std::vector<model::Event>> open_events();
  Result<std::vector<model::Event>> latest_events(model::EventKind kind);
  Result<std::optional<model::Alert>> alert(std::string_view id);
  Result<std::vector<model::Alert>> alerts(std::string_view scope, std::size_t limit);
  Result<std::vector<model::Delivery>> due(TimePoint now, std::size_t limit);
  Result<void> settle_deliveries(std::span<const std::string> done,
                                 std::span<const model::Delivery> postponed);
  Result<void> expire(TimePoint before);

 private:
  /// Records that a batch has already changed, by id.
  using Written = std::map<std::string, std::string>;

  Result<std::optional<std::string>> current(Table table, const std::string& id,
                                             const Written& written) const;
  Result<void> put_event(Batch& batch, const model::Event& event, std::uint64_t& sequence, Written& written);
  Result<void> put_alert(Batch& batch, const model::Alert& alert, Written& written);
  Result<void> put_delivery(Batch& batch, const model::Delivery& delivery, Written& written);
  Result<void> remove_delivery(Batch& batch, const std::string& id, const Written& written);
  Result<void> expire_events(Batch& batch, TimePoint before);
  Result<void> expire_alerts(Batch& batch, TimePoint before);
  Result<void> expire_log(Batch& batch, TimePoint before);

  Database& database_;
  std::mutex writer_mutex_;
  std::uint64_t sequence_ = 0;  // of the last stored event; guarded by writer_mutex_
};

}  // namespace peering::store::rocks
