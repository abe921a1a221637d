// Sketches of many series and bins in memory.
//
// A batch may be of as many series and bins as it has samples, so what a sample costs are looks into memory:
// its series (once a batch) and its sketch. Texts are numbers here, and series are divided by their client
// network into parts, each with a lock of its own, so that several batches are added at once.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "latency/sample_log.h"

namespace peering::latency {

/// Thread-safe. A reader may see some samples of a batch that is being added.
class Windows {
 public:
  /// Number of sketches held.
  std::size_t size() const { return size_; }
  bool empty() const { return size() == 0; }

  /// Adds the samples of a batch.
  void add(const model::SampleBatch& batch);
  /// Copies of what a query asks for.
  std::vector<SeriesBin> matching(const BinQuery& query) const;
  /// Everything, in no order.
  model::SketchBatch all() const;

 private:
  static constexpr std::size_t parts = 16;

  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const model::BatchSeries& series) const;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Bin {
    std::int32_t number = 0;   // of the bin, counted from 1970
    std::uint32_t sketch = 0;  // where in `sketches`
  };
  struct Series {
    model::BatchSeries key;
    boost::container::small_vector<Bin, 2> bins;  // in order of number
  };
  struct Part {
    mutable std::mutex mutex;  // guards what follows
    std::vector<std::string> names;
    boost::unordered_flat_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_of_names;
    std::vector<Series> series;
    boost::unordered_flat_map<model::BatchSeries, std::uint32_t, Hash> numbers_of_series;
    boost::unordered_flat_map<std::uint32_t, std::vector<std::uint32_t>> series_of_resource;
    std::vector<sketch::LatencySketch> sketches;

    std::uint32_t number_of_name(const std::string& name);
    std::uint32_t number_of_series(const model::BatchSeries& key);
    // Where in `sketches`; a new one if need be.
    std::uint32_t sketch_of(std::uint32_t series, std::int32_t bin);
    void append_bins(const Series& of, const BinQuery& query, std::vector<SeriesBin>& out) const;
    // `first_name` is where the part's names begin in those of `out`.
    void append_rows(std::uint32_t first_name, model::SketchBatch& out) const;
  };
  class Addition;

  std::array<Part, parts> parts_;
  std::atomic<std::size_t> size_ = 0;
};

}  // namespace peering::latency
