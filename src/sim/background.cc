#include "sim/background.h"

#include <array>
#include <unordered_set>

#include "sim/random.h"

namespace peering::sim {

namespace {

constexpr net::Asn first_tier_asn = 301000, second_tier_asn = 302000, stub_asn = 310000;
constexpr std::size_t first_tier_count = 6, second_tier_count = 40;
constexpr std::size_t prefixes_a_stub = 4;

// Shares of prefix lengths as in a full table: more than half are /24.
int ipv4_length(Random& random) {
  constexpr std::array<std::pair<int, int>, 7> parts = {
      std::pair(24, 60), std::pair(23, 10), std::pair(22, 12), std::pair(21, 5),
      std::pair(20, 5),  std::pair(19, 4),  std::pair(16, 4)};
  int left = static_cast<int>(random.below(100));
  for (const auto& [length, share] : parts) {
    if (left < share) return length;
    left -= share;
  }
  return 24;
}

// Unicast space without this world's customers (documentation prefixes and 101.0.0.0/8), private and special
// ranges.
bool is_taken(std::uint32_t address) {
  const std::uint32_t first = address >> 24, second = address >> 16 & 0xFF;
  return first == 0 || first == 10 || first == 100 || first == 101 || first == 127 || first >= 224 ||
         (first == 169 && second == 254) || (first == 172 && second >= 16 && second < 32) ||
         (first == 192 && (second == 0 || second == 88 || second == 168)) ||
         (first == 198 && (second == 18 || second == 19 || second == 51)) || (first == 203 && second == 0);
}

net::Prefix random_prefix(Random& random) {
  if (random.chance(0.1)) {
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = 0x2a;
    for (std::size_t i = 1; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(random.below(256));
    return {net::Address::v6(bytes), random.chance(0.6) ? 48 : 32};
  }
  std::uint32_t address = 0;
  do {
    address = static_cast<std::uint32_t>(random.next());
  } while (is_taken(address));
  return {net::Address::v4(address), ipv4_length(random)};
}

// A stub's way up: its provider in the second tier and that one's provider in the first.
struct Stub {
  net::Asn asn = 0, provider = 0, top = 0;
  int prepends = 0;
};

Stub make_stub(Random& random, std::size_t index) {
  Stub out;
  out.asn = stub_asn + static_cast<net::Asn>(index);
  const auto provider = static_cast<net::Asn>(random.below(second_tier_count));
  out.provider = second_tier_asn + provider;
  out.top = first_tier_asn + provider % first_tier_count;
  if (random.chance(0.125)) out.prepends = 1 + static_cast<int>(random.below(3));
  return out;
}

std::vector<net::Asn> path_to(const Stub& stub, net::Asn neighbor, bool direct, bool detour) {
  std::vector<net::Asn> out{neighbor};
  if (!direct) {
    out.push_back(stub.top);
    if (detour) out.push_back(first_tier_asn + (stub.top - first_tier_asn + 1) % first_tier_count);
    out.push_back(stub.provider);
  }
  for (int i = 0; i <= stub.prepends; ++i) out.push_back(stub.asn);
  return out;
}

// Adds the stub's prefixes to what a session announces, one group an address family.
void announce(std::vector<RouteGroup>& out, const World& world, std::size_t session,
              const std::vector<net::Asn>& path, const std::vector<net::Prefix>& prefixes) {
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    RouteGroup group{session, nullptr, {}};
    for (const net::Prefix& prefix : prefixes) {
      if (prefix.family() == family) group.prefixes.push_back(prefix);
    }
    if (group.prefixes.empty()) continue;
    group.attributes = make_attributes(world.sessions[session], family, path, {});
    out.push_back(std::move(group));
  }
}

}  // namespace

std::vector<RouteGroup> make_background(const World& world, std::size_t prefixes) {
  Random random(world.seed, "background");
  std::vector<RouteGroup> out;
  std::unordered_set<net::Prefix> seen;
  for (std::size_t index = 0; seen.size() < prefixes; ++index) {
    const Stub stub = make_stub(random, index);
    std::vector<net::Prefix> own;
    const std::size_t wanted =
        std::min<std::size_t>(1 + random.below(2 * prefixes_a_stub - 1), prefixes - seen.size());
    while (own.size() < wanted) {
      const net::Prefix prefix = random_prefix(random);
      if (seen.insert(prefix).second) own.push_back(prefix);
    }
    for (std::size_t session = 0; session < world.sessions.size(); ++session) {
      const SessionSite& site = world.sessions[session];
      if (site.role == SessionRole::transit) {
        announce(out, world, session, path_to(stub, site.asn, false, random.chance(0.3)), own);
      } else if (site.role == SessionRole::exchange && random.chance(0.125)) {
        announce(out, world, session, path_to(stub, site.asn, true, false), own);
      }
    }
  }
  return out;
}

}  // namespace peering::sim
