// From a decoded UPDATE to what the table is told: batches of routes with common attributes.
//
// The table keeps one route for each peer and prefix. Where a peer sends several paths for one prefix (RFC
// 7911), `PathSet` keeps them all here and shows the table the one announced last; when that one is withdrawn
// the one before it takes its place, and only the last withdrawal is one.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "rib/route.h"
#include "wire/bgp/update.h"

namespace peering::feeds {

/// The paths of one peer whose session uses add-path. Not thread-safe.
class PathSet {
 public:
  struct Path {
    std::uint32_t id = 0;
    rib::AttributesPointer attributes;
  };
  /// Remembers the path; it is the one shown now.
  void announce(const wire::bgp::Nlri& route, const rib::AttributesPointer& attributes);
  enum class Effect { none, withdrawn, replaced };
  /// Forgets the path. `withdrawn`: none is left; `replaced`: show `now_shown`; `none`: what is shown stays.
  Effect withdraw(const wire::bgp::Nlri& route, rib::AttributesPointer& now_shown);

 private:
  std::unordered_map<net::Prefix, std::vector<Path>> paths_;
};

/// At most one batch for the withdrawals and for each next hop, in the order in which they must be applied.
/// `paths` is null for sessions without add-path.
std::vector<rib::RouteBatch> batches_of(const wire::bgp::Update& update, const rib::PeerPointer& peer,
                                        TimePoint time, PathSet* paths);

/// Counts the faults of an UPDATE by what RFC 7606 makes of them and the attribute's code.
void count_faults(Metrics& metrics, const wire::bgp::Update& update);

/// Takes the router's own AS off the front of the path. Some routers (FRR) put it there in what they report
/// of an Adj-RIB-In; the peer did not send it. Nothing changes when it is the path's only AS.
void strip_first_as(wire::bgp::AsPath& path, net::Asn asn);

}  // namespace peering::feeds
