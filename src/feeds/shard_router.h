// Which shard owns a prefix, and the splitting of a batch among shards.
//
// A prefix and everything more specific must meet on one shard, so that a hijack by a more-specific is seen
// next to the route it competes with: the owner is a hash of the first 8 bits (IPv4) or 16 bits (IPv6).
// Shorter prefixes cover space of several owners and go to every shard.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "feeds/shard_message.h"
#include "net/prefix.h"

namespace peering::feeds {

/// The shard that owns the prefix; nothing when all do (shorter than /8, IPv6 /16).
std::optional<std::size_t> shard_of(const net::Prefix& prefix, std::size_t shards);

/// Messages on their way to the shards, in order. One for each reader (BMP session, file); owned by its
/// thread. `push` never fails and never loses: a reader calls it only when `idle()`, so it holds at most one
/// decoded message.
class ShardRouter {
 public:
  explicit ShardRouter(ShardSink& sink) : sink_(sink) {}

  /// Splits a RouteBatch by owner; copies everything else to every shard. Then does what `drain` does.
  bool push(ShardMessage message);
  /// Posts what waits. True when nothing is left.
  bool drain();
  bool idle() const { return waiting_.empty(); }

 private:
  void split(rib::RouteBatch batch);

  ShardSink& sink_;
  std::deque<std::pair<std::size_t, ShardMessage>> waiting_;
};

}  // namespace peering::feeds
