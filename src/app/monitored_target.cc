#include "app/monitored_target.h"

#include <algorithm>
#include <cctype>

#include "model/registry.h"
#include "net/address.h"
#include "wire/stamp/packet.h"

namespace peering::app {

namespace {

constexpr std::chrono::seconds period_unsaid{60};
constexpr std::uint16_t connectivity_port = 443;
constexpr std::string_view source_unsaid = "connection-monitor";
constexpr std::size_t host_name_max = 253;

std::string subscription_of(std::string_view key) {
  constexpr std::string_view root = "/subscriptions/";
  if (!key.starts_with(root)) return {};
  return std::string(key.substr(root.size(), key.find('/', root.size()) - root.size()));
}

std::int64_t number_at(const json::value& properties, std::string_view member, std::int64_t fallback) {
  const json::value* found = find(properties, member);
  return found && found->is_int64() ? found->as_int64() : fallback;
}

}  // namespace

Result<MonitoredTarget> target_of_test(std::string_view key, const json::value& document) {
  const json::value* properties = find(document, "properties");
  if (!properties) return fail(ErrorCode::corrupt, "{}: no properties", key);
  MonitoredTarget out;
  out.key = key;
  out.subscription = subscription_of(key);
  out.source = find_string(*properties, "sourceAgent").value_or("");
  if (out.source.empty()) out.source = source_unsaid;
  out.destination = find_string(*properties, "destination").value_or("");
  out.port = static_cast<std::uint16_t>(number_at(*properties, "destinationPort", 0));
  out.protocol = out.port == 0                   ? model::ProbeProtocol::icmp
                 : out.port == wire::stamp::port ? model::ProbeProtocol::stamp
                                                 : model::ProbeProtocol::tcp;
  out.period = std::chrono::seconds(number_at(*properties, "testFrequencyInSec", period_unsaid.count()));
  return out;
}

std::vector<MonitoredTarget> targets_of_peering(std::string_view key, const json::value& document) {
  std::vector<MonitoredTarget> out;
  const json::value* probes = find(document, "properties", "connectivityProbes");
  if (!probes || !probes->is_array()) return out;
  for (const json::value& probe : probes->get_array()) {
    const std::string protocol = model::lower(find_string(probe, "protocol").value_or("None"));
    if (protocol != "icmp" && protocol != "tcp") continue;
    MonitoredTarget target;
    target.destination = find_string(probe, "endpoint").value_or("");
    target.key = targets_prefix(key, protocol) + target.destination;
    target.subscription = subscription_of(key);
    target.protocol = protocol == "tcp" ? model::ProbeProtocol::tcp : model::ProbeProtocol::icmp;
    if (protocol == "tcp") target.port = connectivity_port;
    target.refusal_counts = true;
    out.push_back(std::move(target));
  }
  return out;
}

std::string targets_prefix(std::string_view peering, std::string_view protocol) {
  std::string out = model::lower(peering) + "|";
  if (!protocol.empty()) out += model::lower(protocol) + "|";
  return out;
}

model::SampleKind sample_kind_of(model::ProbeProtocol protocol) {
  switch (protocol) {
    case model::ProbeProtocol::tcp:
      return model::SampleKind::handshake;
    case model::ProbeProtocol::stamp:
      return model::SampleKind::stamp;
    default:
      return model::SampleKind::icmp;
  }
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= host_name_max && text.front() != '-' &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.'; });
}

}  // namespace peering::app
