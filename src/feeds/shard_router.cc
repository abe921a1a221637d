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

void ShardRouter::append(std::size_t shard, const rib::RouteBatch& batch) {
  OpenRun& run = open_[shard];
  if (run.burst.empty()) run.time = batch.time;
  const std::size_t before = run.burst.bytes();
  rib::append_batch(batch, run.burst);
  held_bytes_ += run.burst.bytes() - before;
}

void ShardRouter::split(rib::RouteBatch& batch) {
  const std::size_t shards = open_.size();
  if (shards == 1) return append(0, batch);
  for (rib::RouteBatch& part : parts_) {
    part.announced.clear();
    part.withdrawn.clear();
  }
  const auto deal = [&](const std::vector<net::Prefix>& prefixes, auto member) {
    for (const net::Prefix& prefix : prefixes) {
      if (const auto owner = shard_of(prefix, shards)) {
        (parts_[*owner].*member).push_back(prefix);
      } else {
        for (rib::RouteBatch& part : parts_) (part.*member).push_back(prefix);
      }
    }
  };
  deal(batch.announced, &rib::RouteBatch::announced);
  deal(batch.withdrawn, &rib::RouteBatch::withdrawn);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    rib::RouteBatch& part = parts_[shard];
    if (part.announced.empty() && part.withdrawn.empty()) continue;
    part.peer = batch.peer;
    part.time = batch.time;
    part.attributes = batch.attributes;
    append(shard, part);
  }
}

void ShardRouter::close_runs() {
  for (std::size_t shard = 0; shard < open_.size(); ++shard) {
    OpenRun& run = open_[shard];
    if (run.burst.empty()) continue;
    waiting_.emplace_back(shard, RouteRun{std::move(run.burst), run.time});
    run.burst = rib::RouteBurst();
  }
  held_bytes_ = 0;
}

void ShardRouter::hold(ShardMessage message) {
  if (auto* batch = std::get_if<rib::RouteBatch>(&message)) return split(*batch);
  close_runs();
  for (std::size_t shard = 0; shard < open_.size(); ++shard) waiting_.emplace_back(shard, message);
}

bool ShardRouter::push(ShardMessage message) {
  hold(std::move(message));
  return drain();
}

bool ShardRouter::drain() {
  close_runs();
  while (!waiting_.empty()) {
    auto& [shard, message] = waiting_.front();
    if (!sink_.try_post(shard, message)) return false;
    waiting_.pop_front();
  }
  return true;
}

}  // namespace peering::feeds
