// Whole numbers in as few bytes as they need: seven bits a byte, least significant first, the top bit set on
// all but the last (LEB128). Every number has exactly one form, so equal values give equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace peering::sketch {

/// Appends `value` in one to ten bytes.
inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

/// Maps signed to unsigned so that small magnitudes stay small: 0, -1, 1, -2 become 0, 1, 2, 3.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

/// Reads numbers from bytes it does not own. After a cut, overlong or too large number `ok()` is false and
/// every further read gives zero.
class VarintReader {
 public:
  explicit VarintReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }

  std::uint64_t next() {
    std::uint64_t value = 0;
    for (int shift = 0; ok_ && shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<std::uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      const std::uint64_t part = byte & 0x7f;
      if (shift == 63 && part > 1) break;
      value |= part << shift;
      if (byte & 0x80) continue;
      if (byte == 0 && shift > 0) break;
      return value;
    }
    ok_ = false;
    return 0;
  }

  /// The next `count` bytes; empty and not `ok()` when there are fewer.
  std::string_view text(std::uint64_t count) {
    if (!ok_ || count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view out = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return out;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace peering::sketch
