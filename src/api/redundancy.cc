// Open.Peering/redundancy: whether the site that a connection belongs to would really survive the loss of a
// metro, of a router or partner, or of a network on the way.
//
// A site is the connections of one subscription with the same tag `site`, or `group` where there is no such
// tag. A connection without either is a site of its own.
#include <algorithm>
#include <set>

#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/observed.h"
#include "api/provider_network.h"
#include "api/route_document.h"
#include "api/validation.h"

namespace peering::api {

namespace {

constexpr std::size_t services_max = 100'000, connections_max = 100, prefixes_max = 200;

std::string tag_of(const json::object& service, std::string_view name) {
  const json::value* tags = service.if_contains("tags");
  if (!tags || !tags->is_object()) return {};
  for (const auto& tag : tags->get_object()) {
    if (arm::same_name(tag.key(), name) && tag.value().is_string())
      return std::string(tag.value().get_string());
  }
  return {};
}

std::string site_of(const json::object& service) {
  const std::string site = tag_of(service, "site");
  return site.empty() ? tag_of(service, "group") : site;
}

struct Site {
  std::string name;  // empty: one connection without a tag
  std::vector<Record> connections;
};

arm::Expected<Site> load_site(const Call& call, const Record& own) {
  Site out{site_of(own.document), {own}};
  if (out.name.empty()) return out;
  const std::string subscription =
      fmt::format("/subscriptions/{}/", model::lower(call.parameter("subscriptionId")));
  auto all = load_all(call, peering_service_type, subscription, services_max);
  if (!all) return tl::unexpected(all.error());
  for (Record& each : *all) {
    if (out.connections.size() >= connections_max) break;
    if (each.stored.key == own.stored.key || site_of(each.document) != out.name) continue;
    if (may_know(call.caller, each.stored.key)) out.connections.push_back(std::move(each));
  }
  return out;
}

// A prefix of the site with what is seen of it.
struct SitePrefix {
  model::RegisteredPrefix prefix;
  ChosenProvider chosen;
  std::vector<rib::Route> routes;
  std::set<std::string> backup_routers;  // that announce a backup route now
};

// What is there of the site now.
struct View {
  std::set<std::string> metros, partners, routers;
  std::set<net::Asn> partner_asns;
  std::vector<SitePrefix> prefixes;
};

// The routers that announce a backup route.
std::set<std::string> backup_routers(const SitePrefix& one, const ProviderNetwork& network) {
  const auto sessions = network.in(one.chosen.backup_metro, one.prefix.expectation.prefix.family());
  std::set<std::string> out;
  for (const rib::Route& route : one.routes) {
    const bool in_backup_metro =
        !one.chosen.backup_metro.empty() && route.prefix == one.prefix.expectation.prefix &&
        std::ranges::any_of(sessions, [&](const ProviderSession* each) { return each->carries(route); });
    if (in_backup_metro || is_backup(one.prefix.expectation, route)) out.insert(route.peer->key.router);
  }
  return out;
}

void note_routers(const SitePrefix& one, View& out) {
  for (const rib::Route& route : one.routes) {
    if (route.prefix == one.prefix.expectation.prefix) out.routers.insert(route.peer->key.router);
  }
}

arm::Expected<void> add_prefix(const Call& call, const Record& record, const ChosenProvider& chosen,
                               const ProviderNetwork& network, View& out) {
  auto prefix = registered_prefix_of(call, record);
  if (!prefix) return tl::unexpected(prefix.error());
  auto routes = call.services.routes(prefix->expectation.prefix);
  if (!routes) return arm::failed(routes.error());
  std::erase_if(*routes, [](const rib::Route& route) { return !route.peer || !route.attributes; });
  SitePrefix one{std::move(*prefix), chosen, std::move(*routes), {}};
  one.backup_routers = backup_routers(one, network);
  note_routers(one, out);
  out.prefixes.push_back(std::move(one));
  return {};
}

// What is left of the view without feeds that are not heard.
View heard_part(const model::UnheardFeeds& unheard, View view) {
  view.routers.clear();
  for (SitePrefix& one : view.prefixes) {
    one.routes = heard_routes(unheard, one.routes);
    std::erase_if(one.backup_routers, [&](const auto& router) { return unheard.feeds.contains(router); });
    note_routers(one, view);
  }
  return view;
}

arm::Expected<View> look_at(const Call& call, const Site& site) {
  View out;
  const CatalogPointer catalog = call.services.catalog();
  const model::RegistryPointer registry = call.services.registry();
  const model::BgpSessionsPointer sessions = call.services.sessions();
  for (const Record& connection : site.connections) {
    const ChosenProvider chosen = chosen_provider(connection.document);
    const ServiceProvider* provider = catalog->find_provider(chosen.name);
    const ProviderNetwork network = network_of(provider, registry->partners, *sessions);
    if (!chosen.name.empty()) out.partners.insert(model::lower(chosen.name));
    for (const std::string& metro : {chosen.primary_metro, chosen.backup_metro}) {
      if (!metro.empty()) out.metros.insert(model::lower(metro));
    }
    out.partner_asns.insert(network.asns.begin(), network.asns.end());
    if (provider) out.partner_asns.insert(provider->asns.begin(), provider->asns.end());
    const auto prefixes =
        load_all(call, prefix_type, connection.stored.key + "/prefixes/", prefixes_max - out.prefixes.size());
    if (!prefixes) return tl::unexpected(prefixes.error());
    for (const Record& prefix : *prefixes) {
      if (auto done = add_prefix(call, prefix, chosen, network, out); !done)
        return tl::unexpected(done.error());
    }
  }
  return out;
}

std::string joined(const std::set<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

json::object requirement(std::string_view name, bool met, std::string seen, std::string_view action) {
  return json::object{{"name", name},
                      {"result", met ? "pass" : "fail"},
                      {"seen", seen.empty() ? std::string("none") : std::move(seen)},
                      {"action", met ? "" : action}};
}

// The networks on the way: without the origin, and without the partners, who are judged on their own.
std::set<net::Asn> on_the_way(const View& view, const rib::Route& route) {
  const wire::bgp::AsPath& path = route.attributes->as_path;
  std::set<net::Asn> out(path.asns.begin(), path.asns.end());
  for (const net::Asn origin : path.origins()) out.erase(origin);
  for (const net::Asn partner : view.partner_asns) out.erase(partner);
  return out;
}

json::object disjoint_paths(const View& view) {
  std::vector<const rib::Route*> routes;
  for (const SitePrefix& one : view.prefixes) {
    for (const rib::Route& route : one.routes) {
      if (route.prefix == one.prefix.expectation.prefix) routes.push_back(&route);
    }
  }
  constexpr std::size_t compared_max = 200;
  if (routes.size() > compared_max) routes.resize(compared_max);
  std::set<std::string> seen;
  for (const rib::Route* route : routes) seen.insert(route->attributes->as_path.to_string());
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const std::set<net::Asn> way = on_the_way(view, *routes[i]);
    for (std::size_t j = i + 1; j < routes.size(); ++j) {
      if (routes[i]->peer->key.address == routes[j]->peer->key.address) continue;
      const auto shares = [&](net::Asn asn) { return way.contains(asn); };
      if (std::ranges::any_of(on_the_way(view, *routes[j]), shares)) continue;
      return requirement("disjointPaths", true,
                         fmt::format("{} and {}", routes[i]->attributes->as_path.to_string(),
                                     routes[j]->attributes->as_path.to_string()),
                         "");
    }
  }
  return requirement("disjointPaths", false, joined(seen),
                     "Let the partners announce over networks that have no AS in common");
}

json::array judge(const View& view) {
  std::set<std::string> without;
  for (const SitePrefix& one : view.prefixes) {
    if (one.backup_routers.empty()) without.insert(one.prefix.expectation.prefix.to_string());
  }
  const bool announced = !view.prefixes.empty() && without.empty();
  const bool two_partners = view.partners.size() >= 2, two_routers = view.routers.size() >= 2;
  return {requirement("twoMetros", view.metros.size() >= 2, joined(view.metros),
                      "Choose a backup location, or add a connection in another metro to the site"),
          requirement("twoPartnersOrRouters", two_partners || two_routers,
                      fmt::format("partners: {}; routers: {}", joined(view.partners), joined(view.routers)),
                      "Add a connection of another partner, or let the partner announce on two routers"),
          disjoint_paths(view),
          requirement("backupAnnounced", announced,
                      announced ? "a backup route for every prefix"
                                : "no backup route for " + (without.empty() ? "any prefix" : joined(without)),
                      "Let the partner announce the prefixes in the backup location too")};
}

// What only feeds that are not heard say is unknown. Gives those feeds.
std::vector<NotObserved> doubt(const model::UnheardFeeds& unheard, const View& view,
                               json::array& requirements) {
  std::set<std::string> routers;
  for (const SitePrefix& one : view.prefixes) {
    for (const rib::Route& route : one.routes) routers.insert(route.peer->key.router);
  }
  std::vector<NotObserved> missing;
  for (const auto& [router, feed] : unheard.feeds) {
    if (routers.contains(router)) missing.push_back({router, feed.since, feed.reason});
  }
  if (missing.empty()) return {};
  const json::array confirmed = judge(heard_part(unheard, view));
  bool doubtful = false;
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    json::object& each = requirements[i].as_object();
    if (each.at("result") == confirmed[i].at("result")) continue;
    each["result"] = "unknown";
    each["action"] = "Not observed: " + in_words(missing);
    doubtful = true;
  }
  return doubtful ? missing : std::vector<NotObserved>();
}

// The newest event that says that traffic took another path.
arm::Expected<std::optional<model::Event>> last_failover(const Call& call, const Site& site) {
  std::optional<model::Event> out;
  for (const Record& connection : site.connections) {
    for (const std::string_view type : {"PrefixActivePath", "PrefixBackupPath"}) {
      store::EventQuery query;
      query.scope = connection.stored.key;
      query.type = type;
      query.limit = 1;
      const auto page = call.services.telemetry.events(query);
      if (!page) return arm::failed(page.error());
      if (page->events.empty() || (out && out->first_seen >= page->events.front().first_seen)) continue;
      out = page->events.front();
    }
  }
  return out;
}

}  // namespace

arm::Answer get_redundancy(Call& call) {
  const auto own = load_existing(call, call.base_key());
  if (!own) return tl::unexpected(own.error());
  const auto site = load_site(call, *own);
  if (!site) return tl::unexpected(site.error());
  const auto view = look_at(call, *site);
  if (!view) return tl::unexpected(view.error());
  const auto failover = last_failover(call, *site);
  if (!failover) return tl::unexpected(failover.error());
  json::array requirements = judge(*view), connections;
  const std::vector<NotObserved> missing = doubt(*unheard_feeds(call), *view, requirements);
  for (const Record& each : site->connections) connections.push_back(each.document.at("id"));
  const bool redundant = std::ranges::all_of(
      requirements, [](const json::value& each) { return find_string(each, "result") == "pass"; });
  json::object out{{"redundant", redundant},
                   {"site", site->name},
                   {"connections", std::move(connections)},
                   {"requirements", std::move(requirements)}};
  mark_observed(out, missing);
  if (const auto& event = *failover) {
    out["lastFailover"] = json::object{{"time", format_rfc3339(event->first_seen)},
                                       {"event", event->id.value},
                                       {"connection", event->connection},
                                       {"summary", event->summary}};
  }
  return arm::json_response(200, out);
}

}  // namespace peering::api
