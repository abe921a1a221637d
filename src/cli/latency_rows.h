// The latency report as rows of a table: one a series and point that has samples. A gap is a gap.
#pragma once

#include "base/json.h"
#include "cli/output.h"

namespace peering::cli {

/// Points with samples and the names of their series, in order of the report.
json::array latency_rows(const json::value& report);
Columns latency_columns();

}  // namespace peering::cli
