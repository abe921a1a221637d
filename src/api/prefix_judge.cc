#include "api/prefix_judge.h"

#include <utility>

namespace peering::api {

PrefixJudge::PrefixJudge(CatalogPointer catalog, model::RegistryPointer registry,
                         model::BgpSessionsPointer sessions, const Settings& settings, Routes routes)
    : catalog_(std::move(catalog)),
      registry_(std::move(registry)),
      sessions_(std::move(sessions)),
      settings_(settings),
      routes_(std::move(routes)) {}

const ProviderNetwork& PrefixJudge::network(const std::string& provider) {
  const auto found = networks_.find(provider);
  if (found != networks_.end()) return found->second;
  return networks_
      .emplace(provider, network_of(catalog_->find_provider(provider), registry_->partners, *sessions_))
      .first->second;
}

PrefixValidation PrefixJudge::judge(const model::RegisteredPrefix& prefix, const ChosenProvider& chosen,
                                    TimePoint at) {
  const auto routes = routes_(prefix.expectation.prefix);
  return routes ? judge(prefix, chosen, at, *routes) : validation_without_routes();
}

PrefixValidation PrefixJudge::judge(const model::RegisteredPrefix& prefix, const ChosenProvider& chosen,
                                    TimePoint at, std::span<const rib::Route> routes) {
  return validate_prefix({.expectation = prefix.expectation,
                          .routes = routes,
                          .provider_name = chosen.name,
                          .provider = catalog_->find_provider(chosen.name),
                          .primary_metro = chosen.primary_metro,
                          .backup_metro = chosen.backup_metro,
                          .key = prefix.key,
                          .partners = registry_->partners,
                          .network = network(chosen.name),
                          .settings = settings_,
                          .age = at - prefix.changed_at});
}

PrefixValidation PrefixJudge::judge_registered(const net::Prefix& prefix, const json::object& peering,
                                               Microseconds age) {
  const auto routes = routes_(prefix);
  if (!routes) return validation_without_routes();
  return validate_registered_prefix(prefix, *routes, sessions_of(peering, *sessions_), settings_, age);
}

}  // namespace peering::api
