// A look into the routing table for any prefix or address, registered or not.
#include <charconv>

#include "api/arm/names.h"
#include "api/handlers.h"
#include "api/observed.h"
#include "api/route_document.h"

namespace peering::api {

namespace {

constexpr std::size_t routes_max = 1000;

arm::Expected<void> read_prefix(const std::string& text, rib::RouteSearch& out) {
  if (text.find('/') != std::string::npos) {
    const auto prefix = net::Prefix::parse(text);
    if (!prefix) return arm::refuse(400, "BadArgument", prefix.error().message);
    out.prefix = *prefix;
    return {};
  }
  const auto address = net::Address::parse(text);
  if (!address) return arm::bad_argument("prefix", text, "an IPv4 or IPv6 prefix or address");
  out.prefix = net::Prefix(*address, net::address_bits(address->family()));
  out.longest_match = true;
  return {};
}

arm::Expected<void> read_relations(std::string_view text, rib::RouteSearch& out) {
  out.exact = false;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    if (arm::same_name(part, "exact")) {
      out.exact = true;
    } else if (arm::same_name(part, "covering")) {
      out.covering = true;
    } else if (arm::same_name(part, "moreSpecific")) {
      out.more_specific = true;
    } else {
      return arm::bad_argument("relation", part, "exact, covering, moreSpecific, separated by commas");
    }
    if (part.size() == text.size()) return {};
    text.remove_prefix(part.size() + 1);
  }
}

arm::Expected<void> read_limit(const std::string& text, rib::RouteSearch& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out.limit);
  const bool number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!number || out.limit == 0 || out.limit > routes_max) {
    return arm::bad_argument("top", text, "a number from 1 to 1000");
  }
  return {};
}

arm::Expected<rib::RouteSearch> read_search(const arm::Query& query) {
  rib::RouteSearch out;
  out.limit = routes_max;
  if (auto ok = read_prefix(query.get("prefix").value_or(""), out); !ok) return tl::unexpected(ok.error());
  if (const auto relations = query.get("relation")) {
    if (auto ok = read_relations(*relations, out); !ok) return tl::unexpected(ok.error());
  }
  if (const auto peer = query.get("peer")) {
    const auto address = net::Address::parse(*peer);
    if (!address) return arm::bad_argument("peer", *peer, "an IPv4 or IPv6 address");
    out.peer = *address;
  }
  if (const auto top = query.get("top")) {
    if (auto ok = read_limit(*top, out); !ok) return tl::unexpected(ok.error());
  }
  return out;
}

// What is expected of the prefix where it is registered: that decides on the role of a route.
model::Expectation expectation_of(const model::Registry& registry, const net::Prefix& prefix) {
  const auto* registered = registry.watch.exact(prefix);
  if (registered && !registered->empty()) return registered->front()->expectation;
  model::Expectation out;
  out.prefix = prefix;
  return out;
}

}  // namespace

arm::Answer search_routes(Call& call) {
  const auto search = read_search(call.query);
  if (!search) return tl::unexpected(search.error());
  const auto found = call.services.search_routes(*search);
  if (!found) return arm::failed(found.error());
  const model::Expectation expectation = expectation_of(*call.services.registry(), found->prefix);
  const rib::VrpTablePointer vrps = call.services.vrps ? call.services.vrps() : nullptr;
  json::array routes;
  const model::UnheardFeedsPointer unheard = unheard_feeds(call);
  for (const rib::Route& route : found->routes) {
    routes.push_back(shown_route(expectation, route, vrps, *unheard));
  }
  json::object out{{"routes", std::move(routes)}};
  if (found->truncated) out["truncated"] = true;
  return arm::json_response(200, out);
}

}  // namespace peering::api
