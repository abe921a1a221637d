#include "latency/match.h"

#include <span>

#include <boost/unordered/unordered_flat_map.hpp>

namespace peering::latency {

namespace {

constexpr std::uint32_t unnumbered = 0xffffffff;

std::uint64_t mixed(std::uint64_t value) {
  value *= 0x9E3779B97F4A7C15ULL;
  return value ^ value >> 32;
}

// What a network belongs to: the longest prefix over it, and all inside.
template <class Visit>
void for_registrations(const net::Prefix& masked, const model::Registry& registry, Visit visit) {
  if (const auto match = registry.watch.longest_match(masked)) visit(*match->second);
  registry.watch.for_covered(masked, [&](const net::Prefix& prefix, const auto& registered) {
    if (prefix.length() > masked.length()) visit(registered);
  });
}

// Networks and registrations as numbers, so that a sample costs two looks into tables of numbers.
class Matcher {
 public:
  Matcher(const DecodedSamples& decoded, const model::Registry& registry)
      : decoded_(decoded), registry_(registry), numbers_of_names_(decoded.names.size(), unnumbered) {}

  MatchedSamples run() {
    out_.batch.samples.reserve(decoded_.samples.size());
    for (const RawSample& sample : decoded_.samples) add(sample);
    return std::move(out_);
  }

 private:
  // What a client network belongs to, looked up once a body: a range of `resources_`.
  struct Network {
    net::Prefix masked;
    std::uint32_t first = 0, count = 0;
  };
  // What a series is of beside its network: there are few of these in most bodies.
  struct Shape {
    std::uint32_t resource = 0, pop = 0, source = 0;
    model::SampleKind kind{};
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const Shape& shape) const {
      const std::uint64_t names = std::uint64_t{shape.pop} << 35 ^ std::uint64_t{shape.source} << 3;
      return mixed(mixed(shape.resource) ^ names ^ static_cast<std::uint64_t>(shape.kind));
    }
    std::size_t operator()(std::uint64_t number) const { return mixed(number); }
  };
  // Of so many shapes each network has a row with their series; the others' are found by hash.
  static constexpr std::uint32_t shapes_of_row = 32;

  void add(const RawSample& sample) {
    const std::uint32_t number = network_of(sample.client);
    const Network network = networks_[number];
    if (network.count == 0) {
      ++out_.unmatched;
      return;
    }
    const std::uint32_t pop = number_of_name(sample.pop), source = number_of_name(sample.source);
    for (std::uint32_t at = network.first; at < network.first + network.count; ++at) {
      const std::uint32_t series =
          series_of(number, network.masked, {resources_[at], pop, source, sample.kind});
      out_.batch.samples.push_back({series, sample.rtt_us, sample.at});
    }
  }

  std::uint32_t network_of(const net::Address& client) {
    // A masked address leaves the low 16 bits of its high half free for the family.
    const net::Prefix masked = model::mask_client(client);
    const std::uint64_t key = masked.address().high64() | (client.is_v4() ? 1 : 0);
    const auto [found, is_new] =
        network_numbers_.try_emplace(key, static_cast<std::uint32_t>(networks_.size()));
    if (is_new) {
      networks_.push_back(matched(masked));
      rows_.resize(rows_.size() + shapes_of_row, unnumbered);
    }
    return found->second;
  }

  Network matched(const net::Prefix& masked) {
    const auto first = static_cast<std::uint32_t>(resources_.size());
    for_registrations(masked, registry_, [&](const auto& registered) { add_resources(registered); });
    return {masked, first, static_cast<std::uint32_t>(resources_.size()) - first};
  }

  void add_resources(std::span<const model::RegisteredPrefixPointer> registered) {
    for (const model::RegisteredPrefixPointer& each : registered) {
      const auto [found, is_new] = numbers_of_resources_.try_emplace(each.get(), names_end());
      if (is_new) out_.batch.names.push_back(model::lower(each->resource));
      resources_.push_back(found->second);
    }
  }

  std::uint32_t names_end() const { return static_cast<std::uint32_t>(out_.batch.names.size()); }

  // Only names of samples that matched go on.
  std::uint32_t number_of_name(std::uint32_t decoded_name) {
    std::uint32_t& number = numbers_of_names_[decoded_name];
    if (number == unnumbered) {
      number = names_end();
      out_.batch.names.push_back(decoded_.names[decoded_name]);
    }
    return number;
  }

  std::uint32_t series_of(std::uint32_t network, const net::Prefix& masked, const Shape& shape) {
    const std::uint32_t number =
        shapes_.try_emplace(shape, static_cast<std::uint32_t>(shapes_.size())).first->second;
    std::uint32_t& series =
        number < shapes_of_row
            ? rows_[std::size_t{network} * shapes_of_row + number]
            : others_.try_emplace(std::uint64_t{network} << 32 | number, unnumbered).first->second;
    if (series == unnumbered) {
      series = static_cast<std::uint32_t>(out_.batch.series.size());
      out_.batch.series.push_back({shape.resource, shape.pop, shape.source, shape.kind, masked});
    }
    return series;
  }

  const DecodedSamples& decoded_;
  const model::Registry& registry_;
  MatchedSamples out_;
  std::vector<std::uint32_t> numbers_of_names_;
  std::vector<Network> networks_;
  std::vector<std::uint32_t> resources_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t, Hash> network_numbers_;
  boost::unordered_flat_map<const model::RegisteredPrefix*, std::uint32_t> numbers_of_resources_;
  boost::unordered_flat_map<Shape, std::uint32_t, Hash> shapes_;
  std::vector<std::uint32_t> rows_;  // of each network, by shape: the series
  boost::unordered_flat_map<std::uint64_t, std::uint32_t, Hash> others_;
};

}  // namespace

MatchedSamples match_samples(const DecodedSamples& decoded, const model::Registry& registry) {
  return Matcher(decoded, registry).run();
}

std::vector<std::string> resources_of_client(const net::Address& client, const model::Registry& registry) {
  std::vector<std::string> out;
  for_registrations(model::mask_client(client.unmapped()), registry, [&](const auto& registered) {
    for (const model::RegisteredPrefixPointer& each : registered) out.push_back(model::lower(each->resource));
  });
  return out;
}

}  // namespace peering::latency
