#include "api/session_metrics.h"

#include <optional>

#include "api/peering_sessions.h"

namespace peering::api {

namespace {

using model::SessionChange;
using model::SessionState;

// One point of one session.
struct Share {
  Microseconds known{0}, established{0};
  std::uint64_t flaps = 0;
};
using Shares = std::map<std::size_t, Share>;

// Adds a time in one state to the points that it lies in.
void add_time(const MetricWindow& window, TimePoint from, TimePoint to, SessionState state, Shares& out) {
  from = std::max(from, window.from);
  to = std::min(to, window.to);
  while (from < to) {
    const std::size_t point = window.point_of(from);
    const TimePoint end = std::min(to, window.from + static_cast<std::int64_t>(point + 1) * window.grain);
    Share& share = out[point];
    if (state != SessionState::unknown) share.known += end - from;
    if (state == SessionState::established) share.established += end - from;
    from = end;
  }
}

// `changes`: of one session, in order of time. What holds last holds until `now`.
Shares shares_of(const MetricWindow& window, std::span<const SessionChange> changes, TimePoint now) {
  Shares out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const SessionChange& change = changes[i];
    add_time(window, change.at, i + 1 < changes.size() ? changes[i + 1].at : now, change.state, out);
    const bool flap =
        i > 0 && change.state == SessionState::down && changes[i - 1].state == SessionState::established;
    if (flap && change.at >= window.from && change.at < window.to) ++out[window.point_of(change.at)].flaps;
  }
  return out;
}

MetricSeries series_of(const MetricSpecification& metric, const Shares& shares) {
  MetricSeries out;
  for (const auto& [point, share] : shares) {
    if (share.known == Microseconds(0) && share.flaps == 0) continue;
    if (metric.name == "FlapCounts") {
      out.cells[point].add(static_cast<double>(share.flaps));
    } else {
      const double fraction =
          share.known == Microseconds(0)
              ? 0
              : static_cast<double>(share.established.count()) / static_cast<double>(share.known.count());
      out.cells[point].add(metric.unit == "Percent" ? 100 * fraction : fraction);
    }
  }
  return out;
}

std::string_view value_of(std::string_view dimension, const std::string& connection,
                          const std::string& address) {
  return dimension == "SessionIp" ? std::string_view(address) : std::string_view(connection);
}

bool allowed(const MetricsQuery& query, const std::string& connection, const std::string& address) {
  return std::ranges::all_of(query.conditions, [&](const arm::DimensionCondition& each) {
    const bool ip = model::lower(each.dimension) == "sessionip";
    return each.allows(ip ? address : connection);
  });
}

bool is_of_family(const MetricSpecification& metric, net::Family family) {
  if (metric.name == "SessionAvailabilityV4") return family == net::Family::ipv4;
  if (metric.name == "SessionAvailabilityV6") return family == net::Family::ipv6;
  return true;
}

// The end of the changes that begin at `first` and are of its session.
std::size_t end_of_session(std::span<const SessionChange> changes, std::size_t first) {
  std::size_t end = first;
  while (end < changes.size() && changes[end].same_session(changes[first])) ++end;
  return end;
}

}  // namespace

arm::Expected<std::vector<MetricSeries>> session_metric(const Call& call, const Record& peering,
                                                        const MetricSpecification& metric,
                                                        const MetricsQuery& query) {
  const net::Asn asn = peer_asn_of(peering.document);
  std::vector<MetricSeries> out;
  for (const SessionPlace& place : session_places(peering.document)) {
    if (!is_of_family(metric, place.peers.family())) continue;
    const auto changes =
        call.services.telemetry.session_changes({place.peers, query.window.from, query.window.to});
    if (!changes) return arm::failed(changes.error());
    for (std::size_t first = 0; first < changes->size();) {
      const std::size_t end = end_of_session(*changes, first);
      const std::span session(changes->data() + first, end - first);
      const std::string address = session.front().peer_address.to_string();
      first = end;
      if (session.back().peer_asn != asn || !allowed(query, place.connection, address)) continue;
      MetricSeries series = series_of(metric, shares_of(query.window, session, call.at));
      for (const std::string_view name : metric.dimensions) {
        if (!name.empty()) series.dimensions.emplace_back(value_of(name, place.connection, address));
      }
      out.push_back(std::move(series));
    }
  }
  return out;
}

}  // namespace peering::api
