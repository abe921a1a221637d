#include "feeds/bmp_metrics.h"

#include <algorithm>
#include <string>

#include "feeds/update_routes.h"

namespace peering::feeds {

namespace {

constexpr std::array<std::string_view, 8> message_names = {
    "route_monitoring", "statistics_report", "peer_down",       "peer_up",
    "initiation",       "termination",       "route_mirroring", "unknown"};
constexpr std::array<std::string_view, 6> malformed_names = {"frame", "message",    "bgp_message",
                                                             "open",  "incomplete", "too_many_peers"};
constexpr std::array<std::string_view, 10> oddity_names = {
    "no_initiation",   "renamed", "no_peer_up",    "down_never_up",  "up_twice",
    "own_as_in_front", "clock",   "not_an_update", "as_number_size", "path_identifiers"};

template <std::size_t N>
std::array<Counter*, N> counters(Metrics& metrics, std::string_view name, std::string_view help,
                                 const std::string& label, const std::array<std::string_view, N>& values) {
  std::array<Counter*, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = &metrics.counter(name, help, {{label, std::string(values[i])}});
  }
  return out;
}

}  // namespace

BmpMetrics::BmpMetrics(Metrics& metrics)
    : bytes(metrics.counter("peering_bmp_bytes_total", "Bytes read from routers by BMP.")),
      waits(metrics.counter("peering_bmp_waits_total",
                            "Times the reader of a router waited because a shard's mailbox was full.")),
      refused(metrics.counter("peering_bmp_sessions_refused_total",
                              "BMP connections closed at once because there are too many.")),
      opened(metrics.counter("peering_bmp_sessions_opened_total", "BMP connections accepted.")),
      unknown_values(metrics.counter("peering_bmp_unknown_values_total",
                                     "TLVs and statistics in BMP messages that are not known.")),
      forgotten_paths(feeds::forgotten_paths(metrics)),
      sessions(metrics.gauge("peering_bmp_sessions", "BMP sessions that are open.")),
      other_families(metrics, "peering_bmp_other_family_updates_total"),
      metrics_(metrics),
      messages_(counters(metrics, "peering_bmp_messages_total", "BMP messages read, by type.", "type",
                         message_names)),
      malformed_(counters(metrics, "peering_bmp_malformed_total",
                          "BMP input that could not be used, by what was wrong.", "reason", malformed_names)),
      oddities_(counters(metrics, "peering_bmp_oddities_total",
                         "BMP input that breaks a rule and was used all the same, by kind.", "kind",
                         oddity_names)) {}

void BmpMetrics::message(std::uint8_t type) {
  messages_[std::min<std::size_t>(type, messages_.size() - 1)]->add();
}
void BmpMetrics::malformed(Malformed reason) { malformed_[static_cast<std::size_t>(reason)]->add(); }
void BmpMetrics::oddity(Oddity kind) { oddities_[static_cast<std::size_t>(kind)]->add(); }

void BmpMetrics::faults(std::span<const wire::bgp::Issue> issues) { count_faults(metrics_, issues); }

}  // namespace peering::feeds
