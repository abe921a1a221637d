// How many requests a subscription may make: one bucket each for reads, writes and deletes, which holds the
// requests of an hour and refills evenly, so that a burst is fine and a loop is not.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace peering::api {

/// Requests of one subscription in an hour; 0: as many as come.
struct Quotas {
  std::int64_t reads = 10'000'000, writes = 10'000'000, deletes = 10'000'000;
};

/// Thread-safe. Keeps some 200 bytes for each subscription that was asked about.
class Throttle {
 public:
  explicit Throttle(const Quotas& quotas)
      : quotas_{static_cast<double>(quotas.reads), static_cast<double>(quotas.writes),
                static_cast<double>(quotas.deletes)} {}

  struct Verdict {
    bool limited = false;  ///< false: there is no quota, and nothing below says anything
    bool allowed = true;
    std::int64_t remaining = 0;
    std::chrono::seconds retry_after{0};  ///< when not allowed; at least a second
  };
  /// Counts a request. GET and HEAD are reads, DELETE is a delete, everything else a write.
  Verdict take(std::string_view subscription, http::Method method, TimePoint at);

 private:
  struct Bucket {
    double used = 0;
    TimePoint at{};
  };
  const std::array<double, 3> quotas_;
  std::mutex mutex_;
  std::map<std::string, std::array<Bucket, 3>, std::less<>> buckets_;
};

/// ARM's name of the field that says what remains: `…-resource-requests` for the types right under the
/// provider, else `…-reads`, `…-writes` or `…-deletes`.
std::string_view remaining_field(http::Method method, bool resource_of_provider);

}  // namespace peering::api
