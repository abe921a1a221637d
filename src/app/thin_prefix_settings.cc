#include "app/thin_prefix_settings.h"

#include <algorithm>

#include "net/address.h"

namespace peering::app {

namespace {

std::string thin_number(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number < 1 || number > 10'000 ? "a number from 1 to 10000" : "";
}

std::string thin_period(const Target& value) {
  const auto time = *std::get<std::chrono::seconds*>(value);
  return time < std::chrono::seconds(1) || time > std::chrono::hours(1) ? "1s to 1h" : "";
}

std::string thin_window(const Target& value) {
  const auto time = *std::get<std::chrono::seconds*>(value);
  return time < std::chrono::minutes(5) || time > std::chrono::hours(24) ? "5m to 24h" : "";
}

std::string address_list(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  const bool good = std::ranges::all_of(
      list, [](const std::string& text) { return net::Address::parse(text).has_value(); });
  return good ? "" : "a list of addresses such as 203.0.113.7";
}

}  // namespace

void add_thin_prefix_settings(std::vector<Setting>& out, Configuration::Probe& probe) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"probe", key, target, text, rule});
  };
  row("thin_prefixes", &probe.thin_prefixes,
      "Whether registered prefixes with few samples are probed (ICMP) from this server's PoP.", nullptr);
  row("budget_per_second_max", &probe.budget_per_second_max,
      "Probes sent in a second to prefixes with few samples and along paths of degradations, all together.",
      thin_number);
  row("budget_destinations_max", &probe.budget_destinations_max,
      "Prefixes with few samples that are probed, and paths that are walked, at a time.", thin_number);
  row("thin_every", &probe.thin_every, "How often such an address is probed.", thin_period);
  row("thin_window", &probe.thin_window,
      "A prefix has few samples when, on average over so long, it had fewer than latency.samples_min in five "
      "minutes.",
      thin_window);
  row("thin_addresses", &probe.thin_addresses,
      "Addresses that are probed first in the registered prefixes they lie in.", address_list);
  row("incident_traces", &probe.incident_traces,
      "Whether the path to a prefix is walked once when its latency is degraded at this server's PoP.",
      nullptr);
}

PrefixProbeSettings prefix_probe_settings(const Configuration& configuration, std::string pop) {
  const Configuration::Probe& probe = configuration.probe;
  PrefixProbeSettings out;
  out.per_second_max = probe.budget_per_second_max;
  out.destinations_max = static_cast<std::size_t>(probe.budget_destinations_max);
  out.thin_prefixes = probe.thin_prefixes;
  out.every = probe.thin_every;
  out.window = probe.thin_window;
  out.samples_min = static_cast<std::uint64_t>(configuration.latency.samples_min);
  for (const std::string& text : probe.thin_addresses) out.addresses.push_back(*net::Address::parse(text));
  out.pop = std::move(pop);
  return out;
}

}  // namespace peering::app
