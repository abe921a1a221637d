// A sample log on a telemetry store, for tests of the API with the real recorder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "latency/sample_log.h"
#include "store/telemetry_store.h"

namespace peering::api {

class StoredSampleLog : public latency::SampleLog {
 public:
  explicit StoredSampleLog(store::TelemetryStore& telemetry) : telemetry_(telemetry) {}

  Result<latency::LoggedBatch> accept(const model::SampleBatch& batch, std::string_view answer) override {
    return telemetry_.accept(batch, answer).map([](store::Accepted accepted) {
      return latency::LoggedBatch{accepted.duplicate, std::move(accepted.answer), accepted.sequence};
    });
  }
  Result<std::vector<latency::PendingSamples>> pending(std::uint64_t after, std::size_t limit) override {
    auto batches = telemetry_.pending(after, limit);
    if (!batches) return tl::unexpected(batches.error());
    std::vector<latency::PendingSamples> out;
    for (auto& each : *batches) out.push_back({each.sequence, std::move(each.batch)});
    return out;
  }
  Result<void> settle(std::span<const latency::SeriesBin> bins, std::uint64_t through) override {
    std::vector<store::SketchRow> rows;
    for (const auto& bin : bins) rows.push_back({bin.series, bin.start, bin.sketch.to_bytes()});
    return telemetry_.settle(rows, through);
  }
  Result<latency::LoggedBins> bins(const latency::BinQuery& query) override {
    const auto found = telemetry_.sketches({query.prefix_resource, query.from, query.to, query.resolution});
    if (!found) return tl::unexpected(found.error());
    latency::LoggedBins out{{}, found->settled_through};
    for (const auto& row : found->rows) {
      auto sketch = sketch::LatencySketch::from_bytes(row.bytes);
      if (!sketch) return tl::unexpected(sketch.error());
      out.bins.push_back({row.series, row.start, std::move(*sketch), row.level});
    }
    return out;
  }
  Result<std::optional<sketch::LatencySketch>> bin(const model::SeriesKey& series, TimePoint start) override {
    const auto row = telemetry_.sketch(series, start);
    if (!row) return tl::unexpected(row.error());
    if (!*row) return std::optional<sketch::LatencySketch>{};
    auto sketch = sketch::LatencySketch::from_bytes((*row)->bytes);
    if (!sketch) return tl::unexpected(sketch.error());
    return std::optional<sketch::LatencySketch>(std::move(*sketch));
  }

 private:
  store::TelemetryStore& telemetry_;
};

}  // namespace peering::api
