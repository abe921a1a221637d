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
#include <vector>

#include "feeds/shard_message.h"
#include "net/prefix.h"

namespace peering::feeds {

/// The shard that owns the prefix; nothing when all do (shorter than /8, IPv6 /16).
std::optional<std::size_t> shard_of(const net::Prefix& prefix, std::size_t shards);

/// Messages on their way to the shards, in order. One for each reader (BMP session, file); owned by its
/// thread. Routes that come one after another travel in one message for each shard. Nothing fails and nothing
/// is lost: a reader that holds `held_bytes_max` or more, or is not `idle()` after `drain`, waits.
class ShardRouter {
 public:
  static constexpr std::size_t held_bytes_max = 128 * 1024;

  explicit ShardRouter(ShardSink& sink) : sink_(sink), open_(sink.shards()), parts_(sink.shards()) {}

  /// Takes a message for later: splits a RouteBatch by owner, copies everything else to every shard.
  void hold(ShardMessage message);
  /// Memory of routes that nothing was done for yet.
  std::size_t held_bytes() const { return held_bytes_; }
  /// Posts what waits. True when nothing is left.
  bool drain();
  /// `hold`, then `drain`.
  bool push(ShardMessage message);
  bool idle() const { return waiting_.empty() && held_bytes_ == 0; }

 private:
  struct OpenRun {
    rib::RouteBurst burst;
    TimePoint time;
  };

  void split(rib::RouteBatch& batch);
  void append(std::size_t shard, const rib::RouteBatch& batch);
  void close_runs();

  ShardSink& sink_;
  std::vector<OpenRun> open_;           // by shard
  std::vector<rib::RouteBatch> parts_;  // room for one batch split by shard
  std::size_t held_bytes_ = 0;
  std::deque<std::pair<std::size_t, ShardMessage>> waiting_;
};

}  // namespace peering::feeds
