// What the recorder needs of a store: durable batches, and sketches of five-minute bins.
//
// This room may not know the store. `app/sample_log.h` adapts `store::TelemetryStore` to this interface,
// which speaks of sketches where the store speaks of bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"
#include "model/sketch_batch.h"
#include "model/sketch_level.h"
#include "sketch/latency_sketch.h"

namespace peering::latency {

/// Width of the bins in which samples are summed up.
inline constexpr Microseconds bin_width = model::width_of(model::SketchLevel::five_minutes);
/// Start of the bin that holds `at`.
constexpr TimePoint bin_start(TimePoint at) { return model::round_down(at, bin_width); }

/// A series key that many bins share. A value type: equal when the keys are.
class SharedSeries {
 public:
  SharedSeries() = default;
  SharedSeries(model::SeriesKey key) : key_(std::make_shared<const model::SeriesKey>(std::move(key))) {}

  const model::SeriesKey& operator*() const { return *key_; }
  const model::SeriesKey* operator->() const { return key_.get(); }
  friend bool operator==(const SharedSeries& a, const SharedSeries& b) {
    return a.key_ == b.key_ || *a.key_ == *b.key_;
  }

 private:
  std::shared_ptr<const model::SeriesKey> key_ = std::make_shared<const model::SeriesKey>();
};

/// The samples of one series in one bin.
struct SeriesBin {
  SharedSeries series;
  TimePoint start{};
  sketch::LatencySketch sketch;
  model::SketchLevel level = model::SketchLevel::five_minutes;
  friend bool operator==(const SeriesBin&, const SeriesBin&) = default;
};

/// Which bins: those of one registered prefix with from <= start < to.
struct BinQuery {
  std::string prefix_resource;  ///< lower-case ARM id
  TimePoint from{}, to{};
  /// Bins may be wider than five minutes, as long as whole numbers of them make up so much; and where finer
  /// ones are no longer kept. A wide bin may begin before `from` then.
  Microseconds resolution = bin_width;
};
/// Each sample once.
struct LoggedBins {
  std::vector<SeriesBin> bins;        ///< in order of start
  std::uint64_t settled_through = 0;  ///< they hold all batches up to it, and no later one
};

/// Answer to a batch that was handed in.
struct LoggedBatch {
  bool duplicate = false;  ///< its idempotency key was seen before with the same body
  std::string answer;      ///< the answer given the first time
  std::uint64_t sequence = 0;
};
struct PendingSamples {
  std::uint64_t sequence = 0;
  model::SampleBatch batch;
};

/// Blocking and thread-safe. Durable when a call returns.
class SampleLog {
 public:
  virtual ~SampleLog() = default;
  /// Keeps the batch as pending. A batch whose call starts after another's has returned gets a higher
  /// sequence.
  virtual Result<LoggedBatch> accept(const model::SampleBatch& batch, std::string_view answer) = 0;
  /// Up to `limit` pending batches with a sequence above `after`, in order.
  virtual Result<std::vector<PendingSamples>> pending(std::uint64_t after, std::size_t limit) = 0;
  /// Sketches are added to the stored ones, and pending batches up to `through` are out: both or neither.
  /// Nothing happens when that worked before.
  virtual Result<void> settle(const model::SketchBatch& added, std::uint64_t through) = 0;
  virtual Result<LoggedBins> bins(const BinQuery& query) = 0;
};

}  // namespace peering::latency
