// `$filter` on events: which terms there are and what they mean.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "model/event.h"
#include "store/telemetry_store.h"

namespace peering::api {

/// A filter in two parts: what the store can do narrows `query`; all of it is in `wanted`.
struct EventFilter {
  std::function<bool(const model::Event&)> wanted;
  store::EventQuery query;
};

/// Fields: firstSeen (eventTimestamp), lastSeen, kind, level (eventLevel), type (eventType), state. Errors
/// name the field and what may be compared with it.
Result<EventFilter> read_event_filter(std::string_view text);

}  // namespace peering::api
