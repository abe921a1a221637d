// The latency report: what `GET …/providers/Open.Peering/latency` answers, from bins.
//
// Bins are merged into points of the interval asked for. A point without samples has a count of zero, the
// judgement no-data and no values: a gap is a gap, never zero. Where bins so fine are no longer kept, all
// points of the report are as wide as the widest bin in it, and the report says so.
//
// The judgement of a point is that of the judge that also makes the events (series_judge.h):
// - no-data: no samples; insufficient: fewer than 10.
// - degraded: one of its bins lies between the begin and the end of a degradation of its PoP and kind.
// - ok otherwise.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "latency/degradation.h"
#include "latency/sample_log.h"
#include "net/prefix.h"

namespace peering::latency {

/// What is asked. Times and interval are checked by the caller: from < to, interval a multiple of 5 minutes.
struct ReportQuery {
  std::string resource_id;           ///< served back
  TimePoint from{}, to{};            ///< from inclusive, to exclusive
  std::string timespan_text;         ///< served back, e.g. "P1D"
  Microseconds interval{bin_width};  ///< of a point
  std::string interval_text;         ///< served back, e.g. "PT5M"
  std::optional<std::string> pop;    ///< only this PoP
  bool by_pop = true, by_kind = true, by_source = false;
  std::vector<double> percentiles{50, 90, 95, 99};  ///< above 0, up to 100
  TimePoint now{};                                  ///< sources are live or stale at this moment
};

/// The first point's start: `from` rounded down to whole intervals since 1970. Ask the recorder for bins from
/// here on.
TimePoint first_point(const ReportQuery& query);

/// One registered prefix, its bins, and what its series were found to be.
struct ReportPrefix {
  net::Prefix prefix;
  std::vector<SeriesBin> bins;
  std::vector<SeriesVerdict> verdicts;
};

enum class Judgement : std::uint8_t { no_data, insufficient, ok, degraded };
std::string_view to_string(Judgement judgement);

struct ReportPoint {
  TimePoint start{};
  sketch::LatencySketch sketch;
  Judgement judgement = Judgement::no_data;
};

/// Points of one prefix, and of one PoP, kind and source where the report is grouped by them.
struct ReportSeries {
  net::Prefix prefix;
  std::optional<net::Prefix> approximated_at;  ///< the /24 or /48 that answers for a longer prefix
  std::vector<std::string> pops, sources;      ///< in it; one when grouped by it
  std::vector<model::SampleKind> kinds;
  std::optional<TemporalClass> temporal_class;  ///< where it is of one PoP and kind
  std::vector<ReportPoint> points;              ///< every interval of the time span, in order
};

/// A source of samples. It is stale when its latest bin ended more than five minutes ago.
struct ReportSource {
  std::string source;
  TimePoint last_seen{};  ///< start of the latest bin with samples of it
  bool live = false;
};

struct Report {
  ReportQuery query;  ///< with the interval that the points have
  /// What was asked, when the points are wider; else empty.
  std::string asked_interval_text;
  std::vector<ReportSeries> series;
  std::vector<ReportSource> sources;
};

Report make_report(const ReportQuery& query, std::vector<ReportPrefix> prefixes);

/// Calls `work(0)` to `work(count - 1)`, each once, in any order, also at the same time.
using ForEachPart = std::function<void(std::size_t count, const std::function<void(std::size_t part)>& work)>;
void one_after_another(std::size_t count, const std::function<void(std::size_t part)>& work);

/// JSON text. Grouped parts are single members ("pop"), others lists ("pops"). The texts of the series are
/// made by `for_each_series`.
std::string to_json(Report report, const ForEachPart& for_each_series = one_after_another);
/// The same as RFC 4180 text with a header line, one line a point; values that are absent are empty.
std::string to_csv(const Report& report);

}  // namespace peering::latency
