// An allowed origin behind a neighbour that is not one of its upstreams: the origin may be forged.
#include <algorithm>

#include "detect/judgement.h"

namespace peering::detect {

namespace {

bool accepts_neighbor(const model::Expectation& expectation, const PathView& view) {
  const net::Asn neighbor = *view.neighbor;
  if (expectation.any_peer_as_upstream && view.neighbor_is_peer) return true;
  const auto has = [neighbor](const auto& asns) {
    return std::find(asns.begin(), asns.end(), neighbor) != asns.end();
  };
  return !expectation.upstreams || has(*expectation.upstreams) || has(expectation.backup_upstreams);
}

}  // namespace

Deciding judge_first_hop(const Observation& observation, std::vector<Finding>& out) {
  const PathView& view = observation.view;
  if (!view.neighbor) return observation.deciding;
  Deciding accepting = those_that_accept(
      observation.deciding, [&](const model::Expectation& e) { return accepts_neighbor(e, view); });
  if (!accepting.entries.empty()) return accepting;
  std::string expected;
  for (const auto& entry : observation.deciding.entries) {
    for (const net::Asn asn : *entry->expectation.upstreams)
      expected += fmt::format("{}AS{}", expected.empty() ? "" : ", ", asn);
  }
  Finding finding;
  finding.kind = model::EventKind::path_forged_first_hop;
  finding.discriminator = std::to_string(*view.neighbor);
  finding.suspect = finding.neighbor = view.neighbor;
  finding.why = fmt::format("{} is announced by {} behind AS{}; the allowed upstreams are {}",
                            observation.observed.to_string(),
                            view.origin ? fmt::format("AS{}", *view.origin) : "an AS_SET", *view.neighbor,
                            expected.empty() ? "none" : expected);
  report(observation, std::move(finding), out);
  return observation.deciding;
}

}  // namespace peering::detect
