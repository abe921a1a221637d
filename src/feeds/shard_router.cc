#include "feeds/shard_router.h"

namespace peering::feeds {

namespace {

constexpr int owner_bits_v4 = 8;
constexpr int owner_bits_v6 = 16;

int owner_bits(net::Family family) { return family == net::Family::ipv4 ? owner_bits_v4 : owner_bits_v6; }

// `top`: the leading bits. Fibonacci hashing: neighbouring blocks land on different shards.
std::size_t owner_of(std::uint64_t top, net::Family family, std::size_t shards) {
  if (family == net::Family::ipv6) top |= 1U << 16;
  return static_cast<std::size_t>((top * 0x9E3779B97F4A7C15ULL) >> 32) % shards;
}

}  // namespace

std::optional<std::size_t> shard_of(const net::Prefix& prefix, std::size_t shards) {
  const int bits = owner_bits(prefix.family());
  if (prefix.length() < bits) return std::nullopt;
  return owner_of(prefix.address().high64() >> (64 - bits), prefix.family(), shards);
}

std::size_t held_bytes(const std::vector<ShardMessage>& messages) {
  const auto* run = messages.empty() ? nullptr : std::get_if<RouteRun>(&messages.back());
  return run ? run->burst.bytes() : 0;
}

// Prefixes are copied as they lie there.
void ShardRouter::deal(std::span<const std::uint8_t> field, net::Family family,
                       std::vector<std::uint8_t> Part::* member) {
  const auto bits_min = static_cast<unsigned>(owner_bits(family));
  for (std::size_t at = 0; at < field.size();) {
    const std::size_t length = field[at];
    const auto prefix = field.subspan(at, 1 + (length + 7) / 8);
    at += prefix.size();
    const auto give = [&](Part& part) {
      (part.*member).insert((part.*member).end(), prefix.begin(), prefix.end());
    };
    if (length < bits_min) {
      for (Part& part : parts_) give(part);
      continue;
    }
    std::uint64_t top = prefix[1];
    if (family == net::Family::ipv6) top = top << 8 | prefix[2];
    give(parts_[owner_of(top, family, parts_.size())]);
  }
}

void ShardRouter::split(const RouteRun& run) {
  run.burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
    deal(routes.announced, routes.family, &Part::announced);
    deal(routes.withdrawn, routes.family, &Part::withdrawn);
    for (Part& part : parts_) {
      if (part.announced.empty() && part.withdrawn.empty()) continue;
      const auto attributes = part.announced.empty() ? rib::PackedView() : routes.attributes;
      part.burst.append(peer, {routes.time, routes.family, attributes, part.announced, part.withdrawn});
      part.announced.clear();
      part.withdrawn.clear();
    }
  });
  for (std::size_t shard = 0; shard < parts_.size(); ++shard) {
    rib::RouteBurst& burst = parts_[shard].burst;
    if (!burst.empty()) waiting_.emplace_back(shard, RouteRun{std::exchange(burst, {}), run.time});
  }
}

void ShardRouter::hold(ShardMessage message) {
  const auto* run = std::get_if<RouteRun>(&message);
  if (run && parts_.size() > 1) return split(*run);
  for (std::size_t shard = 0; shard + 1 < parts_.size(); ++shard) waiting_.emplace_back(shard, message);
  waiting_.emplace_back(parts_.size() - 1, std::move(message));
}

bool ShardRouter::push(std::vector<ShardMessage>& messages) {
  for (ShardMessage& message : messages) hold(std::move(message));
  messages.clear();
  return drain();
}

bool ShardRouter::drain() {
  while (!waiting_.empty()) {
    auto& [shard, message] = waiting_.front();
    if (!sink_.try_post(shard, message)) return false;
    waiting_.pop_front();
  }
  return true;
}

}  // namespace peering::feeds
