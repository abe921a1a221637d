#include "model/sketch_batch.h"

namespace peering::model {

SeriesKey SketchBatch::key(const Row& row) const {
  const BatchSeries& of = row.series;
  return {names[of.resource], of.client, names[of.pop], of.kind, names[of.source]};
}

void SketchBatch::add(const SeriesKey& key, TimePoint start, std::string_view sketch) {
  const auto first = static_cast<std::uint32_t>(names.size());
  names.insert(names.end(), {key.prefix_resource, key.pop, key.source});
  rows.push_back(
      {{first, first + 1, first + 2, key.kind, key.client}, start, sketches.size(), sketch.size()});
  sketches.append(sketch);
}

}  // namespace peering::model
