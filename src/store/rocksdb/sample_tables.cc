#include "store/rocksdb/sample_tables.h"

#include <algorithm>
#include <limits>

#include "sketch/varint.h"
#include "store/rocksdb/batch_codec.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

constexpr std::string_view settled_state = "settled_through";
/// The interface promises 24 hours; a day more costs little and forgives clocks.
constexpr std::chrono::hours keys_kept{48};

// The value of an idempotency key: digest and answer.
std::string encode_answer(std::string_view digest, std::string_view answer) {
  std::string out;
  sketch::append_varint(out, digest.size());
  return out.append(digest).append(answer);
}

Result<Accepted> first_answer(std::string_view stored, const model::SampleBatch& batch) {
  sketch::VarintReader reader(stored);
  const std::string_view digest = reader.text(reader.next());
  if (!reader.ok()) return fail(ErrorCode::corrupt, "telemetry store: damaged idempotency key");
  if (digest != batch.body_digest) {
    return fail(ErrorCode::conflict, "idempotency key {}: came with another body before",
                batch.idempotency_key);
  }
  return Accepted{true, std::string(reader.text(reader.left())), 0};
}

Result<void> check_storable(std::string_view resource, std::string_view pop) {
  constexpr std::size_t pop_bytes_max = std::numeric_limits<std::uint16_t>::max();
  if (resource.find('\0') != std::string_view::npos) {
    return tl::unexpected(invalid("prefix_resource", resource, "no zero byte"));
  }
  if (pop.size() > pop_bytes_max) return tl::unexpected(invalid("pop", pop, "at most 65535 bytes"));
  return {};
}

Result<void> check_storable(const model::SampleBatch& batch) {
  constexpr std::uint8_t as_resource = 1, as_pop = 2;
  std::vector<std::uint8_t> used(batch.names.size());
  for (const model::BatchSeries& series : batch.series) {
    used[series.resource] |= as_resource;
    used[series.pop] |= as_pop;
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    auto storable = check_storable((used[i] & as_resource) != 0 ? batch.names[i] : std::string_view(),
                                   (used[i] & as_pop) != 0 ? batch.names[i] : std::string_view());
    if (!storable) return storable;
  }
  return {};
}

}  // namespace

// Holds one idempotency key for one request until its write is done.
class SampleTables::KeyClaim {
 public:
  KeyClaim(SampleTables& tables, const std::string& key) : tables_(tables), key_(key) {
    if (key_.empty()) return;
    std::unique_lock lock(tables_.claims_mutex_);
    tables_.claim_released_.wait(lock, [&] { return !tables_.claims_.contains(key_); });
    tables_.claims_.insert(key_);
  }
  ~KeyClaim() {
    if (key_.empty()) return;
    {
      const std::lock_guard lock(tables_.claims_mutex_);
      tables_.claims_.erase(key_);
    }
    tables_.claim_released_.notify_all();
  }
  KeyClaim(const KeyClaim&) = delete;
  KeyClaim& operator=(const KeyClaim&) = delete;

 private:
  SampleTables& tables_;
  const std::string& key_;
};

Result<void> SampleTables::load() {
  const auto settled = database_.get(Table::state, settled_state);
  if (!settled) return tl::unexpected(settled.error());
  const auto at = database_.iterate(Table::pending);
  at->SeekToLast();
  if (!at->status().ok()) return failed(at->status(), "read pending batches");
  const std::uint64_t last = at->Valid() ? read_sequence(view(at->key())) : 0;
  const std::uint64_t stored = std::max(last, *settled ? read_sequence(**settled) : 0);
  sequence_ = std::max(sequence_.load(), stored);
  return {};
}

Result<void> SampleTables::discard_failed() {
  const std::lock_guard lock(failed_mutex_);
  Batch batch = database_.batch();
  for (const FailedAccept& each : failed_) {
    batch.remove(Table::pending, sequence_key(each.sequence));
    if (!each.idempotency_key.empty()) batch.remove(Table::idempotency, each.idempotency_key);
  }
  if (batch.empty()) return {};
  auto written = database_.write(batch);
  if (written) failed_.clear();
  return written;
}

Result<Accepted> SampleTables::accept(const model::SampleBatch& batch, std::string_view answer) {
  if (auto storable = check_storable(batch); !storable) return tl::unexpected(storable.error());
  const KeyClaim claim(*this, batch.idempotency_key);
  Batch writes = database_.batch();
  if (!batch.idempotency_key.empty()) {
    const auto seen = database_.get(Table::idempotency, batch.idempotency_key);
    if (!seen) return tl::unexpected(seen.error());
    if (*seen) return first_answer(**seen, batch);
    writes.put(Table::idempotency, batch.idempotency_key, encode_answer(batch.body_digest, answer));
    writes.put(Table::idempotency_by_time, timed_key(now(), batch.idempotency_key), "");
  }
  const std::uint64_t sequence = ++sequence_;
  writes.put(Table::pending, sequence_key(sequence), encode_batch(batch));
  if (auto written = database_.write(writes); !written) {
    const std::lock_guard lock(failed_mutex_);
    failed_.push_back({sequence, batch.idempotency_key});
    return tl::unexpected(written.error());
  }
  return Accepted{false, std::string(answer), sequence};
}

Result<std::vector<PendingBatch>> SampleTables::pending(std::uint64_t after, std::size_t limit) {
  const auto at = database_.iterate(Table::pending);
  std::vector<PendingBatch> out;
  const std::string first = sequence_key(after) + '\0';
  for (at->Seek(slice(first)); at->Valid() && out.size() < limit; at->Next()) {
    auto batch = decode_batch(view(at->value()));
    if (!batch) return tl::unexpected(batch.error());
    out.push_back({read_sequence(view(at->key())), std::move(*batch)});
  }
  if (!at->status().ok()) return failed(at->status(), "read pending batches");
  return out;
}

Result<void> SampleTables::settle(std::span<const SketchRow> rows, std::uint64_t through) {
  Batch batch = database_.batch();
  for (const SketchRow& row : rows) {
    const model::SeriesKey& series = row.series;
    if (auto storable = check_storable(series.prefix_resource, series.pop); !storable) return storable;
    batch.put(Table::sketches, sketch_key(row.series, row.start), row.bytes);
  }
  if (through > 0) {
    batch.remove_range(Table::pending, sequence_key(0), sequence_key(through) + '\0');
    batch.put(Table::state, settled_state, sequence_key(through));
  }
  return batch.empty() ? Result<void>{} : database_.write(batch);
}

Result<std::vector<SketchRow>> SampleTables::sketches(const SketchQuery& query) {
  const auto at = database_.iterate(Table::sketches);
  const std::string end = sketch_bound(query.prefix_resource, query.to);
  std::vector<SketchRow> out;
  for (at->Seek(slice(sketch_bound(query.prefix_resource, query.from))); at->Valid() && view(at->key()) < end;
       at->Next()) {
    auto row = read_sketch_key(view(at->key()));
    if (!row) return tl::unexpected(row.error());
    row->bytes = at->value().ToString();
    out.push_back(std::move(*row));
  }
  if (!at->status().ok()) return failed(at->status(), "read sketches");
  return out;
}

Result<std::optional<SketchRow>> SampleTables::sketch(const model::SeriesKey& series, TimePoint start) {
  auto bytes = database_.get(Table::sketches, sketch_key(series, start));
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  return SketchRow{series, start, std::move(**bytes)};
}

Result<void> SampleTables::expire(TimePoint before) {
  Batch batch = database_.batch();
  if (auto done = expire_sketches(batch, before); !done) return done;
  if (auto done = expire_keys(batch, now() - keys_kept); !done) return done;
  return batch.empty() ? Result<void>{} : database_.write(batch);
}

// One range a resource: its oldest sketches lie together.
Result<void> SampleTables::expire_sketches(Batch& batch, TimePoint before) {
  const auto at = database_.iterate(Table::sketches);
  at->SeekToFirst();
  while (at->Valid()) {
    const std::string_view key = view(at->key());
    const std::string resource(key.substr(0, key.find('\0')));
    const std::string end = sketch_bound(resource, before);
    if (key < end) batch.remove_range(Table::sketches, resource_prefix(resource), end);
    at->Seek(slice(resource + '\1'));
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "expire sketches");
}

Result<void> SampleTables::expire_keys(Batch& batch, TimePoint before) {
  const auto at = database_.iterate(Table::idempotency_by_time);
  const std::string end = timed_key(before, "");
  for (at->SeekToFirst(); at->Valid() && view(at->key()) < end; at->Next()) {
    batch.remove(Table::idempotency, view(at->key()).substr(end.size()));
    batch.remove(Table::idempotency_by_time, view(at->key()));
  }
  return at->status().ok() ? Result<void>{} : failed(at->status(), "expire idempotency keys");
}

}  // namespace peering::store::rocks
