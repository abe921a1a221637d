// Whose fault a latency degradation most likely is: the edge (a PoP), the middle (an AS between), or the
// client's network; by hierarchical elimination after BlameIt (SIGCOMM 2019).
//
// What is judged are quartets of one moment: what the clients of one network saw at one PoP, bad or good.
// Each quartet touches several possible causes: its PoP, each AS of its path (everywhere, and as seen from
// this PoP only), the only AS between PoP and client on that path, its client AS and its registered prefix. A
// cause explains what was seen when
// - it touches what is bad of the subject (the prefix and PoP that are asked about),
// - at least 80 % of the quartets that it touches are bad, or all but one of at least four,
// - around the subject (same PoP, prefix or client AS) it touches at least 80 % of what is bad, or leaves
//   only what chance may make (10 % of the others there),
// - of what it does not touch there, less than 20 % is bad, or only one.
// Of the causes that explain it the best is the one that fewest quartets contradict: good ones that it
// touches and bad ones that it does not. So the smallest set wins that explains all, and faults elsewhere
// change nothing.
//
// Nobody is accused of what cannot be told. The verdict is ambiguous when
// - another culprit explains it as well, and not at least two more quartets contradict that (two ASes that
//   lie on the same paths, a client that was seen at one PoP only),
// - what is bad was seen of one prefix at one PoP,
// - a client is bad at one PoP only (it may be fine elsewhere), a PoP has one client AS only, or an AS
//   between is bad for one client AS only, which is bad elsewhere, too,
// - nothing explains it (two faults at once).
// Fewer than five quartets are insufficient. When a PoP and its only link to an AS that is good elsewhere
// explain the same, it is the PoP: its port.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/blame.h"
#include "net/prefix.h"

namespace peering::latency {

/// Quartets with fewer samples say nothing and are left out.
inline constexpr std::uint64_t quartet_samples_min = 10;
/// Fewer quartets than this are insufficient.
inline constexpr std::size_t quartets_min = 5;
/// Route events up to this far before and after the moment are evidence.
inline constexpr Microseconds route_events_within = std::chrono::minutes(10);

/// What the clients of one network saw at one PoP.
struct Quartet {
  net::Prefix client;       ///< /24 or /48
  net::Prefix prefix;       ///< the registered prefix that it belongs to
  net::Asn client_asn = 0;  ///< origin of the prefix; 0: unknown
  std::string pop;          ///< name
  /// From the PoP's neighbour to the origin; prepends are allowed; empty: unknown.
  std::vector<net::Asn> as_path;
  bool bad = false;  ///< against what is expected of it
  std::uint64_t samples = 0;
};

/// Something that happened to a route, to be shown beside the table.
struct RouteEvent {
  TimePoint at{};
  net::Prefix prefix;
  std::string pop;   ///< empty: not of one PoP
  std::string what;  ///< e.g. "path changed from 64500 64510 to 64501 64510"
};

/// Whose degradation is asked about.
struct BlameSubject {
  net::Prefix prefix;  ///< registered
  std::string pop;     ///< empty: at every PoP where it is bad
};

struct BlameQuestion {
  std::span<const Quartet> quartets;  ///< of one moment, also of others than the subject
  /// Absent: all that is bad must have one cause.
  std::optional<BlameSubject> subject;
  TimePoint at{};  ///< the moment, to which route events are close or not
  /// In any order; those far away or of other prefixes are ignored.
  std::span<const RouteEvent> route_events;
};

/// The same question gives the same answer, in whatever order quartets come. Costs as much as there are
/// quartets times the length of their paths.
model::Blame blame(const BlameQuestion& question);

}  // namespace peering::latency
