#include "wire/mrt/text_buffer.h"

#include <algorithm>
#include <array>

namespace peering::wire::mrt {

namespace {

// "00" to "99".
constexpr auto two_digits = [] {
  std::array<char, 200> out{};
  for (std::size_t i = 0; i < 100; ++i) {
    out[2 * i] = static_cast<char>('0' + i / 10);
    out[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return out;
}();

// "0" to "255" in three bytes, with their length in the fourth.
struct Octet {
  char text[3];
  std::uint8_t length;
};
constexpr auto octets = [] {
  std::array<Octet, 256> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char hundreds = static_cast<char>('0' + i / 100), tens = static_cast<char>('0' + i / 10 % 10),
               ones = static_cast<char>('0' + i % 10);
    if (i >= 100) {
      out[i] = {{hundreds, tens, ones}, 3};
    } else if (i >= 10) {
      out[i] = {{tens, ones, 0}, 2};
    } else {
      out[i] = {{ones, 0, 0}, 1};
    }
  }
  return out;
}();

char* put_pair(char* to, std::uint32_t below_hundred) {
  std::memcpy(to, &two_digits[2 * below_hundred], 2);
  return to + 2;
}

// Writes three bytes, of which only the first may count.
char* put_octet(char* to, std::uint8_t value) {
  const Octet& octet = octets[value];
  std::memcpy(to, octet.text, 3);
  return to + octet.length;
}

char* put_hex(char* to, std::uint32_t group) {
  constexpr char digits[] = "0123456789abcdef";
  if (group >= 0x1000) *to++ = digits[group >> 12];
  if (group >= 0x100) *to++ = digits[group >> 8 & 15];
  if (group >= 0x10) *to++ = digits[group >> 4 & 15];
  *to++ = digits[group & 15];
  return to;
}

struct ZeroRun {
  std::size_t start = 8, length = 0;
};

// The longest run of zero groups, the first of equals. A run of one counts: RFC 5952 would leave it.
ZeroRun longest_zero_run(const std::array<std::uint32_t, 8>& groups) {
  ZeroRun best;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best.length) best = {i, end - i};
    i = end + 1;
  }
  return best;
}

}  // namespace

void TextBuffer::grow(std::size_t count) {
  constexpr std::size_t capacity_min = 4096;
  const std::size_t capacity = std::max({capacity_min, capacity_ * 2, size_ + count});
  std::unique_ptr<char[]> bytes(new char[capacity]);
  if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

char* put_number(char* to, std::uint32_t value) {
  if (value < 10) {
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  char digits[number_text_max];
  char* at = digits + sizeof digits;
  while (value >= 100) {
    at -= 2;
    put_pair(at, value % 100);
    value /= 100;
  }
  if (value >= 10) {
    at -= 2;
    put_pair(at, value);
  } else {
    *--at = static_cast<char>('0' + value);
  }
  return put_text(to, {at, static_cast<std::size_t>(digits + sizeof digits - at)});
}

char* put_six_digits(char* to, std::uint32_t value) {
  to = put_pair(to, value / 10'000 % 100);
  to = put_pair(to, value / 100 % 100);
  return put_pair(to, value % 100);
}

char* put_ipv4(char* to, const std::uint8_t* bytes) {
  for (int i = 0; i < 3; ++i) {
    to = put_octet(to, bytes[i]);
    *to++ = '.';
  }
  return put_octet(to, bytes[3]);
}

char* put_ipv6(char* to, const std::uint8_t* bytes) {
  std::array<std::uint32_t, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<std::uint32_t>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  }
  const ZeroRun run = longest_zero_run(groups);
  const bool mapped = run.start == 0 && run.length == 5 && groups[5] == 0xffff;
  if (mapped || (run.start == 0 && run.length == 6)) {
    to = put_text(to, mapped ? "::ffff:" : "::");
    return put_ipv4(to, bytes + 12);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run.start) {
      to = put_text(to, "::");
      i += run.length - 1;
      continue;
    }
    if (i > 0 && i != run.start + run.length) *to++ = ':';
    to = put_hex(to, groups[i]);
  }
  return to;
}

char* put_address(char* to, const net::Address& address) {
  const std::uint8_t* bytes = address.bytes().data();
  return address.is_v4() ? put_ipv4(to, bytes) : put_ipv6(to, bytes);
}

}  // namespace peering::wire::mrt
