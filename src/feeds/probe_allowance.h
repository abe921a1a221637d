// How many probes somebody may have sent: a bucket for each key that refills evenly.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace peering::feeds {

/// No clock and no threads.
class ProbeAllowance {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  /// `keys_max`: buckets that are kept; with more, those that are full again are forgotten, and when there
  /// are none newcomers wait.
  ProbeAllowance(double per_second, double burst, std::size_t keys_max)
      : per_second_(per_second), burst_(burst), keys_max_(keys_max) {}

  /// Takes `count`, which is at most the burst; or says how long it would take until they are there, and
  /// takes nothing.
  std::optional<Duration> take(std::string_view key, double count, Instant now);
  std::size_t keys() const { return used_.size(); }

 private:
  struct Bucket {
    double used = 0;
    Instant at{};
  };
  void forget_full(Instant now);
  double used_at(const Bucket& bucket, Instant now) const;

  const double per_second_, burst_;
  const std::size_t keys_max_;
  std::map<std::string, Bucket, std::less<>> used_;
};

}  // namespace peering::feeds
