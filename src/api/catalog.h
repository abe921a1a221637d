// The catalogue: countries, states and providers that customers choose from. A file that the operator owns
// (`[catalog] file`, read again on SIGHUP); `catalog/default.json` is compiled in for when there is none.
// What she changes over the API lies over it (`catalog_overlay.h`).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "net/address.h"
#include "net/prefix.h"

namespace peering::api {

/// A point on the Earth, in degrees: latitude -90 to 90, longitude -180 to 180.
struct Coordinates {
  double latitude = 0, longitude = 0;
  friend bool operator==(const Coordinates&, const Coordinates&) = default;
};
/// Miles along the great circle (the Earth taken as a sphere).
double distance_miles(const Coordinates& a, const Coordinates& b);

/// A state or province that a peering service can be in.
struct ServiceLocation {
  std::string country;  ///< English name
  std::string state;
  std::string azure_region;                ///< display form: "West US 2"; may be empty
  std::optional<Coordinates> coordinates;  ///< of the state, else of its country
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

/// A building in which direct peerings are connected.
struct DirectFacility {
  std::string address;
  std::string direct_peering_type;  ///< as `direct_peering_type_of` spells it
  std::int32_t peeringdb_id = 0;    ///< 0: not known
  std::string name, city;           ///< may be empty
  std::optional<Coordinates> coordinates;
  friend bool operator==(const DirectFacility&, const DirectFacility&) = default;
};

/// An internet exchange and our ports there. Addresses may be lists separated by commas; texts may be empty.
struct ExchangeFacility {
  std::string name;
  std::int32_t bandwidth_mbps = 0;
  std::string our_ipv4, our_ipv6;
  std::string ipv4_prefix, ipv6_prefix;
  std::int32_t peeringdb_id = 0;  ///< of the exchange; 0: not known
  friend bool operator==(const ExchangeFacility&, const ExchangeFacility&) = default;
};

/// A prefix that peers with a CDN get at a metro.
struct CdnPrefix {
  net::Prefix prefix;
  std::string azure_region, azure_service, bgp_community;  ///< may be empty
  bool primary_region = false;
  friend bool operator==(const CdnPrefix&, const CdnPrefix&) = default;
};

/// A metro where peers can connect.
struct Metro {
  std::string name;
  std::string country;       ///< ISO 3166 alpha-2
  std::string azure_region;  ///< display form; may be empty
  std::optional<Coordinates> coordinates;
  std::vector<DirectFacility> facilities;
  std::vector<ExchangeFacility> exchanges;
  std::vector<CdnPrefix> cdn_prefixes;
  friend bool operator==(const Metro&, const Metro&) = default;
};

/// A bandwidth that direct peerings can have.
struct BandwidthOffer {
  std::string name;
  std::int32_t mbps = 0;
  friend bool operator==(const BandwidthOffer&, const BandwidthOffer&) = default;
};

/// The type of direct peering in its one spelling; nothing when there is none of the name. Compares without
/// case.
std::optional<std::string_view> direct_peering_type_of(std::string_view text);
inline constexpr std::string_view direct_peering_type_rule =
    "one of Edge, Transit, Cdn, Internal, Ix, IxRs, Voice, EdgeZoneForOperators, PeerProp";

class CatalogEntries;

/// Immutable once loaded.
struct Catalog {
  std::string source;                  ///< where the facts come from, for people
  std::vector<std::string> countries;  ///< sorted
  std::vector<ServiceLocation> locations;
  std::vector<ServiceProvider> providers;
  std::vector<Metro> metros;
  std::vector<BandwidthOffer> bandwidth_offers;
  /// What it was made of, and which of that the file has; null when it was put together by hand.
  std::shared_ptr<const CatalogEntries> entries, file_entries;

  /// All compare without case.
  const ServiceProvider* find_provider(std::string_view name) const;
  const Metro* find_metro(std::string_view name) const;
  bool has_location(std::string_view state) const;
  /// Is one of the provider's metros within 1000 miles of a state of the name? False when nothing of the name
  /// is known, or not where it is.
  bool is_near(std::string_view state, std::string_view provider) const;
  /// Whether they say the same, whatever they were made of.
  friend bool operator==(const Catalog& a, const Catalog& b) {
    return a.source == b.source && a.countries == b.countries && a.locations == b.locations &&
           a.providers == b.providers && a.metros == b.metros && a.bandwidth_offers == b.bandwidth_offers;
  }
};

using CatalogPointer = std::shared_ptr<const Catalog>;

/// Reads the JSON form (docs/api.md, "The catalogue"). Errors name the field, the value and the rule.
Result<Catalog> parse_catalog(std::string_view text);
/// The same of a document that was read already; without `entries`.
Result<Catalog> read_catalog(const json::value& document);
/// The same from a file; an empty path gives the compiled-in catalogue.
Result<Catalog> load_catalog(const std::string& path);

}  // namespace peering::api
