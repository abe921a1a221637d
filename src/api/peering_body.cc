#include "api/peering_body.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <span>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/peering_sessions.h"
#include "base/digest.h"
#include "net/address.h"
#include "net/prefix.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 2> kinds = {"Direct", "Exchange"};
constexpr std::array<std::string_view, 2> address_providers = {"Microsoft", "Peer"};
constexpr std::array<std::string_view, 3> probe_protocols = {"None", "ICMP", "TCP"};
constexpr std::array<std::string_view, 5> sku_names = {"Premium_Direct_Unlimited", "Premium_Direct_Free",
                                                       "Premium_Direct_Metered", "Basic_Direct_Free",
                                                       "Basic_Exchange_Free"};

std::optional<std::string> spelled(std::span<const std::string_view> known, std::string_view given) {
  for (const std::string_view each : known) {
    if (arm::same_name(each, given)) return std::string(each);
  }
  return std::nullopt;
}

arm::Expected<json::object> read_sku(const json::value& body, std::string_view kind) {
  const auto sku = arm::object_member(body, "sku", "sku");
  if (!sku) return tl::unexpected(sku.error());
  const auto given = arm::required_text(json::value(*sku), "name", "sku.name", 64);
  if (!given) return tl::unexpected(given.error());
  const auto name = spelled(sku_names, *given);
  if (!name) {
    return arm::bad_content("sku.name", *given,
                            "one of Premium_Direct_Unlimited, Premium_Direct_Free, Premium_Direct_Metered, "
                            "Basic_Direct_Free, Basic_Exchange_Free");
  }
  const std::size_t first = name->find('_'), second = name->rfind('_');
  const std::string family = name->substr(first + 1, second - first - 1);
  if (family != kind) return arm::bad_argument("sku.name", *given, fmt::format("a sku of kind {}", kind));
  return json::object{{"name", *name},
                      {"tier", name->substr(0, first)},
                      {"family", family},
                      {"size", name->substr(second + 1)}};
}

arm::Expected<void> read_count(const json::value& given, std::string_view key, const std::string& path,
                               std::int64_t least, json::object& out) {
  const std::string field = fmt::format("{}.{}", path, key);
  const auto number = arm::number_member(given, key, field);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return {};
  if (**number < least || **number > std::numeric_limits<std::int32_t>::max()) {
    return arm::bad_argument(field, std::to_string(**number),
                             fmt::format("a number from {} to 2147483647", least));
  }
  out[key] = **number;
  return {};
}

// A text that `fits`; left out when absent or empty.
template <class Fits>
arm::Expected<void> read_checked(const json::value& given, std::string_view key, const std::string& path,
                                 std::string_view rule, Fits fits, json::object& out) {
  const std::string field = fmt::format("{}.{}", path, key);
  const auto text = arm::text_member(given, key, field, 128);
  if (!text) return tl::unexpected(text.error());
  if (!*text || (*text)->empty()) return {};
  if (!fits(**text)) return arm::bad_argument(field, **text, rule);
  out[key] = **text;
  return {};
}

arm::Expected<void> read_family(const json::value& given, bool v4, const std::string& path,
                                json::object& out) {
  const std::string version = v4 ? "4" : "6";
  const auto is_prefix = [&](const std::string& text) {
    const auto prefix = net::Prefix::parse(text);
    return prefix && prefix->address().is_v4() == v4;
  };
  const auto is_address = [&](const std::string& text) {
    const auto address = net::Address::parse(text);
    return address && address->is_v4() == v4;
  };
  const std::string prefix_rule = fmt::format("an IPv{} prefix", version);
  const std::string address_rule = fmt::format("an IPv{} address", version);
  if (auto ok = read_checked(given, "sessionPrefixV" + version, path, prefix_rule, is_prefix, out); !ok) {
    return ok;
  }
  for (const std::string_view side : {"microsoft", "peer"}) {
    const std::string key = fmt::format("{}SessionIPv{}Address", side, version);
    if (auto ok = read_checked(given, key, path, address_rule, is_address, out); !ok) return ok;
  }
  return read_count(given, "maxPrefixesAdvertisedV" + version, path, 0, out);
}

arm::Expected<json::object> read_session(const json::value& connection, const std::string& path) {
  const auto session = arm::object_member(connection, "bgpSession", path);
  if (!session) return tl::unexpected(session.error());
  if (session->empty()) return json::object();
  const json::value given(*session);
  auto out = read_session_addresses(given, path);
  if (!out) return out;
  const auto any = [](const std::string&) { return true; };
  if (auto ok = read_checked(given, "md5AuthenticationKey", path, "", any, *out); !ok) {
    return tl::unexpected(ok.error());
  }
  return out;
}

constexpr std::array<std::string_view, 6> link_members = {"sessionPrefixV4",
                                                          "sessionPrefixV6",
                                                          "microsoftSessionIPv4Address",
                                                          "peerSessionIPv4Address",
                                                          "microsoftSessionIPv6Address",
                                                          "peerSessionIPv6Address"};

bool same_member(const json::value* a, const json::value* b) { return a && b ? *a == *b : !a && !b; }

// The operator approved one link with its addresses: another one is to be approved again.
bool is_same_link(const json::object& before, const json::object& after) {
  if (!same_member(before.if_contains("peeringDBFacilityId"), after.if_contains("peeringDBFacilityId"))) {
    return false;
  }
  const json::value old_link(before), new_link(after);
  return std::ranges::all_of(link_members, [&](std::string_view member) {
    return same_member(find(old_link, "bgpSession", member), find(new_link, "bgpSession", member));
  });
}

// Addresses that are ours to give stay as they were given.
void keep_given_addresses(const json::object& before, json::object& after) {
  const json::value* provider = after.if_contains("sessionAddressProvider");
  const json::value* given = before.if_contains("bgpSession");
  if (!provider || provider->as_string() != "Microsoft" || !given) return;
  for (const std::string_view member : link_members) {
    const json::value* address = given->get_object().if_contains(member);
    if (!address) continue;
    json::value& session = after["bgpSession"];
    if (!session.is_object()) session = json::object();
    session.get_object()[member] = *address;
  }
}

// What was decided on a connection, and what the server made for it.
void carry_over(const json::object* before, bool direct, json::object& out) {
  if (before) keep_given_addresses(*before, out);
  const bool decided = before && is_same_link(*before, out);
  out["connectionState"] = decided ? before->at("connectionState") : json::value(state_pending_approval);
  for (const std::string_view member : {"errorMessage", "provisionedBandwidthInMbps"}) {
    if (const json::value* kept = decided ? before->if_contains(member) : nullptr) out[member] = *kept;
  }
  if (direct) {
    out["microsoftTrackingId"] = before ? before->at("microsoftTrackingId") : json::value(random_uuid());
  }
}

bool has_facility(const Metro& metro, std::string_view kind, std::int64_t id) {
  const auto is_it = [&](const auto& facility) { return facility.peeringdb_id == id; };
  return kind == "Direct" ? std::ranges::any_of(metro.facilities, is_it)
                          : std::ranges::any_of(metro.exchanges, is_it);
}

// The members that a direct connection has beside those of an exchange.
arm::Expected<void> read_direct_members(const json::value& given, bool route_server, const std::string& path,
                                        json::object& out) {
  if (auto ok = read_count(given, "bandwidthInMbps", path, 1, out); !ok) return ok;
  const std::string field = path + ".sessionAddressProvider";
  const auto provider = arm::text_member(given, "sessionAddressProvider", field, 64);
  if (!provider) return tl::unexpected(provider.error());
  if (*provider) {
    const auto known = spelled(address_providers, **provider);
    if (!known) return arm::bad_content(field, **provider, "Microsoft or Peer");
    out["sessionAddressProvider"] = *known;
  }
  const auto used = arm::bool_member(given, "useForPeeringService", path + ".useForPeeringService");
  if (!used) return tl::unexpected(used.error());
  out["useForPeeringService"] = route_server || used->value_or(false);
  if (route_server) out["sessionAddressProvider"] = "Peer";
  return {};
}

const json::object* stored_connection(const json::array& before, std::string_view identifier) {
  for (const json::value& each : before) {
    if (each.is_object() &&
        arm::same_name(find_string(each, "connectionIdentifier").value_or(""), identifier)) {
      return &each.get_object();
    }
  }
  return nullptr;
}

struct ConnectionContext {
  std::string_view kind;
  bool route_server;
  const Metro& metro;
  const json::array& before;  // as stored
  const json::array& given;   // the list in the body
};

// A connection that is sent without its identifier is the one that was stored in its place, unless another
// one of the body has that one's identifier.
std::string identifier_at(std::size_t index, const ConnectionContext& context) {
  if (index >= context.before.size()) return random_uuid();
  std::string stored(context.before[index].at("connectionIdentifier").as_string());
  return stored_connection(context.given, stored) ? random_uuid() : stored;
}

arm::Expected<json::object> read_connection(std::size_t index, const std::string& path,
                                            const ConnectionContext& context) {
  const json::value& given = context.given[index];
  if (!given.is_object()) return arm::bad_content(path, json::serialize(given), "an object");
  const bool direct = context.kind == "Direct";
  json::object out;
  if (direct) {
    auto ok = read_direct_members(given, context.route_server, path, out);
    if (!ok) return tl::unexpected(ok.error());
  }
  if (auto ok = read_count(given, "peeringDBFacilityId", path, 1, out); !ok)
    return tl::unexpected(ok.error());
  if (const json::value* id = out.if_contains("peeringDBFacilityId");
      id && !has_facility(context.metro, context.kind, id->as_int64())) {
    return arm::bad_argument(path + ".peeringDBFacilityId", std::to_string(id->as_int64()),
                             fmt::format("a facility of {}", context.metro.name));
  }
  auto session = read_session(given, path + ".bgpSession");
  if (!session) return tl::unexpected(session.error());
  if (!session->empty()) out["bgpSession"] = std::move(*session);
  const auto is_guid = [](const std::string& text) { return arm::is_guid(text); };
  if (auto ok = read_checked(given, "connectionIdentifier", path, "a GUID", is_guid, out); !ok) {
    return tl::unexpected(ok.error());
  }
  if (!out.contains("connectionIdentifier")) out["connectionIdentifier"] = identifier_at(index, context);
  const json::object* before =
      stored_connection(context.before, std::string(out.at("connectionIdentifier").as_string()));
  carry_over(before, direct, out);
  return out;
}

// The member as a list; none when it is absent or null.
arm::Expected<json::array> read_list(const json::value& object, std::string_view key, const std::string& path,
                                     std::size_t items_max) {
  const json::value* list = find(object, key);
  if (!list || list->is_null()) return json::array();
  if (!list->is_array()) return arm::bad_content(path, json::serialize(*list), "a list");
  if (list->get_array().size() > items_max) {
    return arm::bad_content(path, fmt::format("{} items", list->get_array().size()),
                            fmt::format("at most {} items", items_max));
  }
  return list->get_array();
}

arm::Expected<json::array> read_connections(const std::string& path, const ConnectionContext& context) {
  json::array out;
  while (out.size() < context.given.size()) {
    const std::string each = fmt::format("{}[{}]", path, out.size());
    auto connection = read_connection(out.size(), each, context);
    if (!connection) return tl::unexpected(connection.error());
    const std::string identifier(connection->at("connectionIdentifier").as_string());
    if (stored_connection(out, identifier)) {
      return arm::bad_argument(each + ".connectionIdentifier", identifier, "another one for each connection");
    }
    out.push_back(std::move(*connection));
  }
  return out;
}

// `properties.direct` or `properties.exchange`.
arm::Expected<json::object> read_block(const json::value& block, const std::string& path,
                                       std::string_view kind, const Metro& metro,
                                       const json::array& connections_before) {
  json::object out;
  bool route_server = false;
  if (kind == "Direct") {
    const std::string field = path + ".directPeeringType";
    const auto text = arm::text_member(block, "directPeeringType", field, 64);
    if (!text) return tl::unexpected(text.error());
    const auto type = direct_peering_type_of(text->value_or("Edge"));
    if (!type) return arm::bad_content(field, **text, direct_peering_type_rule);
    out["directPeeringType"] = *type;
    route_server = *type == "IxRs";
  }
  const std::string list = path + ".connections";
  const auto given = read_list(block, "connections", list, peering_connections_max);
  if (!given) return tl::unexpected(given.error());
  auto connections = read_connections(list, {kind, route_server, metro, connections_before, *given});
  if (!connections) return tl::unexpected(connections.error());
  const auto peer_asn = arm::object_member(block, "peerAsn", path + ".peerAsn");
  if (!peer_asn) return tl::unexpected(peer_asn.error());
  const auto id = arm::required_text(json::value(*peer_asn), "id", path + ".peerAsn.id");
  if (!id) return tl::unexpected(id.error());
  out["peerAsn"] = json::object{{"id", *id}};
  if (kind == "Direct") {
    out["useForPeeringService"] = std::ranges::any_of(
        *connections, [](const json::value& each) { return each.at("useForPeeringService").as_bool(); });
  }
  out["connections"] = std::move(*connections);
  return out;
}

// Where we are to send probes to, for the peer to see how far it is.
arm::Expected<json::array> read_probes(const json::value& properties) {
  const std::string path = fmt::format("properties.{}", probes_key);
  const auto given = read_list(properties, probes_key, path, connectivity_probes_max);
  if (!given) return tl::unexpected(given.error());
  json::array out;
  for (const json::value& item : *given) {
    const std::string each = fmt::format("{}[{}]", path, out.size());
    if (!item.is_object()) return arm::bad_content(each, json::serialize(item), "an object");
    json::object probe;
    const auto endpoint = arm::required_text(item, "endpoint", each + ".endpoint", 64);
    if (!endpoint) return tl::unexpected(endpoint.error());
    if (!net::Address::parse(*endpoint)) {
      return arm::bad_argument(each + ".endpoint", *endpoint, "an IPv4 or IPv6 address");
    }
    probe["endpoint"] = *endpoint;
    const auto region = arm::text_member(item, "azureRegion", each + ".azureRegion", 64);
    if (!region) return tl::unexpected(region.error());
    if (*region) probe["azureRegion"] = **region;
    const auto protocol = arm::text_member(item, "protocol", each + ".protocol", 64);
    if (!protocol) return tl::unexpected(protocol.error());
    if (*protocol) {
      const auto known = spelled(probe_protocols, **protocol);
      if (!known) return arm::bad_content(each + ".protocol", **protocol, "None, ICMP or TCP");
      probe["protocol"] = *known;
    }
    out.push_back(std::move(probe));
  }
  return out;
}

arm::Expected<json::array> stored_probes(const json::object& before) {
  const json::value* probes = before.if_contains(probes_key);
  return probes ? probes->get_array() : json::array();
}

}  // namespace

arm::Expected<json::object> read_session_addresses(const json::value& session, const std::string& path) {
  json::object out;
  for (const bool v4 : {true, false}) {
    if (auto ok = read_family(session, v4, path, out); !ok) return tl::unexpected(ok.error());
  }
  return out;
}

arm::Expected<PeeringBody> read_peering(const json::value& body, const json::object& before,
                                        const Catalog& catalog, bool with_probes) {
  PeeringBody out;
  const auto given = arm::required_text(body, "kind", "kind", 64);
  if (!given) return tl::unexpected(given.error());
  const auto kind = spelled(kinds, *given);
  if (!kind) return arm::bad_content("kind", *given, "Direct or Exchange");
  out.kind = *kind;
  auto sku = read_sku(body, out.kind);
  if (!sku) return tl::unexpected(sku.error());
  out.sku = std::move(*sku);
  const auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  const json::value value(*properties);
  const auto location = arm::required_text(value, "peeringLocation", "properties.peeringLocation", 256);
  if (!location) return tl::unexpected(location.error());
  const Metro* metro = catalog.find_metro(*location);
  if (!metro) {
    return arm::bad_argument("properties.peeringLocation", *location, "a name of the list peeringLocations");
  }
  const bool direct = out.kind == "Direct";
  const std::string own = direct ? "direct" : "exchange", other = direct ? "exchange" : "direct";
  if (const json::value* wrong = properties->if_contains(other); wrong && !wrong->is_null()) {
    return arm::bad_argument("properties." + other, "an object", fmt::format("absent for kind {}", out.kind));
  }
  const auto block = arm::object_member(value, own, "properties." + own);
  if (!block) return tl::unexpected(block.error());
  const json::value stored(before);
  const json::value* connections = find(stored, own, "connections");
  const json::array none;
  auto read = read_block(json::value(*block), "properties." + own, out.kind, *metro,
                         connections ? connections->get_array() : none);
  if (!read) return tl::unexpected(read.error());
  out.peer_asn_id = std::string(read->at("peerAsn").at("id").as_string());
  out.properties[own] = std::move(*read);
  out.properties["peeringLocation"] = *location;
  auto probes = with_probes ? read_probes(value) : stored_probes(before);
  if (!probes) return tl::unexpected(probes.error());
  if (!probes->empty()) out.properties[probes_key] = std::move(*probes);
  return out;
}

}  // namespace peering::api
