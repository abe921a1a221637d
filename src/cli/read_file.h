// Whole small files, and stdin under the name "-".
#pragma once

#include <string>

#include "cli/failure.h"

namespace peering::cli {

inline constexpr std::size_t small_file_bytes_max = 16 * 1024 * 1024;

/// The bytes of a file of at most `bytes_max`.
Outcome<std::string> read_file(const std::string& path, std::size_t bytes_max = small_file_bytes_max);

}  // namespace peering::cli
