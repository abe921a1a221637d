// Another sequence of hops left of the origin than those that the customer announces with: the prepends were
// changed on the way, or the path is forged.
#include <algorithm>

#include "detect/judgement.h"

namespace peering::detect {

namespace {

// True when the hops left of the last AS of the path end in the sequence.
bool ends_in(const std::vector<net::Asn>& path, const std::vector<net::Asn>& sequence) {
  const auto hops = std::span(path).first(path.size() - 1);
  return sequence.size() <= hops.size() && std::equal(sequence.rbegin(), sequence.rend(), hops.rbegin());
}

// The first AS, from the origin on, that no allowed sequence has in its place.
net::Asn first_deviation(const std::vector<net::Asn>& path,
                         const std::vector<std::vector<net::Asn>>& sequences) {
  std::size_t agreed = 0;
  for (const auto& sequence : sequences) {
    std::size_t same = 0;
    while (same < sequence.size() && same + 1 < path.size() &&
           sequence[sequence.size() - 1 - same] == path[path.size() - 2 - same]) {
      ++same;
    }
    agreed = std::max(agreed, same);
  }
  return path[path.size() - 1 - std::min(agreed + 1, path.size() - 1)];
}

}  // namespace

Deciding judge_prepends(const Observation& observation, std::vector<Finding>& out) {
  const PathView& view = observation.view;
  if (view.path.size() < 2 || view.collapsed.empty()) return observation.deciding;
  std::vector<std::vector<net::Asn>> allowed;
  Deciding accepting = those_that_accept(observation.deciding, [&](const model::Expectation& e) {
    const auto& sequences = e.prepend_sequences;
    allowed.insert(allowed.end(), sequences.begin(), sequences.end());
    return sequences.empty() || std::any_of(sequences.begin(), sequences.end(), [&](const auto& sequence) {
             return ends_in(view.path, sequence);
           });
  });
  if (!accepting.entries.empty()) return accepting;
  Finding finding;
  finding.kind = model::EventKind::path_rule;
  finding.suspect = first_deviation(view.path, allowed);
  finding.discriminator = std::to_string(*finding.suspect);
  finding.why = fmt::format("{} has none of the {} expected sequences of hops next to its origin",
                            observation.observed.to_string(), allowed.size());
  report(observation, std::move(finding), out);
  return observation.deciding;
}

}  // namespace peering::detect
