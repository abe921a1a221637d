// Reading and writing network byte order without ever leaving the buffer.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace peering {

/// The big-endian number that begins at `at`: one load.
template <class Number>
Number big_endian_at(const std::uint8_t* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big) return value;
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  return static_cast<Number>(__builtin_bswap64(value));
}

/// Reads big-endian numbers from bytes it does not own. After a read past the end `ok()` is false, every
/// further read gives zero or an empty span, and nothing outside the span is touched: a decoder may read
/// several fields and look at `ok()` once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  /// Bytes not yet read.
  std::size_t left() const { return bytes_.size() - at_; }
  bool empty() const { return left() == 0; }
  /// Bytes read so far.
  std::size_t position() const { return at_; }

  std::uint8_t u8() { return take(1) ? bytes_[at_ - 1] : std::uint8_t{0}; }
  std::uint16_t u16() {
    return take(2) ? big_endian_at<std::uint16_t>(bytes_.data() + at_ - 2) : std::uint16_t{0};
  }
  std::uint32_t u32() { return take(4) ? big_endian_at<std::uint32_t>(bytes_.data() + at_ - 4) : 0; }
  std::uint64_t u64() { return take(8) ? big_endian_at<std::uint64_t>(bytes_.data() + at_ - 8) : 0; }

  /// The next `count` bytes, or an empty span and `ok() == false` when there are fewer.
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (!take(count)) return {};
    return bytes_.subspan(at_ - count, count);
  }
  /// A reader over the next `count` bytes only; failed when there are fewer.
  ByteReader sub(std::size_t count) {
    ByteReader inner(bytes(count));
    inner.ok_ = ok_;
    return inner;
  }
  /// Everything not yet read, without reading it.
  std::span<const std::uint8_t> rest() const { return bytes_.subspan(at_); }
  void skip(std::size_t count) { take(count); }

 private:
  bool take(std::size_t count) {
    if (!ok_ || count > left()) {
      ok_ = false;
      at_ = bytes_.size();
      return false;
    }
    at_ += count;
    return true;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// Appends big-endian numbers to a vector it owns.
class ByteWriter {
 public:
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { number(v, 2); }
  void u32(std::uint32_t v) { number(v, 4); }
  void u64(std::uint64_t v) { number(v, 8); }
  void bytes(std::span<const std::uint8_t> v) { out_.insert(out_.end(), v.begin(), v.end()); }
  void text(std::string_view v) { out_.insert(out_.end(), v.begin(), v.end()); }
  std::size_t size() const { return out_.size(); }
  /// Overwrites two bytes written before: for lengths that are known afterwards.
  void patch_u16(std::size_t at, std::uint16_t v) {
    out_[at] = static_cast<std::uint8_t>(v >> 8);
    out_[at + 1] = static_cast<std::uint8_t>(v);
  }
  void patch_u32(std::size_t at, std::uint32_t v) {
    patch_u16(at, static_cast<std::uint16_t>(v >> 16));
    patch_u16(at + 2, static_cast<std::uint16_t>(v));
  }
  const std::vector<std::uint8_t>& data() const& { return out_; }
  std::vector<std::uint8_t> take() && { return std::move(out_); }

 private:
  void number(std::uint64_t v, int count) {
    for (int i = count - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  std::vector<std::uint8_t> out_;
};

}  // namespace peering
