#include "app/path_evidence.h"

#include "model/sample.h"

namespace peering::app {

namespace {

using latency::PathChange;
using latency::Walk;

std::string trip_text(std::int64_t rtt_us) {
  return fmt::format("{:.1f} ms", static_cast<double>(rtt_us) / 1000);
}

// Who answers at a hop, as it may be shown.
std::string shown_as(const net::Address& from, const IncidentTraces::Traced& traced) {
  const bool inside = from == traced.destination || traced.degradation.prefix.contains(from);
  return inside ? model::mask_client(from.unmapped()).to_string() : from.to_string();
}

// "1: 192.0.2.1 0.3 ms, was 0.2; 2: *"
std::string hops_text(const Walk& walk, const Walk& before, const IncidentTraces::Traced& traced) {
  std::string out;
  for (std::size_t i = 0; i < walk.size(); ++i) {
    out += fmt::format("{}{}: ", i == 0 ? "" : "; ", i + 1);
    if (!walk[i].from) {
      out += "*";
      continue;
    }
    out += fmt::format("{} {}", shown_as(*walk[i].from, traced), trip_text(walk[i].rtt_us));
    const bool same = i < before.size() && before[i].from == walk[i].from;
    if (same) out += fmt::format(", was {:.1f}", static_cast<double>(before[i].rtt_us) / 1000);
  }
  return out;
}

std::string hop_text(std::size_t hop, const Walk& walk, const IncidentTraces::Traced& traced) {
  return fmt::format("hop {} ({})", hop, shown_as(*walk[hop - 1].from, traced));
}

std::string delay_text(const PathChange& change, const Walk& walk, const IncidentTraces::Traced& traced) {
  const double slower_ms = static_cast<double>(*change.slower_us) / 1000;
  if (!change.delay_at) {
    return fmt::format(
        "the time to the destination changed by {:+.1f} ms, so this path does not show the delay", slower_ms);
  }
  std::string out = fmt::format("the destination is {:.1f} ms slower than before", slower_ms);
  out += fmt::format(", first seen at {}", hop_text(*change.delay_at, walk, traced));
  if (change.fast_until) {
    out += fmt::format(", while {} is as fast as before", hop_text(*change.fast_until, walk, traced));
  }
  return out + "; the way back is part of these times";
}

}  // namespace

model::BlameEvidence path_evidence(const IncidentTraces::Traced& traced, TimePoint at,
                                   const std::optional<KnownWalk>& before, const AnnouncedBy& announced_by) {
  const Walk walk = latency::walk_of(traced.hops);
  const Walk earlier = before ? before->walk : Walk();
  model::BlameEvidence out;
  out.pop = traced.degradation.pop;
  out.prefix = traced.degradation.prefix;
  out.text = fmt::format("{}{} at {}: ", traceroute_begins, out.pop, format_rfc3339(at));
  const bool arrived = latency::reaches(walk, traced.destination);
  if (!arrived) {
    out.text += fmt::format("the destination does not answer, the last that does is hop {}", walk.size());
  } else {
    out.text += fmt::format("{} after {} hops", trip_text(walk.back().rtt_us), walk.size());
  }
  if (!walk.empty()) out.text += fmt::format(" ({})", hops_text(walk, earlier, traced));
  if (!before) {
    out.text += "; none from before is known, so it does not say where the delay begins";
    return out;
  }
  const PathChange change =
      latency::compare_walks(earlier, walk, traced.destination, traced.degradation.rise_us);
  out.text += fmt::format("; compared with that at {}: ", format_rfc3339(before->at));
  if (change.other_from) out.text += fmt::format("another path from hop {} on; ", *change.other_from);
  out.text += change.slower_us ? delay_text(change, walk, traced) : "where the delay begins cannot be told";
  if (!change.delay_at) return out;
  out.asn = announced_by(*walk[*change.delay_at - 1].from);
  if (out.asn) out.text += fmt::format("; AS{} announces the address of that hop", *out.asn);
  return out;
}

}  // namespace peering::app
