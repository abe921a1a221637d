// The looking glass: what our routers know about an address, and what this server's probes meet on the way to
// it, as text for people.
#include <algorithm>

#include "api/arm/names.h"
#include "api/handlers.h"
#include "api/prefix_validation.h"
#include "api/probe_text.h"

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

// "West US 2" and "westus2" are one region.
std::string without_blanks(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

// Probes leave from where this server stands, and nowhere else.
arm::Expected<void> check_source(const Call& call, std::string_view source_type, const std::string& source) {
  const Settings& settings = call.services.settings;
  const std::string& pop = settings.probe_pop;
  if (pop.empty()) {
    return arm::bad_argument("sourceLocation", source,
                             "a place that probes are sent from; this server has none ([probe] pop)");
  }
  if (source_type == "EdgeSite") {
    if (arm::same_name(source, pop) || arm::same_name(source, settings.probe_metro)) return {};
    return arm::bad_argument("sourceLocation", source,
                             fmt::format("{}: probes are sent from there only", pop));
  }
  const CatalogPointer catalog = call.services.catalog();
  const Metro* metro = catalog->find_metro(settings.probe_metro);
  const std::string region = metro ? metro->azure_region : "";
  if (region.empty()) {
    return arm::bad_argument("sourceType", source_type,
                             fmt::format("EdgeSite: nothing is known of the region of {}", pop));
  }
  if (arm::same_name(without_blanks(source), without_blanks(region))) return {};
  return arm::bad_argument("sourceLocation", source,
                           fmt::format("{}: probes are sent from there only", region));
}

arm::Failure failure_of(const model::ProbeRefusal& refusal, std::string_view command,
                        const std::string& destination) {
  using Why = model::ProbeRefusal::Why;
  switch (refusal.why) {
    case Why::denied:
      return arm::bad_argument("destinationIP", destination, "an address that is probed: " + refusal.message)
          .value();
    case Why::busy:
      return {429,
              "TooManyRequests",
              fmt::format("{}; try again after {} seconds.", refusal.message, refusal.retry_after.count()),
              {{"Retry-After", std::to_string(refusal.retry_after.count())}}};
    case Why::impossible:
      return {503,
              "ServiceUnavailable",
              "This server may not send ICMP echoes; its log says what is missing.",
              {{"Retry-After", "60"}}};
    case Why::off:
      break;
  }
  return arm::bad_argument("command", command, "BgpRoute: this server does not send probes").value();
}

http::Response output_response(std::string_view command, const std::string& output) {
  return arm::json_response(200, json::object{{"command", command}, {"output", output}});
}

http::Response report_response(std::string_view command, const net::Address& destination,
                               const model::ProbeReport& report) {
  if (report.answers.empty() && report.hops.empty()) {
    return arm::to_response({503, "ServiceUnavailable", "The server is stopping.", {{"Retry-After", "5"}}});
  }
  return output_response(
      command, command == "Ping" ? ping_text(destination, report) : traceroute_text(destination, report));
}

// Answered when the probes are: nobody waits for them on a worker.
arm::Answer send_probes(Call& call, std::string_view command, const net::Address& destination) {
  if (!call.services.probe) return tl::unexpected(failure_of({}, command, ""));
  model::ProbeOrder order;
  order.command =
      command == "Ping" ? model::ProbeOrder::Command::ping : model::ProbeOrder::Command::traceroute;
  order.destination = destination;
  order.subscription = model::lower(call.parameter("subscriptionId"));
  http::Response out;
  out.later = [&probe = call.services.probe, order,
               command](const std::function<void(http::Response)>& answer) {
    const auto refusal = probe(order, [=](const model::ProbeReport& report) {
      answer(report_response(command, order.destination, report));
    });
    if (refusal) {
      answer(arm::to_response(failure_of(*refusal, command, order.destination.to_string())));
    }
  };
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
    if (auto ok = check_source(call, *source_type, source); !ok) return tl::unexpected(ok.error());
    return send_probes(call, *command, *address);
  }
  rib::RouteSearch search;
  search.prefix = net::Prefix(*address, net::address_bits(address->family()));
  search.longest_match = true;
  search.limit = routes_max;
  const auto found = call.services.search_routes(search);
  if (!found) return arm::failed(found.error());
  return output_response(*command, route_text(*found, source, address->to_string()));
}

}  // namespace peering::api
