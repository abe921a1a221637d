#include "net/prefix.h"

#include <algorithm>
#include <charconv>

namespace peering::net {

Prefix::Prefix(const Address& address, int length) {
  const int bits = std::clamp(length, 0, address_bits(address.family()));
  address_ = address.masked(bits);
  length_ = static_cast<std::uint8_t>(bits);
}

namespace {

struct Parts {
  Address address;
  int length = 0;
};

Result<Parts> split(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return tl::unexpected(invalid("prefix", text, "a length is missing, e.g. 203.0.113.0/24"));
  }
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) {
    return tl::unexpected(invalid("prefix", text, "the part before '/' is no IPv4 or IPv6 address"));
  }
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const int bits = address_bits(address->family());
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || digits[0] == '-' ||
      (digits[0] == '0' && digits.size() > 1) || length > bits) {
    return tl::unexpected(invalid(
        "prefix", text, fmt::format("the length is a number from 0 to {}, without leading zeros", bits)));
  }
  return Parts{*address, length};
}

}  // namespace

Result<Prefix> Prefix::parse(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return tl::unexpected(parts.error());
  const Prefix out(parts->address, parts->length);
  if (out.address() != parts->address) {
    return tl::unexpected(
        invalid("prefix", text, fmt::format("host bits are set; the network is {}", out.to_string())));
  }
  return out;
}

Result<Prefix> Prefix::parse_lenient(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return tl::unexpected(parts.error());
  return Prefix(parts->address, parts->length);
}

bool Prefix::contains(const Address& address) const {
  if (address.family() != family()) return false;
  if (length_ == 0) return true;
  const std::uint64_t high = address.high64() ^ address_.high64();
  if (length_ <= 64) return high >> (64 - length_) == 0;
  return high == 0 && (address.low64() ^ address_.low64()) >> (128 - length_) == 0;
}

bool Prefix::covers(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.address_);
}

Prefix Prefix::truncated(int length) const { return Prefix(address_, std::min<int>(length, length_)); }

std::string Prefix::to_string() const { return fmt::format("{}/{}", address_.to_string(), length_); }

}  // namespace peering::net
