// GET …/latency of a prefix or a connection.
#include <algorithm>
#include <iterator>
#include <thread>

#include "api/documents.h"
#include "api/handlers.h"
#include "api/latency_query.h"
#include "latency/prefix_judge.h"
#include "latency/report.h"
#include "runtime/side_by_side.h"

namespace peering::api {

namespace {

constexpr std::size_t reported_prefixes_max = 1000;
constexpr std::size_t threads_max = 4;
constexpr std::int64_t bins_a_part = 1000;
constexpr std::size_t large_report_points = 10'000;

// On as many threads as there are cores: of a large report, one core would be waited for.
void for_each_part(std::size_t count, const std::function<void(std::size_t)>& work) {
  runtime::side_by_side(count, std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, threads_max),
                        work);
}

// A long time in parts of whole days, which no bin of any width crosses.
std::vector<latency::BinQuery> parts_of(const latency::BinQuery& query) {
  constexpr Microseconds day = std::chrono::hours(24);
  const Microseconds width = std::max(day, bins_a_part * query.resolution / day * day);
  std::vector<latency::BinQuery> out;
  for (TimePoint from = query.from; from < query.to; from = out.back().to) {
    out.push_back(query);
    out.back().from = from;
    out.back().to = std::min(query.to, model::day_of(from) + width);
  }
  return out;
}

Result<std::vector<latency::SeriesBin>> read_bins(const Call& call, const latency::BinQuery& query) {
  const std::vector<latency::BinQuery> parts = parts_of(query);
  std::vector<Result<std::vector<latency::SeriesBin>>> read(parts.size());
  for_each_part(parts.size(), [&](std::size_t i) { read[i] = call.services.latency_bins(parts[i]); });
  std::vector<latency::SeriesBin> out;
  for (auto& each : read) {
    if (!each) return each;
    if (out.empty()) {
      out = std::move(*each);
    } else {
      out.insert(out.end(), std::make_move_iterator(each->begin()), std::make_move_iterator(each->end()));
    }
  }
  return out;
}

// The prefix that the path names, or every prefix of the connection that it names.
arm::Expected<std::vector<Record>> prefixes_of(const Call& call, const Record& base) {
  if (base.stored.type != peering_service_type) return std::vector<Record>{base};
  return load_all(call, prefix_type, base.stored.key + "/", reported_prefixes_max);
}

std::size_t points_of(const latency::Report& report) {
  std::size_t out = 0;
  for (const latency::ReportSeries& each : report.series) out += each.points.size();
  return out;
}

// Without a judge that follows the prefix, what the bins of the report show by themselves, of five minutes
// each.
Result<std::vector<latency::SeriesVerdict>> verdicts_on(const Call& call, const std::string& prefix_key,
                                                        const std::vector<latency::SeriesBin>& bins) {
  if (call.services.latency_verdicts) return call.services.latency_verdicts(prefix_key);
  return latency::judge_all(bins, {});
}

http::Response csv_response(std::string text) {
  http::Response out;
  out.headers.set("Content-Type", "text/csv; charset=utf-8");
  out.body = std::move(text);
  return out;
}

}  // namespace

arm::Answer get_latency_report(Call& call) {
  const auto base = load_parent(call, call.base_key());
  if (!base) return tl::unexpected(base.error());
  auto query = read_latency_query(call.query, call.at);
  if (!query) return tl::unexpected(query.error());
  query->report.resource_id = std::string(base->document.at("id").as_string());
  const auto prefixes = prefixes_of(call, *base);
  if (!prefixes) return tl::unexpected(prefixes.error());
  const auto resolution = call.services.latency_verdicts ? query->report.interval : latency::bin_width;
  std::vector<latency::ReportPrefix> found;
  for (const Record& record : *prefixes) {
    const auto registered = registered_prefix_from_documents(json::value(record.document), nullptr);
    if (!registered) return arm::failed(registered.error());
    auto bins = read_bins(
        call, {record.stored.key, latency::first_point(query->report), query->report.to, resolution});
    if (!bins) return arm::failed(bins.error());
    auto verdicts = verdicts_on(call, record.stored.key, *bins);
    if (!verdicts) return arm::failed(verdicts.error());
    found.push_back({registered->expectation.prefix, std::move(*bins), std::move(*verdicts)});
  }
  latency::Report report = latency::make_report(query->report, std::move(found));
  if (query->csv) return csv_response(latency::to_csv(report));
  const bool is_large = points_of(report) > large_report_points;
  return arm::json_text_response(200, is_large ? latency::to_json(std::move(report), for_each_part)
                                               : latency::to_json(std::move(report)));
}

}  // namespace peering::api
