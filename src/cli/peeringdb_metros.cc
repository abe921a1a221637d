#include "cli/peeringdb_metros.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "model/registry.h"

namespace peering::cli {

namespace {

// A city's facility this far from the metro of its name is of another city of that name.
constexpr double same_city_miles_max = 100;

using model::lower;

std::string text_of(const json::object& properties, std::string_view key) {
  return find_string(json::value(properties), key).value_or("");
}

std::optional<double> number_of(const json::object& properties, std::string_view key) {
  const json::value* value = properties.if_contains(key);
  if (!value || !value->is_number()) return std::nullopt;
  json::error_code error;
  const double out = value->to_number<double>(error);
  return error ? std::nullopt : std::optional<double>(out);
}

double rounded(double degrees) { return std::round(degrees * 10000) / 10000; }

}  // namespace

MetroFinder::MetroFinder(const api::CatalogEntries& catalogue, double join_miles) : join_miles_(join_miles) {
  for (const api::CatalogEntry* entry : catalogue.of_kind(api::CatalogKind::metros)) {
    const auto latitude = number_of(entry->properties, "latitude");
    const auto longitude = number_of(entry->properties, "longitude");
    Metro metro{title_of(*entry), text_of(entry->properties, "country"), std::nullopt};
    if (latitude && longitude) metro.middle = api::Coordinates{*latitude, *longitude};
    names_.insert(lower(metro.name));
    metros_.push_back(std::move(metro));
  }
  // What the catalogue has stays where it is.
  for (const api::CatalogEntry* entry : catalogue.of_kind(api::CatalogKind::facilities)) {
    const json::value* id = entry->properties.if_contains("peeringDBFacilityId");
    if (!id || !id->is_int64()) continue;
    of_facility_.emplace(static_cast<PeeringDb::Id>(id->get_int64()), text_of(entry->properties, "metro"));
  }
}

const MetroFinder::Metro* MetroFinder::nearest(const Facility& facility) const {
  const Metro* out = nullptr;
  double least = join_miles_;
  for (const Metro& metro : metros_) {
    if (!metro.middle || lower(metro.country) != lower(facility.country)) continue;
    const double miles = api::distance_miles(*metro.middle, *facility.coordinates);
    if (miles > least || (out && miles == least)) continue;
    least = miles;
    out = &metro;
  }
  return out;
}

const MetroFinder::Metro* MetroFinder::called(const std::string& country, const std::string& name) const {
  const auto found = std::ranges::find_if(metros_, [&](const Metro& metro) {
    return lower(metro.name) == lower(name) && lower(metro.country) == lower(country);
  });
  return found == metros_.end() ? nullptr : &*found;
}

const MetroFinder::Metro* MetroFinder::called(const Facility& facility) const {
  for (const std::string& name :
       {facility.city + ", " + facility.state, facility.city, facility.city + ", " + facility.country}) {
    const Metro* metro = called(facility.country, name);
    if (!metro) continue;
    const bool far = metro->middle && facility.coordinates &&
                     api::distance_miles(*metro->middle, *facility.coordinates) > same_city_miles_max;
    if (!far) return metro;
  }
  return nullptr;
}

const MetroFinder::Metro* MetroFinder::find(const Facility& facility) const {
  const Metro* near = facility.coordinates ? nearest(facility) : nullptr;
  return near ? near : called(facility);
}

std::string MetroFinder::free_name(const Facility& leader) const {
  std::vector<std::string> names = {leader.city};
  if (!leader.state.empty()) names.push_back(leader.city + ", " + leader.state);
  names.push_back(leader.city + ", " + leader.country);
  for (const std::string& name : names) {
    if (!names_.contains(lower(name))) return name;
  }
  for (int number = 2;; ++number) {
    std::string name = fmt::format("{} {}", names.back(), number);
    if (!names_.contains(lower(name))) return name;
  }
}

// A metro in the middle of the facilities of the leader's city that are near it.
void MetroFinder::make(const Facility& leader, const std::vector<const Facility*>& all) {
  Metro metro{free_name(leader), leader.country, std::nullopt};
  json::object properties{{"name", metro.name}, {"country", metro.country}};
  if (leader.coordinates) {
    double latitude = 0, longitude = 0, count = 0;
    for (const Facility* each : all) {
      if (!each->coordinates || each->country != leader.country || lower(each->city) != lower(leader.city)) {
        continue;
      }
      // Around the date line there is no middle of longitudes; its cities are not that wide.
      const bool near = api::distance_miles(*each->coordinates, *leader.coordinates) <= join_miles_ &&
                        std::abs(each->coordinates->longitude - leader.coordinates->longitude) < 180;
      if (!near) continue;
      latitude += each->coordinates->latitude;
      longitude += each->coordinates->longitude;
      ++count;
    }
    metro.middle = api::Coordinates{rounded(latitude / count), rounded(longitude / count)};
    properties["latitude"] = metro.middle->latitude;
    properties["longitude"] = metro.middle->longitude;
  }
  names_.insert(lower(metro.name));
  const auto kind = api::CatalogKind::metros;
  made_.push_back({kind, api::entry_name_of(kind, properties), std::move(properties)});
  metros_.push_back(std::move(metro));
}

void MetroFinder::place(const PeeringDb& db, const std::set<PeeringDb::Id>& facilities) {
  std::vector<const Facility*> homeless;
  std::map<std::pair<std::string, std::string>, int> size_of_city;
  for (const auto& [id, facility] : db.facilities) {
    ++size_of_city[{facility.country, lower(facility.city)}];
  }
  for (const PeeringDb::Id id : facilities) {
    const Facility& facility = db.facilities.at(id);
    if (of_facility_.contains(id) || find(facility)) continue;
    homeless.push_back(&facility);
  }
  // Large cities give their names to what is near them, and what has no coordinates comes last.
  std::ranges::stable_sort(homeless, {}, [&](const Facility* each) {
    const std::string city = lower(each->city);
    return std::tuple(!each->coordinates.has_value(), -size_of_city[{each->country, city}], each->country,
                      city);
  });
  for (const Facility* facility : homeless) {
    if (!find(*facility)) make(*facility, homeless);
  }
  // Now that all metros are there, everything finds the nearest of them, as it will the next time.
  for (const PeeringDb::Id id : facilities) {
    const Facility& facility = db.facilities.at(id);
    auto known = of_facility_.find(id);
    if (known == of_facility_.end()) {
      const Metro* metro = find(facility);
      if (!metro) continue;
      known = of_facility_.emplace(id, metro->name).first;
    }
    of_city_.emplace(std::pair(lower(facility.country), lower(facility.city)), known->second);
  }
}

std::optional<std::string> MetroFinder::metro_of(PeeringDb::Id facility) const {
  const auto found = of_facility_.find(facility);
  return found == of_facility_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<std::string> MetroFinder::metro_of_city(const std::string& country,
                                                      const std::string& city) const {
  const auto found = of_city_.find({lower(country), lower(city)});
  if (found != of_city_.end()) return found->second;
  const Metro* metro = called(country, city);
  return metro ? std::optional<std::string>(metro->name) : std::nullopt;
}

}  // namespace peering::cli
