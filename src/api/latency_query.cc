#include "api/latency_query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/arm/names.h"

namespace peering::api {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

struct Named {
  std::string_view text;
  Microseconds duration;
};
constexpr std::array<Named, 5> timespans = {
    {{"PT6H", hours(6)}, {"PT12H", hours(12)}, {"P1D", days(1)}, {"P7D", days(7)}, {"P30D", days(30)}}};
constexpr std::array<Named, 4> intervals = {
    {{"PT5M", minutes(5)}, {"PT15M", minutes(15)}, {"PT1H", hours(1)}, {"P1D", days(1)}}};

template <std::size_t N>
const Named* find_named(const std::array<Named, N>& all, std::string_view text) {
  const auto found =
      std::ranges::find_if(all, [&](const Named& each) { return arm::same_name(each.text, text); });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

arm::Expected<void> read_timespan(const std::string& text, TimePoint now, latency::ReportQuery& out) {
  const auto wrong = [&](std::string_view rule) { return arm::bad_argument("timespan", text, rule); };
  out.timespan_text = text;
  if (const Named* named = find_named(timespans, text)) {
    out.from = now - named->duration;
    out.to = now;
    return {};
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return wrong("PT6H, PT12H, P1D, P7D, P30D, or start/end in RFC 3339");
  const auto from = parse_rfc3339(text.substr(0, slash)), to = parse_rfc3339(text.substr(slash + 1));
  if (!from || !to) return wrong("start/end are RFC 3339 date-times");
  if (*from >= *to) return wrong("the start lies before the end");
  out.from = *from;
  out.to = *to;
  return {};
}

arm::Expected<void> read_grouping(const std::string& text, latency::ReportQuery& out) {
  out.by_pop = out.by_kind = out.by_source = false;
  for (const std::string& part : split_list(text)) {
    if (arm::same_name(part, "pop")) {
      out.by_pop = true;
    } else if (arm::same_name(part, "kind")) {
      out.by_kind = true;
    } else if (arm::same_name(part, "source")) {
      out.by_source = true;
    } else {
      return arm::bad_argument("groupBy", part, "pop, kind, source, separated by commas");
    }
  }
  return {};
}

arm::Expected<void> read_percentiles(const std::string& text, latency::ReportQuery& out) {
  constexpr std::size_t percentiles_max = 20;
  out.percentiles.clear();
  for (const std::string& part : split_list(text)) {
    double value = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool number = parsed.ec == std::errc() && parsed.ptr == part.data() + part.size();
    if (!number || !(value > 0) || value > 100) {
      return arm::bad_argument("percentiles", part, "numbers above 0 and up to 100, separated by commas");
    }
    out.percentiles.push_back(value);
  }
  std::ranges::sort(out.percentiles);
  out.percentiles.erase(std::ranges::unique(out.percentiles).begin(), out.percentiles.end());
  if (out.percentiles.size() > percentiles_max)
    return arm::bad_argument("percentiles", text, "at most 20 numbers");
  return {};
}

}  // namespace

arm::Expected<latency::ReportQuery> read_latency_span(const arm::Query& query, std::string_view otherwise,
                                                      TimePoint now) {
  latency::ReportQuery out;
  const std::string text = query.get("timespan").value_or(std::string(otherwise));
  if (auto ok = read_timespan(text, now, out); !ok) return tl::unexpected(ok.error());
  return out;
}

arm::Expected<LatencyQuery> read_latency_query(const arm::Query& query, TimePoint now) {
  LatencyQuery out;
  latency::ReportQuery& report = out.report;
  report.now = now;
  if (auto ok = read_timespan(query.get("timespan").value_or("P1D"), now, report); !ok) {
    return tl::unexpected(ok.error());
  }
  const std::string interval = query.get("interval").value_or("PT5M");
  const Named* named = find_named(intervals, interval);
  if (!named) return arm::bad_argument("interval", interval, "PT5M, PT15M, PT1H or P1D");
  report.interval = named->duration;
  report.interval_text = named->text;
  if ((report.to - report.from) / report.interval > static_cast<std::int64_t>(latency_points_max)) {
    return arm::bad_argument("timespan", report.timespan_text, "at most 10000 intervals");
  }
  report.pop = query.get("pop");
  if (const auto grouping = query.get("groupBy")) {
    if (auto ok = read_grouping(*grouping, report); !ok) return tl::unexpected(ok.error());
  }
  if (const auto percentiles = query.get("percentiles")) {
    if (auto ok = read_percentiles(*percentiles, report); !ok) return tl::unexpected(ok.error());
  }
  const std::string format = query.get("format").value_or("json");
  out.csv = arm::same_name(format, "csv");
  if (!out.csv && !arm::same_name(format, "json")) return arm::bad_argument("format", format, "json or csv");
  return out;
}

}  // namespace peering::api
