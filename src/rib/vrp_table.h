// Validated ROA payloads and route origin validation (RFC 6811): an unchanging snapshot, and what is
// different between two of them.
//
// A table is built whole from a list, shared by `std::shared_ptr<const VrpTable>` and replaced whole; nobody
// locks. Validation is one search for what covers the prefix (`prefix_set.h`) and a look at its payloads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rib/prefix_set.h"
#include "wire/rtr/pdu.h"

namespace peering::rib {

using Vrp = wire::rtr::Vrp;

/// RFC 6811 section 2.
enum class Validity : std::uint8_t { not_found, valid, invalid };
/// "not-found", "valid", "invalid", as served in JSON.
std::string_view to_string(Validity validity);

/// Immutable after construction; any number of threads may read.
class VrpTable {
 public:
  VrpTable() = default;
  /// In any order; repetitions count once. A maximum length below the prefix's own counts as that.
  explicit VrpTable(std::vector<Vrp> vrps);

  /// Of a route for `prefix` with this origin. Origin 0 stands for a path without one origin (it ends in an
  /// AS_SET) and for AS 0: neither is ever valid (RFC 6811 section 2, RFC 7607).
  Validity validity(const net::Prefix& prefix, net::Asn origin) const;
  /// The payloads whose prefix covers `prefix`, most specific first.
  std::vector<Vrp> covering(const net::Prefix& prefix) const;
  /// The first payloads, at most `limit`, whose prefix lies inside `prefix` (not those of itself).
  std::vector<Vrp> within(const net::Prefix& prefix, std::size_t limit) const;
  /// Some payload's prefix covers `prefix`, or is covered by it.
  bool touches(const net::Prefix& prefix) const { return prefixes_.touches(prefix); }
  /// Every payload, in order.
  std::vector<Vrp> vrps() const;
  std::size_t size() const { return authorisations_.size(); }
  std::size_t bytes() const;

 private:
  struct Authorisation {
    net::Asn asn = 0;
    std::uint8_t length_max = 0;
  };
  std::span<const Authorisation> of(PrefixSet::Index index) const {
    return std::span(authorisations_).subspan(starts_[index], starts_[index + 1] - starts_[index]);
  }

  PrefixSet prefixes_;
  std::vector<std::uint32_t> starts_{0};  // of each prefix in `authorisations_`, and the end
  std::vector<Authorisation> authorisations_;
};
using VrpTablePointer = std::shared_ptr<const VrpTable>;

/// What became different.
struct VrpDelta {
  VrpTable added, removed;
  bool empty() const { return added.size() == 0 && removed.size() == 0; }
  /// The validity of some route for `prefix`, or inside it, may be another one.
  bool touches(const net::Prefix& prefix) const { return added.touches(prefix) || removed.touches(prefix); }
};
VrpDelta difference(const VrpTable& before, const VrpTable& after);

}  // namespace peering::rib
