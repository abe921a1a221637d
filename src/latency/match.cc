#include "latency/match.h"

#include <span>
#include <unordered_map>

namespace peering::latency {

namespace {

// A series as five small numbers: hashed once a sample, where the key's texts would cost ten times as much.
struct SeriesNumbers {
  std::uint32_t resource = 0, network = 0, pop = 0, source = 0, kind = 0;
  friend bool operator==(const SeriesNumbers&, const SeriesNumbers&) = default;
};
struct SeriesHash {
  std::size_t operator()(const SeriesNumbers& s) const {
    std::uint64_t h = (std::uint64_t{s.resource} << 32 | s.network) * 0x9E3779B97F4A7C15ULL;
    h ^= (std::uint64_t{s.pop} << 32 | s.source) + s.kind + (h >> 29);
    h *= 0xD6E8FEB86659FD93ULL;
    return static_cast<std::size_t>(h ^ h >> 32);
  }
};

class Matcher {
 public:
  Matcher(const DecodedSamples& decoded, const model::Registry& registry)
      : decoded_(decoded), registry_(registry) {}

  MatchedSamples run() {
    out_.samples.reserve(decoded_.samples.size());
    for (const RawSample& sample : decoded_.samples) add(sample);
    return std::move(out_);
  }

 private:
  // What a client network belongs to, looked up once a body.
  struct Network {
    std::uint32_t number = 0;
    std::vector<std::uint32_t> resources;
  };

  void add(const RawSample& sample) {
    const net::Prefix masked = model::mask_client(sample.client);
    const Network& network = network_of(masked);
    if (network.resources.empty()) ++out_.unmatched;
    for (const std::uint32_t resource : network.resources) {
      const SeriesNumbers numbers{resource, network.number, sample.pop, sample.source,
                                  static_cast<std::uint32_t>(sample.kind)};
      out_.samples.push_back({series_of(numbers, masked), sample.rtt_us, sample.at});
    }
  }

  const Network& network_of(const net::Prefix& masked) {
    const auto [found, is_new] = networks_.try_emplace(masked);
    if (!is_new) return found->second;
    Network& network = found->second;
    network.number = static_cast<std::uint32_t>(networks_.size());
    if (const auto match = registry_.watch.longest_match(masked)) add_resources(network, *match->second);
    registry_.watch.for_covered(masked, [&](const net::Prefix& prefix, const auto& registered) {
      if (prefix.length() > masked.length()) add_resources(network, registered);
    });
    return network;
  }

  void add_resources(Network& network, std::span<const model::RegisteredPrefixPointer> registered) {
    for (const model::RegisteredPrefixPointer& each : registered) {
      network.resources.push_back(static_cast<std::uint32_t>(resources_.size()));
      resources_.push_back(model::lower(each->resource));
    }
  }

  std::uint32_t series_of(const SeriesNumbers& numbers, const net::Prefix& masked) {
    const auto [found, is_new] = series_.try_emplace(numbers, static_cast<std::uint32_t>(out_.series.size()));
    if (is_new) {
      out_.series.push_back({resources_[numbers.resource], masked, decoded_.names[numbers.pop],
                             static_cast<model::SampleKind>(numbers.kind), decoded_.names[numbers.source]});
    }
    return found->second;
  }

  const DecodedSamples& decoded_;
  const model::Registry& registry_;
  MatchedSamples out_;
  std::unordered_map<net::Prefix, Network> networks_;
  std::vector<std::string> resources_;
  std::unordered_map<SeriesNumbers, std::uint32_t, SeriesHash> series_;
};

}  // namespace

MatchedSamples match_samples(const DecodedSamples& decoded, const model::Registry& registry) {
  return Matcher(decoded, registry).run();
}

}  // namespace peering::latency
