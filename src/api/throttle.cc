#include "api/throttle.h"

#include <algorithm>
#include <cmath>

namespace peering::api {

namespace {

enum Kind : std::size_t { reads, writes, deletes };

Kind kind_of(http::Method method) {
  if (method == http::Method::get || method == http::Method::head) return reads;
  return method == http::Method::delete_ ? deletes : writes;
}

constexpr double seconds_an_hour = 3600;

}  // namespace

Throttle::Verdict Throttle::take(std::string_view subscription, http::Method method, TimePoint at) {
  const Kind kind = kind_of(method);
  const double quota = quotas_[kind];
  if (quota <= 0) return {};
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(subscription);
  if (found == buckets_.end()) found = buckets_.emplace(subscription, std::array<Bucket, 3>{}).first;
  Bucket& bucket = found->second[kind];
  const double passed = std::chrono::duration<double>(at - bucket.at).count();
  // A clock that goes back gives nothing and takes nothing.
  bucket.used = std::max(0.0, bucket.used - std::max(0.0, passed) * quota / seconds_an_hour);
  bucket.at = std::max(bucket.at, at);
  Verdict out{true, true, 0, {}};
  if (bucket.used + 1 > quota) {
    const double wait = (bucket.used + 1 - quota) * seconds_an_hour / quota;
    out.allowed = false;
    out.retry_after = std::chrono::seconds(std::max<std::int64_t>(1, std::llround(std::ceil(wait))));
    return out;
  }
  bucket.used += 1;
  out.remaining = static_cast<std::int64_t>(quota - bucket.used);
  return out;
}

std::string_view remaining_field(http::Method method, bool resource_of_provider) {
  if (resource_of_provider) return "x-ms-ratelimit-remaining-subscription-resource-requests";
  switch (kind_of(method)) {
    case reads:
      return "x-ms-ratelimit-remaining-subscription-reads";
    case deletes:
      return "x-ms-ratelimit-remaining-subscription-deletes";
    default:
      return "x-ms-ratelimit-remaining-subscription-writes";
  }
}

}  // namespace peering::api
