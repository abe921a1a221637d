// Judges prefixes by what is in force now: the catalogue, the registry, the sessions and the routes. One
// value of each for all prefixes that it judges, so that the answers of one list agree.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/prefix_validation.h"

namespace peering::api {

/// What a connection chose.
struct ChosenProvider {
  std::string name;  ///< empty: none
  std::string primary_metro, backup_metro;
};

/// Not thread-safe; lives for one request or one round. What it is made of must outlive it.
class PrefixJudge {
 public:
  using Routes = std::function<Result<std::vector<rib::Route>>(const net::Prefix&)>;

  PrefixJudge(CatalogPointer catalog, model::RegistryPointer registry, model::BgpSessionsPointer sessions,
              const Settings& settings, Routes routes);

  PrefixValidation judge(const model::RegisteredPrefix& prefix, const ChosenProvider& chosen, TimePoint at);
  /// The same with the routes at hand.
  PrefixValidation judge(const model::RegisteredPrefix& prefix, const ChosenProvider& chosen, TimePoint at,
                         std::span<const rib::Route> routes);
  /// A prefix that a partner registered with a peering (its stored document).
  PrefixValidation judge_registered(const net::Prefix& prefix, const json::object& peering, Microseconds age);

 private:
  // Found once for each provider.
  const ProviderNetwork& network(const std::string& provider);

  CatalogPointer catalog_;
  model::RegistryPointer registry_;
  model::BgpSessionsPointer sessions_;
  const Settings& settings_;
  Routes routes_;
  std::map<std::string, ProviderNetwork> networks_;
};

}  // namespace peering::api
