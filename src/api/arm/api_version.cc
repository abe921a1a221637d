#include "api/arm/api_version.h"

#include <algorithm>
#include <array>

#include "api/arm/names.h"

namespace peering::api::arm {

namespace {

constexpr std::array<std::string_view, 11> peering_versions = {
    "2025-05-01",         "2022-10-01",         "2022-06-01",         "2022-01-01",
    "2021-06-01",         "2021-01-01",         "2020-10-01",         "2020-04-01",
    "2020-01-01-preview", "2019-09-01-preview", "2019-08-01-preview",
};
constexpr std::array<std::string_view, 9> authorization_versions = {
    "2022-04-01",         "2022-05-01-preview", "2021-04-01-preview",
    "2020-10-01-preview", "2020-08-01-preview", "2020-04-01-preview",
    "2018-09-01-preview", "2018-01-01-preview", "2015-07-01",
};
constexpr std::array<std::string_view, 1> open_peering_versions = {"2026-11-01"};
// Subscriptions, resource groups and provider registration: what the clients of the last ten years send.
constexpr std::array<std::string_view, 27> resource_manager_versions = {
    "2025-04-01", "2025-03-01", "2024-11-01", "2024-08-01", "2024-07-01", "2024-03-01", "2023-07-01",
    "2022-12-01", "2022-09-01", "2022-01-01", "2021-04-01", "2021-01-01", "2020-10-01", "2020-08-01",
    "2020-06-01", "2020-01-01", "2019-11-01", "2019-10-01", "2019-08-01", "2019-07-01", "2019-06-01",
    "2019-05-10", "2018-05-01", "2017-05-10", "2016-09-01", "2016-06-01", "2015-11-01",
};
// What Azure Monitor's published clients send for metrics, their definitions and namespaces, and for the
// Activity Log.
constexpr std::array<std::string_view, 13> insights_versions = {
    "2024-02-01", "2023-10-01",         "2022-04-01-preview", "2021-05-01",         "2019-07-01",
    "2018-01-01", "2017-12-01-preview", "2017-05-01-preview", "2017-03-01-preview", "2016-09-01",
    "2016-03-01", "2015-04-01",         "2014-04-01",
};

}  // namespace

std::span<const std::string_view> api_versions(std::string_view name_space) {
  if (name_space.empty() || same_name(name_space, "Microsoft.Resources")) return resource_manager_versions;
  if (same_name(name_space, "Microsoft.Peering")) return peering_versions;
  if (same_name(name_space, "Microsoft.Insights")) return insights_versions;
  if (same_name(name_space, "Open.Peering")) return open_peering_versions;
  if (same_name(name_space, "Microsoft.Authorization")) return authorization_versions;
  return {};
}

bool is_since(std::string_view version, std::string_view first) { return version >= first; }

Expected<void> check_api_version(std::string_view name_space, const std::optional<std::string>& version) {
  if (!version || version->empty()) {
    return refuse(400, "MissingApiVersionParameter",
                  "The api-version query parameter (?api-version=) is required for all requests.");
  }
  const auto known = api_versions(name_space);
  if (known.empty() || std::ranges::any_of(known, [&](auto v) { return same_name(v, *version); })) return {};
  std::string supported;
  for (const std::string_view each : known) {
    if (!supported.empty()) supported += ",";
    supported += each;
  }
  return refuse(400, "InvalidApiVersionParameter",
                fmt::format("{} The supported versions are '{}'.",
                            invalid("api-version", *version, "a supported version").message, supported));
}

}  // namespace peering::api::arm
