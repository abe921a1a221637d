// Routes like a collector's, from a seed: what the decoders' benchmarks read. The paths have 3 to 9 ASes, the
// routes 0 to 12 communities, some have large communities, a MED or an aggregator.
#pragma once

#include <random>
#include <vector>

#include "base/byte_cursor.h"
#include "net/prefix.h"
#include "wire/bgp/update.h"

namespace peering::wire::bgp {

class GeneratedRoutes {
 public:
  explicit GeneratedRoutes(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  net::Prefix ipv4_prefix() {
    constexpr int lengths[] = {16, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24};
    return {net::Address::v4(static_cast<std::uint32_t>(random_())), lengths[below(std::size(lengths))]};
  }

  net::Prefix ipv6_prefix() {
    constexpr int lengths[] = {29, 32, 32, 36, 40, 44, 48, 48, 48, 48};
    return {ipv6_address(), lengths[below(std::size(lengths))]};
  }

  net::Address ipv6_address() {
    std::array<std::uint8_t, 16> bytes{0x20, 0x01};
    for (std::size_t i = 2; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(random_());
    return net::Address::v6(bytes);
  }

  PathAttributes attributes(std::uint32_t peer) {
    constexpr std::uint32_t lengths[] = {3, 3, 4, 4, 4, 5, 5, 6, 7, 9};
    constexpr std::uint32_t counts[] = {0, 0, 1, 2, 3, 5, 12};
    PathAttributes out;
    std::vector<net::Asn> path{1000 + peer};
    for (std::uint32_t left = lengths[below(std::size(lengths))] - 1; left > 0; --left) {
      path.push_back(1 + below(400'000));
    }
    out.as_path = AsPath::sequence(std::move(path));
    out.next_hop = net::Address::v4(0xC6336400 + peer);
    for (std::uint32_t left = counts[below(std::size(counts))]; left > 0; --left) {
      out.communities.push_back(static_cast<std::uint32_t>(random_()));
    }
    if (below(10) == 0) out.large_communities = {{1 + below(400'000), below(1000), 1}, {1, 2, below(1000)}};
    if (below(5) == 0) out.multi_exit_disc = below(1000);
    if (below(20) == 0) out.aggregator = Aggregator{1 + below(400'000), net::Address::v4(0xC6336401)};
    return out;
  }

  /// An UPDATE with 1 to 6 IPv4 routes and sometimes withdrawals, or one with IPv6 routes.
  std::vector<std::uint8_t> update(std::uint32_t peer) {
    constexpr std::uint32_t announced[] = {1, 1, 1, 2, 3, 6}, withdrawn[] = {0, 0, 0, 0, 0, 1, 3};
    Update out;
    out.attributes = attributes(peer);
    const bool ipv6 = below(6) == 0;
    if (ipv6) {
      out.attributes.next_hop.reset();
      out.mp_next_hop = ipv6_address();
    }
    for (std::uint32_t left = announced[below(std::size(announced))]; left > 0; --left) {
      if (ipv6) out.mp_announced.push_back({ipv6_prefix(), 0});
      if (!ipv6) out.announced.push_back({ipv4_prefix(), 0});
    }
    for (std::uint32_t left = ipv6 ? 0 : withdrawn[below(std::size(withdrawn))]; left > 0; --left) {
      out.withdrawn.push_back({ipv4_prefix(), 0});
    }
    return encode_update(out, {}).value();
  }

 private:
  std::mt19937 random_;
};

}  // namespace peering::wire::bgp
