#include "feeds/probe_allowance.h"

#include <algorithm>

namespace peering::feeds {

double ProbeAllowance::used_at(const Bucket& bucket, Instant now) const {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::max(0.0, bucket.used - std::max(0.0, passed) * per_second_);
}

void ProbeAllowance::forget_full(Instant now) {
  std::erase_if(used_, [&](const auto& each) { return used_at(each.second, now) == 0; });
}

std::optional<ProbeAllowance::Duration> ProbeAllowance::take(std::string_view key, double count,
                                                             Instant now) {
  auto found = used_.find(key);
  if (found == used_.end()) {
    if (used_.size() >= keys_max_) forget_full(now);
    if (used_.size() >= keys_max_) return std::chrono::seconds(1);
    found = used_.emplace(key, Bucket{0, now}).first;
  }
  Bucket& bucket = found->second;
  bucket.used = used_at(bucket, now);
  bucket.at = std::max(bucket.at, now);
  const double over = bucket.used + std::min(count, burst_) - burst_;
  // Rounding must not refuse what has just become whole.
  if (over > 1e-6) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(over / per_second_));
  }
  bucket.used += std::min(count, burst_);
  return std::nullopt;
}

}  // namespace peering::feeds
