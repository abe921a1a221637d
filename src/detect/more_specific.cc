// A more-specific of a watched prefix that nobody declared, from an allowed origin: de-aggregation, or a
// hijacker who forges the origin to pass origin validation under a loose maxLength.
#include "detect/judgement.h"

namespace peering::detect {

void judge_more_specific(const Observation& observation, std::vector<Finding>& out) {
  if (observation.exact() || !observation.view.origin) return;
  Finding finding;
  finding.kind = model::EventKind::new_prefix;
  finding.discriminator = std::to_string(*observation.view.origin);
  finding.why = fmt::format(
      "{}, part of the registered {}, is announced by the allowed AS{} but is not registered",
      observation.observed.to_string(), observation.deciding.prefix.to_string(), *observation.view.origin);
  report(observation, std::move(finding), out);
}

}  // namespace peering::detect
