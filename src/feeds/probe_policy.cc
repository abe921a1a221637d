#include "feeds/probe_policy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace peering::feeds {

namespace {

struct Special {
  std::string_view prefix, name;
};

// IANA's registries of special-purpose addresses, without those for documentation: they lead nowhere.
constexpr std::array<Special, 26> specials = {{
    {"0.0.0.0/8", "this network"},
    {"10.0.0.0/8", "a private address"},
    {"100.64.0.0/10", "shared address space"},
    {"127.0.0.0/8", "a loopback address"},
    {"169.254.0.0/16", "a link-local address"},
    {"172.16.0.0/12", "a private address"},
    {"192.0.0.0/24", "a special-purpose address"},
    {"192.88.99.0/24", "a special-purpose address"},
    {"192.168.0.0/16", "a private address"},
    {"198.18.0.0/15", "an address for benchmarks"},
    {"224.0.0.0/4", "a multicast address"},
    {"240.0.0.0/4", "a reserved address"},
    {"::/128", "no address"},
    {"::1/128", "a loopback address"},
    {"::/96", "a special-purpose address"},
    {"::ffff:0:0/96", "an IPv4 address in IPv6"},
    {"64:ff9b::/96", "an IPv4 address in IPv6"},
    {"64:ff9b:1::/48", "an IPv4 address in IPv6"},
    {"100::/64", "a special-purpose address"},
    {"2001::/32", "an IPv4 address in IPv6"},
    {"2001:10::/28", "a special-purpose address"},
    {"2002::/16", "an IPv4 address in IPv6"},
    {"fc00::/7", "a private address"},
    {"fe80::/10", "a link-local address"},
    {"fec0::/10", "a private address"},
    {"ff00::/8", "a multicast address"},
}};

bool any_contains(const std::vector<net::Prefix>& prefixes, const net::Address& address) {
  return std::ranges::any_of(prefixes, [&](const net::Prefix& each) { return each.contains(address); });
}

const std::vector<std::pair<net::Prefix, std::string_view>>& special_prefixes() {
  static const auto parsed = [] {
    std::vector<std::pair<net::Prefix, std::string_view>> out;
    for (const Special& each : specials) out.emplace_back(*net::Prefix::parse(each.prefix), each.name);
    return out;
  }();
  return parsed;
}

}  // namespace

Result<void> check_destination(const ProbePolicy& policy, const net::Address& given,
                               std::span<const net::Address> own) {
  const net::Address destination = given.unmapped();
  if (any_contains(policy.allowed, destination)) return {};
  if (any_contains(policy.denied, destination)) {
    return fail(ErrorCode::permission_denied, "{} is not probed from here", given.to_string());
  }
  for (const auto& [prefix, name] : special_prefixes()) {
    if (!prefix.contains(destination)) continue;
    return fail(ErrorCode::permission_denied, "{} is {}, which is not probed", given.to_string(), name);
  }
  if (std::ranges::find(own, destination) != own.end()) {
    return fail(ErrorCode::permission_denied, "{} is an address of this server, which is not probed",
                given.to_string());
  }
  return {};
}

std::vector<net::Address> own_addresses() {
  std::vector<net::Address> out;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return out;
  for (const ifaddrs* each = list; each; each = each->ifa_next) {
    if (!each->ifa_addr) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      std::array<std::uint8_t, 4> bytes;
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr, 4);
      out.push_back(net::Address::v4(bytes));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      std::array<std::uint8_t, 16> bytes;
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr, 16);
      out.push_back(net::Address::v6(bytes));
    }
  }
  ::freeifaddrs(list);
  return out;
}

}  // namespace peering::feeds
