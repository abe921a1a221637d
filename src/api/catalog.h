// The catalogue: countries, states and providers that customers choose from. A file that the operator owns
// (`[catalog] file`, read again on SIGHUP); `catalog/default.json` is compiled in for when there is none.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace peering::api {

/// A state or province that a peering service can be in.
struct ServiceLocation {
  std::string country;  ///< English name
  std::string state;
  std::string azure_region;  ///< display form: "West US 2"; may be empty
  friend bool operator==(const ServiceLocation&, const ServiceLocation&) = default;
};

/// A partner that carries customers' traffic.
struct ServiceProvider {
  std::string name;
  std::vector<std::string> metros;
  /// AS numbers of the provider, when the operator knows them: a route through one of them is "via the
  /// service provider".
  std::vector<net::Asn> asns;

  /// Compared without case.
  bool has_metro(std::string_view metro) const;
  friend bool operator==(const ServiceProvider&, const ServiceProvider&) = default;
};

/// Immutable once loaded.
struct Catalog {
  std::string source;                  ///< where the facts come from, for people
  std::vector<std::string> countries;  ///< sorted
  std::vector<ServiceLocation> locations;
  std::vector<ServiceProvider> providers;

  /// Both compare without case.
  const ServiceProvider* find_provider(std::string_view name) const;
  bool has_location(std::string_view state) const;
  friend bool operator==(const Catalog&, const Catalog&) = default;
};

using CatalogPointer = std::shared_ptr<const Catalog>;

/// Reads the JSON form (docs/api.md, "The catalogue"). Errors name the field, the value and the rule.
Result<Catalog> parse_catalog(std::string_view text);
/// The same from a file; an empty path gives the compiled-in catalogue.
Result<Catalog> load_catalog(const std::string& path);

}  // namespace peering::api
