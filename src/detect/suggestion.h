// What to expect of a prefix, proposed from what is known: the routes held now, the history of its events,
// and the RPKI. A pure function; nothing is expected until somebody confirms it.
//
// Each proposed value has its reasons, and what speaks against a value that was seen is a warning in its
// place: an origin that the RPKI calls invalid, or that an open event calls a hijack, is never proposed.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/route.h"
#include "rib/vrp_table.h"

namespace peering::detect {

/// What a proposal is made from.
struct Evidence {
  const model::Expectation& current;     ///< what is expected now; what it says is kept
  std::span<const rib::Route> routes;    ///< for the prefix, and more-specific ones; others are not looked at
  const rib::VrpTable* vrps = nullptr;   ///< null: there is no RPKI data
  std::span<const model::Event> events;  ///< of this prefix, in any order
  /// Whether the same tenant has an entry of its own for the prefix; no function: it has none.
  std::function<bool(const net::Prefix&)> registered = nullptr;
};

/// Why a value is proposed.
struct Reason {
  std::string field;  ///< as in JSON: "asn", "upstreams", "backup_upstreams", "lengths", "prepend_seq"
  json::value value;  ///< one element of a list, or the field's value
  std::string why;    ///< without a full stop
};

struct Suggestion {
  model::Expectation expectation;  ///< the current one with what is proposed; equal to it: nothing is
  std::vector<Reason> reasons;
  std::vector<std::string> warnings;  ///< without a full stop
};

Suggestion suggest(const Evidence& evidence);

/// `[{"field", "before"?, "after"?}]`: the members that are not the same, in the order in which they are
/// served.
json::array changed_fields(const model::Expectation& before, const model::Expectation& after);
/// The same as a merge patch (RFC 7396) of the properties.
json::object patch_of(const model::Expectation& before, const model::Expectation& after);

}  // namespace peering::detect
