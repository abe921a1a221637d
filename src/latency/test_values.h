// Registries and bins for the tests of this room.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "latency/sample_log.h"
#include "model/registry.h"

namespace peering::latency {

inline net::Prefix prefix_of(std::string_view text) { return net::Prefix::parse(text).value(); }

/// ARM id of a registered prefix, as created.
inline std::string resource_of(std::string_view name) {
  return fmt::format(
      "/subscriptions/S/resourceGroups/g/providers/Microsoft.Peering/peeringServices/c/prefixes/{}", name);
}

/// A registry of prefixes with their names.
inline model::Registry registry_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> prefixes) {
  model::Registry out;
  for (const auto& [name, text] : prefixes) {
    auto registered = std::make_shared<model::RegisteredPrefix>();
    registered->resource = resource_of(name);
    registered->expectation.prefix = prefix_of(text);
    out.prefixes[model::lower(registered->resource)] = registered;
    out.watch[prefix_of(text)].push_back(registered);
  }
  return out;
}

inline model::SeriesKey series_of(std::string_view client, std::string pop = "AMS",
                                  model::SampleKind kind = model::SampleKind::srtt,
                                  std::string source = "edge-1") {
  return {model::lower(resource_of("p")), prefix_of(client), std::move(pop), kind, std::move(source)};
}

}  // namespace peering::latency
