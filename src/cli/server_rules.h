// What a server's configuration says that its detectors go by, for judging the past as the server would.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace peering::cli {

struct ServerRules {
  std::optional<Microseconds> reopen_within;          ///< `[detection]`
  std::string as_relationships, siblings, aspa, irr;  ///< `[topology]`: files; empty: none
  std::string vrps;                                   ///< `[rpki] vrp_file`
};

/// Reads these keys of a configuration file; others are the server's to judge (`peeringd --check`). The error
/// names file, line, key and rule. Paths are taken as they are written, as the server takes them.
Result<ServerRules> read_server_rules(const std::string& path);

}  // namespace peering::cli
