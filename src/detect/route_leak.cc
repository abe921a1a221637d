// A path with a valley: some AS passed on a route of a provider or peer to another provider or peer
// (RFC 7908 types 1 to 4).
#include "detect/judgement.h"

namespace peering::detect {

namespace {

std::string_view role_text(int type, bool from) {
  const bool provider = from ? type == 1 || type == 3 : type == 1 || type == 4;
  return provider ? "provider" : "peer";
}

}  // namespace

void judge_leak(const Observation& observation, std::vector<Finding>& out) {
  if (!observation.settings.relationships) return;
  const auto valley = observation.settings.relationships->valley(observation.view.collapsed);
  if (!valley) return;
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
