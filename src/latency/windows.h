// Sketches of many series and bins in memory.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "latency/sample_log.h"

namespace peering::latency {

/// The bins of a batch, each once, in no order.
std::vector<SeriesBin> summed_up(const model::SampleBatch& batch);

/// A value type; not thread-safe.
class Windows {
 public:
  /// Number of sketches held.
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Adds the samples of `bin` to those of the same series and start.
  void merge(SeriesBin bin);
  void merge(std::vector<SeriesBin> bins) {
    for (SeriesBin& each : bins) merge(std::move(each));
  }
  /// Copies of what a query asks for.
  std::vector<SeriesBin> matching(const BinQuery& query) const;
  /// Everything, in no order.
  std::vector<SeriesBin> all() const;

 private:
  struct Key {
    net::Prefix client;
    TimePoint start{};
    std::string pop, source;
    model::SampleKind kind{};
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  using OfResource = std::unordered_map<Key, sketch::LatencySketch, Hash>;

  static SeriesBin as_bin(const std::string& resource, const Key& key, const sketch::LatencySketch& sketch);

  std::unordered_map<std::string, OfResource> resources_;
  std::size_t size_ = 0;
};

}  // namespace peering::latency
