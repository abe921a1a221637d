// The part of OData's `$filter` that lists of events understand: comparisons joined by `and`.
//
//   firstSeen ge 2026-11-23T10:00:00Z and level eq 'Critical' and kind ne 'withdrawal'
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace peering::api::arm {

enum class Comparison : std::uint8_t { eq, ne, gt, ge, lt, le };

/// One comparison. `literal` without quotes; '' inside quotes became '.
struct FilterTerm {
  std::string field;
  Comparison comparison = Comparison::eq;
  std::string literal;
  friend bool operator==(const FilterTerm&, const FilterTerm&) = default;
};

inline constexpr std::size_t filter_terms_max = 16;
inline constexpr std::size_t filter_bytes_max = 2048;

/// Whether an ordering of a value to a literal is what the comparison asks for.
bool holds(std::weak_ordering order, Comparison comparison);
/// The error about a term's literal, or its comparison.
tl::unexpected<Error> wrong(const FilterTerm& term, std::string_view rule);

/// Words compare without case. An empty text gives no terms. Errors name the place.
Result<std::vector<FilterTerm>> parse_filter(std::string_view text);

}  // namespace peering::api::arm
