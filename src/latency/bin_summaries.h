// The bins of a registered prefix as its series are judged by: client networks and sources together.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "latency/degradation.h"
#include "latency/sample_log.h"

namespace peering::latency {

/// Of each series its bins of five minutes with at least two samples, in order of time. Wider ones, which are
/// left of old times, cannot be judged.
using SeriesSummaries = std::map<SeriesName, std::vector<BinSummary>>;

SeriesSummaries summaries_of(std::span<const SeriesBin> bins);

}  // namespace peering::latency
