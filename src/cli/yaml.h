// JSON values as YAML 1.2 (block style), for `-o yaml`.
#pragma once

#include <string>

#include "base/json.h"

namespace peering::cli {

/// The value as one YAML document without a marker; ends with a line break. Texts that YAML could read as
/// something else are quoted.
std::string to_yaml(const json::value& value);

}  // namespace peering::cli
