// The telemetry store as the latency room wants to see it: sketches instead of bytes.
#pragma once

#include "latency/sample_log.h"
#include "store/telemetry_store.h"

namespace peering::app {

/// Thread-safe, like the store, which must outlive it. `corrupt` for stored bytes that are no sketch.
class StoreSampleLog final : public latency::SampleLog {
 public:
  explicit StoreSampleLog(store::TelemetryStore& store) : store_(store) {}

  Result<latency::LoggedBatch> accept(const model::SampleBatch& batch, std::string_view answer) override;
  Result<std::vector<latency::PendingSamples>> pending(std::uint64_t after, std::size_t limit) override;
  Result<void> settle(const model::SketchBatch& added, std::uint64_t through) override {
    return store_.settle(added, through);
  }
  Result<latency::LoggedBins> bins(const latency::BinQuery& query) override;

 private:
  store::TelemetryStore& store_;
};

}  // namespace peering::app
