// How many requests of each operation were answered with which status, and how long they took.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/metrics.h"

namespace peering::api {

/// Remembers the counters that it asked for, as asking costs more than counting. Thread-safe.
class RequestMetrics {
 public:
  /// `metrics` must outlive it.
  explicit RequestMetrics(Metrics& metrics) : metrics_(metrics) {}

  /// `operation` is of the table of routes, or another text that lives as long as the program.
  void count(std::string_view operation, int status, std::chrono::steady_clock::duration took);

 private:
  struct Entry {
    Counter* answered;
    Histogram* seconds;
  };
  Entry entry_of(std::string_view operation, int status);

  Metrics& metrics_;
  std::mutex mutex_;
  std::map<std::pair<std::string_view, int>, Entry> entries_;
};

}  // namespace peering::api
