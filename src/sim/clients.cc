#include "sim/clients.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "sim/random.h"

namespace peering::sim {

namespace {

constexpr std::size_t networks_a_prefix_max = 8;
constexpr double fibre_km_a_ms = 100;  // there and back at two thirds of the speed of light
constexpr double detour = 1.6;         // fibre is never straight
constexpr double access_sigma = 0.45, far_out_share = 0.01;
constexpr double ms_max = 9000;

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

// Great-circle distance.
double distance_km(double latitude, double longitude, const PopSite& pop) {
  const double a = radians(latitude), b = radians(pop.latitude), d = radians(longitude - pop.longitude);
  const double cosine = std::sin(a) * std::sin(b) + std::cos(a) * std::cos(b) * std::cos(d);
  return 6371 * std::acos(std::clamp(cosine, -1.0, 1.0));
}

// Busiest at 20:00 UTC.
double time_of_day_factor(TimePoint at) {
  const double day = 86400e6;
  const double phase = std::fmod(static_cast<double>(to_us(at)), day) / day - 20.0 / 24;
  return 1 + (1 + std::cos(2 * std::numbers::pi * phase)) / 12;
}

net::Address host_in(const net::Prefix& prefix, Random& random) {
  if (prefix.family() == net::Family::ipv4) {
    const auto net = static_cast<std::uint32_t>(prefix.address().high64() >> 32);
    return net::Address::v4(net + 1 + static_cast<std::uint32_t>(random.below(254)));
  }
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(prefix.address().bytes().begin(), 16, bytes.begin());
  bytes[7] = static_cast<std::uint8_t>(random.below(256));
  bytes[15] = static_cast<std::uint8_t>(1 + random.below(200));
  return net::Address::v6(bytes);
}

// The client networks of a prefix: its /24s or its /48.
std::vector<net::Prefix> networks_of(const net::Prefix& prefix) {
  if (prefix.family() == net::Family::ipv6 || prefix.length() >= 24) return {prefix};
  std::vector<net::Prefix> out;
  const auto net = static_cast<std::uint32_t>(prefix.address().high64() >> 32);
  const std::size_t count = std::min<std::size_t>(networks_a_prefix_max, 1U << (24 - prefix.length()));
  for (std::size_t i = 0; i < count; ++i) {
    out.emplace_back(net::Address::v4(net + (static_cast<std::uint32_t>(i) << 8)), 24);
  }
  return out;
}

// Seven in ten enter at the first PoP, two at the second.
std::size_t pick_pop(Random& random, std::size_t pops) {
  const double at = random.unit();
  const std::size_t pop = at < 0.7 ? 0 : at < 0.9 ? 1 : 2;
  return std::min(pop, pops - 1);
}

}  // namespace

Clients::Clients(const World& world) : seed_(world.seed) {
  for (const PopSite& pop : world.pops) pops_.push_back(pop.name);
  for (std::size_t c = 0; c < world.customers.size(); ++c) {
    const Customer& customer = world.customers[c];
    Random random(seed_, "client networks", c);
    std::vector<Network> networks;
    for (const net::Prefix& prefix : customer.prefixes) {
      for (const net::Prefix& part : networks_of(prefix)) {
        Network network{part, {}, random.log_normal(9, 0.25)};
        for (const PopSite& pop : world.pops) {
          const double km = distance_km(customer.latitude, customer.longitude, pop);
          network.base_ms.push_back(1.5 + km * detour / fibre_km_a_ms);
        }
        networks.push_back(std::move(network));
      }
    }
    networks_.push_back(std::move(networks));
  }
}

std::string Clients::samples(std::size_t customer, std::uint64_t batch, std::size_t count, TimePoint from,
                             TimePoint to, const LatencyFactors& factors) const {
  Random random(seed_ ^ customer * 0x9E3779B97F4A7C15ULL, "samples", batch);
  std::string out;
  const auto& networks = networks_[customer];
  for (std::size_t i = 0; i < count; ++i) {
    const Network& network = networks[random.below(networks.size())];
    const std::size_t pop = pick_pop(random, pops_.size());
    const double share = (static_cast<double>(i) + random.unit()) / static_cast<double>(count);
    const TimePoint at =
        from + Microseconds(static_cast<std::int64_t>(share * static_cast<double>((to - from).count())));
    double ms =
        network.base_ms[pop] + random.log_normal(network.access_ms, access_sigma) * time_of_day_factor(at);
    if (random.chance(far_out_share)) ms *= 3 + 5 * random.unit();
    const auto factor = factors.find(pops_[pop]);
    if (factor != factors.end()) ms *= factor->second;
    out +=
        fmt::format(R"({{"time":"{}","client":"{}","pop":"{}","rtt_us":{},"kind":"srtt","source":"sim-{}"}})"
                    "\n",
                    format_rfc3339(at), host_in(network.prefix, random).to_string(), pops_[pop],
                    static_cast<std::int64_t>(std::min(ms, ms_max) * 1000), pops_[pop]);
  }
  return out;
}

}  // namespace peering::sim
