// Routes outside the ARM tree: health, metrics, the page at `/`, the contract itself.
#include "api/embedded.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

std::string start_page(std::string_view version) {
  return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>peeringd</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }}
code {{ background: #8882; padding: 0.1rem 0.3rem; }}
</style>
</head>
<body>
<h1>peeringd</h1>
<p>An open Peering Service: customers register their connections and prefixes, and see how their routes and
latency are doing. It speaks the API of the provider <code>Microsoft.Peering</code> and extends it with
<code>Open.Peering</code>. Version {}.</p>
<ul>
<li><a href="/openapi.json">The API, as OpenAPI</a></li>
<li><a href="/healthz">Is the process alive?</a> <a href="/readyz">Is it ready?</a></li>
<li><a href="/metrics">Metrics</a>, in Prometheus' format</li>
</ul>
<p>On the command line: <code>peeringctl status</code>. The first token is in <code>admin.token</code> in
the data directory.</p>
</body>
</html>
)",
                     version);
}

}  // namespace

arm::Answer get_start_page(Call& call) {
  http::Response out;
  out.headers.set("Content-Type", "text/html; charset=utf-8");
  out.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  out.body = start_page(call.services.settings.version);
  return out;
}

arm::Answer get_openapi(Call&) {
  http::Response out;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  out.body = std::string(embedded_openapi());
  return out;
}

arm::Answer get_health(Call&) { return arm::json_response(200, json::object{{"status", "alive"}}); }

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& each : list) out.emplace_back(each);
  return out;
}

// A feed that says nothing is a concern: whoever asks for what is known is served all the same.
arm::Answer get_readiness(Call& call) {
  json::array waiting = texts(call.services.not_ready());
  const bool ready = waiting.empty();
  json::object body{{"status", ready ? "ready" : "not ready"}, {"notReady", std::move(waiting)}};
  if (call.services.concerns) {
    if (json::array concerns = texts(call.services.concerns()); !concerns.empty()) {
      body["concerns"] = std::move(concerns);
    }
  }
  http::Response out = arm::json_response(ready ? 200 : 503, std::move(body));
  if (!ready) out.headers.set("Retry-After", "1");
  return out;
}

arm::Answer get_metrics(Call& call) {
  http::Response out;
  out.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  out.body = call.services.metrics.render();
  return out;
}

}  // namespace peering::api
