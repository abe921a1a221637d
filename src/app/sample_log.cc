#include "app/sample_log.h"

#include <iterator>

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

Result<latency::LoggedBins> StoreSampleLog::bins(const latency::BinQuery& query) {
  auto found = store_.sketches({query.prefix_resource, query.from, query.to, query.resolution});
  if (!found) return tl::unexpected(found.error());
  const std::vector<latency::SharedSeries> series(std::make_move_iterator(found->series.begin()),
                                                  std::make_move_iterator(found->series.end()));
  latency::LoggedBins out{{}, found->settled_through};
  out.bins.reserve(found->rows.size());
  for (const store::Sketches::Row& row : found->rows) {
    auto sketch = sketch::LatencySketch::from_bytes(found->sketch(row));
    if (!sketch) return tl::unexpected(sketch.error());
    out.bins.push_back({series[row.series], row.start, std::move(*sketch), row.level});
  }
  return out;
}

}  // namespace peering::app
