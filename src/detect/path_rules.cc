// A path that a rule of the entry describes: it should not look like that.
#include "detect/judgement.h"

namespace peering::detect {

namespace {

std::string text_of(const model::PathRule& rule, std::size_t length) {
  std::string out;
  const auto add = [&](std::string part) { out += (out.empty() ? "" : ", ") + part; };
  if (rule.match) add(fmt::format("matches {}", rule.match->text()));
  if (rule.not_match) add(fmt::format("does not match {}", rule.not_match->text()));
  if (rule.length_min && length < *rule.length_min) add(fmt::format("is shorter than {}", *rule.length_min));
  if (rule.length_max && length > *rule.length_max) add(fmt::format("is longer than {}", *rule.length_max));
  return rule.description.empty() ? out : fmt::format("{} ({})", out, rule.description);
}

}  // namespace

Deciding judge_path_rules(const Observation& observation, std::vector<Finding>& out) {
  const std::vector<net::Asn>& path = observation.view.path;
  if (path.empty()) return observation.deciding;
  std::string text, broken;
  Deciding accepting = those_that_accept(observation.deciding, [&](const model::Expectation& e) {
    if (e.path_rules.empty()) return true;
    if (text.empty()) text = fmt::format("{}", fmt::join(path, ","));
    std::string fired;
    for (const model::PathRule& rule : e.path_rules) {
      if (!rule.fires(text, path.size())) continue;
      fired += (fired.empty() ? "" : "; ") + text_of(rule, path.size());
    }
    if (broken.empty()) broken = fired;
    return fired.empty();
  });
  if (!accepting.entries.empty()) return accepting;
  Finding finding;
  finding.kind = model::EventKind::path_rule;
  finding.discriminator = no_suspect;
  finding.why = fmt::format("The path of {} {}", observation.observed.to_string(), broken);
  report(observation, std::move(finding), out);
  return observation.deciding;
}

}  // namespace peering::detect
