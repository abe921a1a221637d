// Events and alerts of a scope: pages, and a stream for followers.
#include <charconv>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/event_filter.h"
#include "api/handlers.h"
#include "api/role_directory.h"

namespace peering::api {

namespace {

// A filter that the store cannot apply whole makes pages that are partly filled; more than this many empty
// ones in a row end the request with a link to go on.
constexpr int store_pages_max = 20;
constexpr std::size_t alerts_default = 100;

// Connections and prefixes must exist; groups and subscriptions were seen on the way here.
arm::Expected<void> check_scope(const Call& call) {
  const std::string scope = call.base_key();
  if (scope.find("/providers/") == std::string::npos) return {};
  const auto base = load_parent(call, scope);
  if (!base) return tl::unexpected(base.error());
  return {};
}

bool wants_stream(const Call& call) {
  if (const auto follow = call.query.get("follow")) return arm::same_name(*follow, "true");
  const auto accept = call.request.headers.get("Accept");
  return accept && accept->find("text/event-stream") != std::string_view::npos;
}

// Where a follower goes on: `Last-Event-ID`, or `after`, or from now.
arm::Expected<std::uint64_t> start_of(const Call& call) {
  std::string text(call.request.headers.get("Last-Event-ID").value_or(""));
  std::string_view field = "Last-Event-ID";
  if (text.empty()) {
    field = "after";
    text = call.query.get("after").value_or("");
  }
  if (text.empty()) {
    const auto last = call.services.telemetry.last_event_sequence();
    if (!last) return arm::failed(last.error());
    return *last;
  }
  std::uint64_t out = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return arm::bad_argument(field, text, "the id of an event of this stream");
  }
  return out;
}

arm::Answer stream_events(const Call& call, EventFilter filter) {
  const auto after = start_of(call);
  if (!after) return tl::unexpected(after.error());
  EventHub& hub = call.services.events;
  if (!hub.has_room()) {
    return arm::failed(Error{ErrorCode::unavailable, "too many followers of events, try again later"});
  }
  Follower follower;
  follower.after = *after;
  follower.wanted = [scope = call.base_key(), wanted = std::move(filter.wanted)](const model::Event& event) {
    return arm::covers(scope, model::lower(event.prefix_resource)) && wanted(event);
  };
  // A token that was taken back or has expired ends the stream, and so does a role that was.
  http::Request identity;
  identity.headers.set("Authorization", call.request.headers.get("Authorization").value_or(""));
  follower.still_allowed = [&services = call.services, identity, scope = call.base_key()] {
    const auto caller = identify(services, identity, now());
    return caller && allows(*caller, Permission::read, scope.empty() ? "/" : std::string_view(scope));
  };
  http::Response out;
  out.headers.set("Content-Type", "text/event-stream");
  out.headers.set("X-Accel-Buffering", "no");
  out.stream = [&hub, follower](std::shared_ptr<http::BodySink> sink) {
    Follower mine = follower;
    mine.sink = sink;
    if (!hub.follow(std::move(mine))) sink->close();
  };
  return out;
}

arm::Answer page_of_events(const Call& call, EventFilter filter) {
  const auto page = arm::read_page(call.query);
  if (!page) return tl::unexpected(page.error());
  store::EventQuery query = filter.query;
  query.scope = call.base_key();
  query.after = page->after;
  json::array items;
  std::string next;
  for (int pages = 0; pages < store_pages_max; ++pages) {
    query.limit = page->limit - items.size();
    const auto found = call.services.telemetry.events(query);
    if (!found) return arm::failed(found.error());
    for (const model::Event& event : found->events) {
      if (filter.wanted(event)) items.push_back(model::to_json(event));
    }
    next = found->next;
    if (next.empty() || items.size() >= page->limit) break;
    query.after = next;
  }
  return arm::list_response(call.request, call.query, std::move(items), next);
}

// Alerts are kept by connection: those of a prefix are the ones whose event is the prefix's.
Result<std::vector<model::Alert>> alerts_of(const Call& call, std::size_t limit) {
  const std::string scope = call.base_key();
  store::TelemetryStore& telemetry = call.services.telemetry;
  const bool of_prefix = scope.find("/prefixes/") != std::string::npos;
  if (!of_prefix) return telemetry.alerts(scope, limit);
  auto all = telemetry.alerts(model::lower(connection_of_prefix(scope)), arm::page_items_max);
  if (!all) return all;
  std::vector<model::Alert> out;
  for (model::Alert& alert : *all) {
    if (out.size() == limit) break;
    const auto event = telemetry.event(alert.event);
    if (!event) return tl::unexpected(event.error());
    if (*event && model::lower((*event)->prefix_resource) == scope) out.push_back(std::move(alert));
  }
  return out;
}

}  // namespace

arm::Answer list_events(Call& call) {
  if (auto ok = check_scope(call); !ok) return tl::unexpected(ok.error());
  auto filter = read_event_filter(call.query.get("$filter").value_or(""));
  if (!filter) return arm::failed(filter.error());
  if (wants_stream(call)) return stream_events(call, std::move(*filter));
  return page_of_events(call, std::move(*filter));
}

arm::Answer list_alerts(Call& call) {
  if (auto ok = check_scope(call); !ok) return tl::unexpected(ok.error());
  const auto page = arm::read_page(call.query, alerts_default);
  if (!page) return tl::unexpected(page.error());
  const auto alerts = alerts_of(call, page->limit);
  if (!alerts) return arm::failed(alerts.error());
  json::array items;
  for (const model::Alert& alert : *alerts) items.push_back(model::to_json(alert));
  return arm::list_response(call.request, call.query, std::move(items), "");
}

}  // namespace peering::api
