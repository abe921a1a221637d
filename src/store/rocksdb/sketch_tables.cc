#include "store/rocksdb/sketch_tables.h"

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "store/rocksdb/keys.h"
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
  if (!database_.is_upgrade_due()) return {};
  return mark_all();
}

Result<void> SketchTables::mark_all() {
  Batch batch = database_.batch();
  const auto at = database_.iterate(Table::sketches);
  at->SeekToFirst();
  while (at->Valid()) {
    const auto row = read_sketch_key(view(at->key()));
    if (!row) return tl::unexpected(row.error());
    const TimePoint day = model::day_of(row->start);
    batch.put(Table::roll_ups_due, sketch_bound(row->series.prefix_resource, day), "");
    at->Seek(slice(sketch_bound(row->series.prefix_resource, day + one_day)));
  }
  if (!at->status().ok()) return failed(at->status(), "read sketches");
  return database_.finish_upgrade(batch);
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

Result<void> SketchTables::settle(std::span<const SketchRow> rows, std::uint64_t through) {
  const std::lock_guard alone(changing_);
  const auto kept = kept_from(nullptr);
  if (!kept) return tl::unexpected(kept.error());
  const auto settled = database_.get(Table::state, settled_state);
  if (!settled) return tl::unexpected(settled.error());
  const bool repeated = through != 0 && *settled && through <= read_sequence(**settled);
  Batch batch = database_.batch();
  std::set<ResourceDay> newly_due;
  std::vector<SketchRow> late;
  for (const SketchRow& row : rows) {
    const model::SeriesKey& series = row.series;
    if (auto storable = check_storable(series.prefix_resource, series.pop); !storable) return storable;
    if (row.start < model::of(*kept, SketchLevel::five_minutes)) {
      if (!repeated) late.push_back(row);
      continue;
    }
    batch.put(Table::sketches, sketch_key(row.series, row.start), row.bytes);
    ResourceDay day(row.series.prefix_resource, model::day_of(row.start));
    if (!due_.contains(day)) newly_due.insert(std::move(day));
  }
  for (const auto& [resource, day] : newly_due)
    batch.put(Table::roll_ups_due, sketch_bound(resource, day), "");
  if (auto added = add_late(batch, late, *kept); !added) return added;
  if (through > 0) {
    batch.remove_range(Table::pending, sequence_key(0), sequence_key(through) + '\0');
    if (!repeated) batch.put(Table::state, settled_state, sequence_key(through));
  }
  if (batch.empty()) return {};
  if (auto written = database_.write(batch); !written) return written;
  due_.merge(newly_due);
  return {};
}

Result<void> SketchTables::add_late(Batch& batch, std::span<const SketchRow> late,
                                    const model::OfLevels<TimePoint>& kept) const {
  auto rows = rolled_up(late);
  if (!rows) return tl::unexpected(rows.error());
  for (SketchRow& row : *rows) {
    if (model::day_of(row.start) < model::of(kept, row.level)) continue;
    const std::string key = sketch_key(row.series, row.start);
    const auto stored = database_.get(table_of(row.level), key);
    if (!stored) return tl::unexpected(stored.error());
    if (*stored) {
      auto sum = merged(**stored, row.bytes);
      if (!sum) return tl::unexpected(sum.error());
      row.bytes = std::move(*sum);
    }
    batch.put(table_of(row.level), key, row.bytes);
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
  Sketches out{{}, *settled ? read_sequence(**settled) : 0};
  for (const LevelRange& range : levels_to_read(query, *kept, *due)) {
    if (auto done = read(range, query.prefix_resource, moment.snapshot(), out.rows); !done) {
      return tl::unexpected(done.error());
    }
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
                                const rocksdb::Snapshot* snapshot, std::vector<SketchRow>& out) const {
  const auto at = database_.iterate(table_of(range.level), snapshot);
  const std::string end = sketch_bound(resource, range.to);
  for (at->Seek(slice(sketch_bound(resource, range.from))); at->Valid() && view(at->key()) < end;
       at->Next()) {
    auto row = read_sketch_key(view(at->key()));
    if (!row) return tl::unexpected(row.error());
    row->bytes = at->value().ToString();
    row->level = range.level;
    out.push_back(std::move(*row));
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "read sketches");
}

Result<std::optional<SketchRow>> SketchTables::sketch(const model::SeriesKey& series, TimePoint start) {
  auto bytes = database_.get(Table::sketches, sketch_key(series, start));
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  return SketchRow{series, start, std::move(**bytes)};
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
  if (auto done = read({SketchLevel::five_minutes, day, day + one_day}, resource, nullptr, fine); !done) {
    return tl::unexpected(done.error());
  }
  const auto rows = rolled_up(fine);
  if (!rows) {
    log::error("telemetry store: the sketches of {} of {} are not rolled up: {}", resource,
               format_rfc3339(day), rows.error().message);
    damaged_.insert(due);
    return false;
  }
  Batch batch = database_.batch();
  for (const SketchRow& row : *rows) {
    if (day < model::of(*kept, row.level)) continue;
    batch.put(table_of(row.level), sketch_key(row.series, row.start), row.bytes);
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
