// W3C Network Error Logging: reports of browsers in, and counts of them out.
#include <algorithm>

#include "api/client_address.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/latency_query.h"
#include "api/network_allowance.h"
#include "latency/reachability.h"
#include "model/sample.h"

namespace peering::api {

namespace {

arm::Failure network_errors_off() {
  return {404, "NotFound", "There is nothing at this path: [latency.beacon] is not enabled.", {}};
}

Counter& reports_with(Metrics& metrics, std::string_view result) {
  return metrics.counter(
      "peering_network_error_reports_total",
      "Reports of Network Error Logging, by what they say of a request (ok, dns, connection, "
      "application), or rejected, of another type (other), unmatched or limited.",
      {{"result", std::string(result)}});
}

// The policy that a site sends names the PoP: `?pop=AMS`.
arm::Expected<std::string> pop_of_reports(const Call& call) {
  const BeaconSettings& settings = call.services.settings.beacon;
  const auto named = call.query.get("pop");
  if (!named || *named == settings.pop) {
    if (!settings.pop.empty()) return settings.pop;
    return arm::bad_argument("pop", "", "a PoP of network.pops");
  }
  if (std::ranges::find(settings.pops, *named) == settings.pops.end())
    return arm::bad_argument("pop", *named, "a PoP of network.pops");
  return std::string(*named);
}

json::object shown_hour(const latency::ReachabilityHour& hour) {
  json::object reports, requests;
  for (const auto each : {latency::Outcome::ok, latency::Outcome::dns, latency::Outcome::connection,
                          latency::Outcome::application}) {
    reports[to_string(each)] = hour.reports.at(static_cast<std::size_t>(each));
    requests[to_string(each)] = hour.requests.at(static_cast<std::size_t>(each));
  }
  return {{"pop", hour.pop},
          {"start", format_rfc3339(hour.start)},
          {"reports", std::move(reports)},
          {"requests", std::move(requests)}};
}

}  // namespace

// Reports are no simple request: a browser asks first (Fetch, CORS preflight).
arm::Answer options_network_errors(Call& call) {
  if (!call.services.settings.beacon.enabled) return tl::unexpected(network_errors_off());
  http::Response out;
  out.status = 204;
  out.headers.set("Access-Control-Allow-Origin", "*");
  out.headers.set("Access-Control-Allow-Methods", "POST");
  out.headers.set("Access-Control-Allow-Headers", "Content-Type");
  out.headers.set("Access-Control-Max-Age", "86400");
  return out;
}

arm::Answer post_network_errors(Call& call) {
  if (!call.services.settings.beacon.enabled) return tl::unexpected(network_errors_off());
  const auto pop = pop_of_reports(call);
  if (!pop) return tl::unexpected(pop.error());
  const auto decoded = latency::decode_network_reports(call.request.body, call.at);
  if (!decoded) return arm::failed(decoded.error());
  Metrics& metrics = call.services.metrics;
  const net::Address client = client_address(call.request).unmapped();
  const std::size_t number = decoded->reports.size() + decoded->others + decoded->rejected;
  if (!call.services.beacon_allowance->take(model::mask_client(client), number, call.at)) {
    reports_with(metrics, "limited").add(static_cast<double>(number));
    return tl::unexpected(
        arm::Failure{429,
                     "TooManyRequests",
                     "This network has sent more than it may. Please try again after a minute.",
                     {{"Retry-After", "60"}}});
  }
  const std::size_t matched =
      call.services.reachability->add(client, *pop, decoded->reports, *call.services.registry());
  for (const latency::NetworkReport& each : decoded->reports)
    reports_with(metrics, matched > 0 ? to_string(each.outcome) : "unmatched").add();
  reports_with(metrics, "rejected").add(static_cast<double>(decoded->rejected));
  reports_with(metrics, "other").add(static_cast<double>(decoded->others));
  http::Response out;
  out.status = 204;
  out.headers.set("Access-Control-Allow-Origin", "*");
  return out;
}

arm::Answer get_reachability(Call& call) {
  const auto prefix = load_parent(call, call.base_key());
  if (!prefix) return tl::unexpected(prefix.error());
  const auto query = read_latency_query(call.query, call.at);
  if (!query) return tl::unexpected(query.error());
  json::array hours;
  for (const auto& each :
       call.services.reachability->hours(prefix->stored.key, query->report.from, query->report.to))
    hours.push_back(shown_hour(each));
  return arm::json_response(
      200, json::object{{"resourceId", prefix->document.at("id")}, {"hours", std::move(hours)}});
}

}  // namespace peering::api
