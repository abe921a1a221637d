#include "api/prefix_requirements.h"

#include <algorithm>
#include <set>

#include "net/address.h"

namespace peering::api {

namespace {

using Judged = RequirementResult;
using Requirements = std::vector<Requirement>;

constexpr std::size_t sessions_needed = 2;

bool is_private_asn(net::Asn asn) {
  return (asn >= 64512 && asn <= 65534) || (asn >= 4200000000U && asn <= 4294967294U);
}

std::string route_text(const rib::Route& route) {
  std::string out =
      fmt::format("{} with the AS path {}", route.prefix.to_string(), route.attributes->as_path.to_string());
  const auto& communities = route.attributes->communities;
  if (communities.empty()) return out + " and no communities";
  out += " and the communities";
  for (const std::uint32_t community : communities) out += " " + community_text(community);
  return out;
}

bool is_exact(const rib::Route& route, const net::Prefix& prefix) {
  return route.prefix == prefix && route.attributes && route.peer;
}

// What one route must be, one requirement each.

Requirement judge_origin(const model::Expectation& expectation, const rib::Route& route) {
  Requirement out{.name = "originAsn",
                  .result = Judged::pass,
                  .expected = "an origin AS that is expected (monitoring/default)",
                  .message = "The route's origin is expected"};
  if (expectation.any_origin) out.expected = "any origin AS: none is named in monitoring/default";
  for (const net::Asn origin : route.attributes->as_path.origins()) {
    if (expectation.allows_origin(origin)) continue;
    out.result = Judged::fail;
    out.message = fmt::format("Received route for prefix {} has the origin AS{}, which is not expected",
                              route.prefix.to_string(), origin);
    out.action =
        fmt::format("Stop AS{} from announcing the prefix, or add it to the expected origins", origin);
    break;
  }
  return out;
}

Requirement judge_community(const rib::Route& route, const Settings& settings) {
  Requirement out{.name = "community",
                  .expected = "no community: the operator configured none",
                  .message = "No community is required"};
  if (!settings.peering_service_community) return out;
  const std::string wanted = community_text(*settings.peering_service_community);
  const auto& communities = route.attributes->communities;
  const bool has = std::ranges::find(communities, *settings.peering_service_community) != communities.end();
  out.result = has ? Judged::pass : Judged::fail;
  out.expected = fmt::format("the community {}", wanted);
  out.message = fmt::format("Received route for prefix {} {} the MAPS community {}", route.prefix.to_string(),
                            has ? "has" : "should have", wanted);
  if (!has) out.action = fmt::format("Let the provider add {} to the prefix on this session", wanted);
  return out;
}

Requirement judge_length(const rib::Route& route, const Settings& settings) {
  const int length = route.attributes->as_path.length(), most = settings.as_path_length_max;
  const bool fits = length <= most;
  Requirement out{
      .name = "asPathLength",
      .result = fits ? Judged::pass : Judged::fail,
      .expected = fmt::format("at most {} ASes, prepends counted", most),
      .message = fmt::format("AS path length for prefix {} is {}", route.prefix.to_string(), length)};
  if (fits) return out;
  out.message = fmt::format("AS path length for prefix {} should be <={}, it is {}", route.prefix.to_string(),
                            most, length);
  out.action = "Let the provider announce it without prepends, or over fewer networks";
  return out;
}

Requirement judge_public(const rib::Route& route) {
  const auto& asns = route.attributes->as_path.asns;
  const auto found = std::ranges::find_if(asns, [](net::Asn asn) { return is_private_asn(asn); });
  Requirement out{
      .name = "publicAsns",
      .result = found == asns.end() ? Judged::pass : Judged::fail,
      .expected = "no private AS number in the path",
      .message = fmt::format("AS path for prefix {} has public ASNs only", route.prefix.to_string())};
  if (found == asns.end()) return out;
  out.message = fmt::format("AS path for prefix {} shouldn't have any private ASN", route.prefix.to_string());
  out.action = fmt::format("Let the provider remove AS{} from the path", *found);
  return out;
}

Requirements judge_route(const model::Expectation& expectation, const rib::Route& route,
                         const Settings& settings) {
  Requirements out{judge_origin(expectation, route), judge_community(route, settings),
                   judge_length(route, settings), judge_public(route)};
  for (Requirement& each : out) {
    each.session = route.peer->key.address.to_string();
    each.seen = route_text(route);
  }
  return out;
}

std::ptrdiff_t failures(const Requirements& all) {
  return std::ranges::count(all, Judged::fail, &Requirement::result);
}

// Of several routes for the prefix the judgement of the best one; nothing when there is none.
template <class Counts>
Requirements judge_best(const model::Expectation& expectation, std::span<const rib::Route> routes,
                        const Settings& settings, Counts counts) {
  Requirements best;
  for (const rib::Route& route : routes) {
    if (!is_exact(route, expectation.prefix) || !counts(route)) continue;
    Requirements judged = judge_route(expectation, route, settings);
    if (best.empty() || failures(judged) < failures(best)) best = std::move(judged);
  }
  return best;
}

// What there is to say of routes that are not there.
void add_unseen(Requirements& out) {
  for (const std::string_view name : {"originAsn", "community", "asPathLength", "publicAsns"}) {
    out.push_back({.name = std::string(name),
                   .result = Judged::unknown,
                   .expected = "a route to judge",
                   .message = "No route for exactly this prefix is seen"});
  }
}

Requirement provider_found(const PrefixFacts& facts) {
  Requirement out{.name = "provider", .expected = "a provider of the catalogue"};
  if (facts.provider_name.empty()) {
    out.message = "The connection names no provider";
    return out;
  }
  out.seen = facts.provider_name;
  out.result = facts.provider ? Judged::pass : Judged::fail;
  out.message = facts.provider ? "The provider is in the catalogue" : "Peering service provider not found";
  if (!facts.provider) out.action = "Choose a provider of the list peeringServiceProviders";
  return out;
}

Requirement prefix_valid(const net::Prefix& prefix, const Settings& settings) {
  Requirement out{.name = "prefix",
                  .result = Judged::pass,
                  .seen = prefix.to_string(),
                  .expected = "a public prefix",
                  .message = "The prefix can be announced"};
  const bool refused = prefix.family() == net::Family::ipv6 && !settings.ipv6_allowed;
  if (!is_private(prefix) && !refused) return out;
  out.result = Judged::fail;
  out.message = fmt::format("Peering service prefix is invalid: {}",
                            refused ? "only IPv4 prefixes are supported here" : "it is private or reserved");
  out.action = "Register a prefix that is yours and public";
  return out;
}

std::string metro_text(std::string_view metro, std::string_view kind) {
  return metro.empty() ? std::string("any location") : fmt::format("its {} location {}", kind, metro);
}

Requirement primary_sessions(const PrefixFacts& facts) {
  const bool ipv4 = facts.expectation.prefix.family() == net::Family::ipv4;
  Requirement out{.name = "primarySessions",
                  .expected = fmt::format("established IPv{} sessions on two routers in {}, or one with a "
                                          "route server",
                                          ipv4 ? 4 : 6, metro_text(facts.primary_metro, "primary")),
                  .message = "The provider has no peering with this network"};
  if (!facts.network.registered) return out;
  std::set<std::string> routers;
  bool route_server = false, unknown = false;
  for (const ProviderSession* each :
       facts.network.in(facts.primary_metro, facts.expectation.prefix.family())) {
    unknown = unknown || each->session.state.empty();
    if (!each->session.established) continue;
    routers.insert(each->session.router);
    route_server = route_server || each->route_server;
  }
  for (const std::string& router : routers) out.seen += (out.seen.empty() ? "" : ", ") + router;
  if (route_server || routers.size() >= sessions_needed) {
    out.result = Judged::pass;
    out.message = "Provider has the sessions that are needed in its primary location";
    return out;
  }
  out.result = unknown ? Judged::unknown : Judged::fail;
  out.message = unknown ? "A router of the primary location tells nothing of its sessions"
                        : "Provider has fewer than two sessions in its primary location";
  out.action = "Let the provider bring up sessions with two routers, or choose another primary location";
  return out;
}

Requirement backup_sessions(const PrefixFacts& facts) {
  Requirement out{
      .name = "backupSessions",
      .expected = "an established session in the backup location, where one is chosen",
      .message = "No backup location is chosen, or the provider has no peering with this network"};
  if (!facts.network.registered || facts.backup_metro.empty()) return out;
  bool established = false, unknown = false;
  for (const ProviderSession* each :
       facts.network.in(facts.backup_metro, facts.expectation.prefix.family())) {
    established = established || each->session.established;
    unknown = unknown || each->session.state.empty();
    if (each->session.established) out.session = each->session.peer_address.to_string();
  }
  out.result = established ? Judged::pass : unknown ? Judged::unknown : Judged::fail;
  out.message = established ? "Provider has a session in its backup location"
                : unknown   ? "A router of the backup location tells nothing of its sessions"
                            : "Provider has no sessions in its backup location";
  if (!established)
    out.action = "Let the provider bring up a session there, or choose another backup location";
  return out;
}

// The customer of an AS number's key announces it; a private number the provider replaces by its own.
bool fits_key(const PrefixFacts& facts, const model::PartnerRegistration& registration) {
  if (registration.prefix) return *registration.prefix == facts.expectation.prefix;
  if (net::is_reserved(*registration.asn)) return true;
  return std::ranges::all_of(facts.routes, [&](const rib::Route& route) {
    if (!is_exact(route, facts.expectation.prefix)) return true;
    const auto origin = route.attributes->as_path.origin();
    return !origin || *origin == *registration.asn || facts.network.asns.contains(*origin);
  });
}

Requirement prefix_key(const PrefixFacts& facts) {
  Requirement out{
      .name = "prefixKey",
      .expected = "the key of an AS number or prefix that the provider registered for the customer",
      .message = "No key is given, or the provider has no peering with this network"};
  if (!facts.network.registered || facts.key.empty()) return out;
  const auto found = facts.partners.registrations.find(std::string(facts.key));
  const bool known =
      found != facts.partners.registrations.end() && facts.network.peerings.contains(found->second->peering);
  const bool fits = known && fits_key(facts, *found->second);
  out.result = fits ? Judged::pass : Judged::fail;
  out.message = fits    ? "The key is one of the provider's"
                : known ? "Peering service prefix key is not for this prefix"
                        : "Peering service prefix key is not one of the provider's";
  if (!fits) out.action = "Ask the provider for the key of this prefix or AS number, and write it anew";
  return out;
}

Requirement not_received(const net::Prefix& prefix, const ProviderSession& from, Microseconds age) {
  const std::string peer = from.session.peer_address.to_string();
  Requirement out{
      .name = "prefixReceived",
      .result = Judged::fail,
      .session = peer,
      .expected = "a route for exactly this prefix on every session of primary and backup location",
      .action = fmt::format("Let the provider announce the prefix on the session with {}", peer),
      .message = fmt::format("Not receiving prefix advertisement from IP {} for prefix {}", peer,
                             prefix.to_string())};
  if (age <= validation_patience) out.result = Judged::unknown;
  return out;
}

Requirement received(const net::Prefix& prefix, const std::string& peer, const std::string& seen) {
  return {.name = "prefixReceived",
          .result = Judged::pass,
          .session = peer,
          .seen = seen,
          .expected = "a route for exactly this prefix",
          .message = fmt::format("Receiving prefix advertisement from IP {} for prefix {}", peer,
                                 prefix.to_string())};
}

// By one session: that the prefix is there, and what its route must be.
Requirements judge_session(const model::Expectation& expectation, std::span<const rib::Route> routes,
                           const ProviderSession& from, const Settings& settings, Microseconds age) {
  const std::string peer = from.session.peer_address.to_string();
  if (!from.session.established) {
    return {
        {.name = "prefixReceived",
         .result = from.session.state.empty() ? Judged::unknown : Judged::not_applicable,
         .session = peer,
         .seen = from.session.state.empty() ? "nothing of this session" : "the state " + from.session.state,
         .expected = "a route for exactly this prefix, once the session is established",
         .message = fmt::format("The session with {} is not established", peer)}};
  }
  Requirements judged =
      judge_best(expectation, routes, settings, [&](const rib::Route& route) { return from.carries(route); });
  if (judged.empty()) return {not_received(expectation.prefix, from, age)};
  judged.insert(judged.begin(), received(expectation.prefix, peer, judged.front().seen));
  return judged;
}

void add_of_sessions(const PrefixFacts& facts, Requirements& out) {
  const net::Family family = facts.expectation.prefix.family();
  std::vector<const ProviderSession*> sessions = facts.network.in(facts.primary_metro, family);
  if (!facts.primary_metro.empty() && !facts.backup_metro.empty()) {
    const auto backup = facts.network.in(facts.backup_metro, family);
    sessions.insert(sessions.end(), backup.begin(), backup.end());
  }
  for (const ProviderSession* each : sessions) {
    const Requirements judged =
        judge_session(facts.expectation, facts.routes, *each, facts.settings, facts.age);
    out.insert(out.end(), judged.begin(), judged.end());
  }
}

// Without sessions of the provider a route from anywhere will do.
void add_of_any_route(const PrefixFacts& facts, Requirements& out) {
  const Requirements judged =
      judge_best(facts.expectation, facts.routes, facts.settings, [](const rib::Route&) { return true; });
  if (!judged.empty()) {
    out.push_back(received(facts.expectation.prefix, judged.front().session, judged.front().seen));
    out.insert(out.end(), judged.begin(), judged.end());
    return;
  }
  out.push_back({.name = "prefixReceived",
                 .result = facts.age > validation_patience ? Judged::fail : Judged::unknown,
                 .expected = "a route for exactly this prefix",
                 .action = "Let the provider announce the prefix",
                 .message = "Prefix is not announced by the service provider"});
  add_unseen(out);
}

}  // namespace

bool is_private(const net::Prefix& prefix) {
  static const std::vector<net::Prefix> ranges = [] {
    std::vector<net::Prefix> out;
    for (const std::string_view text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
          "192.168.0.0/16", "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8"}) {
      out.push_back(*net::Prefix::parse(text));
    }
    return out;
  }();
  return std::ranges::any_of(ranges, [&](const net::Prefix& range) { return range.covers(prefix); });
}

std::vector<Requirement> prefix_requirements(const PrefixFacts& facts) {
  Requirements out{provider_found(facts), prefix_valid(facts.expectation.prefix, facts.settings),
                   primary_sessions(facts), backup_sessions(facts), prefix_key(facts)};
  if (facts.network.registered) {
    add_of_sessions(facts, out);
  } else {
    add_of_any_route(facts, out);
  }
  return out;
}

std::vector<Requirement> registered_prefix_requirements(const net::Prefix& prefix,
                                                        std::span<const rib::Route> routes,
                                                        std::span<const ProviderSession> sessions,
                                                        const Settings& settings, Microseconds age) {
  model::Expectation expectation;
  expectation.prefix = prefix;
  expectation.any_origin = true;
  Requirements out{prefix_valid(prefix, settings)};
  std::string missing;
  Judged outcome = Judged::not_applicable;
  for (const ProviderSession& each : sessions) {
    if (each.session.peer_address.is_v4() != (prefix.family() == net::Family::ipv4)) continue;
    Requirements judged = judge_session(expectation, routes, each, settings, age);
    std::erase_if(judged, [](const Requirement& one) { return one.name == "originAsn"; });
    for (Requirement& one : judged) {
      if (one.result != Judged::fail) continue;
      // In the words that partners know; the whole list of addresses is in each of them.
      if (one.name == "community") one.message = "Advertisement missing MAPS community";
      if (one.name == "asPathLength" || one.name == "publicAsns") one.message = "AS path isn't correct";
      if (one.name == "prefixReceived") missing += (missing.empty() ? "" : ", ") + one.session;
    }
    outcome = outcome == Judged::pass ? outcome : judged.front().result;
    out.insert(out.end(), judged.begin(), judged.end());
  }
  for (Requirement& one : out) {
    if (one.name == "prefixReceived" && one.result == Judged::fail) {
      one.message = "Prefix not received from IP " + missing;
    }
  }
  if (outcome == Judged::not_applicable) {
    out.push_back({.name = "prefixReceived",
                   .result = age > validation_patience ? Judged::fail : Judged::unknown,
                   .expected = "an established session of the prefix's family",
                   .action = "Bring up a session of the peering",
                   .message = "Prefix not received from IP: no session of the peering is established"});
  }
  return out;
}

std::string_view to_string(RequirementResult result) {
  switch (result) {
    case Judged::pass:
      return "pass";
    case Judged::fail:
      return "fail";
    case Judged::unknown:
      return "unknown";
    case Judged::not_applicable:
      break;
  }
  return "notApplicable";
}

json::object to_json(const Requirement& requirement) {
  json::object out{{"name", requirement.name}, {"result", to_string(requirement.result)}};
  if (!requirement.session.empty()) out["session"] = requirement.session;
  if (!requirement.seen.empty()) out["seen"] = requirement.seen;
  out["expected"] = requirement.expected;
  out["action"] = requirement.action;
  out["message"] = requirement.message;
  return out;
}

std::string community_text(std::uint32_t community) {
  return fmt::format("{}:{}", community >> 16, community & 0xFFFF);
}

}  // namespace peering::api
