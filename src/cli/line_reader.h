// Lines of a stream, block by block, without waiting for more than the next line.
#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>

namespace peering::cli {

/// Not thread-safe. What the stream has ready is taken at once, so that reading it some other way in between
/// misses that.
class LineReader {
 public:
  /// Of a line that is longer than `bytes_max` only so much is kept.
  LineReader(std::istream& in, std::size_t bytes_max) : in_(in), bytes_max_(bytes_max) {}

  /// Reads the next line, without its end (LF or CR LF). False at the end of the stream. The line stays as it
  /// is until the next call.
  bool next(std::string_view& line);
  /// Whether the line that was read last is longer than what was kept of it.
  bool too_long() const { return too_long_; }

 private:
  bool fill();

  std::istream& in_;
  const std::size_t bytes_max_;
  std::string block_, carried_;
  std::size_t at_ = 0;
  bool too_long_ = false;
};

}  // namespace peering::cli
