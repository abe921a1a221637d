// ASes that somebody watches wherever they stand in a path: `asns` of a watch file and of a connection's
// monitoring/default (docs/watch.md has the JSON form).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "net/address.h"

namespace peering::model {

/// Most ASes that one connection watches, and most neighbours that one entry lists on a side.
inline constexpr std::size_t monitored_ases_max = 1000, monitored_neighbors_max = 1000;
/// Most values of the whole list of a connection: AS numbers, texts and members together.
inline constexpr std::size_t monitored_values_max = 20'000;

/// One entry of `asns`.
struct MonitoredAs {
  net::Asn asn = 0;
  std::optional<std::vector<net::Asn>> upstreams;    ///< allowed towards the peer; absent: not checked
  std::optional<std::vector<net::Asn>> downstreams;  ///< allowed towards the origin; absent: not checked
  std::string group;                                 ///< entries of different groups are judged apart
  std::string description;
  friend bool operator==(const MonitoredAs&, const MonitoredAs&) = default;
};

/// What one connection watches: immutable, compared by what is in it.
struct MonitoredAsList {
  std::shared_ptr<const std::vector<MonitoredAs>> entries;  ///< null: nothing
  friend bool operator==(const MonitoredAsList& a, const MonitoredAsList& b) {
    return a.entries == b.entries || (a.entries && b.entries && *a.entries == *b.entries);
  }
};

/// Reads one entry; errors name `where`, the field, its value and the rule. A watch file (not `strict`) may
/// have null for what is absent, and keys that are not known are appended to `unknown`; else both are errors.
Result<MonitoredAs> monitored_as_from_json(const json::value& value, std::string_view where, bool strict,
                                           std::vector<std::string>& unknown);
/// Reads the list of a connection, strictly: at most `monitored_ases_max` entries, each AS once for a group.
Result<MonitoredAsList> monitored_ases_from_json(const json::value& value);
json::value to_json(const MonitoredAs& as);
/// A list, empty when nothing is watched.
json::array to_json(const MonitoredAsList& list);

/// What events about a monitored AS have in the place of a registered prefix: an id below the connection's,
/// or, without a connection, a name. "…/providers/Open.Peering/asns/64500", with a group
/// "…/asns/64500/GROUP".
std::string monitored_resource(std::string_view connection, const MonitoredAs& as);
/// The AS and the group that such a resource names; nothing for any other resource.
std::optional<std::pair<net::Asn, std::string_view>> monitored_of_resource(std::string_view resource);

}  // namespace peering::model
