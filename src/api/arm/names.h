// Names, identifiers and regions: what may be called what.
#pragma once

#include <string>
#include <string_view>

namespace peering::api::arm {

/// Has a byte below 0x20, or 0x7f.
bool has_control_character(std::string_view text);

/// Compares without the case of ASCII letters.
bool same_name(std::string_view a, std::string_view b);

/// 1 to 63 of letters, digits, '_', '.', '-'.
bool is_resource_name(std::string_view name);
inline constexpr std::string_view resource_name_rule =
    "1 to 63 letters, digits, '_', '.' or '-' ([A-Za-z0-9_.-]{1,63})";

/// 1 to 90 letters, digits, '-', '.', '_', '(' or ')', not ending in a dot.
bool is_resource_group_name(std::string_view name);
inline constexpr std::string_view resource_group_name_rule =
    "1 to 90 letters, digits, '-', '.', '_', '(' or ')', not ending in '.'";

/// Eight, four, four, four and twelve hexadecimal digits.
bool is_guid(std::string_view text);

/// Regions compare after removing blanks and folding case.
bool same_region(std::string_view a, std::string_view b);

}  // namespace peering::api::arm
