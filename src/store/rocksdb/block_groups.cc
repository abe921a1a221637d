#include "store/rocksdb/block_groups.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

namespace peering::store::rocks {

namespace {

constexpr std::uint32_t without_place = 0xffffffff;

// A row with what it is ordered by.
struct Placed {
  std::uint32_t resource = 0;  ///< place among the names in order
  TimePoint start{};
  net::Prefix block;
  std::uint32_t row = 0;

  auto order() const { return std::tie(resource, start, block); }
};

// The place of each name of a resource among those in order; equal ones have the same.
Result<std::vector<std::uint32_t>> places_of_resources(const model::SketchBatch& batch) {
  std::vector<std::uint32_t> places(batch.names.size(), without_place), used;
  for (const model::SketchBatch::Row& row : batch.rows) {
    std::uint32_t& place = places[row.series.resource];
    if (place == without_place) used.push_back(row.series.resource);
    place = 0;
  }
  const auto name = [&](std::uint32_t number) { return std::string_view(batch.names[number]); };
  std::ranges::sort(used, {}, name);
  std::uint32_t place = 0;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (auto storable = check_resource(name(used[i])); !storable) return tl::unexpected(storable.error());
    if (i > 0 && name(used[i]) != name(used[i - 1])) ++place;
    places[used[i]] = place;
  }
  return places;
}

Result<std::vector<Placed>> in_order(const model::SketchBatch& batch) {
  const auto places = places_of_resources(batch);
  if (!places) return tl::unexpected(places.error());
  std::vector<Placed> out;
  out.reserve(batch.rows.size());
  for (std::uint32_t i = 0; i < batch.rows.size(); ++i) {
    const model::SketchBatch::Row& row = batch.rows[i];
    if (auto storable = check_client(row.series.client); !storable) return tl::unexpected(storable.error());
    out.push_back({(*places)[row.series.resource], row.start, block_of(row.series.client), i});
  }
  std::ranges::sort(out, [](const Placed& a, const Placed& b) { return a.order() < b.order(); });
  return out;
}

BlockSketch sketch_of(const model::SketchBatch& batch, const model::SketchBatch::Row& row) {
  return {last_byte(row.series.client), row.series.kind, batch.names[row.series.pop],
          batch.names[row.series.source], batch.sketch(row)};
}

}  // namespace

Result<void> for_each_block(const model::SketchBatch& batch,
                            const std::function<void(const BlockKey&, std::span<const BlockSketch>)>& visit) {
  const auto rows = in_order(batch);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<BlockSketch> sketches;
  for (auto at = rows->begin(); at != rows->end();) {
    sketches.clear();
    const Placed& first = *at;
    for (; at != rows->end() && at->order() == first.order(); ++at)
      sketches.push_back(sketch_of(batch, batch.rows[at->row]));
    visit({batch.names[batch.rows[first.row].series.resource], first.start, first.block}, sketches);
  }
  return {};
}

}  // namespace peering::store::rocks
