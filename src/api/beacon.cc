// /telemetry/beacon: round-trip times that browsers measured, and the script that makes them send these.
#include "latency/beacon.h"

#include "api/client_address.h"
#include "api/embedded.h"
#include "api/handlers.h"
#include "api/network_allowance.h"
#include "latency/match.h"

namespace peering::api {

namespace {

void count_beacon(Metrics& metrics, const char* result, std::uint64_t number) {
  if (number == 0) return;
  metrics
      .counter("peering_beacon_samples_total",
               "Samples of browsers, by what became of them; unmatched: a client in no registered prefix; "
               "limited: more than its network may send, or than could be stored.",
               {{"result", result}})
      .add(static_cast<double>(number));
}

arm::Failure beacon_off() {
  return {404, "NotFound", "There is nothing at this path: [latency.beacon] is not enabled.", {}};
}

arm::Failure try_later(std::string_view what) {
  return {429,
          "TooManyRequests",
          fmt::format("{} Please try again after a minute.", what),
          {{"Retry-After", "60"}}};
}

}  // namespace

arm::Answer get_beacon_script(Call& call) {
  if (!call.services.settings.beacon.enabled) return tl::unexpected(beacon_off());
  http::Response out;
  out.headers.set("Content-Type", "text/javascript; charset=utf-8");
  out.headers.set("Cache-Control", "public, max-age=3600");
  // Pages of other origins use it, also those that isolate themselves.
  out.headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.body = std::string(embedded_beacon_script());
  return out;
}

// A browser sends this as a text, for which it asks nobody first (Fetch, CORS-safelisted request headers).
arm::Answer post_beacon(Call& call) {
  const BeaconSettings& settings = call.services.settings.beacon;
  if (!settings.enabled) return tl::unexpected(beacon_off());
  const net::Address client = client_address(call.request);
  latency::SampleRules rules;
  rules.now = call.at;
  rules.accept_age = call.services.settings.accept_age;
  auto decoded = latency::decode_beacon(call.request.body, {client, settings.pop, settings.pops}, rules);
  if (!decoded) return arm::failed(decoded.error());
  Metrics& metrics = call.services.metrics;
  const std::size_t right = decoded->samples.size();
  if (!call.services.beacon_allowance->take(model::mask_client(client.unmapped()), right + decoded->rejected,
                                            call.at)) {
    count_beacon(metrics, "limited", right + decoded->rejected);
    return tl::unexpected(try_later("This network has sent more samples than it may."));
  }
  count_beacon(metrics, "rejected", decoded->rejected);
  latency::MatchedSamples matched = latency::match_samples(*decoded, *call.services.registry());
  if (!matched.batch.samples.empty() && !call.services.offer_samples(std::move(matched.batch))) {
    count_beacon(metrics, "limited", right);
    return tl::unexpected(try_later("More samples wait than can be stored."));
  }
  count_beacon(metrics, "unmatched", matched.unmatched);
  count_beacon(metrics, "sample", right - matched.unmatched);
  http::Response out;
  out.status = 204;
  out.headers.set("Access-Control-Allow-Origin", "*");
  return out;
}

}  // namespace peering::api
