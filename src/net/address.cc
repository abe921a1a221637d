#include "net/address.h"

#include <algorithm>
#include <bit>

#include <arpa/inet.h>

namespace peering::net {

namespace {

// From words as numbers to words as in memory, and back.
std::uint64_t in_network_order(std::uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

}  // namespace

bool is_reserved(Asn asn) {
  return asn == 0 || asn == as_trans || (asn >= 64496 && asn <= 65551) || asn >= 4200000000U;
}

Address Address::v4(std::uint32_t host_order) {
  Address out;
  for (std::size_t i = 0; i < 4; ++i) {
    out.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return out;
}

Result<Address> Address::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() < sizeof buffer && text.find('\0') == std::string_view::npos) {
    std::copy(text.begin(), text.end(), buffer);
    std::array<std::uint8_t, 16> raw{};
    if (inet_pton(AF_INET, buffer, raw.data()) == 1) return v4(std::span(raw).first<4>());
    if (inet_pton(AF_INET6, buffer, raw.data()) == 1) return v6(raw);
  }
  return tl::unexpected(invalid("address", text, "an IPv4 or IPv6 address"));
}

std::uint64_t Address::high64() const {
  std::uint64_t out = 0;
  std::memcpy(&out, bytes_.data(), 8);
  return in_network_order(out);
}

std::uint64_t Address::low64() const {
  std::uint64_t out = 0;
  std::memcpy(&out, bytes_.data() + 8, 8);
  return in_network_order(out);
}

Address Address::masked(int length) const {
  const std::uint64_t all = ~std::uint64_t{0};
  const std::uint64_t high = length >= 64 ? all : ~(all >> std::max(length, 0));
  const std::uint64_t low = length >= 128 ? all : length <= 64 ? 0 : ~(all >> (length - 64));
  return {family_, in_network_order(high64() & high), in_network_order(low64() & low)};
}

Address Address::unmapped() const {
  const bool mapped = !is_v4() && high64() == 0 && low64() >> 32 == 0xffff;
  return mapped ? v4(static_cast<std::uint32_t>(low64())) : *this;
}

bool Address::is_loopback() const { return is_v4() ? bytes_[0] == 127 : high64() == 0 && low64() == 1; }

bool Address::is_unspecified() const { return high64() == 0 && low64() == 0; }

std::string Address::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

}  // namespace peering::net
