#include "cli/peeringdb_import.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/arm/names.h"
#include "cli/peeringdb_metros.h"
#include "model/registry.h"

namespace peering::cli {

namespace {

using api::CatalogEntry;
using api::CatalogKind;
using Id = PeeringDb::Id;
using model::lower;

std::string property_text(const json::object& properties, std::string_view key) {
  return find_string(json::value(properties), key).value_or("");
}

std::int64_t id_of(const json::object& properties) {
  const json::value* id = properties.if_contains("peeringDBFacilityId");
  return id && id->is_int64() ? id->get_int64() : 0;
}

json::array& list_of(json::object& properties, std::string_view key) {
  json::value& list = properties[key];
  if (!list.is_array()) list = json::array();
  return list.get_array();
}

bool has_text(const json::array& list, const std::string& text) {
  return std::ranges::any_of(list, [&](const json::value& each) {
    return each.is_string() && api::arm::same_name(std::string_view(each.get_string()), text);
  });
}

void set_unless_empty(json::object& properties, std::string_view key, const std::string& text) {
  if (!text.empty()) properties[key] = text;
}

class Planner {
 public:
  Planner(const PeeringDb& db, const api::CatalogEntries& catalogue, const ImportOptions& options)
      : db_(db), catalogue_(catalogue), result_(catalogue), finder_(catalogue, options.join_miles) {
    for (const CatalogEntry* entry : catalogue.of_kind(CatalogKind::facilities)) {
      facilities_of_id_.emplace(id_of(entry->properties), entry);
    }
    for (const CatalogEntry* entry : catalogue.of_kind(CatalogKind::exchanges)) {
      exchanges_of_id_.emplace(id_of(entry->properties), entry);
    }
  }

  ImportPlan run() {
    choose_places();
    std::set<Id> placed = facilities_;
    for (const auto& [exchange, facility] : db_.exchange_facilities) {
      if (exchanges_.contains(exchange) && db_.facilities.contains(facility)) placed.insert(facility);
    }
    finder_.place(db_, placed);
    for (const CatalogEntry& metro : finder_.made()) write(metro);
    for (const Id id : facilities_) add_facility(id);
    place_exchanges();
    for (const auto& [exchange, metros] : metros_of_exchange_) {
      for (const std::string& metro : metros) add_exchange(exchange, metro);
    }
    for (const auto& [id, network] : db_.networks) add_provider(id, network);
    return std::move(plan_);
  }

 private:
  // Buildings and exchanges where one of the networks is.
  void choose_places() {
    for (const auto& [network, facility] : db_.network_facilities) {
      if (db_.networks.contains(network) && db_.facilities.contains(facility)) facilities_.insert(facility);
    }
    for (const auto& [network, exchange] : db_.network_exchanges) {
      if (db_.networks.contains(network) && db_.exchanges.contains(exchange)) exchanges_.insert(exchange);
    }
  }

  void add_facility(Id id) {
    const PeeringDb::Facility& facility = db_.facilities.at(id);
    const auto [known, end] = facilities_of_id_.equal_range(id);
    for (auto each = known; each != end; ++each) {
      CatalogEntry after = *each->second;
      describe(facility, after.properties);
      write(std::move(after));
    }
    const auto metro = finder_.metro_of(id);
    if (known != end || !metro) return;
    json::object properties{{"metro", *metro},
                            {"address", facility.address},
                            {"directPeeringType", "Edge"},
                            {"peeringDBFacilityId", std::int64_t{id}}};
    describe(facility, properties);
    add(CatalogKind::facilities, std::move(properties));
  }

  static void describe(const PeeringDb::Facility& facility, json::object& properties) {
    properties["name"] = facility.name;
    properties["city"] = facility.city;
    if (!facility.coordinates) return;
    properties["latitude"] = facility.coordinates->latitude;
    properties["longitude"] = facility.coordinates->longitude;
  }

  // An exchange is in every metro where it has a building; without any, in that of its city.
  void place_exchanges() {
    for (const auto& [exchange, facility] : db_.exchange_facilities) {
      const auto metro = exchanges_.contains(exchange) ? finder_.metro_of(facility) : std::nullopt;
      if (metro) metros_of_exchange_[exchange].insert(*metro);
    }
    for (const Id id : exchanges_) {
      std::set<std::string>& metros = metros_of_exchange_[id];
      const PeeringDb::Exchange& exchange = db_.exchanges.at(id);
      const auto own = finder_.metro_of_city(exchange.country, exchange.city);
      if (metros.empty() && own) metros.insert(*own);
      if (metros.empty()) ++plan_.unplaced_exchanges;
      // Who is at an exchange in several metros is in that of its city: where else is not told.
      if (own && metros.contains(*own)) {
        home_of_exchange_[id] = *own;
      } else if (metros.size() == 1) {
        home_of_exchange_[id] = *metros.begin();
      }
    }
  }

  void add_exchange(Id id, const std::string& metro) {
    const PeeringDb::Exchange& exchange = db_.exchanges.at(id);
    const auto [known, end] = exchanges_of_id_.equal_range(id);
    for (auto each = known; each != end; ++each) {
      if (lower(property_text(each->second->properties, "metro")) != lower(metro)) continue;
      CatalogEntry after = *each->second;
      describe(exchange, after.properties);
      return write(std::move(after));
    }
    json::object properties{
        {"metro", metro}, {"exchangeName", exchange.name}, {"peeringDBFacilityId", std::int64_t{id}}};
    describe(exchange, properties);
    add(CatalogKind::exchanges, std::move(properties));
  }

  static void describe(const PeeringDb::Exchange& exchange, json::object& properties) {
    set_unless_empty(properties, "facilityIPv4Prefix", exchange.ipv4_prefix);
    set_unless_empty(properties, "facilityIPv6Prefix", exchange.ipv6_prefix);
  }

  std::set<std::string> metros_of_network(Id network) const {
    std::set<std::string> out;
    const auto from = [&](const PeeringDb::Pairs& pairs, auto metro_of) {
      for (auto at = pairs.lower_bound({network, 0}); at != pairs.end() && at->first == network; ++at) {
        if (const std::optional<std::string> metro = metro_of(at->second)) out.insert(*metro);
      }
    };
    from(db_.network_facilities, [&](Id facility) { return finder_.metro_of(facility); });
    from(db_.network_exchanges, [&](Id exchange) {
      const auto found = home_of_exchange_.find(exchange);
      return found == home_of_exchange_.end() ? std::nullopt : std::optional<std::string>(found->second);
    });
    return out;
  }

  void add_provider(Id id, const PeeringDb::Network& network) {
    const std::set<std::string> metros = metros_of_network(id);
    if (metros.empty()) {
      ++plan_.unplaced_networks;
      return;
    }
    const CatalogEntry* known = provider_of(network);
    json::object properties = known ? known->properties : json::object{{"name", network.name}};
    json::array& all = list_of(properties, "metros");
    for (const std::string& metro : metros) {
      if (!has_text(all, metro)) all.emplace_back(metro);
    }
    json::array& asns = list_of(properties, "asns");
    const json::value asn(std::int64_t{network.asn});
    if (std::ranges::find(asns, asn) == asns.end()) asns.push_back(asn);
    if (known) {
      write({CatalogKind::providers, known->name, std::move(properties)});
    } else {
      add(CatalogKind::providers, std::move(properties));
    }
  }

  const CatalogEntry* provider_of(const PeeringDb::Network& network) {
    if (provider_of_asn_.empty()) {
      for (const CatalogEntry* entry : catalogue_.of_kind(CatalogKind::providers)) remember(*entry);
    }
    const auto found = provider_of_asn_.find(network.asn);
    if (found != provider_of_asn_.end()) return result_.find(CatalogKind::providers, found->second);
    return result_.find_called(CatalogKind::providers, network.name);
  }

  void remember(const CatalogEntry& provider) {
    const json::value* asns = provider.properties.if_contains("asns");
    if (!asns || !asns->is_array()) return;
    for (const json::value& asn : asns->get_array()) {
      if (asn.is_int64()) provider_of_asn_.emplace(asn.get_int64(), provider.name);
    }
  }

  void add(CatalogKind kind, json::object properties) {
    std::string name = api::entry_name_of(kind, properties);
    for (int number = 2; result_.find(kind, name); ++number) {
      const std::string tail = fmt::format("-{}", number);
      name = api::entry_name_of(kind, properties).substr(0, 63 - tail.size()) + tail;
    }
    write({kind, std::move(name), std::move(properties)});
  }

  // Several writes of one entry make one change.
  void write(CatalogEntry entry) {
    if (entry.kind == CatalogKind::providers) remember(entry);
    const CatalogEntry* before = catalogue_.find(entry.kind, entry.name);
    const auto place = fmt::format("{}/{}", to_string(entry.kind), lower(entry.name));
    const auto [planned, fresh] = planned_.emplace(place, plan_.changes.size());
    result_.set(entry);
    if (!fresh) {
      plan_.changes[planned->second].entry = std::move(entry);
    } else if (before && *before == entry) {
      planned_.erase(planned);
    } else {
      plan_.changes.push_back(
          {std::move(entry), before ? std::optional<CatalogEntry>(*before) : std::nullopt});
    }
  }

  const PeeringDb& db_;
  const api::CatalogEntries& catalogue_;
  api::CatalogEntries result_;
  MetroFinder finder_;
  ImportPlan plan_;
  std::multimap<std::int64_t, const CatalogEntry*> facilities_of_id_, exchanges_of_id_;
  std::set<Id> facilities_, exchanges_;
  std::map<Id, std::set<std::string>> metros_of_exchange_;
  std::map<Id, std::string> home_of_exchange_;
  std::map<std::int64_t, std::string> provider_of_asn_;
  std::map<std::string, std::size_t> planned_;  // places in `plan_.changes`
};

}  // namespace

ImportPlan plan_import(const PeeringDb& db, const api::CatalogEntries& catalogue,
                       const ImportOptions& options) {
  return Planner(db, catalogue, options).run();
}

}  // namespace peering::cli
