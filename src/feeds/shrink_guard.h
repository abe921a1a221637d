// Half of the RPKI does not vanish at once: a cache that lost a trust anchor, or serves while it loads, looks
// like that. Such a data set is put in force only when it is said twice.
#pragma once

#include <cstddef>

namespace peering::feeds {

/// Not thread-safe.
class ShrinkGuard {
 public:
  explicit ShrinkGuard(bool enabled) : enabled_(enabled) {}

  /// Whether a data set of `offered` records may replace one of `held`. One of less than half is refused the
  /// first time and admitted the next.
  bool admits(std::size_t held, std::size_t offered) {
    const bool shrinks = enabled_ && offered * 2 < held;
    const bool admitted = !shrinks || refused_;
    refused_ = !admitted;
    return admitted;
  }

 private:
  bool enabled_;
  bool refused_ = false;
};

}  // namespace peering::feeds
