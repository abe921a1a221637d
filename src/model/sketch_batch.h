// Sketches of five-minute bins on their way into the store, which adds their samples to those it has.
//
// A batch may have hundreds of thousands of them, so their texts are numbers and their bytes lie together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/sample.h"

namespace peering::model {

/// A value type.
struct SketchBatch {
  struct Row {
    BatchSeries series;  ///< its texts are indexes into `names`
    TimePoint start{};   ///< of the bin
    std::size_t offset = 0, size = 0;
  };
  std::vector<std::string> names;
  std::vector<Row> rows;
  std::string sketches;  ///< `sketch::LatencySketch::to_bytes` of every row

  std::string_view sketch(const Row& row) const {
    return std::string_view(sketches).substr(row.offset, row.size);
  }
  /// The series of a row with its texts.
  SeriesKey key(const Row& row) const;
  /// Appends a row with the texts of its series, for who has few.
  void add(const SeriesKey& key, TimePoint start, std::string_view sketch);
};

}  // namespace peering::model
