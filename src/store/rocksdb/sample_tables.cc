#include "store/rocksdb/sample_tables.h"

#include <algorithm>

#include "sketch/varint.h"
#include "store/rocksdb/batch_codec.h"
#include "store/rocksdb/keys.h"
#include "store/rocksdb/slices.h"

namespace peering::store::rocks {

namespace {

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

Result<void> check_batch(const model::SampleBatch& batch) {
  std::vector<bool> checked(batch.names.size());
  for (const model::BatchSeries& series : batch.series) {
    if (auto storable = check_client(series.client); !storable) return storable;
    if (checked[series.resource]) continue;
    checked[series.resource] = true;
    if (auto storable = check_resource(batch.names[series.resource]); !storable) return storable;
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
  if (auto storable = check_batch(batch); !storable) return tl::unexpected(storable.error());
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

Result<void> SampleTables::expire() {
  Batch batch = database_.batch();
  if (auto done = expire_keys(batch, now() - keys_kept); !done) return done;
  return batch.empty() ? Result<void>{} : database_.write(batch);
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
