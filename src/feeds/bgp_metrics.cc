#include "feeds/bgp_metrics.h"

#include <string>

#include "feeds/update_routes.h"
#include "wire/bgp/notification.h"

namespace peering::feeds {

namespace {

constexpr std::array<std::string_view, 4> refusal_names = {"unknown_address", "not_awaited",
                                                           "wrong_local_address", "too_many_hops"};

}  // namespace

BgpMetrics::BgpMetrics(Metrics& metrics)
    : bytes(metrics.counter("peering_bgp_bytes_total", "Bytes read from BGP neighbors.")),
      waits(metrics.counter("peering_bgp_waits_total",
                            "Times the reader of a neighbor waited because a shard's mailbox was full.")),
      updates(metrics.counter("peering_bgp_updates_total", "UPDATEs read from BGP neighbors.")),
      announced(metrics.counter("peering_bgp_prefixes_announced_total", "Prefixes in UPDATEs, announced.")),
      withdrawn(metrics.counter("peering_bgp_prefixes_withdrawn_total", "Prefixes in UPDATEs, withdrawn.")),
      unknown_capabilities(metrics.counter("peering_bgp_unknown_capabilities_total",
                                           "Capabilities in OPENs that are not known or have a wrong "
                                           "length.")),
      prefix_limits(metrics.counter("peering_bgp_prefix_limits_total",
                                    "Sessions closed because the neighbor sent too many prefixes.")),
      overdue_repeats(metrics.counter("peering_bgp_overdue_repeats_total",
                                      "Repeats of a family's routes that a neighbor did not end in time.")),
      forgotten_paths(feeds::forgotten_paths(metrics)),
      other_families(metrics, "peering_bgp_other_family_updates_total"),
      metrics_(metrics) {
  for (std::size_t i = 0; i < refusals_.size(); ++i) {
    refusals_[i] =
        &metrics.counter("peering_bgp_connections_refused_total", "BGP connections closed at once, by why.",
                         {{"reason", std::string(refusal_names[i])}});
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto state = static_cast<wire::bgp::State>(i);
    states_[i] = &metrics.gauge("peering_bgp_sessions", "BGP neighbors by state.",
                                {{"state", std::string(to_string(state))}});
  }
}

void BgpMetrics::refused(BgpRefusal reason) { refusals_[static_cast<std::size_t>(reason)]->add(); }

void BgpMetrics::notification(const wire::bgp::NotificationPassed& passed) {
  metrics_
      .counter("peering_bgp_notifications_total", "NOTIFICATIONs by direction and error code.",
               {{"direction", passed.sent ? "sent" : "received"},
                {"code", std::string(wire::bgp::code_name(passed.notification.code))}})
      .add();
}

void BgpMetrics::faults(std::span<const wire::bgp::Issue> issues) { count_faults(metrics_, issues); }

Gauge& BgpMetrics::in_state(wire::bgp::State state) { return *states_[static_cast<std::size_t>(state)]; }

void BgpMetrics::moved(wire::bgp::State from, wire::bgp::State to) {
  if (from == to) return;
  in_state(from).add(-1);
  in_state(to).add(1);
}

}  // namespace peering::feeds
