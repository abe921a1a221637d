// A route that is seen where it should not be: past an AS that had it from a provider or peer and passed it
// on to another provider or peer (a valley, RFC 7908 types 1 to 4), or past the neighbour that was told not
// to export it.
#include "detect/judgement.h"

namespace peering::detect {

namespace {

std::string_view role_text(int type, bool from) {
  const bool provider = from ? type == 1 || type == 3 : type == 1 || type == 4;
  return provider ? "provider" : "peer";
}

// A path of more than two ASes left the neighbour of the origin.
void judge_no_export(const Observation& observation, std::vector<Finding>& out) {
  const PathView& view = observation.view;
  if (view.collapsed.size() <= 2 || !view.neighbor) return;
  for (const auto& entry : observation.deciding.entries) {
    if (!entry->expectation.no_export) return;
  }
  Finding finding;
  finding.kind = model::EventKind::route_leak;
  finding.discriminator = std::to_string(*view.neighbor);
  finding.suspect = view.neighbor;
  finding.why = fmt::format("{} must not be exported by the neighbours of its origin, and AS{} exported it",
                            observation.observed.to_string(), *view.neighbor);
  report(observation, std::move(finding), out);
}

// A path that what customers attest of their providers does not allow, from whomever it came.
void judge_aspa(const Observation& observation, std::vector<Finding>& out) {
  if (!observation.settings.aspas) return;
  const auto broken = observation.settings.aspas->broken(observation.view.collapsed);
  if (!broken) return;
  Finding finding;
  finding.kind = model::EventKind::route_leak;
  finding.discriminator = std::to_string(broken->leaker);
  finding.suspect = broken->leaker;
  finding.why = fmt::format("AS{} passed {} from AS{} on to AS{}, which no ASPA names as a provider there",
                            broken->leaker, observation.observed.to_string(), broken->from, broken->to);
  report(observation, std::move(finding), out);
}

}  // namespace

void judge_leak(const Observation& observation, std::vector<Finding>& out) {
  judge_no_export(observation, out);
  const Settings& settings = observation.settings;
  const auto valley = settings.relationships ? settings.relationships->valley(observation.view.collapsed)
                                             : std::optional<Valley>();
  if (!valley) {
    judge_aspa(observation, out);
    return;
  }
  Finding finding;
  finding.kind = model::EventKind::route_leak;
  finding.discriminator = std::to_string(valley->leaker);
  finding.suspect = valley->leaker;
  finding.why =
      fmt::format("AS{} passed {} from its {} AS{} on to its {} AS{} (RFC 7908 type {})", valley->leaker,
                  observation.observed.to_string(), role_text(valley->rfc7908_type, true), valley->from,
                  role_text(valley->rfc7908_type, false), valley->to, valley->rfc7908_type);
  report(observation, std::move(finding), out);
}

}  // namespace peering::detect
