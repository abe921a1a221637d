// Clients: who measures round-trip times, from where, and how long they take.
//
// A client network (a /24 or /48 of a customer's prefix) has a distance to every PoP, an access line of its
// own and a preferred PoP. A round-trip time is the way there and back in fibre, plus the access line, which
// is log-normal; it grows by a sixth towards the evening, and one in a hundred is far out. The middle of what
// comes out lies where the public measurements of European access networks have it, 10 to 40 ms.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/world.h"

namespace peering::sim {

/// Round-trip times by PoP against normal; absent: 1.
using LatencyFactors = std::map<std::string, double, std::less<>>;

/// Immutable. The same arguments give the same bytes.
class Clients {
 public:
  explicit Clients(const World& world);

  /// `count` samples of one customer, spread over [from, to), as NDJSON. `batch` makes requests differ.
  std::string samples(std::size_t customer, std::uint64_t batch, std::size_t count, TimePoint from,
                      TimePoint to, const LatencyFactors& factors) const;

 private:
  struct Network {
    net::Prefix prefix;
    std::vector<double> base_ms;  ///< by PoP
    double access_ms = 0;         ///< median
  };

  std::uint64_t seed_;
  std::vector<std::string> pops_;
  std::vector<std::vector<Network>> networks_;  ///< by customer
};

}  // namespace peering::sim
