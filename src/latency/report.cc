#include "latency/report.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace peering::latency {

namespace {

constexpr std::uint64_t judged_samples_min = 10;

// What a series of the report is about; empty or absent where the report is not grouped by it.
struct Group {
  std::string pop, source;
  std::optional<model::SampleKind> kind;
  friend auto operator<=>(const Group&, const Group&) = default;
};

struct Collected {
  std::set<std::string> pops, sources;
  std::set<model::SampleKind> kinds;
  std::vector<sketch::LatencySketch> points;  // from the first point on
  std::vector<bool> degraded;
};

Group group_of(const ReportQuery& query, const model::SeriesKey& series) {
  Group out;
  if (query.by_pop) out.pop = series.pop;
  if (query.by_source) out.source = series.source;
  if (query.by_kind) out.kind = series.kind;
  return out;
}

std::size_t point_count(const ReportQuery& query) {
  const Microseconds span = query.to - first_point(query);
  return static_cast<std::size_t>((span + query.interval - Microseconds(1)) / query.interval);
}

bool asked(const ReportQuery& query, const SeriesBin& bin) {
  if (query.pop && *query.pop != bin.series->pop) return false;
  return bin.start >= first_point(query) && bin.start < query.to && !bin.sketch.empty();
}

const SeriesVerdict* verdict_on(const std::vector<SeriesVerdict>& verdicts, std::string_view pop,
                                model::SampleKind kind) {
  const auto found = std::ranges::find_if(
      verdicts, [&](const SeriesVerdict& each) { return each.name.pop == pop && each.name.kind == kind; });
  return found == verdicts.end() ? nullptr : &*found;
}

// Where the bins of each series go, found once a series.
class Groups {
 public:
  Groups(const ReportQuery& query, const std::vector<SeriesVerdict>& verdicts)
      : query_(query), verdicts_(verdicts) {}

  void add(SeriesBin& bin) {
    const Target& target = target_of(bin.series);
    const auto point = static_cast<std::size_t>((bin.start - first_) / query_.interval);
    sketch::LatencySketch& sum = target.collected->points[point];
    if (sum.empty()) {
      sum = std::move(bin.sketch);
    } else {
      sum.merge(bin.sketch);
    }
    if (shows_degradation(target.verdict, bin)) target.collected->degraded[point] = true;
  }
  std::map<Group, Collected> take() { return std::move(groups_); }

 private:
  struct Target {
    Collected* collected = nullptr;
    const SeriesVerdict* verdict = nullptr;
  };

  const Target& target_of(const SharedSeries& series) {
    const auto [found, is_new] = targets_.try_emplace(&*series);
    if (!is_new) return found->second;
    Collected& collected = groups_[group_of(query_, *series)];
    collected.points.resize(points_);
    collected.degraded.resize(points_);
    collected.pops.insert(series->pop);
    collected.sources.insert(series->source);
    collected.kinds.insert(series->kind);
    found->second = {&collected, verdict_on(verdicts_, series->pop, series->kind)};
    return found->second;
  }

  static bool shows_degradation(const SeriesVerdict* verdict, const SeriesBin& bin) {
    return verdict && std::ranges::any_of(verdict->degradations, [&](const Degradation& each) {
             return each.shows(bin.start, model::width_of(bin.level));
           });
  }

  const ReportQuery& query_;
  const std::vector<SeriesVerdict>& verdicts_;
  const TimePoint first_ = first_point(query_);
  const std::size_t points_ = point_count(query_);
  std::map<Group, Collected> groups_;
  std::unordered_map<const model::SeriesKey*, Target> targets_;
};

std::map<Group, Collected> collect(const ReportQuery& query, ReportPrefix& prefix) {
  Groups groups(query, prefix.verdicts);
  for (SeriesBin& bin : prefix.bins) {
    if (asked(query, bin)) groups.add(bin);
  }
  return groups.take();
}

Judgement judge(const ReportPoint& point, bool degraded) {
  if (point.sketch.empty()) return Judgement::no_data;
  if (point.sketch.count() < judged_samples_min) return Judgement::insufficient;
  return degraded ? Judgement::degraded : Judgement::ok;
}

std::vector<ReportPoint> make_points(const ReportQuery& query, Collected& collected) {
  std::vector<ReportPoint> out;
  out.reserve(collected.points.size());
  for (std::size_t i = 0; i < collected.points.size(); ++i) {
    ReportPoint point{first_point(query) + static_cast<std::int64_t>(i) * query.interval,
                      std::move(collected.points[i]), Judgement::no_data};
    point.judgement = judge(point, collected.degraded[i]);
    out.push_back(std::move(point));
  }
  return out;
}

std::vector<ReportSource> collect_sources(const ReportQuery& query,
                                          const std::vector<ReportPrefix>& prefixes) {
  std::unordered_map<const model::SeriesKey*, TimePoint> latest;
  for (const ReportPrefix& prefix : prefixes) {
    for (const SeriesBin& bin : prefix.bins) {
      if (!asked(query, bin)) continue;
      TimePoint& seen = latest.try_emplace(&*bin.series, bin.start).first->second;
      seen = std::max(seen, bin.start);
    }
  }
  std::map<std::string, TimePoint> last_seen;
  for (const auto& [series, start] : latest) {
    TimePoint& seen = last_seen.try_emplace(series->source, start).first->second;
    seen = std::max(seen, start);
  }
  std::vector<ReportSource> out;
  for (const auto& [source, seen] : last_seen) {
    out.push_back({source, seen, query.now < seen + 2 * bin_width});
  }
  return out;
}

// ISO 8601: P1D, PT1H, PT15M.
std::string duration_text(Microseconds width) {
  using std::chrono::duration_cast;
  const auto minutes = duration_cast<std::chrono::minutes>(width).count();
  if (minutes % (24 * 60) == 0) return fmt::format("P{}D", minutes / (24 * 60));
  return minutes % 60 == 0 ? fmt::format("PT{}H", minutes / 60) : fmt::format("PT{}M", minutes);
}

// The interval of all points: as asked, or as wide as the widest bin.
Microseconds interval_of(const ReportQuery& query, const std::vector<ReportPrefix>& prefixes) {
  Microseconds widest = query.interval;
  for (const ReportPrefix& prefix : prefixes) {
    for (const SeriesBin& bin : prefix.bins) {
      const bool other_pop = query.pop && *query.pop != bin.series->pop;
      if (!other_pop && !bin.sketch.empty()) widest = std::max(widest, model::width_of(bin.level));
    }
  }
  return widest;
}

}  // namespace

std::string_view to_string(Judgement judgement) {
  switch (judgement) {
    case Judgement::no_data:
      return "no-data";
    case Judgement::insufficient:
      return "insufficient";
    case Judgement::ok:
      return "ok";
    case Judgement::degraded:
      return "degraded";
  }
  return "";
}

TimePoint first_point(const ReportQuery& query) { return model::round_down(query.from, query.interval); }

Report make_report(const ReportQuery& asked_query, std::vector<ReportPrefix> prefixes) {
  Report out{asked_query, "", {}, {}};
  ReportQuery& query = out.query;
  if (const auto interval = interval_of(query, prefixes); interval != query.interval) {
    out.asked_interval_text = query.interval_text;
    query.interval = interval;
    query.interval_text = duration_text(interval);
  }
  out.sources = collect_sources(query, prefixes);
  for (ReportPrefix& each : prefixes) {
    const net::Prefix answered = model::mask_client(each.prefix.address());
    for (auto& [group, collected] : collect(query, each)) {
      ReportSeries series;
      series.prefix = each.prefix;
      if (each.prefix.length() > answered.length()) series.approximated_at = answered;
      series.pops.assign(collected.pops.begin(), collected.pops.end());
      series.sources.assign(collected.sources.begin(), collected.sources.end());
      series.kinds.assign(collected.kinds.begin(), collected.kinds.end());
      if (query.by_pop && query.by_kind) {
        const SeriesVerdict* const verdict = verdict_on(each.verdicts, group.pop, *group.kind);
        series.temporal_class = verdict ? verdict->temporal_class : TemporalClass::insufficient;
      }
      series.points = make_points(query, collected);
      out.series.push_back(std::move(series));
    }
  }
  return out;
}

}  // namespace peering::latency
