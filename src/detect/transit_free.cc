#include "detect/transit_free.h"

#include <algorithm>
#include <array>

namespace peering::detect {

namespace {

// Lumen (209, 3356, and what it took over: 3549, 3561, 3908, 3910), KPN, Verizon, Sprint, Arelion, NTT, GTT,
// Deutsche Telekom, PCCW, Orange, Tata, Zayo, Sparkle, Liberty Global, AT&T, Telxius, Cogent
// (https://en.wikipedia.org/wiki/Tier_1_network), and Hurricane Electric, which is one for IPv6. Sorted.
constexpr std::array<net::Asn, 23> transit_free{174,  209,  286,  701,  1239, 1299, 2914, 3257,
                                                3320, 3356, 3491, 3549, 3561, 3908, 3910, 5511,
                                                6453, 6461, 6762, 6830, 6939, 7018, 12956};

}  // namespace

bool is_transit_free(net::Asn asn) {
  return std::binary_search(transit_free.begin(), transit_free.end(), asn);
}

std::optional<Sandwich> transit_free_sandwich(std::span<const net::Asn> path) {
  for (std::size_t at = path.size(); at-- > 2;) {
    const net::Asn from = path[at], leaker = path[at - 1], to = path[at - 2];
    if (from != to && is_transit_free(from) && is_transit_free(to) && !is_transit_free(leaker)) {
      return Sandwich{leaker, from, to};
    }
  }
  return std::nullopt;
}

}  // namespace peering::detect
