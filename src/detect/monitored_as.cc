#include "detect/monitored_as.h"

#include <algorithm>
#include <set>

#include "detect/judgement.h"

namespace peering::detect {

namespace {

bool has(const std::vector<net::Asn>& asns, net::Asn asn) {
  return std::find(asns.begin(), asns.end(), asn) != asns.end();
}

// A poisoned path or a forwarding mistake: who is next to whom cannot be read from it.
bool has_loop(const std::vector<net::Asn>& path) {
  return std::set<net::Asn>(path.begin(), path.end()).size() != path.size();
}

Finding about(const MonitoredAs& as, model::EventKind kind, net::Asn suspect) {
  Finding out;
  out.kind = kind;
  out.monitored = as.asn;
  out.suspect = suspect;
  out.discriminator = std::to_string(suspect);
  return out;
}

std::optional<Finding> judge_neighbor(const MonitoredAs& as, const net::Prefix& observed, net::Asn neighbor,
                                      bool upstream) {
  const auto& allowed = upstream ? as.upstreams : as.downstreams;
  if (!allowed || has(*allowed, neighbor)) return std::nullopt;
  Finding out = about(
      as,
      upstream ? model::EventKind::path_unexpected_upstream : model::EventKind::path_unexpected_downstream,
      neighbor);
  out.neighbor = neighbor;
  out.why = fmt::format("AS{} stands next to AS{} in the path of {} and is none of its {}", neighbor, as.asn,
                        observed.to_string(), upstream ? "upstreams" : "downstreams");
  return out;
}

}  // namespace

void MonitoredAses::add(const MonitoredAs& as) {
  auto stand_in = std::make_shared<model::RegisteredPrefix>();
  stand_in->resource = as.connection.empty()
                           ? fmt::format("asns/{}/{}", as.asn, as.group)
                           : fmt::format("{}/providers/Open.Peering/asns/{}", as.connection, as.asn);
  stand_in->connection = as.connection;
  stand_in->expectation.group = as.group;
  by_asn_[as.asn].push_back({as, std::move(stand_in)});
}

std::vector<net::Asn> MonitoredAses::asns() const {
  std::vector<net::Asn> out;
  for (const auto& [asn, entries] : by_asn_) out.push_back(asn);
  return out;
}

std::optional<std::string> MonitoredAses::group_of(std::string_view resource) const {
  for (const auto& [asn, entries] : by_asn_) {
    for (const Entry& entry : entries) {
      if (entry.stand_in->resource == resource) return entry.as.group;
    }
  }
  return std::nullopt;
}

void judge_monitored(const MonitoredAses& monitored, const model::Registry& registry,
                     const net::Prefix& observed, const PathView& view, std::vector<Finding>& out) {
  const auto tell = [&](const MonitoredAses::Entry& entry, std::optional<Finding> finding) {
    if (!finding) return;
    finding->entry = entry.stand_in;
    out.push_back(std::move(*finding));
  };
  const std::vector<net::Asn>& path = view.collapsed;
  std::optional<bool> loop;
  for (std::size_t at = 1; at < path.size(); ++at) {
    const auto found = monitored.by_asn_.find(path[at]);
    if (found == monitored.by_asn_.end()) continue;
    if (!loop) loop = has_loop(path);
    if (*loop) break;
    for (const auto& entry : found->second) {
      if (at > 1) tell(entry, judge_neighbor(entry.as, observed, path[at - 1], true));
      if (at + 1 < path.size()) tell(entry, judge_neighbor(entry.as, observed, path[at + 1], false));
    }
  }
  if (registry.watch.longest_match(observed)) return;
  for (const net::Asn origin : view.origins) {
    const auto found = monitored.by_asn_.find(origin);
    if (found == monitored.by_asn_.end()) continue;
    for (const auto& entry : found->second) {
      Finding finding = about(entry.as, model::EventKind::as_announces_unregistered, origin);
      finding.why =
          fmt::format("AS{} announces {}, which lies in no registered prefix", origin, observed.to_string());
      tell(entry, std::move(finding));
    }
  }
}

}  // namespace peering::detect
