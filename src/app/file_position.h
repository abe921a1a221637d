// Where the reading of a followed file stands, on the disk: `<data_dir>/followed/<hash of the path>.json`.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "feeds/followed_file.h"

namespace peering::app {

/// Of the file with this path; nothing: it was never followed. `io`, `corrupt`.
Result<std::optional<feeds::FilePosition>> read_position(const std::string& folder, const std::string& path);
/// Durable when it returns, whole or not at all. `io`, `out_of_space`.
Result<void> write_position(const std::string& folder, const std::string& path,
                            const feeds::FilePosition& position);

}  // namespace peering::app
