// Possible causes of a latency degradation and what speaks for and against each; for `blame.cc`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "latency/blame.h"

namespace peering::latency {

/// In order of the hierarchy: of equals the first wins.
enum class CauseScope : std::uint8_t {
  edge,            ///< a PoP
  middle,          ///< an AS, on all paths through it
  link,            ///< an AS, on paths from one PoP
  path,            ///< the only AS between one PoP and one client AS, on that path
  client_network,  ///< a client AS
  client_prefix,   ///< a registered prefix
};

/// A possible cause.
struct Cause {
  CauseScope scope{};
  std::string pop;      ///< of edge, link and path
  net::Asn asn = 0;     ///< of all but the edge; 0: unknown
  net::Prefix prefix;   ///< of a client prefix
  net::Asn behind = 0;  ///< of a path: the client AS
  friend auto operator<=>(const Cause&, const Cause&) = default;
};

model::BlameVerdict verdict_of(const Cause& cause);
/// Accusing one is accusing the other.
bool same_culprit(const Cause& a, const Cause& b);
/// "PoP AMS", "AS 64500", "AS 64500 as seen from PoP AMS", …
std::string describe(const Cause& cause);

/// What is seen of one cause.
struct Tally {
  std::size_t quartets = 0, bad = 0;
  std::size_t quartets_around = 0, bad_around = 0;  ///< of those around the subject
  std::size_t subject_bad = 0;                      ///< of those of the subject itself
  // Of the bad ones:
  std::set<std::string> pops;
  std::set<std::pair<net::Asn, net::Prefix>> clients;  ///< client ASes; prefixes where the AS is unknown
  std::set<net::Prefix> prefixes;

  /// How many fewer quartets contradict the cause than contradict that there is none: bad ones less good
  /// ones.
  std::ptrdiff_t gain() const {
    return static_cast<std::ptrdiff_t>(bad) - static_cast<std::ptrdiff_t>(quartets - bad);
  }
};

/// All causes that any of the quartets touches.
struct Tallies {
  std::map<Cause, Tally> of;
  Tally all;
};

/// `quartets` are those to be counted.
Tallies tally(const std::vector<const Quartet*>& quartets, const std::optional<BlameSubject>& subject);

}  // namespace peering::latency
