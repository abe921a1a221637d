// Any bytes: either refused, or a sketch that writes exactly these bytes again.
#include <cstdint>

#include "base/check.h"
#include "sketch/latency_sketch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using peering::sketch::LatencySketch;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto sketch = LatencySketch::from_bytes(bytes);
  if (!sketch) return 0;
  PEERING_CHECK(sketch->to_bytes() == bytes);
  PEERING_CHECK(sketch->quantile(0) >= sketch->min_us() && sketch->quantile(1) <= sketch->max_us());
  LatencySketch twice = *sketch;
  twice.merge(*sketch);
  PEERING_CHECK(twice.count() == 2 * sketch->count());
  return 0;
}
