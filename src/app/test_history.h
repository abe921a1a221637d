// What the latest runs of one test gave: eight bytes a run, bounded in number and age.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "model/probe.h"

namespace peering::app {

class TestHistory {
 public:
  /// `at` not before that of the run before it; kept to the second. At most `runs_max` runs are kept, none of
  /// them older than `keep` before the latest.
  void add(TimePoint at, std::optional<Microseconds> rtt, std::size_t runs_max, std::chrono::seconds keep) {
    const auto second = static_cast<std::uint32_t>(to_us(at) / second_us);
    const std::int64_t rtt_us = rtt ? std::max<std::int64_t>(1, rtt->count()) : 0;
    runs_.push_back({second, static_cast<std::uint32_t>(std::min<std::int64_t>(rtt_us, UINT32_MAX))});
    while (runs_.size() > runs_max || runs_.front().second + keep.count() < second) runs_.pop_front();
  }
  void clear() { runs_.clear(); }
  std::size_t size() const { return runs_.size(); }

  /// Appends those in [from, to), oldest first.
  void append(TimePoint from, TimePoint to, std::vector<model::TestResult>& out) const {
    for (const Run& run : runs_) {
      const TimePoint at = time_from_us(run.second * second_us);
      if (at < from || at >= to) continue;
      model::TestResult result{at, std::nullopt};
      if (run.rtt_us != 0) result.rtt_us = run.rtt_us;
      out.push_back(result);
    }
  }

 private:
  static constexpr std::int64_t second_us = 1'000'000;
  struct Run {
    std::uint32_t second;  // since 1970
    std::uint32_t rtt_us;  // 0: not successful
  };
  std::deque<Run> runs_;
};

}  // namespace peering::app
