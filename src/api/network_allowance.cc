#include "api/network_allowance.h"

#include <algorithm>

namespace peering::api {

namespace {

constexpr std::chrono::seconds sweep_every{10};

}  // namespace

double NetworkAllowance::used_now(const Bucket& bucket, TimePoint at) const {
  const double minutes = std::chrono::duration<double, std::ratio<60>>(at - bucket.at).count();
  return std::max(0.0, bucket.used - std::max(0.0, minutes) * per_minute_);
}

// Forgets networks that have all of their allowance again; not at every turn, as that looks at all.
bool NetworkAllowance::make_room(TimePoint at) {
  if (buckets_.size() < networks_max_) return true;
  if (at - swept_ < sweep_every && at >= swept_) return false;
  swept_ = at;
  std::erase_if(buckets_, [&](const auto& each) { return used_now(each.second, at) <= 0; });
  return buckets_.size() < networks_max_;
}

bool NetworkAllowance::take(const net::Prefix& network, std::size_t wanted, TimePoint at) {
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(network);
  if (found == buckets_.end()) {
    if (!make_room(at)) return false;
    found = buckets_.emplace(network, Bucket{0, at}).first;
  }
  Bucket& bucket = found->second;
  bucket.used = used_now(bucket, at);
  bucket.at = std::max(bucket.at, at);
  if (bucket.used + static_cast<double>(wanted) > per_minute_) return false;
  bucket.used += static_cast<double>(wanted);
  return true;
}

}  // namespace peering::api
