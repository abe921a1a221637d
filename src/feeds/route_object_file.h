// Dumps of IRR databases on disk.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "rib/route_objects.h"

namespace peering::feeds {

/// Reads a dump, plain or compressed, a piece at a time; keeps objects for whose prefix `wanted` holds (all
/// when it is null). Broken objects are counted in what is given back. The error names the file; one without
/// any route object that can be read is an error.
Result<rib::RouteObjectReader> read_route_objects(const std::string& path,
                                                  std::function<bool(const net::Prefix&)> wanted = {});

}  // namespace peering::feeds
