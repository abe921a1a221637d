// An UPDATE found and judged in place, without a copy: for those who turn many messages into something else
// than values. `decode_update` is this, then the values.
#pragma once

#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {

/// Refers to the bytes it was read from.
struct UpdateScan {
  std::span<const std::uint8_t> withdrawn;  ///< IPv4, judged
  std::span<const std::uint8_t> announced;  ///< IPv4, judged
  std::size_t withdrawn_count = 0, announced_count = 0;
  AttributeScan attributes;  ///< with the issues of the whole message
  std::optional<FamilyId> end_of_rib;
  OtherFamilies other_families;

  /// The worst outcome, if any. After `reset_session` none of the routes may be used; after
  /// `treat_as_withdraw` all of them are withdrawals.
  std::optional<Outcome> outcome() const;
};

/// Judges the body of an UPDATE (after the 19-byte header).
UpdateScan scan_update(std::span<const std::uint8_t> body, const SessionFacts& facts);

/// The worst of them.
std::optional<Outcome> worst_outcome(std::span<const Issue> issues);

}  // namespace peering::wire::bgp
