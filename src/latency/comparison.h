// Which of several candidates has the lowest latency, and how sure that is: PoPs for one prefix, partners and
// locations for one customer.
//
// Medians are compared. Who is no further behind the best than the tie band is as good as it (2 ms or 5 %,
// the band of Cloudflare's comparisons of networks). Beyond it a difference counts when its 95 % interval
// (Bonett and Price) lies above zero.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "latency/median_interval.h"
#include "sketch/latency_sketch.h"

namespace peering::latency {

struct TieBand {
  double us = 2000;        ///< so far behind the best, or
  double fraction = 0.05;  ///< so large a part of the best's median, whichever is more
};

enum class Standing : std::uint8_t {
  insufficient,  ///< fewer than 10 samples: it is not compared
  best,          ///< the lowest median
  tie,           ///< within the tie band
  unclear,       ///< beyond it, but that may be chance
  behind,
};
/// "insufficient", "best", "tie", "unclear", "behind".
std::string_view to_string(Standing standing);

struct Compared {
  Standing standing = Standing::insufficient;
  std::optional<MedianInterval> median;  ///< absent below two samples
  std::optional<MedianInterval>
      behind;  ///< its median minus the best's; absent for the best, and insufficient ones
};

/// Of each sketch, in their order. Of equal medians the first is the best.
std::vector<Compared> compare(std::span<const sketch::LatencySketch> candidates, const TieBand& band = {});

}  // namespace peering::latency
