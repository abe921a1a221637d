// Validated ROA payloads and route origin validation (RFC 6811).
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "net/prefix_map.h"

namespace peering::rib {

/// One validated ROA payload.
struct Vrp {
  net::Asn asn = 0;
  int length_max = 0;
  friend bool operator==(const Vrp&, const Vrp&) = default;
};

/// RFC 6811 section 2.
enum class Validity : std::uint8_t { not_found, valid, invalid };

/// Built once, then read by any number of threads.
class VrpTable {
 public:
  /// `length_max` below the prefix's length counts as that length.
  void add(const net::Prefix& prefix, Vrp vrp);
  /// Of a route for `prefix` with this origin. AS 0 is never valid (RFC 7607).
  Validity validity(const net::Prefix& prefix, net::Asn origin) const;
  std::size_t size() const { return size_; }

  /// Adds a list `[{"prefix", "maxLength"?, "asn": 64500 | "AS64500"}]`: the `roas` of a watch file and of
  /// the JSON that validators export. Other members are skipped. The error names the place, field and rule.
  Result<void> add_json(const json::value& roas);

 private:
  net::PrefixMap<std::vector<Vrp>> by_prefix_;
  std::size_t size_ = 0;
};

}  // namespace peering::rib
