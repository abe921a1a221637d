#include "app/source_settings.h"

#include "app/file_samples.h"
#include "http/server.h"
#include "latency/raw_samples.h"
#include "model/time_zone.h"

namespace peering::app {

namespace {

std::string text_of(const Target& value) { return *std::get<std::string*>(value); }

std::string source_endpoint(const Target& value) {
  const std::string text = text_of(value);
  return text.empty() || http::parse_endpoint(text) ? ""
                                                    : "HOST:PORT such as 127.0.0.1:5514, or empty for off";
}
std::string at_least_one(const Target& value) {
  return *std::get<std::int64_t*>(value) < 1 ? "a whole number above 0" : "";
}
std::string absolute_path(const Target& value) {
  return text_of(value).starts_with('/') ? "" : "an absolute path";
}
std::string filled_in(const Target& value) {
  return text_of(value).empty() ? "a text that is not empty" : "";
}
std::string log_format(const Target& value) {
  const std::string text = text_of(value);
  return text == "json" || text == "trafficserver" ? "" : "json or trafficserver";
}
std::string pop_name(const Target& value) {
  return text_of(value).size() > latency::pop_bytes_max ? "a name of at most 64 bytes" : "";
}
std::string source_name(const Target& value) {
  return text_of(value).size() > latency::source_bytes_max ? "a name of at most 128 bytes" : "";
}
std::string zone_name(const Target& value) {
  return model::TimeZone::find(text_of(value)) ? "" : "a time zone such as UTC or Europe/Berlin";
}

void add_beacon_settings(std::vector<Setting>& out, Configuration::Latency& latency) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"latency.beacon", key, target, text, rule});
  };
  row("enabled", &latency.beacon_enabled,
      "Whether browsers may hand in how long connections took them: `/telemetry/beacon.js` is served, and "
      "anybody may send, without a token.",
      nullptr);
  row("pop", &latency.beacon_pop,
      "PoP of samples that name none; empty: the only one of network.pops, and with several such samples are "
      "rejected.",
      pop_name);
  row("network_per_minute_max", &latency.beacon_network_per_minute_max,
      "Samples a minute that each client network (/24, /48) may send.", at_least_one);
}

}  // namespace

void add_source_settings(std::vector<Setting>& out, Configuration::Latency& latency) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"latency.syslog", key, target, text, rule});
  };
  row("listen", &latency.syslog_listen,
      "Address where access logs of nginx and HAProxy come in, by UDP and TCP; empty: off.", source_endpoint);
  row("allow_remote", &latency.syslog_allow_remote,
      "Syslog has no authentication: an address that is not loopback is refused unless this is true "
      "(a firewall then decides who may speak).",
      nullptr);
  row("pop", &latency.syslog_pop,
      "PoP of lines that name none; empty: the only one of network.pops, and with several such lines are "
      "rejected.",
      nullptr);
  row("connections_max", &latency.syslog_connections_max, "TCP senders connected at once.", at_least_one);
  add_beacon_settings(out, latency);
}

std::vector<Setting> settings_of(LatencyFile& file) {
  const std::string_view section = "latency.files";
  return {
      {section, "path", &file.path, "An access log that is followed as it grows and is rotated.",
       absolute_path, true},
      {section, "format", &file.format,
       "json (a sample in each line, as nginx and HAProxy write it) or trafficserver (the log of Apache "
       "Traffic Server's tcpinfo plugin).",
       log_format},
      {section, "pop", &file.pop, "PoP of lines that name none; empty: the only one of network.pops.",
       pop_name},
      {section, "source", &file.source, "Source of lines that name none; empty: the name of the file.",
       source_name},
      {section, "time_zone", &file.time_zone, "Of times that name none (trafficserver).", zone_name},
      {section, "from_beginning", &file.from_beginning,
       "Whether what is in the file counts when it is followed for the first time; false: only what comes.",
       nullptr},
  };
}

std::vector<Setting> settings_of(LatencyMetric& metric) {
  const std::string_view section = "latency.metrics";
  return {
      {section, "metric", &metric.metric,
       "A metric that Prometheus (remote-write) or OTLP brings and that is a round-trip time.", filled_in,
       true},
      {section, "labels", &metric.labels, "Labels that it must have: a list of \"name=value\".", nullptr},
      {section, "client", &metric.client,
       "Whose it is: an address, or what has one, as text in which \"{label}\" is the value of a label.",
       filled_in, true},
      {section, "pop", &metric.pop, "The PoP, as such a text; empty: the only one of network.pops.", nullptr},
      {section, "source", &metric.source, "The source, as such a text; empty: the name of the metric.",
       nullptr},
      {section, "kind", &metric.kind, "srtt, min, handshake, icmp, stamp or quic.", nullptr},
      {section, "unit", &metric.unit, "s, ms or us.", nullptr},
  };
}

Result<std::vector<latency::MetricRule>> metric_rules(const Configuration& configuration) {
  std::vector<latency::MetricRule> out;
  for (const LatencyMetric& each : configuration.latency.metrics) {
    auto rule = latency::parse_metric_rule(
        {each.metric, each.labels, each.client, pop_or_only(configuration, each.pop),
         each.source.empty() ? each.metric : each.source, each.kind, each.unit});
    if (!rule)
      return fail(ErrorCode::invalid_argument, "latency.metrics: {}: {}", each.metric, rule.error().message);
    out.push_back(std::move(*rule));
  }
  return out;
}

std::string pop_or_only(const Configuration& configuration, const std::string& given) {
  const auto& pops = configuration.network.pops;
  return given.empty() && pops.size() == 1 ? pops.front().name : given;
}

Result<void> check_sources(const Configuration& configuration) {
  if (auto files = file_samples_settings(configuration); !files) return tl::unexpected(files.error());
  return metric_rules(configuration).map([](const auto&) {});
}

}  // namespace peering::app
