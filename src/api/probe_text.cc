#include "api/probe_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace peering::api {

namespace {

using model::ProbeAnswer;
using model::ProbeEnd;

constexpr std::size_t transport_header_bytes = 8;  // of ICMP echoes and of UDP
constexpr int hops_max_shown = 30;

double ms(Microseconds time) { return static_cast<double>(time.count()) / 1000; }

// Three digits that mean something, as ping gives them.
std::string time_text(Microseconds time) {
  if (time < Microseconds(1000)) return fmt::format("{:.3f}", ms(time));
  if (time < Microseconds(10'000)) return fmt::format("{:.2f}", ms(time));
  if (time < Microseconds(100'000)) return fmt::format("{:.1f}", ms(time));
  return fmt::format("{:.0f}", ms(time));
}

std::size_t header_bytes(const net::Address& destination) {
  return (destination.is_v4() ? 20U : 40U) + transport_header_bytes;
}

std::string statistics_text(const std::vector<double>& times_ms) {
  double sum = 0, squares = 0;
  for (const double each : times_ms) {
    sum += each;
    squares += each * each;
  }
  const auto count = static_cast<double>(times_ms.size());
  const double mean = sum / count;
  const double deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
  const auto [least, most] = std::ranges::minmax(times_ms);
  return fmt::format("rtt min/avg/max/mdev = {:.3f}/{:.3f}/{:.3f}/{:.3f} ms\n", least, mean, most, deviation);
}

std::string answer_text(const ProbeAnswer& answer, std::size_t sequence) {
  if (answer.end == ProbeEnd::answered) {
    return fmt::format("{} bytes from {}: icmp_seq={} ttl={} time={} ms\n", answer.bytes,
                       answer.from->to_string(), sequence, answer.ttl, time_text(answer.rtt));
  }
  if (answer.end == ProbeEnd::silent) return {};
  if (answer.from) {
    return fmt::format("From {} icmp_seq={} {}\n", answer.from->to_string(), sequence, answer.reason);
  }
  return fmt::format("ping: {}\n", answer.reason);
}

std::string hop_text(const model::ProbeHop& hop) {
  std::string out = fmt::format("{:2} ", hop.ttl);
  std::optional<net::Address> shown;
  for (const ProbeAnswer& answer : hop.answers) {
    if (!answer.from) {
      out += " *";
      continue;
    }
    if (shown != answer.from) out += " " + answer.from->to_string();
    shown = answer.from;
    out += fmt::format("  {:.3f} ms", ms(answer.rtt));
    if (!answer.mark.empty()) out += " " + answer.mark;
  }
  return out + "\n";
}

}  // namespace

std::string ping_text(const net::Address& destination, const model::ProbeReport& report) {
  const std::string name = destination.to_string();
  const std::size_t data = report.payload_bytes;
  std::string out = destination.is_v4() ? fmt::format("PING {} ({}) {}({}) bytes of data.\n", name, name,
                                                      data, data + header_bytes(destination))
                                        : fmt::format("PING {}({}) {} data bytes\n", name, name, data);
  std::vector<double> times_ms;
  std::size_t errors = 0;
  for (std::size_t i = 0; i < report.answers.size(); ++i) {
    const ProbeAnswer& answer = report.answers[i];
    out += answer_text(answer, i + 1);
    if (answer.end == ProbeEnd::answered) times_ms.push_back(ms(answer.rtt));
    if (answer.end != ProbeEnd::answered && answer.end != ProbeEnd::silent) ++errors;
  }
  const std::size_t sent = report.answers.size();
  const std::size_t lost = sent == 0 ? 0 : (sent - times_ms.size()) * 100 / sent;
  out += fmt::format("\n--- {} ping statistics ---\n", name);
  out += fmt::format("{} packets transmitted, {} received, ", sent, times_ms.size());
  if (errors > 0) out += fmt::format("+{} errors, ", errors);
  out += fmt::format("{}% packet loss, time {}ms\n", lost, report.took.count() / 1000);
  if (!times_ms.empty()) out += statistics_text(times_ms);
  return out;
}

std::string traceroute_text(const net::Address& destination, const model::ProbeReport& report) {
  const std::string name = destination.to_string();
  std::string out = fmt::format("traceroute to {} ({}), {} hops max, {} byte packets\n", name, name,
                                hops_max_shown, report.payload_bytes + header_bytes(destination));
  for (const model::ProbeHop& hop : report.hops) {
    out += hop_text(hop);
    const auto failed = std::ranges::find(hop.answers, ProbeEnd::failed, &ProbeAnswer::end);
    if (failed != hop.answers.end()) out += fmt::format("traceroute: {}\n", failed->reason);
  }
  return out;
}

}  // namespace peering::api
