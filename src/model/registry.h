// The registry: every connection and what is watched for it, as one immutable snapshot. Built by
// `app/registry_watcher.cc` from the resource store, read by shards and workers without locks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/compact_vector.h"
#include "base/id.h"
#include "base/json.h"
#include "base/shared_map.h"
#include "base/shared_text.h"
#include "model/event.h"
#include "model/monitored_as.h"
#include "model/partners.h"
#include "model/path_rule.h"
#include "model/resource_key.h"
#include "model/silence.h"
#include "net/prefix.h"
#include "net/shared_prefix_map.h"

namespace peering::model {

using Revision = Strong<struct RevisionTag, std::uint64_t>;

/// Allowed origin AS numbers, `from` to `to` inclusive.
struct AsnRange {
  net::Asn from = 0, to = 0;
  bool contains(net::Asn asn) const { return from <= asn && asn <= to; }
  friend bool operator==(const AsnRange&, const AsnRange&) = default;
};

/// Prefix lengths, `min` to `max` inclusive.
struct LengthRange {
  int min = 0, max = 0;
  bool contains(int length) const { return min <= length && length <= max; }
  friend bool operator==(const LengthRange&, const LengthRange&) = default;
};

/// Most rules for the paths of one prefix.
inline constexpr std::size_t path_rules_max = 32;

/// What the customer expects of one prefix: one entry of `prefixes` in monitoring/default and in a watch file
/// (docs/watch.md has the JSON form). There are as many as registered prefixes, and most say little: what is
/// not said takes next to no memory.
struct Expectation {
  net::Prefix prefix;
  bool any_origin = false;  ///< `asn: "any"`, or nothing known yet
  /// A monitored peer may stand next to the origin without being listed in `upstreams` (`peers: "any"`).
  bool any_peer_as_upstream = false;
  bool no_export = false;  ///< `policies: ["no-export"]`: seen more than two hops away is a leak
  bool ignore_more_specifics = false;
  bool ignore = false;
  CompactVector<AsnRange> origins;                   ///< empty and not any: nobody may announce it
  std::optional<CompactVector<net::Asn>> upstreams;  ///< allowed next to the origin; absent: not checked
  CompactVector<net::Asn> backup_upstreams;   ///< next to the origin these mean: the backup route is in use
  CompactVector<net::Asn> require_upstreams;  ///< each must be seen next to the origin by somebody
  std::optional<LengthRange> lengths;  ///< more-specifics of these lengths are watched as if they were listed
  /// Allowed hops left of the origin, in path order: the last one stands next to it. Empty: not checked.
  CompactVector<std::vector<net::Asn>> prepend_sequences;
  /// A path that one of them describes is not expected.
  CompactVector<PathRule> path_rules;
  CompactVector<EventKind> exclude_kinds;
  std::optional<CompactVector<EventKind>> include_kinds;
  SharedText group;
  SharedText description;

  bool allows_origin(net::Asn asn) const;
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

/// The alert opt-in of a connection (monitoring/default, `alerts`).
struct AlertOptIn {
  bool enabled = false;
  std::vector<std::string> channels;  ///< names in the connection's subscription
  Level minimum_level = Level::warning;
  std::optional<std::vector<EventKind>> kinds;  ///< absent: every kind
  friend bool operator==(const AlertOptIn&, const AlertOptIn&) = default;
};

/// A registered prefix of a connection.
struct RegisteredPrefix {
  SharedText resource;     ///< ARM id, as created
  SharedText connection;   ///< ARM id of its peering service
  SharedText key;          ///< peeringServicePrefixKey in lower case; empty: none
  TimePoint changed_at{};  ///< when it was registered, or its key changed
  Expectation expectation;
  friend bool operator==(const RegisteredPrefix&, const RegisteredPrefix&) = default;
};
using RegisteredPrefixPointer = std::shared_ptr<const RegisteredPrefix>;

/// A peering service.
struct Connection {
  std::string resource;  ///< ARM id, as created
  std::string subscription;
  std::string provider;
  std::string location;  ///< peeringServiceLocation
  std::string primary_metro, backup_metro;
  AlertOptIn alerts;
  MonitoredAsList asns;  ///< watched wherever they stand in a path
  friend bool operator==(const Connection&, const Connection&) = default;
};

/// Immutable once shared. Keys are ARM ids without regard to case. A copy costs nothing, and a change of the
/// copy as little with a million prefixes as with ten: it shares with the original what stays the same.
struct Registry {
  Revision revision;
  SharedMap<std::string, std::shared_ptr<const Connection>> connections;
  SharedMap<ResourceKey, RegisteredPrefixPointer> prefixes;
  /// Several entries for one prefix: several tenants or groups.
  net::SharedPrefixMap<CompactVector<RegisteredPrefixPointer>> watch;
  Partners partners;
  std::shared_ptr<const Silences> silences;  ///< null: there are none
};
using RegistryPointer = std::shared_ptr<const Registry>;

/// What is not the same in two snapshots.
struct RegistryDifference {
  struct Entry {
    std::string_view key;                   ///< in one of the two snapshots, as created
    RegisteredPrefixPointer before, after;  ///< one of them may be null
  };
  std::vector<Entry> prefixes;           ///< in order of key; values that are equal are not here
  std::vector<std::string> connections;  ///< keys; gone, new or changed
};
/// Costs as much as what is not shared by the two.
RegistryDifference difference(const Registry& before, const Registry& after);

/// Lower-cases ASCII: ARM ids compare without case.
std::string lower(std::string_view text);

/// Reads one entry of `prefixes`. Unknown keys are errors that name the key when `strict`, else they are
/// appended to `unknown`. Host bits are cleared.
Result<Expectation> expectation_from_json(const json::value& value, bool strict,
                                          std::vector<std::string>* unknown = nullptr);
json::value to_json(const Expectation& expectation);
Result<AlertOptIn> alert_opt_in_from_json(const json::value& value);
json::value to_json(const AlertOptIn& opt_in);

}  // namespace peering::model
