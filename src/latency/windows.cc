#include "latency/windows.h"

#include <algorithm>
#include <span>

namespace peering::latency {

namespace {

constexpr std::uint32_t without_number = 0xffffffff;

std::uint64_t scattered(std::uint64_t value) {
  value *= 0x9E3779B97F4A7C15ULL;
  return value ^ value >> 32;
}

std::int32_t bin_number(TimePoint at) {
  return static_cast<std::int32_t>(bin_start(at).time_since_epoch() / bin_width);
}

}  // namespace

std::size_t Windows::Hash::operator()(const model::BatchSeries& series) const {
  const std::uint64_t names = std::uint64_t{series.resource} << 40 ^ std::uint64_t{series.source} << 20 ^
                              std::uint64_t{series.pop} << 3 ^ static_cast<std::uint64_t>(series.kind);
  return scattered(
      scattered(series.client.address().high64() ^ static_cast<std::uint64_t>(series.client.length())) ^
      names);
}

std::uint32_t Windows::Part::number_of_name(const std::string& name) {
  const auto [found, is_new] = numbers_of_names.try_emplace(name, static_cast<std::uint32_t>(names.size()));
  if (is_new) names.push_back(name);
  return found->second;
}

std::uint32_t Windows::Part::number_of_series(const model::BatchSeries& key) {
  const auto [found, is_new] = numbers_of_series.try_emplace(key, static_cast<std::uint32_t>(series.size()));
  if (is_new) {
    series.push_back({key, {}});
    series_of_resource[key.resource].push_back(found->second);
  }
  return found->second;
}

std::uint32_t Windows::Part::sketch_of(std::uint32_t of, std::int32_t bin) {
  auto& bins = series[of].bins;
  auto at = bins.end();
  // Samples come in order of time, or nearly.
  while (at != bins.begin() && std::prev(at)->number > bin && bins.end() - at < 8) --at;
  if (at != bins.begin() && std::prev(at)->number > bin)
    at = std::ranges::upper_bound(bins, bin, {}, &Bin::number);
  if (at == bins.begin() || std::prev(at)->number != bin) {
    at = bins.insert(at, {bin, static_cast<std::uint32_t>(sketches.size())});
    sketches.emplace_back();
    return at->sketch;
  }
  return std::prev(at)->sketch;
}

void Windows::Part::append_bins(const Series& of, const BinQuery& query, std::vector<SeriesBin>& out) const {
  const SharedSeries shared(
      {names[of.key.resource], of.key.client, names[of.key.pop], of.key.kind, names[of.key.source]});
  for (const Bin& bin : of.bins) {
    const TimePoint start(bin.number * bin_width);
    if (start >= query.from && start < query.to) out.push_back({shared, start, sketches[bin.sketch]});
  }
}

void Windows::Part::append_rows(std::uint32_t first_name, model::SketchBatch& out) const {
  for (const Series& each : series) {
    model::BatchSeries key = each.key;
    for (std::uint32_t* name : {&key.resource, &key.pop, &key.source}) *name += first_name;
    for (const Bin& bin : each.bins) {
      const std::size_t offset = out.sketches.size();
      sketches[bin.sketch].append_bytes(out.sketches);
      out.rows.push_back({key, TimePoint(bin.number * bin_width), offset, out.sketches.size() - offset});
    }
  }
}

// One batch on its way into all parts.
class Windows::Addition {
 public:
  explicit Addition(const model::SampleBatch& batch)
      : batch_(batch),
        part_of_series_(batch.series.size()),
        series_numbers_(batch.series.size(), without_number) {
    for (std::size_t i = 0; i < batch.series.size(); ++i)
      part_of_series_[i] =
          static_cast<std::uint8_t>(scattered(batch.series[i].client.address().high64()) % parts);
    order_samples();
  }

  // Returns how many sketches are new.
  std::size_t into(Part& part, std::size_t number) {
    const std::span<const std::uint32_t> mine =
        std::span(order_).subspan(ends_[number], ends_[number + 1] - ends_[number]);
    if (mine.empty()) return 0;
    name_numbers_.assign(batch_.names.size(), without_number);
    const std::lock_guard lock(part.mutex);
    const std::size_t before = part.sketches.size();
    for (std::size_t at = 0; at < mine.size(); at += group)
      add_group(part, mine.subspan(at, std::min(group, mine.size() - at)));
    return part.sketches.size() - before;
  }

 private:
  static constexpr std::size_t group = 32;

  // A step for all at a time, so that they wait for memory together.
  void add_group(Part& part, std::span<const std::uint32_t> samples) {
    std::array<std::uint32_t, group> places;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      std::uint32_t& series = series_numbers_[batch_.samples[samples[i]].series];
      if (series == without_number)
        series = part.number_of_series(translated(part, batch_.series[batch_.samples[samples[i]].series]));
      __builtin_prefetch(&part.series[series]);
      places[i] = series;
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
      places[i] = part.sketch_of(places[i], bin_number(batch_.samples[samples[i]].at));
      __builtin_prefetch(&part.sketches[places[i]]);
    }
    for (std::size_t i = 0; i < samples.size(); ++i)
      part.sketches[places[i]].prefetch(batch_.samples[samples[i]].rtt_us);
    for (std::size_t i = 0; i < samples.size(); ++i)
      part.sketches[places[i]].add(batch_.samples[samples[i]].rtt_us);
  }

  // Samples by part, each part's in their order: `ends_` says where each begins.
  void order_samples() {
    for (const model::LatencySample& sample : batch_.samples) ++ends_[part_of_series_[sample.series] + 1U];
    for (std::size_t i = 1; i <= parts; ++i) ends_[i] += ends_[i - 1];
    std::array<std::uint32_t, parts + 1> next = ends_;
    order_.resize(batch_.samples.size());
    for (std::uint32_t i = 0; i < batch_.samples.size(); ++i)
      order_[next[part_of_series_[batch_.samples[i].series]]++] = i;
  }

  model::BatchSeries translated(Part& part, model::BatchSeries series) {
    for (std::uint32_t* name : {&series.resource, &series.pop, &series.source}) {
      std::uint32_t& number = name_numbers_[*name];
      if (number == without_number) number = part.number_of_name(batch_.names[*name]);
      *name = number;
    }
    return series;
  }

  const model::SampleBatch& batch_;
  std::vector<std::uint8_t> part_of_series_;
  std::vector<std::uint32_t> series_numbers_, name_numbers_, order_;
  std::array<std::uint32_t, parts + 1> ends_{};
};

void Windows::add(const model::SampleBatch& batch) {
  Addition addition(batch);
  for (std::size_t i = 0; i < parts; ++i) size_ += addition.into(parts_[i], i);
}

std::vector<SeriesBin> Windows::matching(const BinQuery& query) const {
  std::vector<SeriesBin> out;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    const auto name = part.numbers_of_names.find(query.prefix_resource);
    if (name == part.numbers_of_names.end()) continue;
    const auto mine = part.series_of_resource.find(name->second);
    if (mine == part.series_of_resource.end()) continue;
    for (const std::uint32_t series : mine->second) part.append_bins(part.series[series], query, out);
  }
  return out;
}

model::SketchBatch Windows::all() const {
  constexpr std::size_t usual_sketch_bytes = 24;
  model::SketchBatch out;
  out.rows.reserve(size());
  out.sketches.reserve(size() * usual_sketch_bytes);
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    const auto first_name = static_cast<std::uint32_t>(out.names.size());
    out.names.insert(out.names.end(), part.names.begin(), part.names.end());
    part.append_rows(first_name, out);
  }
  return out;
}

}  // namespace peering::latency
