// A SampleLog in memory that outlives recorders, so that a test can let a recorder die at any moment, and
// that can be told to fail.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "latency/sample_log.h"

namespace peering::latency {

/// Thread-safe.
class MemorySampleLog final : public SampleLog {
 public:
  /// How the next settle goes wrong.
  enum class Failure : std::uint8_t {
    none,
    not_written,  ///< nothing happened
    unnoticed,    ///< everything was written, but the answer says it was not
  };
  void fail_next_settle(Failure failure) {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
  }
  void fail_accepts(bool failing) {
    const std::lock_guard lock(mutex_);
    accepts_fail_ = failing;
  }
  std::size_t pending_count() const {
    const std::lock_guard lock(mutex_);
    return pending_.size();
  }

  Result<LoggedBatch> accept(const model::SampleBatch& batch, std::string_view answer) override {
    const std::lock_guard lock(mutex_);
    if (accepts_fail_) return fail(ErrorCode::out_of_space, "full");
    if (!batch.idempotency_key.empty()) {
      const auto [found, is_new] = answers_.try_emplace(batch.idempotency_key, answer);
      if (!is_new) return LoggedBatch{true, found->second, 0};
    }
    pending_.emplace(++sequence_, batch);
    return LoggedBatch{false, std::string(answer), sequence_};
  }

  Result<std::vector<PendingSamples>> pending(std::uint64_t after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<PendingSamples> out;
    for (auto at = pending_.upper_bound(after); at != pending_.end() && out.size() < limit; ++at) {
      out.push_back({at->first, at->second});
    }
    return out;
  }

  Result<void> settle(const model::SketchBatch& added, std::uint64_t through) override {
    const std::lock_guard lock(mutex_);
    const Failure failure = std::exchange(failure_, Failure::none);
    if (failure != Failure::not_written && through > settled_through_) {
      for (const model::SketchBatch::Row& row : added.rows)
        stored_[{row.start, added.key(row)}].merge(
            sketch::LatencySketch::from_bytes(added.sketch(row)).value());
      pending_.erase(pending_.begin(), pending_.upper_bound(through));
      settled_through_ = through;
    }
    if (failure != Failure::none) return fail(ErrorCode::out_of_space, "full");
    return {};
  }

  Result<LoggedBins> bins(const BinQuery& query) override {
    const std::lock_guard lock(mutex_);
    LoggedBins out{{}, settled_through_};
    for (const auto& [key, sketch] : stored_) {
      if (key.second.prefix_resource != query.prefix_resource) continue;
      if (key.first >= query.from && key.first < query.to)
        out.bins.push_back({key.second, key.first, sketch});
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, model::SampleBatch> pending_;
  std::map<std::string, std::string> answers_;
  std::map<std::pair<TimePoint, model::SeriesKey>, sketch::LatencySketch> stored_;
  std::uint64_t sequence_ = 0, settled_through_ = 0;
  Failure failure_ = Failure::none;
  bool accepts_fail_ = false;
};

}  // namespace peering::latency
