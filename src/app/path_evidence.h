// A traceroute of a degradation as a line of the table that stands beside its blame.
//
// It says what was seen and no more: a verdict does not change by it. Addresses inside the registered prefix
// are those of somebody's network and stand there as its /24 (/48).
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "app/incident_traces.h"
#include "app/known_walks.h"
#include "model/blame.h"

namespace peering::app {

/// What the text of such a line begins with, by which it is known.
inline constexpr std::string_view traceroute_begins = "traceroute from ";
inline bool is_traceroute(const model::BlameEvidence& line) {
  return line.text.starts_with(traceroute_begins);
}

/// The AS that announces an address, by the routing table; absent: nobody that is known of. May block.
using AnnouncedBy = std::function<std::optional<net::Asn>(const net::Address&)>;

/// `at`: when it ended. `before`: a walk to the same destination from before the degradation, if there is
/// one.
model::BlameEvidence path_evidence(const IncidentTraces::Traced& traced, TimePoint at,
                                   const std::optional<KnownWalk>& before, const AnnouncedBy& announced_by);

}  // namespace peering::app
