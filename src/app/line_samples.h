// Lines of access logs that were read, to a batch: matched and masked. And what became of them, counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "latency/log_line.h"
#include "model/registry.h"
#include "model/sample.h"

namespace peering::app {

/// No client address is left in it.
struct LineBatch {
  model::SampleBatch batch;
  std::uint64_t samples = 0, unmatched = 0, no_round_trip = 0, rejected = 0;  ///< lines
  std::optional<latency::Rejection> first_rejection;
};

/// `no_round_trip`: lines of connections without one, of which `decoded` knows nothing.
LineBatch batch_of_lines(latency::DecodedSamples decoded, std::uint64_t no_round_trip,
                         const model::Registry& registry);

/// Counts lines, and tells the log when a run of rejected ones begins. Owned by one thread.
class LineCounters {
 public:
  /// `metric` gets the label `result`; `way` begins what is logged. `metrics` must outlive it.
  LineCounters(std::string_view metric, std::string_view help, std::string way, Metrics& metrics);

  void count(const LineBatch& lines);

 private:
  const std::string way_;
  Counter &samples_, &unmatched_, &no_round_trip_, &rejected_;
  bool told_ = false;  // that lines are rejected, once a run of trouble
};

}  // namespace peering::app
