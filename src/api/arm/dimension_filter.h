// The part of OData's `$filter` that Azure Monitor's metrics understand: which values of dimensions.
//
//   PrefixName eq 'a' or PrefixName eq 'b' and Kind eq '*'
//
// Unlike elsewhere in OData, `or` binds closer than `and` and joins values of one dimension only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace peering::api::arm {

/// What is asked of one dimension's value.
struct DimensionTerm {
  enum class Operator : std::uint8_t { equal, not_equal, starts_with };
  Operator op = Operator::equal;
  std::string value;  ///< "*" with `equal`: any
  friend bool operator==(const DimensionTerm&, const DimensionTerm&) = default;
};

/// One dimension and the terms of which one must hold.
struct DimensionCondition {
  std::string dimension;
  std::vector<DimensionTerm> any_of;
  /// Values compare without case, as the names of resources do.
  bool allows(std::string_view value) const;
  friend bool operator==(const DimensionCondition&, const DimensionCondition&) = default;
};

inline constexpr std::size_t dimension_terms_max = 100;
inline constexpr std::size_t dimension_filter_bytes_max = 8192;

/// All conditions must hold. Operators: eq, ne, sw or startswith; words compare without case; parentheses may
/// enclose the terms of one condition. An empty text gives no conditions. Errors name the place.
Result<std::vector<DimensionCondition>> parse_dimension_filter(std::string_view text);

}  // namespace peering::api::arm
