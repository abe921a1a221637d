// What one route of one peer means for those who watch its prefix: a pure function.
//
// Tenants (groups of the watch file, subscriptions of the server) are judged apart, each by its most specific
// entry that covers the observed prefix. Where a tenant has several entries for that prefix, the route is
// benign if one of them accepts it. A foreign origin takes precedence over everything else about the path.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "detect/path_view.h"
#include "detect/settings.h"
#include "model/registry.h"

namespace peering::detect {

/// Instead of an AS number in the discriminator of what no AS can be named for.
inline constexpr std::string_view no_suspect = "set";

/// One thing that is not as expected. Findings of one kind, resource, observed prefix and discriminator are
/// the same incident, whichever peer shows them.
struct Finding {
  model::EventKind kind = model::EventKind::origin_hijack;
  model::RegisteredPrefixPointer entry;  ///< who is told
  std::string discriminator;
  std::optional<net::Asn> suspect;
  std::optional<net::Asn> neighbor;
  std::optional<net::Asn> monitored;  ///< the AS it is about, when it is about no registered prefix
  std::string why;                    ///< what was seen and what was expected, without a full stop
};

/// The entries of one tenant that decide about one observed prefix.
struct Deciding {
  std::string tenant;
  net::Prefix prefix;  ///< of all entries
  std::vector<model::RegisteredPrefixPointer> entries;
};

/// Whose verdict it is: the group of a watch file, else the subscription of the connection.
std::string tenant_of(const model::RegisteredPrefix& entry);

/// For each tenant that watches it, the entries that decide about `observed`.
std::vector<Deciding> deciding_entries(const model::Registry& registry, const net::Prefix& observed);

/// Routes (prefix and origin) that a ROA made valid and that no ROA speaks of any more.
using LostRoas = std::set<std::pair<net::Prefix, net::Asn>>;

/// A route and those who judge it.
struct Observation {
  const Deciding& deciding;
  const rib::Peer& peer;
  const net::Prefix& observed;
  const PathView& view;
  const wire::bgp::PathAttributes& attributes;
  const Settings& settings;
  const LostRoas& lost_roas;

  /// The deciding entry's own prefix, or a more-specific of a length that is watched like it.
  bool exact() const;
  /// Some entry allows every origin of the path. An empty path has no origin to object to.
  bool origin_allowed() const;
};
/// True when the entry's list of origins accepts all of them.
bool allows_origins(const model::Expectation& expectation, const std::vector<net::Asn>& origins);
/// True when kind filters of the entry let the kind through.
bool judges(const model::Expectation& expectation, model::EventKind kind);
/// "AS64500, AS64510-AS64519", "nobody" or "anybody".
std::string expected_origins_text(const model::Expectation& expectation);
/// The allowed origins that are single numbers.
std::vector<net::Asn> expected_origins(const model::Expectation& expectation);

/// The entries for which `accepts` holds. Whose they are is left out: nobody asks any more.
template <class Accepts>
Deciding those_that_accept(const Deciding& deciding, Accepts accepts) {
  Deciding out{{}, deciding.prefix, {}};
  for (const model::RegisteredPrefixPointer& entry : deciding.entries) {
    if (accepts(entry->expectation)) out.entries.push_back(entry);
  }
  return out;
}

/// Appends `finding` for each registered prefix among the entries that judges the kind (for the first entry
/// only when they come from a watch file).
void report(const Observation& observation, Finding finding, std::vector<Finding>& out);

// One function, one file, an anomaly. Those that give a Deciding give the entries that accept the route as
// far as they judge it, or, when none does and a finding was appended, all that were there.
void judge_origin(const Observation& observation, std::vector<Finding>& out);          // origin_change.cc
void judge_more_specific(const Observation& observation, std::vector<Finding>& out);   // more_specific.cc
Deciding judge_first_hop(const Observation& observation, std::vector<Finding>& out);   // first_hop.cc
Deciding judge_prepends(const Observation& observation, std::vector<Finding>& out);    // prepend.cc
Deciding judge_path_rules(const Observation& observation, std::vector<Finding>& out);  // path_rules.cc
void judge_no_export(const Observation& observation, std::vector<Finding>& out);       // route_leak.cc
void judge_leak(const Observation& observation, std::vector<Finding>& out);            // route_leak.cc
void judge_rpki_invalid(const Observation& observation, std::vector<Finding>& out);    // rpki_invalid.cc
void judge_rpki_not_found(const Observation& observation, std::vector<Finding>& out);  // rpki_not_found.cc

/// Everything above, in order of precedence.
std::vector<Finding> judge(const Observation& observation);

}  // namespace peering::detect
