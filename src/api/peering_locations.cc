// Where peers can connect, what they had before this API, and the prefixes of CDNs at a metro.
#include <algorithm>
#include <charconv>

#include "api/arm/names.h"
#include "api/catalogue_entry.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

enum class Kind : std::uint8_t { direct, exchange };

arm::Expected<Kind> read_kind(const Call& call) {
  const std::string text = call.query.get("kind").value_or("");
  if (arm::same_name(text, "Direct")) return Kind::direct;
  if (arm::same_name(text, "Exchange")) return Kind::exchange;
  return arm::bad_argument("kind", text, "Direct or Exchange");
}

// Empty when it is not asked for.
arm::Expected<std::string_view> read_direct_peering_type(const Call& call) {
  const auto text = call.query.get("directPeeringType");
  if (!text || text->empty()) return std::string_view{};
  const auto known = direct_peering_type_of(*text);
  if (!known) return arm::bad_argument("directPeeringType", *text, direct_peering_type_rule);
  return *known;
}

arm::Expected<std::string> read_peering_location(const Call& call) {
  const std::string text = call.query.get("peeringLocation").value_or("");
  if (text.empty()) return arm::bad_argument("peeringLocation", text, "a name of the list peeringLocations");
  return text;
}

void add_peeringdb(json::object& out, std::int32_t id, std::string_view kind) {
  if (id == 0) return;
  out["peeringDBFacilityId"] = id;
  out["peeringDBFacilityLink"] = fmt::format("https://www.peeringdb.com/{}/{}", kind, id);
}

void add_text(json::object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}

// Facilities of the type; of every type when it is empty.
json::array direct_facilities(const Metro& metro, std::string_view type) {
  json::array out;
  for (const DirectFacility& facility : metro.facilities) {
    if (!type.empty() && facility.direct_peering_type != type) continue;
    json::object item{{"address", facility.address}, {"directPeeringType", facility.direct_peering_type}};
    add_peeringdb(item, facility.peeringdb_id, "fac");
    out.push_back(std::move(item));
  }
  return out;
}

json::array exchange_facilities(const Metro& metro) {
  json::array out;
  for (const ExchangeFacility& facility : metro.exchanges) {
    json::object item{{"exchangeName", facility.name}};
    if (facility.bandwidth_mbps > 0) item["bandwidthInMbps"] = facility.bandwidth_mbps;
    add_text(item, "microsoftIPv4Address", facility.our_ipv4);
    add_text(item, "microsoftIPv6Address", facility.our_ipv6);
    add_text(item, "facilityIPv4Prefix", facility.ipv4_prefix);
    add_text(item, "facilityIPv6Prefix", facility.ipv6_prefix);
    add_peeringdb(item, facility.peeringdb_id, "ix");
    out.push_back(std::move(item));
  }
  return out;
}

json::array bandwidth_offers(const Catalog& catalog) {
  json::array out;
  for (const BandwidthOffer& offer : catalog.bandwidth_offers) {
    out.push_back(json::object{{"offerName", offer.name}, {"valueInMbps", offer.mbps}});
  }
  return out;
}

json::object shown_metro(const Call& call, const Metro& metro, Kind kind, json::object connected) {
  const bool direct = kind == Kind::direct;
  json::object properties{{direct ? "direct" : "exchange", std::move(connected)},
                          {"peeringLocation", metro.name},
                          {"country", metro.country}};
  add_text(properties, "azureRegion", metro.azure_region);
  json::object out{{"kind", direct ? "Direct" : "Exchange"}};
  for (auto& member : catalogue_entry(call, "peeringLocations", metro.name, std::move(properties))) {
    out.insert_or_assign(member.key(), std::move(member.value()));
  }
  return out;
}

json::object shown_cdn_prefix(const Call& call, const CdnPrefix& prefix) {
  const std::string text = prefix.prefix.to_string();
  json::object properties{{"prefix", text}};
  add_text(properties, "azureRegion", prefix.azure_region);
  add_text(properties, "azureService", prefix.azure_service);
  properties["isPrimaryRegion"] = prefix.primary_region;
  add_text(properties, "bgpCommunity", prefix.bgp_community);
  std::string name = "CdnPrefix_" + text;
  const auto separates = [](char c) { return c == '.' || c == '/' || c == ':'; };
  std::ranges::replace_if(name, separates, '_');
  return catalogue_entry(call, "cdnPeeringPrefixes", name, std::move(properties));
}

}  // namespace

arm::Answer list_peering_locations(Call& call) {
  const auto kind = read_kind(call);
  if (!kind) return tl::unexpected(kind.error());
  const auto type = read_direct_peering_type(call);
  if (!type) return tl::unexpected(type.error());
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  for (const Metro& metro : catalog->metros) {
    json::array facilities =
        *kind == Kind::direct ? direct_facilities(metro, *type) : exchange_facilities(metro);
    if (facilities.empty()) continue;
    json::object connected{{"peeringFacilities", std::move(facilities)}};
    if (*kind == Kind::direct) connected["bandwidthOffers"] = bandwidth_offers(*catalog);
    out.push_back(shown_metro(call, metro, *kind, std::move(connected)));
  }
  return list_values(call, out);
}

arm::Answer list_legacy_peerings(Call& call) {
  if (const auto metro = read_peering_location(call); !metro) return tl::unexpected(metro.error());
  if (const auto kind = read_kind(call); !kind) return tl::unexpected(kind.error());
  if (const auto type = read_direct_peering_type(call); !type) return tl::unexpected(type.error());
  if (const auto text = call.query.get("asn")) {
    net::Asn asn = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), asn);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || asn == 0) {
      return arm::bad_argument("asn", *text, "an AS number from 1 to 4294967295");
    }
  }
  // Every peering of this server was made through this API: there are no others to take over.
  return list_values(call, json::array());
}

arm::Answer list_cdn_peering_prefixes(Call& call) {
  const auto name = read_peering_location(call);
  if (!name) return tl::unexpected(name.error());
  const CatalogPointer catalog = call.services.catalog();
  json::array out;
  if (const Metro* metro = catalog->find_metro(*name)) {
    for (const CdnPrefix& prefix : metro->cdn_prefixes) out.push_back(shown_cdn_prefix(call, prefix));
  }
  return list_values(call, out);
}

}  // namespace peering::api
