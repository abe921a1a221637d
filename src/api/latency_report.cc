// GET …/latency of a prefix or a connection.
#include "api/documents.h"
#include "api/handlers.h"
#include "api/latency_query.h"
#include "latency/prefix_judge.h"
#include "latency/report.h"

namespace peering::api {

namespace {

constexpr std::size_t reported_prefixes_max = 1000;

// The prefix that the path names, or every prefix of the connection that it names.
arm::Expected<std::vector<Record>> prefixes_of(const Call& call, const Record& base) {
  if (base.stored.type != peering_service_type) return std::vector<Record>{base};
  return load_all(call, prefix_type, base.stored.key + "/", reported_prefixes_max);
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
    auto bins = call.services.latency_bins(
        {record.stored.key, latency::first_point(query->report), query->report.to, resolution});
    if (!bins) return arm::failed(bins.error());
    auto verdicts = verdicts_on(call, record.stored.key, *bins);
    if (!verdicts) return arm::failed(verdicts.error());
    found.push_back({registered->expectation.prefix, std::move(*bins), std::move(*verdicts)});
  }
  const latency::Report report = latency::make_report(query->report, std::move(found));
  if (query->csv) return csv_response(latency::to_csv(report));
  return arm::json_text_response(200, latency::to_json(report));
}

}  // namespace peering::api
