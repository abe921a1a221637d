// The table behind the configuration: one row a key.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/configuration.h"

namespace peering::app {

/// Where a value goes and which type it has.
using Target = std::variant<std::string*, std::int64_t*, bool*, double*, std::chrono::seconds*,
                            std::vector<std::string>*>;
/// Says why a value is refused; empty when it is fine.
using Rule = std::string (*)(const Target& value);

struct Setting {
  std::string_view section;  ///< "http", "feeds.bmp"; empty for the top
  std::string_view key;
  Target target;
  std::string_view text;  ///< what it is, with units
  Rule rule = nullptr;
  bool required = false;
};

/// Every single key, bound to the fields of `configuration`.
std::vector<Setting> settings_of(Configuration& configuration);
/// The keys of one entry of an array of tables.
std::vector<Setting> settings_of(AuthIssuer& issuer);
std::vector<Setting> settings_of(Pop& pop);
std::vector<Setting> settings_of(Router& router);
std::vector<Setting> settings_of(MonitoredAsEntry& as);
std::vector<Setting> settings_of(MrtFeed& feed);
std::vector<Setting> settings_of(RpkiCache& cache);
std::vector<Setting> settings_of(RisFeed& feed);
std::vector<Setting> settings_of(BgpNeighborEntry& neighbor);
std::vector<Setting> settings_of(KafkaFeed& feed);
std::vector<Setting> settings_of(LatencyFile& file);
std::vector<Setting> settings_of(LatencyMetric& metric);

/// The value as TOML.
std::string toml_value(const Target& target);

}  // namespace peering::app
