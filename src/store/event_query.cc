#include "store/event_query.h"

#include <algorithm>
#include <charconv>

#include "model/registry.h"

namespace peering::store {

namespace {

constexpr std::size_t page_events_max = 1000;

// The first `segments` segments of "/a/b/c…", or empty when there are not more than that.
std::string_view ancestor(std::string_view id, int segments) {
  std::size_t at = 0;
  for (int i = 0; i <= segments; ++i) {
    at = id.find('/', i == 0 ? 0 : at + 1);
    if (at == std::string_view::npos) return {};
  }
  return id.substr(0, at);
}

}  // namespace

std::string normal_scope(std::string_view scope) {
  while (scope.ends_with('/')) scope.remove_suffix(1);
  return model::lower(scope);
}

std::vector<std::string> scopes_of(std::string_view connection, std::string_view prefix_resource) {
  constexpr int subscription_segments = 2, resource_group_segments = 4;
  const std::string whole = normal_scope(connection);
  std::vector<std::string> out{"", std::string(ancestor(whole, subscription_segments)),
                               std::string(ancestor(whole, resource_group_segments)), whole,
                               normal_scope(prefix_resource)};
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::string to_page_token(const EventPosition& position) {
  return fmt::format("{}.{}", to_us(position.first_seen), position.id);
}

Result<std::optional<EventPosition>> parse_page_token(std::string_view token) {
  if (token.empty()) return std::nullopt;
  const std::size_t dot = std::min(token.find('.'), token.size());
  std::int64_t us = 0;
  const auto parsed = std::from_chars(token.data(), token.data() + dot, us);
  if (dot == token.size() || parsed.ec != std::errc() || parsed.ptr != token.data() + dot) {
    return tl::unexpected(invalid("after", token, "the `next` of an earlier page"));
  }
  return EventPosition{time_from_us(us), std::string(token.substr(dot + 1))};
}

bool matches(const EventQuery& query, const EventTraits& traits) {
  if (query.kind && *query.kind != traits.kind) return false;
  if (query.type && *query.type != traits.type) return false;
  if (query.minimum_level && traits.level < *query.minimum_level) return false;
  return !query.state || *query.state == traits.state;
}

std::size_t page_size(const EventQuery& query) {
  return std::clamp<std::size_t>(query.limit, 1, page_events_max);
}

bool expired(const model::Event& event, TimePoint before) {
  if (event.state == model::EventState::open) return false;
  return std::max(event.last_seen, event.resolved_at.value_or(event.first_seen)) < before;
}

bool expired(const model::Alert& alert, TimePoint before) {
  return alert.state != model::EventState::open && alert.resolved.value_or(alert.opened) < before;
}

}  // namespace peering::store
