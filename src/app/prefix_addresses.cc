#include "app/prefix_addresses.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace peering::app {

namespace {

// The IPv4 address so far behind the first one of the prefix.
net::Address v4_at(const net::Prefix& prefix, std::uint64_t offset) {
  return net::Address::v4(static_cast<std::uint32_t>((prefix.address().high64() >> 32) + offset));
}

net::Address v6_at(const net::Prefix& prefix, std::uint64_t subnet, std::uint64_t host) {
  const std::uint64_t halves[] = {prefix.address().high64() + subnet, prefix.address().low64() + host};
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(halves[i / 8] >> (56 - 8 * (i % 8)));
  return net::Address::v6(bytes);
}

std::vector<net::Address> v4_candidates(const net::Prefix& prefix) {
  std::vector<net::Address> out;
  const std::uint64_t size = std::uint64_t{1} << (32 - prefix.length());
  if (size <= 2) {
    for (std::uint64_t i = 0; i < size; ++i) out.push_back(v4_at(prefix, i));
    return out;
  }
  const std::uint64_t offsets[] = {
      1, size - 2, size / 2 + 1, 2, 10, size / 4 + 1, size / 4 * 3 + 1, 3, 5, 20, 33, 50, 65, 100, 129, 193};
  for (const std::uint64_t offset : offsets) {
    if (offset < size - 1) out.push_back(v4_at(prefix, offset));
  }
  return out;
}

std::vector<net::Address> v6_candidates(const net::Prefix& prefix) {
  std::vector<net::Address> out;
  const bool is_part_of_subnet = prefix.length() > 64;
  const int host_bits = is_part_of_subnet ? 128 - prefix.length() : 64;
  for (const std::uint64_t host : {0x1ULL, 0x0ULL, 0x2ULL, 0x3ULL, 0xaULL, 0x53ULL, 0x80ULL, 0x443ULL}) {
    if (host_bits == 64 || host < std::uint64_t{1} << host_bits) out.push_back(v6_at(prefix, 0, host));
  }
  if (prefix.length() >= 64) return out;
  for (const std::uint64_t host : {0x1ULL, 0x0ULL, 0x2ULL}) out.push_back(v6_at(prefix, 1, host));
  return out;
}

}  // namespace

std::vector<net::Address> addresses_to_try(const net::Prefix& prefix, std::span<const net::Address> named) {
  std::vector<net::Address> out;
  const auto add = [&](const net::Address& address, std::size_t max) {
    if (out.size() < max && std::ranges::find(out, address) == out.end()) out.push_back(address);
  };
  for (const net::Address& each : named) {
    if (prefix.contains(each)) add(each, addresses_named_max);
  }
  const std::size_t max = out.size() + addresses_searched_max;
  const bool v4 = prefix.family() == net::Family::ipv4;
  for (const net::Address& each : v4 ? v4_candidates(prefix) : v6_candidates(prefix)) add(each, max);
  return out;
}

}  // namespace peering::app
