#include "app/sample_log.h"

namespace peering::app {

Result<latency::LoggedBatch> StoreSampleLog::accept(const model::SampleBatch& batch,
                                                    std::string_view answer) {
  auto accepted = store_.accept(batch, answer);
  if (!accepted) return tl::unexpected(accepted.error());
  return latency::LoggedBatch{accepted->duplicate, std::move(accepted->answer), accepted->sequence};
}

Result<std::vector<latency::PendingSamples>> StoreSampleLog::pending(std::uint64_t after, std::size_t limit) {
  auto batches = store_.pending(after, limit);
  if (!batches) return tl::unexpected(batches.error());
  std::vector<latency::PendingSamples> out;
  for (store::PendingBatch& each : *batches) out.push_back({each.sequence, std::move(each.batch)});
  return out;
}

Result<void> StoreSampleLog::settle(std::span<const latency::SeriesBin> bins, std::uint64_t through) {
  std::vector<store::SketchRow> rows;
  rows.reserve(bins.size());
  for (const latency::SeriesBin& each : bins)
    rows.push_back({each.series, each.start, each.sketch.to_bytes()});
  return store_.settle(rows, through);
}

Result<latency::LoggedBins> StoreSampleLog::bins(const latency::BinQuery& query) {
  auto found = store_.sketches({query.prefix_resource, query.from, query.to, query.resolution});
  if (!found) return tl::unexpected(found.error());
  latency::LoggedBins out{{}, found->settled_through};
  out.bins.reserve(found->rows.size());
  for (store::SketchRow& each : found->rows) {
    auto sketch = sketch::LatencySketch::from_bytes(each.bytes);
    if (!sketch) return tl::unexpected(sketch.error());
    out.bins.push_back({std::move(each.series), each.start, std::move(*sketch), each.level});
  }
  return out;
}

Result<std::optional<sketch::LatencySketch>> StoreSampleLog::bin(const model::SeriesKey& series,
                                                                 TimePoint start) {
  const auto row = store_.sketch(series, start);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::nullopt;
  auto sketch = sketch::LatencySketch::from_bytes((*row)->bytes);
  if (!sketch) return tl::unexpected(sketch.error());
  return std::move(*sketch);
}

}  // namespace peering::app
