// `$filter` on incidents: which terms there are and what they mean.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/incident.h"
#include "store/telemetry_store.h"

namespace peering::api {

/// All of a filter is in `wanted`. An incident of which it holds has an event that `query` finds.
struct IncidentFilter {
  std::function<bool(const model::Incident&)> wanted;
  store::EventQuery query;
  std::string id;  ///< the only one that is wanted; empty: any
};

/// Fields: id, firstSeen (time), lastSeen, kind, type and suspectAsn (of any of its events), level (the
/// highest), state. Errors name the field and what may be compared with it.
Result<IncidentFilter> read_incident_filter(std::string_view text);

}  // namespace peering::api
