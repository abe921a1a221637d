#include "latency/report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

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
  std::map<TimePoint, sketch::LatencySketch> points;
  std::set<TimePoint> degraded;  // points
};

Group group_of(const ReportQuery& query, const model::SeriesKey& series) {
  Group out;
  if (query.by_pop) out.pop = series.pop;
  if (query.by_source) out.source = series.source;
  if (query.by_kind) out.kind = series.kind;
  return out;
}

bool asked(const ReportQuery& query, const SeriesBin& bin) {
  if (query.pop && *query.pop != bin.series.pop) return false;
  return bin.start >= first_point(query) && bin.start < query.to && !bin.sketch.empty();
}

const SeriesVerdict* verdict_on(const std::vector<SeriesVerdict>& verdicts, std::string_view pop,
                                model::SampleKind kind) {
  const auto found = std::ranges::find_if(
      verdicts, [&](const SeriesVerdict& each) { return each.name.pop == pop && each.name.kind == kind; });
  return found == verdicts.end() ? nullptr : &*found;
}

bool is_degraded(const std::vector<SeriesVerdict>& verdicts, const SeriesBin& bin) {
  const SeriesVerdict* const verdict = verdict_on(verdicts, bin.series.pop, bin.series.kind);
  return verdict && std::ranges::any_of(verdict->degradations, [&](const Degradation& each) {
           return each.shows(bin.start, model::width_of(bin.level));
         });
}

std::map<Group, Collected> collect(const ReportQuery& query, const ReportPrefix& prefix) {
  std::map<Group, Collected> out;
  for (const SeriesBin& bin : prefix.bins) {
    if (!asked(query, bin)) continue;
    Collected& target = out[group_of(query, bin.series)];
    target.pops.insert(bin.series.pop);
    target.sources.insert(bin.series.source);
    target.kinds.insert(bin.series.kind);
    const TimePoint point = model::round_down(bin.start, query.interval);
    target.points[point].merge(bin.sketch);
    if (is_degraded(prefix.verdicts, bin)) target.degraded.insert(point);
  }
  return out;
}

Judgement judge(const ReportPoint& point, bool degraded) {
  if (point.sketch.empty()) return Judgement::no_data;
  if (point.sketch.count() < judged_samples_min) return Judgement::insufficient;
  return degraded ? Judgement::degraded : Judgement::ok;
}

std::vector<ReportPoint> make_points(const ReportQuery& query, const Collected& collected) {
  std::vector<ReportPoint> out;
  for (TimePoint start = first_point(query); start < query.to; start += query.interval) {
    ReportPoint point{start, {}, std::nullopt, Judgement::no_data};
    if (const auto found = collected.points.find(start); found != collected.points.end()) {
      point.sketch = found->second;
      point.median = median_interval(point.sketch);
    }
    point.judgement = judge(point, collected.degraded.contains(start));
    out.push_back(std::move(point));
  }
  return out;
}

std::vector<ReportSource> collect_sources(const ReportQuery& query,
                                          const std::vector<ReportPrefix>& prefixes) {
  std::map<std::string, TimePoint> last_seen;
  for (const ReportPrefix& prefix : prefixes) {
    for (const SeriesBin& bin : prefix.bins) {
      if (!asked(query, bin)) continue;
      const auto [found, is_new] = last_seen.try_emplace(bin.series.source, bin.start);
      if (!is_new) found->second = std::max(found->second, bin.start);
    }
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
      const bool other_pop = query.pop && *query.pop != bin.series.pop;
      if (!other_pop && !bin.sketch.empty()) widest = std::max(widest, model::width_of(bin.level));
    }
  }
  return widest;
}

std::int64_t whole_us(double us) { return std::llround(us); }

std::string percentile_name(double percentile) { return fmt::format("p{}_us", percentile); }

json::value to_json(const ReportPoint& point, const std::vector<double>& percentiles) {
  json::object out{{"start", format_rfc3339(point.start)}, {"count", point.sketch.count()}};
  if (!point.sketch.empty()) {
    out["min_us"] = point.sketch.min_us();
    out["mean_us"] = whole_us(point.sketch.mean_us());
    out["max_us"] = point.sketch.max_us();
    for (const double each : percentiles) {
      out[percentile_name(each)] = whole_us(point.sketch.quantile(each / 100));
    }
  }
  if (point.median) {
    out["median_ci95_us"] = json::array{whole_us(point.median->low), whole_us(point.median->high)};
  }
  out["judgement"] = to_string(point.judgement);
  return out;
}

json::array texts(const std::vector<std::string>& from) {
  json::array out;
  for (const std::string& each : from) out.emplace_back(each);
  return out;
}

json::value to_json(const ReportSeries& series, const ReportQuery& query) {
  json::object out{{"prefix", series.prefix.to_string()}};
  if (query.by_pop) {
    out["pop"] = series.pops.front();
  } else {
    out["pops"] = texts(series.pops);
  }
  if (query.by_kind) {
    out["kind"] = model::to_string(series.kinds.front());
  } else {
    json::array kinds;
    for (const model::SampleKind each : series.kinds) kinds.emplace_back(model::to_string(each));
    out["kinds"] = std::move(kinds);
  }
  if (query.by_source) out["source"] = series.sources.front();
  if (series.approximated_at) out["approximatedAt"] = series.approximated_at->to_string();
  if (series.temporal_class) out["temporalClass"] = to_string(*series.temporal_class);
  json::array points;
  for (const ReportPoint& each : series.points) points.push_back(to_json(each, query.percentiles));
  out["points"] = std::move(points);
  return out;
}

// RFC 4180: quotes where a field needs them.
std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& each : parts) out += (out.empty() ? "" : " ") + each;
  return out;
}

std::string csv_line(const ReportSeries& series, const ReportPoint& point, const ReportQuery& query) {
  std::vector<std::string> kinds;
  for (const model::SampleKind each : series.kinds) kinds.emplace_back(model::to_string(each));
  std::string out = fmt::format(
      "{},{},{},{},{},{},{}", series.prefix.to_string(), csv_field(joined(series.pops)), joined(kinds),
      csv_field(joined(series.sources)), series.approximated_at ? series.approximated_at->to_string() : "",
      format_rfc3339(point.start), point.sketch.count());
  const bool any = !point.sketch.empty();
  const auto value = [&](bool present, double us) {
    out += present ? fmt::format(",{}", whole_us(us)) : ",";
  };
  value(any, point.sketch.min_us());
  value(any, point.sketch.mean_us());
  value(any, point.sketch.max_us());
  for (const double each : query.percentiles) value(any, point.sketch.quantile(each / 100));
  value(point.median.has_value(), point.median ? point.median->low : 0);
  value(point.median.has_value(), point.median ? point.median->high : 0);
  return out + fmt::format(",{},{}\r\n", to_string(point.judgement), query.interval_text);
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

Report make_report(const ReportQuery& asked_query, const std::vector<ReportPrefix>& prefixes) {
  Report out{asked_query, "", {}, {}};
  ReportQuery& query = out.query;
  if (const auto interval = interval_of(query, prefixes); interval != query.interval) {
    out.asked_interval_text = query.interval_text;
    query.interval = interval;
    query.interval_text = duration_text(interval);
  }
  out.sources = collect_sources(query, prefixes);
  for (const ReportPrefix& each : prefixes) {
    const net::Prefix answered = model::mask_client(each.prefix.address());
    for (const auto& [group, collected] : collect(query, each)) {
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

json::value to_json(const Report& report) {
  json::array series, sources;
  for (const ReportSeries& each : report.series) series.push_back(to_json(each, report.query));
  for (const ReportSource& each : report.sources) {
    sources.push_back(json::object{{"source", each.source},
                                   {"lastSeen", format_rfc3339(each.last_seen)},
                                   {"state", each.live ? "live" : "stale"}});
  }
  json::object out{{"resourceId", report.query.resource_id},
                   {"timespan", report.query.timespan_text},
                   {"interval", report.query.interval_text}};
  if (!report.asked_interval_text.empty()) {
    out["requestedInterval"] = report.asked_interval_text;
    out["note"] = fmt::format("Points of {} are no longer kept for part of the time span; these are of {}.",
                              report.asked_interval_text, report.query.interval_text);
  }
  out["relativeError"] = sketch::relative_error;
  out["series"] = std::move(series);
  out["coverage"] = json::object{{"sources", std::move(sources)}};
  return out;
}

std::string to_csv(const Report& report) {
  std::string out = "prefix,pop,kind,source,approximatedAt,start,count,min_us,mean_us,max_us";
  for (const double each : report.query.percentiles) out += "," + percentile_name(each);
  out += ",median_ci95_low_us,median_ci95_high_us,judgement,interval\r\n";
  for (const ReportSeries& series : report.series) {
    for (const ReportPoint& point : series.points) out += csv_line(series, point, report.query);
  }
  return out;
}

}  // namespace peering::latency
