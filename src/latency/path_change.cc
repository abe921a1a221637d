#include "latency/path_change.h"

#include <algorithm>

namespace peering::latency {

namespace {

constexpr double part_that_counts = 0.5;

// Slower than before by how much, where the same router answers in both.
std::optional<std::int64_t> slower_at(const Walk& before, const Walk& during, std::size_t index) {
  if (index >= before.size() || index >= during.size()) return std::nullopt;
  if (!before[index].from || before[index].from != during[index].from) return std::nullopt;
  return during[index].rtt_us - before[index].rtt_us;
}

std::optional<std::size_t> first_other(const Walk& before, const Walk& during) {
  for (std::size_t i = 0; i < std::min(before.size(), during.size()); ++i) {
    if (before[i].from && during[i].from && before[i].from != during[i].from) return i + 1;
  }
  return std::nullopt;
}

}  // namespace

Walk walk_of(std::span<const model::ProbeHop> hops) {
  Walk out;
  for (const model::ProbeHop& hop : hops) {
    WalkedHop seen;
    for (const model::ProbeAnswer& answer : hop.answers) {
      if (!answer.from) continue;
      if (!seen.from) {
        seen = {answer.from, answer.rtt.count()};
      } else if (seen.from == answer.from) {
        seen.rtt_us = std::min(seen.rtt_us, answer.rtt.count());
      }
    }
    out.push_back(seen);
  }
  while (!out.empty() && !out.back().from) out.pop_back();
  return out;
}

bool reaches(const Walk& walk, const net::Address& destination) {
  return !walk.empty() && walk.back().from == destination;
}

PathChange compare_walks(const Walk& before, const Walk& during, const net::Address& destination,
                         double rise_us) {
  PathChange out;
  out.other_from = first_other(before, during);
  if (!reaches(before, destination) || !reaches(during, destination)) return out;
  out.slower_us = during.back().rtt_us - before.back().rtt_us;
  if (static_cast<double>(*out.slower_us) < part_that_counts * rise_us) return out;
  const auto counts = static_cast<std::int64_t>(part_that_counts * static_cast<double>(*out.slower_us));
  // From the destination back, as long as all that can be compared is slower.
  out.delay_at = during.size();
  for (std::size_t index = during.size() - 1; index-- > 0;) {
    const auto slower = slower_at(before, during, index);
    if (!slower) continue;
    if (*slower < counts) {
      out.fast_until = index + 1;
      break;
    }
    out.delay_at = index + 1;
  }
  return out;
}

}  // namespace peering::latency
