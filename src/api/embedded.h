// Files of the repository that are part of the program: compiled in as they are.
#pragma once

#include <string_view>

namespace peering::api {

/// `catalog/default.json`.
std::string_view embedded_catalog();
/// `api/openapi.json`.
std::string_view embedded_openapi();
/// `src/api/beacon.js`.
std::string_view embedded_beacon_script();

}  // namespace peering::api
