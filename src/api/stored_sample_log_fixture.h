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
  Result<void> settle(const model::SketchBatch& added, std::uint64_t through) override {
    return telemetry_.settle(added, through);
  }
  Result<latency::LoggedBins> bins(const latency::BinQuery& query) override {
    const auto found = telemetry_.sketches({query.prefix_resource, query.from, query.to, query.resolution});
    if (!found) return tl::unexpected(found.error());
    latency::LoggedBins out{{}, found->settled_through};
    for (const auto& row : found->rows) {
      auto sketch = sketch::LatencySketch::from_bytes(found->sketch(row));
      if (!sketch) return tl::unexpected(sketch.error());
      out.bins.push_back({found->series[row.series], row.start, std::move(*sketch), row.level});
    }
    return out;
  }

 private:
  store::TelemetryStore& telemetry_;
};

}  // namespace peering::api
