#include "app/api_settings.h"

#include <cstdio>

#include "app/probing.h"
#include "app/source_settings.h"

namespace peering::app {

namespace {

constexpr const char* version = "0.1.0";

std::optional<std::uint32_t> community_of(const std::string& text) {
  unsigned high = 0, low = 0;
  if (std::sscanf(text.c_str(), "%5u:%5u", &high, &low) != 2) return std::nullopt;
  return high << 16 | low;
}

}  // namespace

api::Settings api_settings(const Configuration& c) {
  api::Settings settings;
  settings.ipv6_allowed = c.network.ipv6_prefixes;
  settings.peering_service_community = community_of(c.network.peering_service_community);
  settings.as_path_length_max = static_cast<int>(c.network.max_as_path_length);
  settings.approves_automatically = c.network.approve == "automatic";
  settings.accept_age = c.latency.accept_age;
  settings.quotas = {c.http.subscription_reads, c.http.subscription_writes, c.http.subscription_deletes};
  settings.version = version;
  settings.beacon.enabled = c.latency.beacon_enabled;
  settings.beacon.pop = pop_or_only(c, c.latency.beacon_pop);
  for (const Pop& pop : c.network.pops) settings.beacon.pops.push_back(pop.name);
  if (auto rules = metric_rules(c)) settings.metric_rules = std::move(*rules);
  settings.beacon.network_per_minute_max = c.latency.beacon_network_per_minute_max;
  if (const Pop* pop = probe_pop(c)) {
    settings.probe_pop = pop->name;
    settings.probe_metro = pop->metro;
  }
  if (c.probe.enabled) settings.probe_agent = settings.probe_pop.empty() ? "peeringd" : settings.probe_pop;
  return settings;
}

http::Limits http_limits(const Configuration::Http& http) {
  http::Limits out;
  out.head_bytes_max = static_cast<std::size_t>(http.head_bytes_max);
  out.head_time = http.head_time;
  out.body_bytes_max = static_cast<std::size_t>(http.body_bytes_max);
  out.samples_body_bytes_max = static_cast<std::size_t>(http.samples_body_bytes_max);
  out.body_gap = http.body_gap;
  out.body_mebibyte_time = http.body_mebibyte_time;
  out.bodies_bytes_max = static_cast<std::size_t>(http.bodies_bytes_max);
  out.answers_bytes_max = static_cast<std::size_t>(http.answers_bytes_max);
  out.connections_max = static_cast<std::size_t>(http.connections_max);
  out.connections_per_client_max = static_cast<std::size_t>(http.connections_per_client_max);
  out.keep_alive = http.keep_alive;
  return out;
}

}  // namespace peering::app
