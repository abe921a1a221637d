// The latency report as rows of a table: one a series and point that has samples. A gap is a gap.
#pragma once

#include "base/json.h"
#include "cli/output.h"

namespace peering::cli {

/// Points with samples and the names of their series, in order of the report.
json::array latency_rows(const json::value& report);
Columns latency_columns();

/// The candidates of a comparison, each with its kind.
json::array comparison_rows(const json::value& comparison);
/// With what is compared by.
Columns comparison_columns(const json::value& comparison);
/// Of each kind that names them: which PoP serves, and which is the nearest.
std::vector<std::string> comparison_notes(const json::value& comparison);

}  // namespace peering::cli
