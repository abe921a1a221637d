// Whole text files, compressed or not: topology and RPKI data that is read at once and now and then.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace peering::feeds {

/// The largest text that is read, after decompression.
inline constexpr std::size_t text_file_bytes_max = std::size_t{1} << 30;

/// The text of the file, decompressed when its first bytes say that it is compressed (the kinds of
/// `wire/mrt/decompress.h`). The error names the file.
Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max = text_file_bytes_max);

/// The same a piece at a time, cut anywhere, for texts that are too large to hold.
Result<void> read_text_pieces(const std::string& path,
                              const std::function<Result<void>(std::string_view)>& take);

}  // namespace peering::feeds
