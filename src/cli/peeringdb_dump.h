// A PeeringDB dump as a stream of rows: what its API answers for a type (`{"data": [{…}, …]}`), and one file
// with all types (`{"fac": {"data": […]}, …}`). Rows are never all in memory.
// Source: https://www.peeringdb.com/apidocs/.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/failure.h"

namespace peering::cli {

/// A row: those of its members that are texts, numbers, truth values or null and that somebody reads here.
struct DumpRow {
  std::string type;  ///< "fac", "ix", …
  std::vector<std::pair<std::string, json::value>> members;

  /// Null when it is absent.
  const json::value* member(std::string_view name) const;
};

/// Whether PeeringDB has objects of the type, and this program knows of them.
bool is_peeringdb_type(std::string_view type);
/// "fac" of "/some/where/fac-page-1.json.xz"; empty when the name does not begin with a type.
std::string type_of_file_name(const std::string& path);

/// Reads one file, also compressed, and gives every row to `take`. `type` is that of rows for which the file
/// does not say it. Fails when the file cannot be read or is no JSON: what was given until then was right.
Outcome<void> read_dump(const std::string& path, const std::string& type,
                        const std::function<void(DumpRow&)>& take);

}  // namespace peering::cli
