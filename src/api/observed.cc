#include "api/observed.h"

#include <algorithm>
#include <set>

namespace peering::api {

model::UnheardFeedsPointer unheard_feeds(const Call& call) {
  static const auto none = std::make_shared<const model::UnheardFeeds>();
  return call.services.unheard_feeds ? call.services.unheard_feeds() : none;
}

std::vector<NotObserved> not_observed(const model::UnheardFeeds& unheard, const net::Prefix& prefix,
                                      std::span<const rib::Route> routes) {
  if (unheard.feeds.empty()) return {};
  std::set<std::string_view> routers;
  for (const rib::Route& route : routes) {
    if (route.peer && route.prefix == prefix) routers.insert(route.peer->key.router);
  }
  if (routers.empty()) {
    if (unheard.heard > 0) return {};
    const auto latest =
        std::ranges::max_element(unheard.feeds, {}, [](const auto& feed) { return feed.second.since; });
    return {{"", latest->second.since, "no feed is heard"}};
  }
  std::vector<NotObserved> out;
  for (const std::string_view router : routers) {
    const auto found = unheard.feeds.find(router);
    if (found == unheard.feeds.end()) return {};
    out.push_back({found->first, found->second.since, found->second.reason});
  }
  return out;
}

std::vector<rib::Route> heard_routes(const model::UnheardFeeds& unheard, std::span<const rib::Route> routes) {
  std::vector<rib::Route> out;
  std::ranges::copy_if(routes, std::back_inserter(out), [&](const rib::Route& route) {
    return !route.peer || !unheard.feeds.contains(route.peer->key.router);
  });
  return out;
}

void mark_observed(json::object& out, std::span<const NotObserved> missing) {
  out["observed"] = missing.empty();
  if (missing.empty()) return;
  json::array list;
  for (const NotObserved& each : missing) {
    json::object one;
    if (!each.feed.empty()) one["feed"] = each.feed;
    one["since"] = format_rfc3339(each.since);
    one["reason"] = each.reason;
    list.push_back(std::move(one));
  }
  out["notObserved"] = std::move(list);
}

std::string in_words(std::span<const NotObserved> missing) {
  std::string out;
  for (const NotObserved& each : missing) {
    if (!out.empty()) out += "; ";
    if (!each.feed.empty()) out += fmt::format("router {}: ", each.feed);
    out += fmt::format("{}, since {}", each.reason, format_rfc3339(each.since));
  }
  return out;
}

void doubt(PrefixValidation& validation, std::span<const NotObserved> missing) {
  if (missing.empty()) return;
  const std::string why = "Not observed: " + in_words(missing);
  for (Requirement& each : validation.requirements) {
    if (each.result != RequirementResult::pass) continue;
    each.result = RequirementResult::unknown;
    each.message = why;
  }
  if (validation.state != "Verified") return;
  validation.state = "Unknown";
  validation.error_message = why;
}

}  // namespace peering::api
