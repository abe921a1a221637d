// Text written at the speed of memory: a buffer that is filled through a pointer, and numbers and addresses
// written to a pointer. Whoever writes asks for room once for many pieces, so that no piece has to ask.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "net/address.h"

namespace peering::wire::mrt {

/// Bytes that grow at the end. Memory is kept when it is cleared.
class TextBuffer {
 public:
  /// A place to write at most `count` bytes to; valid until the next call. `end_at` says where writing ended.
  char* room(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return bytes_.get() + size_;
  }
  void end_at(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

  void append(std::string_view text) {
    char* to = room(text.size());
    std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }
  /// Drops what follows the first `size` bytes.
  void cut_to(std::size_t size) { size_ = size; }
  /// For a character whose value was not known when it was written.
  void set(std::size_t at, char value) { bytes_[at] = value; }

 private:
  void grow(std::size_t count);

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
};

/// The most that the functions below write.
inline constexpr std::size_t number_text_max = 10;
inline constexpr std::size_t address_text_max = 48;

// Each writes to `to` and gives the place after what it wrote.

/// Decimal.
char* put_number(char* to, std::uint32_t value);
/// Six digits with leading zeros; `value` below a million.
char* put_six_digits(char* to, std::uint32_t value);
/// Dotted quad of four bytes.
char* put_ipv4(char* to, const std::uint8_t* bytes);
/// 16 bytes as bgpdump writes them: as RFC 5952, but a single zero group is shortened to "::" too.
char* put_ipv6(char* to, const std::uint8_t* bytes);
char* put_address(char* to, const net::Address& address);
/// At most as much as the caller has room for.
inline char* put_text(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

}  // namespace peering::wire::mrt
