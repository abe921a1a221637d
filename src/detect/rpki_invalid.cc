// A route from an allowed origin that the RPKI calls invalid: networks that validate will not use it. Most
// often it is the holder's own mistake (a ROA for another AS, a maximum length that was forgotten).
#include "detect/judgement.h"
#include "detect/rpki_state.h"

namespace peering::detect {

namespace {

constexpr std::size_t roas_named_max = 3;

std::string roas_text(const rib::VrpTable& vrps, const net::Prefix& prefix) {
  const std::vector<rib::Vrp> covering = vrps.covering(prefix);
  std::string out;
  for (std::size_t i = 0; i < std::min(covering.size(), roas_named_max); ++i) {
    out += (i == 0 ? "" : ", ") + to_string(covering[i]);
  }
  if (covering.size() > roas_named_max) out += fmt::format(" and {} more", covering.size() - roas_named_max);
  return out;
}

}  // namespace

void judge_rpki_invalid(const Observation& observation, std::vector<Finding>& out) {
  const PathView& view = observation.view;
  const auto& vrps = observation.settings.vrps;
  if (!vrps || view.origins.empty()) return;
  if (validity_of(*vrps, observation.observed, view) != rib::Validity::invalid) return;
  Finding finding;
  finding.kind = model::EventKind::rpki_invalid;
  finding.discriminator = view.origin ? std::to_string(*view.origin) : "set";
  finding.why = fmt::format("{} from {} is RPKI invalid: the ROAs allow {}", observation.observed.to_string(),
                            view.origin ? fmt::format("AS{}", *view.origin) : "an AS_SET",
                            roas_text(*vrps, observation.observed));
  report(observation, std::move(finding), out);
}

}  // namespace peering::detect
