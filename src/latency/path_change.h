// Two traceroutes to one destination, from before a delay and from during it: where the delay begins, as far
// as they can tell.
//
// Routers answer at their leisure, so one slow hop says nothing: a delay begins where every hop that can be
// compared from there to the destination is slower. The way back is measured along, and may be another one
// for each hop: what is found is where the delay is first seen, not where its cause must be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/probe.h"

namespace peering::latency {

/// One hop of a traceroute; silent without an address.
struct WalkedHop {
  std::optional<net::Address> from;
  std::int64_t rtt_us = 0;  ///< the shortest of its answers
  friend bool operator==(const WalkedHop&, const WalkedHop&) = default;
};
/// The first is that of TTL 1. Silence at the end is left out.
using Walk = std::vector<WalkedHop>;

/// Of several routers at one hop, the one that answered first.
Walk walk_of(std::span<const model::ProbeHop> hops);
/// Whether the destination itself answered, at the end.
bool reaches(const Walk& walk, const net::Address& destination);

struct PathChange {
  /// The first hop (its TTL) at which another router answers than before.
  std::optional<std::size_t> other_from;
  /// How much slower the destination answers; absent when it did not in both.
  std::optional<std::int64_t> slower_us;
  /// The delay is first seen at this hop (its TTL); absent when it is not seen, or cannot be told.
  std::optional<std::size_t> delay_at;
  /// The last hop before it that is as fast as before; absent: none that can be compared.
  std::optional<std::size_t> fast_until;
  friend bool operator==(const PathChange&, const PathChange&) = default;
};

/// `rise_us`: the delay that is looked for. It is seen when the destination is slower by at least half of it.
PathChange compare_walks(const Walk& before, const Walk& during, const net::Address& destination,
                         double rise_us);

}  // namespace peering::latency
