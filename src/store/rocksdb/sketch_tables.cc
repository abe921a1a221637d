#include "store/rocksdb/sketch_tables.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/log.h"
#include "store/rocksdb/block_groups.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/sketch_block.h"
#include "store/rocksdb/sketch_upgrade.h"
#include "store/rocksdb/slices.h"
#include "store/sketch_levels.h"

namespace peering::store::rocks {

namespace {

using model::SketchLevel;

constexpr std::string_view kept_state = "sketches_kept_from";
constexpr Microseconds one_day = model::width_of(SketchLevel::day);

Table table_of(SketchLevel level) {
  constexpr model::OfLevels<Table> tables = {Table::sketches, Table::sketches_15m, Table::sketches_1h,
                                             Table::sketches_1d};
  return model::of(tables, level);
}

model::SeriesKey series_of(const BlockKey& key, const BlockSketch& sketch) {
  return {std::string(key.resource), client_of(key.block, sketch.client), std::string(sketch.pop),
          sketch.kind, std::string(sketch.source)};
}

void append_rows(std::vector<SketchRow>& out, const BlockKey& key, std::span<const BlockSketch> sketches) {
  for (const BlockSketch& each : sketches)
    out.push_back({series_of(key, each), key.start, std::string(each.bytes)});
}

// Numbers the series of an answer.
class SeriesNumbers {
 public:
  explicit SeriesNumbers(std::vector<model::SeriesKey>& series) : series_(series) {}

  std::uint32_t of(const BlockKey& key, const BlockSketch& sketch) {
    // From bin to bin they mostly come in the same order.
    last_ = last_ + 1 < series_.size() ? last_ + 1 : 0;
    if (last_ < series_.size() && is(series_[last_], key, sketch)) return last_;
    const auto next = static_cast<std::uint32_t>(series_.size());
    const auto [found, is_new] = numbers_.try_emplace(series_of(key, sketch), next);
    if (is_new) series_.push_back(found->first);
    return last_ = found->second;
  }

 private:
  static bool is(const model::SeriesKey& series, const BlockKey& key, const BlockSketch& sketch) {
    return series.kind == sketch.kind && series.client == client_of(key.block, sketch.client) &&
           series.pop == sketch.pop && series.source == sketch.source;
  }

  std::vector<model::SeriesKey>& series_;
  std::map<model::SeriesKey, std::uint32_t> numbers_;
  std::uint32_t last_ = 0;
};

model::OfLevels<model::SketchBatch> by_level(std::span<const SketchRow> rows) {
  model::OfLevels<model::SketchBatch> out;
  for (const SketchRow& row : rows)
    out[static_cast<std::size_t>(row.level)].add(row.series, row.start, row.bytes);
  return out;
}

std::string kept_value(const model::OfLevels<TimePoint>& kept_from) {
  std::string out;
  for (const TimePoint each : kept_from) out += time_value(each);
  return out;
}

}  // namespace

Result<void> SketchTables::load() {
  const std::lock_guard lock(changing_);
  due_.clear();
  damaged_.clear();
  return upgrade_sketches(database_);
}

Result<model::OfLevels<TimePoint>> SketchTables::kept_from(const rocksdb::Snapshot* snapshot) const {
  model::OfLevels<TimePoint> out;
  out.fill(TimePoint::min());
  const auto stored = database_.get(Table::state, kept_state, snapshot);
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) return out;
  const std::string_view bytes = **stored;
  const std::size_t each_bytes = bytes.size() / out.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto time = read_time_value(bytes.substr(i * each_bytes, each_bytes));
    if (!time) return tl::unexpected(time.error());
    out[i] = *time;
  }
  return out;
}

Result<bool> SketchTables::was_settled(std::uint64_t through) const {
  const auto settled = database_.get(Table::state, settled_state);
  if (!settled) return tl::unexpected(settled.error());
  return through != 0 && *settled && through <= read_sequence(**settled);
}

Result<void> SketchTables::settle(const model::SketchBatch& added, std::uint64_t through) {
  const std::lock_guard alone(changing_);
  const auto repeated = was_settled(through);
  if (!repeated || *repeated) return repeated.map([](bool) {});
  const auto kept = kept_from(nullptr);
  if (!kept) return tl::unexpected(kept.error());
  Batch batch = database_.batch();
  std::set<ResourceDay> newly_due;
  std::vector<SketchRow> late;
  auto grouped = for_each_block(added, [&](const BlockKey& key, std::span<const BlockSketch> sketches) {
    if (key.start < model::of(*kept, SketchLevel::five_minutes)) return append_rows(late, key, sketches);
    batch.merge(Table::sketches, block_key(key), write_block(sketches));
    ResourceDay day(key.resource, model::day_of(key.start));
    if (!due_.contains(day)) newly_due.insert(std::move(day));
  });
  if (!grouped) return grouped;
  for (const auto& [resource, day] : newly_due)
    batch.put(Table::roll_ups_due, sketch_bound(resource, day), "");
  if (auto summed_up = add_late(batch, late, *kept); !summed_up) return summed_up;
  if (through > 0) {
    batch.remove_range(Table::pending, sequence_key(0), sequence_key(through) + '\0');
    batch.put(Table::state, settled_state, sequence_key(through));
  }
  if (batch.empty()) return {};
  if (auto written = database_.write(batch); !written) return written;
  due_.merge(newly_due);
  return {};
}

Result<void> SketchTables::add_late(Batch& batch, std::span<const SketchRow> late,
                                    const model::OfLevels<TimePoint>& kept) const {
  const auto rows = rolled_up(late);
  if (!rows) return tl::unexpected(rows.error());
  const auto levels = by_level(*rows);
  for (const SketchLevel level : model::sketch_levels) {
    auto done = for_each_block(model::of(levels, level),
                               [&](const BlockKey& key, std::span<const BlockSketch> sketches) {
                                 if (model::day_of(key.start) < model::of(kept, level)) return;
                                 batch.merge(table_of(level), block_key(key), write_block(sketches));
                               });
    if (!done) return done;
  }
  return {};
}

Result<Sketches> SketchTables::sketches(const SketchQuery& query) {
  rocksdb::ManagedSnapshot moment = database_.snapshot();
  const auto kept = kept_from(moment.snapshot());
  if (!kept) return tl::unexpected(kept.error());
  const auto due = due_days(query, moment.snapshot());
  if (!due) return tl::unexpected(due.error());
  const auto settled = database_.get(Table::state, settled_state, moment.snapshot());
  if (!settled) return tl::unexpected(settled.error());
  Sketches out;
  out.settled_through = *settled ? read_sequence(**settled) : 0;
  SeriesNumbers numbers(out.series);
  for (const LevelRange& range : levels_to_read(query, *kept, *due)) {
    auto done = read(range, query.prefix_resource, moment.snapshot(),
                     [&](const BlockKey& key, std::span<const BlockSketch> sketches) {
                       for (const BlockSketch& each : sketches)
                         out.add(numbers.of(key, each), key.start, range.level, each.bytes);
                     });
    if (!done) return tl::unexpected(done.error());
  }
  return out;
}

Result<std::set<TimePoint>> SketchTables::due_days(const SketchQuery& query,
                                                   const rocksdb::Snapshot* snapshot) const {
  std::set<TimePoint> out;
  const auto at = database_.iterate(Table::roll_ups_due, snapshot);
  const std::string end = sketch_bound(query.prefix_resource, query.to);
  const std::string first = sketch_bound(query.prefix_resource, model::day_of(query.from));
  for (at->Seek(slice(first)); at->Valid() && view(at->key()) < end; at->Next()) {
    const auto day = read_time_value(view(at->key()).substr(query.prefix_resource.size() + 1));
    if (!day) return tl::unexpected(day.error());
    out.insert(*day);
  }
  if (!at->status().ok()) return failed(at->status(), "read days due");
  return out;
}

Result<void> SketchTables::read(const LevelRange& range, const std::string& resource,
                                const rocksdb::Snapshot* snapshot, const VisitBlock& visit) const {
  const auto at = database_.iterate(table_of(range.level), snapshot);
  const std::string end = sketch_bound(resource, range.to);
  for (at->Seek(slice(sketch_bound(resource, range.from))); at->Valid() && view(at->key()) < end;
       at->Next()) {
    const auto key = read_block_key(view(at->key()));
    if (!key) return tl::unexpected(key.error());
    const auto sketches = read_block(view(at->value()));
    if (!sketches) return fail(ErrorCode::corrupt, "telemetry store: damaged block of sketches");
    visit(*key, *sketches);
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "read sketches");
}

Result<std::size_t> SketchTables::roll_up(TimePoint before, std::size_t limit) {
  const auto due = [&] {
    const std::lock_guard alone(changing_);
    return due_before(before, limit);
  }();
  if (!due) return tl::unexpected(due.error());
  std::size_t done = 0;
  for (const ResourceDay& each : *due) {
    // Settling may go on between two days.
    const std::lock_guard alone(changing_);
    const auto rolled = roll_up_day(each);
    if (!rolled) return tl::unexpected(rolled.error());
    done += *rolled ? 1 : 0;
  }
  return done;
}

Result<std::vector<SketchTables::ResourceDay>> SketchTables::due_before(TimePoint before,
                                                                        std::size_t limit) const {
  std::vector<ResourceDay> out;
  const auto at = database_.iterate(Table::roll_ups_due);
  for (at->SeekToFirst(); at->Valid() && out.size() < limit; at->Next()) {
    const std::string_view key = view(at->key());
    const std::size_t zero = std::min(key.find('\0'), key.size() - 1);
    const auto day = read_time_value(key.substr(zero + 1));
    if (!day) return tl::unexpected(day.error());
    ResourceDay due(key.substr(0, zero), *day);
    if (*day + one_day <= before && !damaged_.contains(due)) out.push_back(std::move(due));
  }
  if (!at->status().ok()) return failed(at->status(), "read days due");
  return out;
}

// False for a day that is damaged.
Result<bool> SketchTables::roll_up_day(const ResourceDay& due) {
  const auto& [resource, day] = due;
  const auto kept = kept_from(nullptr);
  if (!kept) return tl::unexpected(kept.error());
  std::vector<SketchRow> fine;
  auto done = read(
      {SketchLevel::five_minutes, day, day + one_day}, resource, nullptr,
      [&](const BlockKey& key, std::span<const BlockSketch> sketches) { append_rows(fine, key, sketches); });
  if (!done) return tl::unexpected(done.error());
  const auto rows = rolled_up(fine);
  if (!rows) {
    log::error("telemetry store: the sketches of {} of {} are not rolled up: {}", resource,
               format_rfc3339(day), rows.error().message);
    damaged_.insert(due);
    return false;
  }
  Batch batch = database_.batch();
  const auto levels = by_level(*rows);
  for (const SketchLevel level : model::sketch_levels) {
    if (day < model::of(*kept, level)) continue;
    auto put = for_each_block(model::of(levels, level),
                              [&](const BlockKey& key, std::span<const BlockSketch> sketches) {
                                batch.put(table_of(level), block_key(key), write_block(sketches));
                              });
    if (!put) return tl::unexpected(put.error());
  }
  batch.remove(Table::roll_ups_due, sketch_bound(resource, day));
  if (auto written = database_.write(batch); !written) return tl::unexpected(written.error());
  due_.erase(due);
  return true;
}

Result<void> SketchTables::expire(const model::OfLevels<TimePoint>& before) {
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  const TimePoint fine_before = model::day_of(model::of(before, SketchLevel::five_minutes));
  if (auto done = roll_up(fine_before, all); !done) return tl::unexpected(done.error());
  const std::lock_guard alone(changing_);
  const auto made_due_since = due_before(fine_before, all);
  if (!made_due_since) return tl::unexpected(made_due_since.error());
  for (const ResourceDay& each : *made_due_since) {
    if (auto done = roll_up_day(each); !done) return tl::unexpected(done.error());
  }
  const auto stored = kept_from(nullptr);
  if (!stored) return tl::unexpected(stored.error());
  const auto kept = raised(*stored, before);
  Batch batch = database_.batch();
  for (const SketchLevel level : model::sketch_levels) {
    if (auto done = remove_days_before(batch, table_of(level), model::of(kept, level)); !done) return done;
  }
  const TimePoint fine_kept = model::of(kept, SketchLevel::five_minutes);
  if (auto done = remove_days_before(batch, Table::roll_ups_due, fine_kept); !done) return done;
  if (kept != *stored) batch.put(Table::state, kept_state, kept_value(kept));
  if (batch.empty()) return {};
  if (auto written = database_.write(batch); !written) return written;
  std::erase_if(due_, [&](const ResourceDay& each) { return each.second < fine_kept; });
  std::erase_if(damaged_, [&](const ResourceDay& each) { return each.second < fine_kept; });
  return {};
}

// One range a resource: its oldest keys lie together.
Result<void> SketchTables::remove_days_before(Batch& batch, Table table, TimePoint day) const {
  const auto at = database_.iterate(table);
  at->SeekToFirst();
  while (at->Valid()) {
    const std::string_view key = view(at->key());
    const std::string resource(key.substr(0, key.find('\0')));
    const std::string end = sketch_bound(resource, day);
    if (key < end) batch.remove_range(table, resource_prefix(resource), end);
    at->Seek(slice(resource + '\1'));
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "expire sketches");
}

}  // namespace peering::store::rocks
