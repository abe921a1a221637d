// What every implementation of TelemetryStore means by a scope, a match and a page of events.
//
// Events are ordered newest first: by first_seen, then by id. A page's `next` names the last event of the
// page in that order, so that pages stay stable while newer events arrive.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/telemetry_store.h"

namespace peering::store {

/// The scope of a query as it is compared: lower case, no slash at the end.
std::string normal_scope(std::string_view scope);

/// Every scope under which an event or alert is found: "" (all), subscription, resource group, connection
/// and, unless empty, the prefix. Each once.
std::vector<std::string> scopes_of(std::string_view connection, std::string_view prefix_resource);

/// Where an event stands in a listing.
struct EventPosition {
  TimePoint first_seen{};
  std::string id;
  /// Earlier in the listing is less: newest first.
  friend std::strong_ordering operator<=>(const EventPosition& a, const EventPosition& b) {
    if (const auto by_time = b.first_seen <=> a.first_seen; by_time != 0) return by_time;
    return a.id <=> b.id;
  }
  friend bool operator==(const EventPosition&, const EventPosition&) = default;
};
std::string to_page_token(const EventPosition& position);
/// Nothing for the empty token; `invalid_argument` for one that was not made here.
Result<std::optional<EventPosition>> parse_page_token(std::string_view token);

/// What filters look at.
struct EventTraits {
  model::EventKind kind{};
  model::Level level{};
  model::EventState state{};
  std::string_view type;
};
/// Whether kind, type, level and state are those asked for; scope and time are looked at elsewhere.
bool matches(const EventQuery& query, const EventTraits& traits);

/// Events a page may have: `query.limit` cut to 1 to 1000.
std::size_t page_size(const EventQuery& query);

/// Whether an event is over and was last heard of before `before`.
bool expired(const model::Event& event, TimePoint before);
bool expired(const model::Alert& alert, TimePoint before);

}  // namespace peering::store
