// A foreign origin: hijack of the exact prefix or of a part of it, or use of space that nobody may announce.
// One that the RPKI allows is no hijack, and told as information.
#include <algorithm>

#include "detect/judgement.h"

namespace peering::detect {

namespace {

bool is_rpki_valid(const Observation& observation) {
  const auto& vrps = observation.settings.vrps;
  return vrps &&
         std::all_of(observation.view.origins.begin(), observation.view.origins.end(), [&](net::Asn asn) {
           return vrps->validity(observation.observed, asn) == rib::Validity::valid;
         });
}

}  // namespace

void judge_origin(const Observation& observation, std::vector<Finding>& out) {
  const PathView& view = observation.view;
  const bool valid = is_rpki_valid(observation);
  const model::Expectation& expectation = observation.deciding.entries.front()->expectation;
  bool anyone_allowed = false;
  for (const auto& entry : observation.deciding.entries) {
    anyone_allowed = anyone_allowed || entry->expectation.any_origin || !entry->expectation.origins.empty();
  }
  net::Asn suspect = view.origins.back();
  std::string who;
  for (const net::Asn asn : view.origins) {
    if (!expectation.allows_origin(asn)) suspect = asn;
    who += fmt::format("{}AS{}", who.empty() ? "" : ", ", asn);
  }
  Finding finding;
  finding.kind = valid                 ? model::EventKind::announcement
                 : !anyone_allowed     ? model::EventKind::squatting
                 : observation.exact() ? model::EventKind::origin_hijack
                                       : model::EventKind::subprefix_hijack;
  finding.discriminator = view.origin ? std::to_string(*view.origin) : std::string(no_suspect);
  finding.suspect = suspect;
  finding.why = fmt::format("{} is announced by {}{}{}; {} may announce {}", observation.observed.to_string(),
                            view.origin ? "" : "the set ", who, valid ? ", which a ROA allows" : "",
                            expected_origins_text(expectation),
                            observation.exact() ? "it" : observation.deciding.prefix.to_string());
  report(observation, std::move(finding), out);
}

}  // namespace peering::detect
