// Which shard owns a prefix, and the splitting of routes among shards.
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

/// Messages on their way to the shards, in order. One for each reader (session, file); owned by its thread.
/// Nothing fails and nothing is lost: a reader whose router is not `idle()` after `push` waits and drains.
///
/// A reader hands over what one read gave it, but no more than `held_bytes_max` of routes at a time and a
/// message's worth: so a burst travels in few large messages, and a single UPDATE waits for nothing.
class ShardRouter {
 public:
  static constexpr std::size_t held_bytes_max = 128 * 1024;

  explicit ShardRouter(ShardSink& sink) : sink_(sink), parts_(sink.shards()) {}

  /// Takes the messages, which are gone then: splits a RouteRun by owner, copies everything else to every
  /// shard; posts what can be posted. True when nothing is left.
  bool push(std::vector<ShardMessage>& messages);
  /// Posts what waits. True when nothing is left.
  bool drain();
  bool idle() const { return waiting_.empty(); }

 private:
  // What one record says to one shard.
  struct Part {
    std::vector<std::uint8_t> announced, withdrawn;
    rib::RouteBurst burst;
  };

  void hold(ShardMessage message);
  void split(const RouteRun& run);
  void deal(std::span<const std::uint8_t> field, net::Family family,
            std::vector<std::uint8_t> Part::* member);

  ShardSink& sink_;
  std::vector<Part> parts_;  // by shard
  std::deque<std::pair<std::size_t, ShardMessage>> waiting_;
};

/// Memory of the routes at the end of messages that were not pushed yet.
std::size_t held_bytes(const std::vector<ShardMessage>& messages);

}  // namespace peering::feeds
