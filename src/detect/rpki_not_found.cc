// A registered prefix that no ROA speaks of (information), or no longer: its ROA was removed or expired.
#include "detect/judgement.h"
#include "detect/rpki_state.h"

namespace peering::detect {

void judge_rpki_not_found(const Observation& observation, std::vector<Finding>& out) {
  const PathView& view = observation.view;
  const auto& vrps = observation.settings.vrps;
  if (!vrps || !view.origin || !observation.exact()) return;
  if (validity_of(*vrps, observation.observed, view) != rib::Validity::not_found) return;
  const bool lost = observation.lost_roas.contains({observation.observed, *view.origin});
  Finding finding;
  finding.kind = lost ? model::EventKind::rpki_roa_lost : model::EventKind::rpki_not_found;
  finding.discriminator = std::to_string(*view.origin);
  finding.why = lost ? fmt::format("the ROA that made {} from AS{} valid is gone and no other covers it",
                                   observation.observed.to_string(), *view.origin)
                     : fmt::format("no ROA covers {} from AS{}: validation cannot protect it",
                                   observation.observed.to_string(), *view.origin);
  report(observation, std::move(finding), out);
}

}  // namespace peering::detect
