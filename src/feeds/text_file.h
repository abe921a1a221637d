// Whole text files, compressed or not: topology and RPKI data that is read at once and now and then.
#pragma once

#include <string>

#include "base/result.h"

namespace peering::feeds {

/// The largest text that is read, after decompression.
inline constexpr std::size_t text_file_bytes_max = std::size_t{1} << 30;

/// The text of the file, decompressed when its first bytes say that it is compressed (the kinds of
/// `wire/mrt/decompress.h`). The error names the file.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max = text_file_bytes_max);

}  // namespace peering::feeds
