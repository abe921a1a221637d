#include "store/rocksdb/sketch_upgrade.h"

#include <array>

#include "base/log.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/sketch_block.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

constexpr Microseconds day_width = model::width_of(model::SketchLevel::day);
constexpr std::string_view one_level_version = "1";
constexpr std::size_t rows_at_once = 10'000;

// A row's key of version 2: `resource 00 start network kind pop-length pop source`, the length in two bytes.
struct RowKey {
  BlockKey block;
  BlockSketch sketch;
};

tl::unexpected<Error> damaged_row() {
  return fail(ErrorCode::corrupt, "telemetry store: damaged key of a sketch of an older version");
}

Result<RowKey> read_row_key(std::string_view key) {
  const std::size_t zero = key.find('\0');
  constexpr std::size_t time_bytes = 8, head_bytes = 3;
  if (zero == std::string_view::npos || key.size() < zero + 1 + time_bytes) return damaged_row();
  const auto start = read_time_value(key.substr(zero + 1, time_bytes));
  std::string_view rest = key.substr(zero + 1 + time_bytes);
  const auto client = take_network(rest);
  if (!start || !client || !has_block(*client) || rest.size() < head_bytes) return damaged_row();
  const std::size_t pop_bytes =
      std::size_t{static_cast<std::uint8_t>(rest[1])} << 8 | static_cast<std::uint8_t>(rest[2]);
  const auto kind = static_cast<model::SampleKind>(rest[0]);
  rest.remove_prefix(head_bytes);
  if (pop_bytes > rest.size()) return damaged_row();
  return RowKey{{key.substr(0, zero), *start, block_of(*client)},
                {last_byte(*client), kind, rest.substr(0, pop_bytes), rest.substr(pop_bytes), {}}};
}

// Each write takes rows out and adds them to their blocks.
Result<void> upgrade_table(Database& database, Table table) {
  const auto at = database.iterate(table);
  at->SeekToFirst();
  std::size_t done = 0;
  while (at->Valid()) {
    Batch batch = database.batch();
    for (std::size_t i = 0; i < rows_at_once && at->Valid(); ++i, at->Next()) {
      // Blocks that an earlier, unfinished upgrade made.
      if (read_block_key(view(at->key()))) continue;
      auto row = read_row_key(view(at->key()));
      if (!row) return tl::unexpected(row.error());
      row->sketch.bytes = view(at->value());
      batch.merge(table, block_key(row->block), write_block(std::span(&row->sketch, 1)));
      batch.remove(table, view(at->key()));
      ++done;
    }
    if (batch.empty()) continue;
    if (auto written = database.write(batch); !written) return written;
  }
  if (!at->status().ok()) return failed(at->status(), "read sketches of an older version");
  if (done > 0) log::info("telemetry store: brought {} sketches to the present form", done);
  return {};
}

Result<void> mark_all_days(Database& database, Batch& batch) {
  const auto at = database.iterate(Table::sketches);
  at->SeekToFirst();
  while (at->Valid()) {
    const auto key = read_block_key(view(at->key()));
    if (!key) return tl::unexpected(key.error());
    const TimePoint day = model::day_of(key->start);
    const std::string resource(key->resource);
    batch.put(Table::roll_ups_due, sketch_bound(resource, day), "");
    at->Seek(slice(sketch_bound(resource, day + day_width)));
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "read sketches");
}

}  // namespace

Result<void> upgrade_sketches(Database& database) {
  if (database.upgrade_from().empty()) return {};
  for (const Table table : {Table::sketches, Table::sketches_15m, Table::sketches_1h, Table::sketches_1d}) {
    if (auto done = upgrade_table(database, table); !done) return done;
  }
  Batch batch = database.batch();
  if (database.upgrade_from() == one_level_version) {
    if (auto marked = mark_all_days(database, batch); !marked) return marked;
  }
  return database.finish_upgrade(batch);
}

}  // namespace peering::store::rocks
