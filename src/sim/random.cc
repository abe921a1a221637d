#include "sim/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace peering::sim {

namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
  return z ^ z >> 31;
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view purpose, std::uint64_t index) {
  std::uint64_t state = seed;
  for (const char c : purpose) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  state ^= split_mix(index);
  for (std::uint64_t& word : state_) word = split_mix(state);
}

std::uint64_t Random::next() {
  const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return out;
}

std::uint64_t Random::below(std::uint64_t count) { return count == 0 ? 0 : next() % count; }

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
  return radius * std::cos(2.0 * std::numbers::pi * unit());
}

double Random::log_normal(double median, double sigma) { return median * std::exp(sigma * normal()); }

}  // namespace peering::sim
