// Two texts as the lines that go and come, in the unified form of diff(1).
#pragma once

#include <string>
#include <string_view>

namespace peering::cli::as_code {

/// Hunks with three lines around each change; empty when the texts are equal. Texts of which more than 4,000
/// lines lie between their equal beginnings and ends are shown as gone and come whole.
std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace peering::cli::as_code
