#include "api/catalog.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numbers>
#include <set>

#include "api/arm/names.h"
#include "api/catalog_entries.h"
#include "api/catalog_metros.h"
#include "api/catalog_reader.h"
#include "api/embedded.h"
#include "base/json.h"
#include "model/registry.h"

namespace peering::api {

namespace {

constexpr std::size_t file_bytes_max = 16 * 1024 * 1024;
constexpr double near_miles_max = 1000;

void read_country(CatalogReader& reader, const json::value& value, const std::string& path, Catalog& out) {
  reader.keys(value, path, {"name", "states", "latitude", "longitude"});
  const std::string country = reader.text(value, "name", path, true);
  const auto middle = read_coordinates(reader, value, path);
  out.countries.push_back(country);
  std::set<std::string> seen;
  std::size_t index = 0;
  for (const json::value& state : reader.list(value, "states", path, true)) {
    const std::string where = fmt::format("{}.states[{}]", path, index++);
    reader.keys(state, where, {"name", "region", "latitude", "longitude"});
    ServiceLocation location{country, reader.text(state, "name", where, true),
                             reader.text(state, "region", where, false),
                             read_coordinates(reader, state, where)};
    if (!location.coordinates) location.coordinates = middle;
    if (!seen.insert(model::lower(location.state)).second) {
      reader.reject(where + ".name", location.state, "a state is listed once in its country");
    }
    out.locations.push_back(std::move(location));
  }
}

void read_provider(CatalogReader& reader, const json::value& value, const std::string& path,
                   std::set<std::string>& seen, Catalog& out) {
  reader.keys(value, path, {"name", "metros", "asns"});
  ServiceProvider provider;
  provider.name = reader.text(value, "name", path, true);
  for (const json::value& metro : reader.list(value, "metros", path, true)) {
    if (!metro.is_string() || metro.get_string().empty()) {
      reader.reject(path + ".metros", json::serialize(metro), "a list of names");
    } else {
      provider.metros.emplace_back(metro.get_string());
    }
  }
  for (const json::value& asn : reader.list(value, "asns", path, false)) {
    json::error_code wrong;
    const auto number = asn.is_number() ? asn.to_number<net::Asn>(wrong) : 0;
    if (wrong || number == 0) {
      reader.reject(path + ".asns", json::serialize(asn), "AS numbers from 1 to 4294967295");
    }
    provider.asns.push_back(number);
  }
  if (!seen.insert(model::lower(provider.name)).second) {
    reader.reject(path + ".name", provider.name, "a provider is listed once (names compare without case)");
  }
  out.providers.push_back(std::move(provider));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The public service serves "Kuala Lumpur " with a trailing blank: clients send it with and without.
bool is_called(const ServiceLocation& location, std::string_view state) {
  return arm::same_name(trimmed(location.state), trimmed(state));
}

}  // namespace

double distance_miles(const Coordinates& a, const Coordinates& b) {
  constexpr double earth_radius_miles = 3958.8;
  constexpr double radian = std::numbers::pi / 180;
  const double half_latitude = std::sin((b.latitude - a.latitude) * radian / 2);
  const double half_longitude = std::sin((b.longitude - a.longitude) * radian / 2);
  const double haversine = half_latitude * half_latitude + std::cos(a.latitude * radian) *
                                                               std::cos(b.latitude * radian) *
                                                               half_longitude * half_longitude;
  return 2 * earth_radius_miles * std::asin(std::sqrt(std::min(1.0, haversine)));
}

bool ServiceProvider::has_metro(std::string_view metro) const {
  return std::ranges::any_of(metros, [&](const std::string& each) { return arm::same_name(each, metro); });
}

const ServiceProvider* Catalog::find_provider(std::string_view name) const {
  const auto found = std::ranges::find_if(
      providers, [&](const ServiceProvider& provider) { return arm::same_name(provider.name, name); });
  return found == providers.end() ? nullptr : &*found;
}

const Metro* Catalog::find_metro(std::string_view name) const {
  const auto found =
      std::ranges::find_if(metros, [&](const Metro& metro) { return arm::same_name(metro.name, name); });
  return found == metros.end() ? nullptr : &*found;
}

bool Catalog::has_location(std::string_view state) const {
  return std::ranges::any_of(locations,
                             [&](const ServiceLocation& location) { return is_called(location, state); });
}

bool Catalog::is_near(std::string_view state, std::string_view provider) const {
  const ServiceProvider* carrier = find_provider(provider);
  if (!carrier) return false;
  const auto reaches = [&](const ServiceLocation& location, const std::string& name) {
    const Metro* metro = find_metro(name);
    return metro && metro->coordinates && location.coordinates &&
           distance_miles(*metro->coordinates, *location.coordinates) <= near_miles_max;
  };
  return std::ranges::any_of(locations, [&](const ServiceLocation& location) {
    return is_called(location, state) && std::ranges::any_of(carrier->metros, [&](const std::string& name) {
             return reaches(location, name);
           });
  });
}

Result<Catalog> read_catalog(const json::value& document) {
  CatalogReader reader;
  Catalog out;
  reader.keys(document, "catalogue", {"source", "countries", "providers", "metros", "bandwidthOffers"});
  out.source = reader.text(document, "source", "catalogue", false);
  std::size_t index = 0;
  for (const json::value& country : reader.list(document, "countries", "catalogue", true)) {
    read_country(reader, country, fmt::format("catalogue.countries[{}]", index++), out);
  }
  index = 0;
  std::set<std::string> seen;
  for (const json::value& provider : reader.list(document, "providers", "catalogue", true)) {
    read_provider(reader, provider, fmt::format("catalogue.providers[{}]", index++), seen, out);
  }
  read_metros(reader, document, out);
  std::ranges::sort(out.countries);
  if (const auto twice = std::ranges::adjacent_find(out.countries); twice != out.countries.end()) {
    reader.reject("catalogue.countries", *twice, "a country is listed once");
  }
  if (reader.error) return tl::unexpected(*reader.error);
  return out;
}

Result<Catalog> parse_catalog(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return fail(ErrorCode::invalid_argument, "catalogue: {}", value.error().message);
  auto out = read_catalog(*value);
  if (out) out->entries = out->file_entries = std::make_shared<const CatalogEntries>(entries_of(*value));
  return out;
}

Result<Catalog> load_catalog(const std::string& path) {
  if (path.empty()) return parse_catalog(embedded_catalog());
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::io, "catalogue file '{}' cannot be read", path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return fail(ErrorCode::io, "catalogue file '{}' cannot be read", path);
  if (text.size() > file_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "catalogue file '{}' is larger than 16 MiB", path);
  }
  auto out = parse_catalog(text);
  if (!out) return fail(out.error().code, "catalogue file '{}': {}", path, out.error().message);
  return out;
}

}  // namespace peering::api
