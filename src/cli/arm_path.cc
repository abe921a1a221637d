#include "cli/arm_path.h"

#include "http/query.h"

namespace peering::cli {

using http::percent_encode;

std::string subscription_path(std::string_view subscription) {
  return "/subscriptions/" + percent_encode(subscription);
}

std::string group_path(std::string_view subscription, std::string_view group) {
  return subscription_path(subscription) + "/resourceGroups/" + percent_encode(group);
}

std::string service_path(std::string_view subscription, std::string_view group, std::string_view service) {
  return group_path(subscription, group) + "/providers/Microsoft.Peering/peeringServices/" +
         percent_encode(service);
}

std::string prefix_path(std::string_view subscription, std::string_view group, std::string_view service,
                        std::string_view prefix) {
  return service_path(subscription, group, service) + "/prefixes/" + percent_encode(prefix);
}

std::string peering_path(std::string_view subscription, std::string_view group, std::string_view peering) {
  return group_path(subscription, group) + "/providers/Microsoft.Peering/peerings/" + percent_encode(peering);
}

std::string extension_path(std::string_view id, std::string_view tail) {
  return std::string(id) + "/providers/Open.Peering/" + std::string(tail);
}

std::string_view api_version_of(std::string_view path) {
  // The last that names a namespace: an entry of the catalogue lies under ".../catalog/providers/".
  constexpr std::string_view mark = "/providers/";
  for (std::size_t at = path.rfind(mark); at != std::string_view::npos; at = path.rfind(mark, at - 1)) {
    const std::string_view behind = path.substr(at + mark.size());
    if (behind.starts_with("Open.Peering")) return "2026-11-01";
    if (behind.starts_with("Microsoft.Peering")) return "2025-05-01";
    if (behind.starts_with("Microsoft.Authorization")) return "2022-04-01";
    if (at == 0) break;
  }
  if (path.find("/resourceGroups") != std::string_view::npos) return "2021-04-01";
  return "2022-12-01";
}

Query& Query::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += "&";
  text_ += percent_encode(name) + "=" + percent_encode(value);
  return *this;
}

}  // namespace peering::cli
