// What of a PeeringDB dump says where networks meet: buildings, exchanges and who is where.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/catalog.h"
#include "cli/peeringdb_dump.h"

namespace peering::cli {

/// The tables, joined by their ids. A value.
struct PeeringDb {
  /// `fac`.
  struct Facility {
    std::string name, address, city, state;
    std::string country;  ///< ISO 3166 alpha-2
    std::optional<api::Coordinates> coordinates;
  };
  /// `ix`, and the first prefix of each family in `ixpfx`.
  struct Exchange {
    std::string name, city, country;
    std::string ipv4_prefix, ipv6_prefix;
  };
  /// `net`.
  struct Network {
    std::string name;
    net::Asn asn = 0;
  };
  using Id = std::int32_t;
  using Pairs = std::set<std::pair<Id, Id>>;

  std::map<Id, Facility> facilities;
  std::map<Id, Exchange> exchanges;
  std::map<Id, Network> networks;
  Pairs exchange_facilities;  ///< `ixfac`: exchange, facility
  Pairs network_facilities;   ///< `netfac`: network, facility
  Pairs network_exchanges;    ///< `netixlan`: network, exchange
};

/// Takes rows of a dump in any order. A row that cannot be used is counted and named, and costs nothing else.
class PeeringDbReader {
 public:
  /// Networks with other AS numbers are left out; an empty set: none is.
  explicit PeeringDbReader(std::set<net::Asn> asns = {}) : asns_(std::move(asns)) {}

  void take(const DumpRow& row);
  /// What was read. Call once, at the end.
  PeeringDb finish();

  /// Rows by type, those among them whose status is not "ok", and those that cannot be used.
  struct Counts {
    std::size_t rows = 0, inactive = 0, malformed = 0;
  };
  const std::map<std::string, Counts>& counts() const { return counts_; }
  /// "fac 17: latitude '91' is not accepted: …"; the first 20.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  Result<void> read(const DumpRow& row, PeeringDb::Id id);
  Result<void> read_facility(const DumpRow& row, PeeringDb::Id id);
  Result<void> read_exchange(const DumpRow& row, PeeringDb::Id id);
  Result<void> read_network(const DumpRow& row, PeeringDb::Id id);
  Result<void> read_pair(const DumpRow& row, std::string_view first, std::string_view second,
                         PeeringDb::Pairs& out);
  Result<void> read_presence(const DumpRow& row, std::string_view asn, std::string_view at,
                             PeeringDb::Pairs& out);
  Result<void> read_prefix(const DumpRow& row);

  std::set<net::Asn> asns_;
  PeeringDb out_;
  std::map<PeeringDb::Id, PeeringDb::Id> exchange_of_lan_;
  std::map<PeeringDb::Id, std::pair<std::string, std::string>> prefixes_of_lan_;  // IPv4, IPv6
  std::map<std::string, Counts> counts_;
  std::vector<std::string> complaints_;
};

}  // namespace peering::cli
