#include "feeds/shard_router.h"

#include <vector>

namespace peering::feeds {

namespace {

constexpr int owner_bits_v4 = 8;
constexpr int owner_bits_v6 = 16;

int owner_bits(net::Family family) { return family == net::Family::ipv4 ? owner_bits_v4 : owner_bits_v6; }

}  // namespace

std::optional<std::size_t> shard_of(const net::Prefix& prefix, std::size_t shards) {
  const int bits = owner_bits(prefix.family());
  if (prefix.length() < bits) return std::nullopt;
  // Fibonacci hashing of the leading bits: neighbouring blocks land on different shards.
  std::uint64_t top = prefix.address().high64() >> (64 - bits);
  if (!prefix.address().is_v4()) top |= 1U << 16;
  return static_cast<std::size_t>((top * 0x9E3779B97F4A7C15ULL) >> 32) % shards;
}

void ShardRouter::split(rib::RouteBatch batch) {
  const std::size_t shards = sink_.shards();
  if (shards == 1) {
    waiting_.emplace_back(0, std::move(batch));
    return;
  }
  std::vector<rib::RouteBatch> parts(shards);
  const auto deal = [&](std::vector<net::Prefix>& prefixes, auto member) {
    for (const net::Prefix& prefix : prefixes) {
      if (const auto owner = shard_of(prefix, shards)) {
        (parts[*owner].*member).push_back(prefix);
      } else {
        for (rib::RouteBatch& part : parts) (part.*member).push_back(prefix);
      }
    }
  };
  deal(batch.announced, &rib::RouteBatch::announced);
  deal(batch.withdrawn, &rib::RouteBatch::withdrawn);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    rib::RouteBatch& part = parts[shard];
    if (part.announced.empty() && part.withdrawn.empty()) continue;
    part.peer = batch.peer;
    part.time = batch.time;
    if (!part.announced.empty()) part.attributes = batch.attributes;
    waiting_.emplace_back(shard, std::move(part));
  }
}

bool ShardRouter::push(ShardMessage message) {
  if (auto* batch = std::get_if<rib::RouteBatch>(&message)) {
    split(std::move(*batch));
  } else {
    for (std::size_t shard = 0; shard < sink_.shards(); ++shard) waiting_.emplace_back(shard, message);
  }
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
