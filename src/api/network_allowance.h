// How much each client network may hand in without a token: a bucket each that refills evenly.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/time.h"
#include "net/prefix.h"

namespace peering::api {

/// Thread-safe. A network is the /24 (/48) of a client.
class NetworkAllowance {
 public:
  /// `per_minute` of each network; so many networks are remembered, some 100 bytes each. Of more, those that
  /// are not remembered get nothing until others have been quiet for a minute.
  explicit NetworkAllowance(std::int64_t per_minute, std::size_t networks_max = 100'000)
      : per_minute_(static_cast<double>(per_minute)), networks_max_(networks_max) {}

  /// Takes `wanted` from what the network has left, or nothing and false.
  bool take(const net::Prefix& network, std::size_t wanted, TimePoint at);

 private:
  struct Bucket {
    double used = 0;
    TimePoint at{};
  };
  struct Hash {
    std::size_t operator()(const net::Prefix& network) const {
      return std::hash<std::uint64_t>{}(network.address().high64() * 0x9E3779B97F4A7C15ULL);
    }
  };
  double used_now(const Bucket& bucket, TimePoint at) const;
  bool make_room(TimePoint at);

  const double per_minute_;
  const std::size_t networks_max_;
  std::mutex mutex_;
  std::unordered_map<net::Prefix, Bucket, Hash> buckets_;
  TimePoint swept_{};
};

}  // namespace peering::api
