// ASes that are watched themselves, wherever they stand in a path: who is next to them, and what they
// originate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/registry.h"
#include "net/address.h"

namespace peering::detect {

struct PathView;
struct Finding;

/// One entry of `asns` (docs/watch.md).
struct MonitoredAs {
  net::Asn asn = 0;
  std::optional<std::vector<net::Asn>> upstreams;    ///< allowed towards the peer; absent: not checked
  std::optional<std::vector<net::Asn>> downstreams;  ///< allowed towards the origin; absent: not checked
  std::string group;
  /// ARM id of the peering service whose events these are; empty: the group's, of a watch file.
  std::string connection;
};

/// Found by AS number: what it costs to judge a path does not grow with their number. Built once, then read
/// by any number of threads.
class MonitoredAses {
 public:
  void add(const MonitoredAs& as);
  bool empty() const { return by_asn_.empty(); }
  /// Each once.
  std::vector<net::Asn> asns() const;
  /// The group of the AS that events with this resource are about; nothing for other resources.
  std::optional<std::string> group_of(std::string_view resource) const;

 private:
  friend void judge_monitored(const MonitoredAses& monitored, const model::Registry& registry,
                              const net::Prefix& observed, const PathView& view, std::vector<Finding>& out);
  struct Entry {
    MonitoredAs as;
    model::RegisteredPrefixPointer stand_in;  ///< what findings name where others name a registered prefix
  };
  std::unordered_map<net::Asn, std::vector<Entry>> by_asn_;  // one for each group or connection
};

/// Appends what a route says of monitored ASes. The first AS of a path is the peer that showed it, whose
/// neighbours are whom it chose to show us: it is judged neither as a neighbour nor as a monitored AS. What a
/// monitored AS originates should lie inside a registered prefix, whosever that is.
void judge_monitored(const MonitoredAses& monitored, const model::Registry& registry,
                     const net::Prefix& observed, const PathView& view, std::vector<Finding>& out);

}  // namespace peering::detect
