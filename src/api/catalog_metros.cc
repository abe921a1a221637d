#include "api/catalog_metros.h"

#include <algorithm>
#include <array>
#include <set>

#include "api/arm/names.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 9> direct_peering_types = {
    "Edge", "Transit", "Cdn", "Internal", "Ix", "IxRs", "Voice", "EdgeZoneForOperators", "PeerProp"};

std::optional<double> read_degrees(CatalogReader& reader, const json::value& value, std::string_view key,
                                   std::string_view path, double most) {
  const json::value* member = find(value, key);
  if (!member) return std::nullopt;
  json::error_code wrong;
  const double out = member->is_number() ? member->to_number<double>(wrong) : most + 1;
  if (!wrong && out >= -most && out <= most) return out;
  reader.reject(fmt::format("{}.{}", path, key), json::serialize(*member),
                fmt::format("degrees from -{0} to {0}", most));
  return std::nullopt;
}

void read_facility(CatalogReader& reader, const json::value& value, const std::string& path, Metro& out) {
  reader.keys(
      value, path,
      {"address", "directPeeringType", "peeringDBFacilityId", "name", "city", "latitude", "longitude"});
  const std::string type = reader.text(value, "directPeeringType", path, true);
  const auto known = direct_peering_type_of(type);
  if (!known) reader.reject(path + ".directPeeringType", type, direct_peering_type_rule);
  out.facilities.push_back({reader.text(value, "address", path, true), std::string(known.value_or("")),
                            reader.number(value, "peeringDBFacilityId", path).value_or(0),
                            reader.text(value, "name", path, false), reader.text(value, "city", path, false),
                            read_coordinates(reader, value, path)});
}

void read_exchange(CatalogReader& reader, const json::value& value, const std::string& path, Metro& out) {
  reader.keys(value, path,
              {"exchangeName", "bandwidthInMbps", "microsoftIPv4Address", "microsoftIPv6Address",
               "facilityIPv4Prefix", "facilityIPv6Prefix", "peeringDBFacilityId"});
  ExchangeFacility exchange;
  exchange.name = reader.text(value, "exchangeName", path, true);
  exchange.bandwidth_mbps = reader.number(value, "bandwidthInMbps", path).value_or(0);
  exchange.our_ipv4 = reader.text(value, "microsoftIPv4Address", path, false);
  exchange.our_ipv6 = reader.text(value, "microsoftIPv6Address", path, false);
  exchange.ipv4_prefix = reader.text(value, "facilityIPv4Prefix", path, false);
  exchange.ipv6_prefix = reader.text(value, "facilityIPv6Prefix", path, false);
  exchange.peeringdb_id = reader.number(value, "peeringDBFacilityId", path).value_or(0);
  out.exchanges.push_back(std::move(exchange));
}

void read_cdn_prefix(CatalogReader& reader, const json::value& value, const std::string& path, Metro& out) {
  reader.keys(value, path, {"prefix", "azureRegion", "azureService", "isPrimaryRegion", "bgpCommunity"});
  const std::string text = reader.text(value, "prefix", path, true);
  const auto prefix = net::Prefix::parse(text);
  if (!prefix) reader.reject(path + ".prefix", text, "an IPv4 or IPv6 prefix without host bits");
  const json::value* primary = find(value, "isPrimaryRegion");
  if (primary && !primary->is_bool()) {
    reader.reject(path + ".isPrimaryRegion", json::serialize(*primary), "true or false");
  }
  CdnPrefix out_prefix;
  if (prefix) out_prefix.prefix = *prefix;
  out_prefix.azure_region = reader.text(value, "azureRegion", path, false);
  out_prefix.azure_service = reader.text(value, "azureService", path, false);
  out_prefix.bgp_community = reader.text(value, "bgpCommunity", path, false);
  out_prefix.primary_region = primary && primary->is_bool() && primary->get_bool();
  out.cdn_prefixes.push_back(std::move(out_prefix));
}

using ReadItem = void (*)(CatalogReader&, const json::value&, const std::string&, Metro&);

void read_items(CatalogReader& reader, const json::value& value, std::string_view key,
                const std::string& path, ReadItem read, Metro& out) {
  std::size_t index = 0;
  for (const json::value& item : reader.list(value, key, path, false)) {
    read(reader, item, fmt::format("{}.{}[{}]", path, key, index++), out);
  }
}

void read_metro(CatalogReader& reader, const json::value& value, const std::string& path,
                std::set<std::string>& seen, Catalog& out) {
  reader.keys(
      value, path,
      {"name", "country", "region", "latitude", "longitude", "facilities", "exchanges", "cdnPrefixes"});
  Metro metro;
  metro.name = reader.text(value, "name", path, true);
  metro.country = reader.text(value, "country", path, true);
  metro.azure_region = reader.text(value, "region", path, false);
  metro.coordinates = read_coordinates(reader, value, path);
  read_items(reader, value, "facilities", path, read_facility, metro);
  read_items(reader, value, "exchanges", path, read_exchange, metro);
  read_items(reader, value, "cdnPrefixes", path, read_cdn_prefix, metro);
  if (!seen.insert(model::lower(metro.name)).second) {
    reader.reject(path + ".name", metro.name, "a metro is listed once (names compare without case)");
  }
  out.metros.push_back(std::move(metro));
}

}  // namespace

std::optional<std::string_view> direct_peering_type_of(std::string_view text) {
  const auto found = std::ranges::find_if(direct_peering_types,
                                          [&](std::string_view type) { return arm::same_name(type, text); });
  if (found == direct_peering_types.end()) return std::nullopt;
  return *found;
}

std::optional<Coordinates> read_coordinates(CatalogReader& reader, const json::value& value,
                                            std::string_view path) {
  const auto latitude = read_degrees(reader, value, "latitude", path, 90);
  const auto longitude = read_degrees(reader, value, "longitude", path, 180);
  if (latitude && longitude) return Coordinates{*latitude, *longitude};
  if (latitude || longitude) {
    reader.reject(fmt::format("{}.{}", path, latitude ? "longitude" : "latitude"), "",
                  "latitude and longitude are given together");
  }
  return std::nullopt;
}

void read_metros(CatalogReader& reader, const json::value& catalogue, Catalog& out) {
  std::size_t index = 0;
  for (const json::value& offer : reader.list(catalogue, "bandwidthOffers", "catalogue", false)) {
    const std::string path = fmt::format("catalogue.bandwidthOffers[{}]", index++);
    reader.keys(offer, path, {"offerName", "valueInMbps"});
    const auto mbps = reader.number(offer, "valueInMbps", path);
    if (!mbps) reader.reject(path + ".valueInMbps", "", "it is required");
    out.bandwidth_offers.push_back({reader.text(offer, "offerName", path, true), mbps.value_or(0)});
  }
  index = 0;
  std::set<std::string> seen;
  for (const json::value& metro : reader.list(catalogue, "metros", "catalogue", false)) {
    read_metro(reader, metro, fmt::format("catalogue.metros[{}]", index++), seen, out);
  }
}

}  // namespace peering::api
