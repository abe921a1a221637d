// Chance that repeats: the same seed gives the same numbers on every machine and with every compiler, which
// the distributions of the standard library do not promise.
#pragma once

#include <cstdint>
#include <string_view>

namespace peering::sim {

/// xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64. A value: copies go on alike.
class Random {
 public:
  /// `purpose` separates the streams of one seed, so that a change in one part does not shift the others.
  Random(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  std::uint64_t next();
  /// 0 to `count` - 1; 0 for 0.
  std::uint64_t below(std::uint64_t count);
  /// 0 <= x < 1.
  double unit();
  bool chance(double probability) { return unit() < probability; }
  /// Mean 0, standard deviation 1 (Box and Muller).
  double normal();
  /// A value whose logarithm is normal: half of the values are below `median`.
  double log_normal(double median, double sigma);

 private:
  std::uint64_t state_[4];
};

}  // namespace peering::sim
