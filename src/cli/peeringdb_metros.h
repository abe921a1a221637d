// Which metro a place of PeeringDB is in: one of the catalogue near it, else a new one of its city.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/catalog_entries.h"
#include "cli/peeringdb.h"

namespace peering::cli {

/// Knows the metros of a catalogue and makes those that are missing. Not thread-safe.
class MetroFinder {
 public:
  /// `join_miles`: a facility belongs to the nearest metro of its country within.
  MetroFinder(const api::CatalogEntries& catalogue, double join_miles);

  /// Finds a metro for each of the facilities, making new ones: call once.
  void place(const PeeringDb& db, const std::set<PeeringDb::Id>& facilities);
  /// The metro of a facility that was placed.
  std::optional<std::string> metro_of(PeeringDb::Id facility) const;
  /// The metro of a city, as its facilities were placed or a metro is called; nothing when none is.
  std::optional<std::string> metro_of_city(const std::string& country, const std::string& city) const;
  /// Those that were made.
  const std::vector<api::CatalogEntry>& made() const { return made_; }

 private:
  struct Metro {
    std::string name, country;
    std::optional<api::Coordinates> middle;
  };
  using Facility = PeeringDb::Facility;

  const Metro* find(const Facility& facility) const;
  const Metro* nearest(const Facility& facility) const;
  const Metro* called(const Facility& facility) const;
  const Metro* called(const std::string& country, const std::string& name) const;
  void make(const Facility& leader, const std::vector<const Facility*>& all);
  std::string free_name(const Facility& leader) const;

  double join_miles_;
  std::vector<Metro> metros_;
  std::set<std::string> names_;                                         // lower case
  std::map<PeeringDb::Id, std::string> of_facility_;                    // metro's name
  std::map<std::pair<std::string, std::string>, std::string> of_city_;  // by country and city in lower case
  std::vector<api::CatalogEntry> made_;
};

}  // namespace peering::cli
