// The looking glass: what our routers know about an address, as text for people.
#include <algorithm>

#include "api/arm/names.h"
#include "api/handlers.h"
#include "api/prefix_validation.h"

namespace peering::api {

namespace {

constexpr std::size_t routes_max = 100;

// One of the names, as it is spelled there.
arm::Expected<std::string_view> read_choice(const Call& call, std::string_view parameter,
                                            std::initializer_list<std::string_view> names) {
  const std::string given = call.query.get(parameter).value_or("");
  std::string rule;
  for (const std::string_view name : names) {
    if (arm::same_name(name, given)) return name;
    rule += rule.empty() ? "one of " : ", ";
    rule += name;
  }
  return arm::bad_argument(parameter, given, rule);
}

void append_route(const rib::Route& route, std::string& out) {
  const wire::bgp::PathAttributes& attributes = *route.attributes;
  const rib::Peer& peer = *route.peer;
  out += fmt::format("  AS path: {}\n", attributes.as_path.to_string());
  out += fmt::format("    router {}, peer {} AS{}", peer.key.router, peer.key.address.to_string(), peer.asn);
  if (attributes.next_hop) out += fmt::format(", next hop {}", attributes.next_hop->to_string());
  out += fmt::format("\n    received {}", format_rfc3339(route.received_at));
  if (!attributes.communities.empty()) out += "\n    communities";
  for (const std::uint32_t community : attributes.communities) out += " " + community_text(community);
  out += '\n';
}

// Routes of the routers at the source, or of all when none there has one.
std::string route_text(const rib::FoundRoutes& found, std::string_view source, std::string_view address) {
  if (found.routes.empty()) return fmt::format("No BGP route to {}\n", address);
  const auto at_source = [&](const rib::Route& route) { return arm::same_name(route.peer->pop, source); };
  const bool known = std::ranges::any_of(found.routes, at_source);
  std::string out = fmt::format("BGP routing table entry for {}\n", found.prefix.to_string());
  out += known ? fmt::format("Routes of the routers at {}:\n", source)
               : fmt::format("Routes of all routers (none at {}):\n", source);
  for (const rib::Route& route : found.routes) {
    if (!known || at_source(route)) append_route(route, out);
  }
  if (found.truncated) out += "There are more routes.\n";
  return out;
}

}  // namespace

arm::Answer invoke_looking_glass(Call& call) {
  const auto command = read_choice(call, "command", {"Traceroute", "Ping", "BgpRoute"});
  if (!command) return tl::unexpected(command.error());
  const auto source_type = read_choice(call, "sourceType", {"EdgeSite", "AzureRegion"});
  if (!source_type) return tl::unexpected(source_type.error());
  const std::string source = call.query.get("sourceLocation").value_or("");
  if (source.empty()) return arm::bad_argument("sourceLocation", source, "a name of an edge site or region");
  const std::string text = call.query.get("destinationIP").value_or("");
  const auto address = net::Address::parse(text);
  if (!address) return arm::bad_argument("destinationIP", text, "an IPv4 or IPv6 address");
  if (*command != "BgpRoute") {
    return arm::bad_argument("command", *command, "BgpRoute: this server does not send probes");
  }
  rib::RouteSearch search;
  search.prefix = net::Prefix(*address, net::address_bits(address->family()));
  search.longest_match = true;
  search.limit = routes_max;
  const auto found = call.services.search_routes(search);
  if (!found) return arm::failed(found.error());
  return arm::json_response(
      200, json::object{{"command", *command}, {"output", route_text(*found, source, address->to_string())}});
}

}  // namespace peering::api
