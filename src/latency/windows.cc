#include "latency/windows.h"

namespace peering::latency {

std::vector<SeriesBin> summed_up(const model::SampleBatch& batch) {
  struct Hash {
    std::size_t operator()(const std::pair<std::uint32_t, std::int64_t>& key) const {
      const auto mixed =
          (static_cast<std::uint64_t>(key.second) ^ (std::uint64_t{key.first} << 40)) * 0x9E3779B97F4A7C15ULL;
      return static_cast<std::size_t>(mixed ^ mixed >> 32);
    }
  };
  std::unordered_map<std::pair<std::uint32_t, std::int64_t>, std::size_t, Hash> places;
  std::vector<SeriesBin> out;
  for (const model::LatencySample& sample : batch.samples) {
    const TimePoint start = bin_start(sample.at);
    const auto [place, is_new] = places.try_emplace(std::pair(sample.series, to_us(start)), out.size());
    if (is_new) out.push_back({batch.series[sample.series], start, {}});
    out[place->second].sketch.add(sample.rtt_us);
  }
  return out;
}

std::size_t Windows::Hash::operator()(const Key& key) const {
  std::uint64_t h = std::hash<net::Prefix>{}(key.client);
  h = (h ^ static_cast<std::uint64_t>(to_us(key.start))) * 0x9E3779B97F4A7C15ULL;
  h ^= std::hash<std::string>{}(key.pop) + (h >> 29);
  h = (h ^ std::hash<std::string>{}(key.source) ^ static_cast<std::uint64_t>(key.kind)) *
      0xD6E8FEB86659FD93ULL;
  return static_cast<std::size_t>(h ^ h >> 32);
}

void Windows::merge(SeriesBin bin) {
  OfResource& mine = resources_[bin.series.prefix_resource];
  const auto [place, is_new] = mine.try_emplace(Key{bin.series.client, bin.start, std::move(bin.series.pop),
                                                    std::move(bin.series.source), bin.series.kind});
  if (is_new) {
    place->second = std::move(bin.sketch);
    ++size_;
  } else {
    place->second.merge(bin.sketch);
  }
}

std::vector<SeriesBin> Windows::matching(const BinQuery& query) const {
  std::vector<SeriesBin> out;
  const auto mine = resources_.find(query.prefix_resource);
  if (mine == resources_.end()) return out;
  for (const auto& [key, sketch] : mine->second) {
    if (key.start >= query.from && key.start < query.to) out.push_back(as_bin(mine->first, key, sketch));
  }
  return out;
}

std::vector<SeriesBin> Windows::all() const {
  std::vector<SeriesBin> out;
  out.reserve(size_);
  for (const auto& [resource, mine] : resources_) {
    for (const auto& [key, sketch] : mine) out.push_back(as_bin(resource, key, sketch));
  }
  return out;
}

SeriesBin Windows::as_bin(const std::string& resource, const Key& key, const sketch::LatencySketch& sketch) {
  return {{resource, key.client, key.pop, key.kind, key.source}, key.start, sketch};
}

}  // namespace peering::latency
