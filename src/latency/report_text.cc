// The report as JSON and as CSV.
//
// A month of five-minute points is tens of megabytes. So points, which are numbers and a few known words, are
// written straight to the text; everything else goes the usual way.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <iterator>
#include <optional>

#include <fmt/compile.h>

#include "latency/median_interval.h"
#include "latency/report.h"

namespace peering::latency {

namespace {

// A point's counts lie anywhere in memory: they are asked for while those before are written.
constexpr std::size_t fetched_ahead = 8;

std::int64_t whole_us(double us) { return std::llround(us); }

std::string percentile_name(double percentile) { return fmt::format("p{}_us", percentile); }

// The start of a point as RFC 3339 text; of two on one day the date is formatted once.
class StartText {
 public:
  // Good until it is asked again.
  std::string_view of(TimePoint start) {
    const TimePoint day = model::day_of(start);
    if (text_.empty() || day != day_) {
      day_ = day;
      text_ = format_rfc3339(day).substr(0, date_chars) + "00:00:00Z";
    }
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(start - day).count();
    put_two_digits(date_chars, minutes / 60);
    put_two_digits(date_chars + 3, minutes % 60);
    return text_;
  }

 private:
  static constexpr std::size_t date_chars = 11;  // 2026-11-23T

  void put_two_digits(std::size_t at, std::int64_t number) {
    text_[at] = static_cast<char>('0' + number / 10);
    text_[at + 1] = static_cast<char>('0' + number % 10);
  }

  TimePoint day_{};
  std::string text_;
};

// The percentiles of a point, in the order asked for, and the interval of its median, in one pass.
class PointValues {
 public:
  explicit PointValues(const std::vector<double>& percentiles)
      : asked_(percentiles), order_(percentiles.size() + median_places), percentiles_(percentiles.size()) {
    ranks_.resize(order_.size());
    in_order_.resize(order_.size());
    values_.resize(order_.size());
  }

  void look_at(const sketch::LatencySketch& sketch) {
    for (std::size_t i = 0; i < asked_.size(); ++i) ranks_[i] = sketch.rank_of(asked_[i] / 100);
    const bool has_interval = sketch.count() >= 2;
    std::array<std::uint64_t, median_places> of_median{};
    if (has_interval) of_median = median_ranks(sketch.count());
    std::ranges::copy(of_median, ranks_.begin() + static_cast<std::ptrdiff_t>(asked_.size()));
    values_at(sketch);
    std::copy_n(values_.begin(), asked_.size(), percentiles_.begin());
    std::array<double, median_places> at_ranks{};
    std::copy_n(values_.end() - median_places, median_places, at_ranks.begin());
    interval_.reset();
    if (has_interval) interval_ = median_interval(sketch.count(), at_ranks);
  }
  const std::vector<double>& percentiles() const { return percentiles_; }
  const std::optional<MedianInterval>& interval() const { return interval_; }

 private:
  static constexpr std::size_t median_places = 4;

  // Values at all ranks, which are asked for in ascending order.
  void values_at(const sketch::LatencySketch& sketch) {
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
    std::ranges::sort(order_, {}, [this](std::size_t i) { return ranks_[i]; });
    std::vector<std::uint64_t>& ascending = ascending_ranks_;
    ascending.clear();
    for (const std::size_t i : order_) ascending.push_back(ranks_[i]);
    sketch.values_at_ranks(ascending, in_order_);
    for (std::size_t i = 0; i < order_.size(); ++i) values_[order_[i]] = in_order_[i];
  }

  const std::vector<double>& asked_;
  std::vector<std::size_t> order_;
  std::vector<std::uint64_t> ranks_, ascending_ranks_;
  std::vector<double> in_order_, values_, percentiles_;
  std::optional<MedianInterval> interval_;
};

// A line of known greatest length, written without a look at what is left.
class Line {
 public:
  explicit Line(std::size_t bytes_max) : chars_(bytes_max), end_(chars_.data()) {}

  Line& operator<<(std::string_view text) {
    end_ = std::copy(text.begin(), text.end(), end_);
    return *this;
  }
  template <std::integral Number>
  Line& operator<<(Number number) {
    end_ = std::to_chars(end_, chars_.data() + chars_.size(), number).ptr;
    return *this;
  }
  // Appends it and begins anew.
  void move_to(std::string& out) {
    out.append(chars_.data(), end_);
    end_ = chars_.data();
  }

 private:
  std::vector<char> chars_;
  char* end_;
};

class JsonPoints {
 public:
  explicit JsonPoints(const std::vector<double>& percentiles)
      : values_(percentiles), names_(names_of(percentiles)), line_(longest(names_)) {}

  void append(std::string& out, const ReportPoint& point) {
    line_ << R"({"start":")" << start_.of(point.start) << R"(","count":)" << point.sketch.count();
    if (!point.sketch.empty()) append_values(point.sketch);
    line_ << R"(,"judgement":")" << to_string(point.judgement) << R"("})";
    line_.move_to(out);
  }

 private:
  static std::vector<std::string> names_of(const std::vector<double>& percentiles) {
    std::vector<std::string> out;
    for (const double each : percentiles) out.push_back(fmt::format(",\"{}\":", percentile_name(each)));
    return out;
  }
  static std::size_t longest(const std::vector<std::string>& names) {
    constexpr std::size_t others = 400, number = 20;
    std::size_t out = others;
    for (const std::string& each : names) out += each.size() + number;
    return out;
  }

  void append_values(const sketch::LatencySketch& sketch) {
    line_ << R"(,"min_us":)" << sketch.min_us() << R"(,"mean_us":)" << whole_us(sketch.mean_us())
          << R"(,"max_us":)" << sketch.max_us();
    values_.look_at(sketch);
    for (std::size_t i = 0; i < names_.size(); ++i) line_ << names_[i] << whole_us(values_.percentiles()[i]);
    if (const auto& interval = values_.interval())
      line_ << R"(,"median_ci95_us":[)" << whole_us(interval->low) << "," << whole_us(interval->high) << "]";
  }

  PointValues values_;
  std::vector<std::string> names_;
  Line line_;
  StartText start_;
};

json::array texts(const std::vector<std::string>& from) {
  json::array out;
  for (const std::string& each : from) out.emplace_back(each);
  return out;
}

// Without its points.
json::object series_object(const ReportSeries& series, const ReportQuery& query) {
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
  return out;
}

// The object without its closing brace, and what comes before another member.
void append_open(std::string& out, const json::object& object) {
  out += json::serialize(object);
  out.back() = ',';
}

void append_series(std::string& out, const ReportSeries& series, const ReportQuery& query) {
  append_open(out, series_object(series, query));
  out += R"("points":[)";
  JsonPoints points(query.percentiles);
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    if (i + fetched_ahead < series.points.size()) series.points[i + fetched_ahead].sketch.prefetch();
    if (i > 0) out.push_back(',');
    points.append(out, series.points[i]);
  }
  out += "]}";
}

json::object coverage_object(const Report& report) {
  json::array sources;
  for (const ReportSource& each : report.sources) {
    sources.push_back(json::object{{"source", each.source},
                                   {"lastSeen", format_rfc3339(each.last_seen)},
                                   {"state", each.live ? "live" : "stale"}});
  }
  return {{"sources", std::move(sources)}};
}

// Without its series and coverage.
json::object report_object(const Report& report) {
  json::object out{{"resourceId", report.query.resource_id},
                   {"timespan", report.query.timespan_text},
                   {"interval", report.query.interval_text}};
  if (!report.asked_interval_text.empty()) {
    out["requestedInterval"] = report.asked_interval_text;
    out["note"] = fmt::format("Points of {} are no longer kept for part of the time span; these are of {}.",
                              report.asked_interval_text, report.query.interval_text);
  }
  out["relativeError"] = sketch::relative_error;
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

// What all lines of a series begin with.
std::string csv_head(const ReportSeries& series) {
  std::vector<std::string> kinds;
  for (const model::SampleKind each : series.kinds) kinds.emplace_back(model::to_string(each));
  return fmt::format("{},{},{},{},{}", series.prefix.to_string(), csv_field(joined(series.pops)),
                     joined(kinds), csv_field(joined(series.sources)),
                     series.approximated_at ? series.approximated_at->to_string() : "");
}

void append_csv_line(std::string& out, const ReportPoint& point, StartText& start, PointValues& values) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, FMT_COMPILE(",{},{}"), start.of(point.start), point.sketch.count());
  const bool any = !point.sketch.empty();
  const auto value = [&](bool present, double us) {
    out.push_back(',');
    if (present) fmt::format_to(to, FMT_COMPILE("{}"), whole_us(us));
  };
  value(any, point.sketch.min_us());
  value(any, point.sketch.mean_us());
  value(any, point.sketch.max_us());
  values.look_at(point.sketch);
  for (const double each : values.percentiles()) value(any, each);
  const auto& interval = values.interval();
  value(interval.has_value(), interval ? interval->low : 0);
  value(interval.has_value(), interval ? interval->high : 0);
}

}  // namespace

void one_after_another(std::size_t count, const std::function<void(std::size_t part)>& work) {
  for (std::size_t part = 0; part < count; ++part) work(part);
}

std::string to_json(Report report, const ForEachPart& for_each_series) {
  constexpr std::size_t usual_point_bytes = 220, usual_rest_bytes = 1000;
  std::vector<std::string> series(report.series.size());
  for_each_series(series.size(), [&](std::size_t i) {
    series[i].reserve(report.series[i].points.size() * usual_point_bytes);
    append_series(series[i], report.series[i], report.query);
    report.series[i].points = {};  // freeing them takes as long as some of the text
  });
  std::size_t bytes = usual_rest_bytes;
  for (const std::string& each : series) bytes += each.size() + 1;
  std::string out;
  out.reserve(bytes);
  append_open(out, report_object(report));
  out += R"("series":[)";
  for (const std::string& each : series) {
    if (&each != series.data()) out.push_back(',');
    out += each;
  }
  out += R"(],"coverage":)";
  out += json::serialize(coverage_object(report));
  out += "}";
  return out;
}

std::string to_csv(const Report& report) {
  std::string out = "prefix,pop,kind,source,approximatedAt,start,count,min_us,mean_us,max_us";
  for (const double each : report.query.percentiles) out += "," + percentile_name(each);
  out += ",median_ci95_low_us,median_ci95_high_us,judgement,interval\r\n";
  PointValues values(report.query.percentiles);
  StartText start;
  for (const ReportSeries& series : report.series) {
    const std::string head = csv_head(series);
    for (const ReportPoint& point : series.points) {
      out += head;
      append_csv_line(out, point, start, values);
      fmt::format_to(std::back_inserter(out), FMT_COMPILE(",{},{}\r\n"), to_string(point.judgement),
                     report.query.interval_text);
    }
  }
  return out;
}

}  // namespace peering::latency
