// What feeds tell a shard, and the door they use.
//
// A feed turns bytes into these values and posts them, in the order in which the router sent them, to the
// shards that own the prefixes. It knows nothing of what a shard does with them. The app puts a `ShardSink`
// before its shards' mailboxes; its own messages to a shard (registry snapshots, questions) take another
// way into the same mailbox and are none of the feeds' business.
//
// A reader that cannot post waits and posts again, so nothing overtakes: for one router a shard sees
//   RouterUp, PeerUp, RouteRun…, EndOfRib, RouteRun…, PeerDown, …, RouterDown, RouterUp, …
// RouterUp, RouterDown, PeerUp, PeerDown, EndOfRib and RoutesRepeat go to every shard.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "net/address.h"
#include "rib/route_burst.h"

namespace peering::feeds {

/// A router's session to us is established (its first BMP message came). What was stale stays stale until
/// its peers' End-of-RIB.
struct RouterUp {
  std::string router;  ///< as in `rib::PeerKey::router`
  TimePoint time{};    ///< by our clock
  /// False: it does not send its table again, so what is stale keeps the time that RouterDown gave it.
  bool sends_table = true;
};

/// We lost the router: its session to us closed. Its peers may be fine: keep their routes as stale for the
/// configured grace. No PeerDown follows for its peers.
struct RouterDown {
  std::string router;
  TimePoint time{};    ///< by our clock
  std::string reason;  ///< a few words for people
  /// False: we lost a service that passes on what it sees elsewhere. That is no outage of anything we watch:
  /// no detector is told, and what is not announced again is out of sight, not withdrawn.
  bool outage = true;
  /// How long the routes are kept; absent: the configured grace.
  std::optional<Microseconds> keep;
};

/// A peer's session with its router is established. Also sent when it was already (after a reconnect to us,
/// or a second Peer Up): then the Peer object is a new one of the same id.
struct PeerUp {
  rib::PeerPointer peer;
  TimePoint time{};  ///< by the router's clock
};

/// The session ended: all routes of the peer are gone (RFC 7854 section 4.9). Only for peers that were up,
/// but where `for_good`.
struct PeerDown {
  rib::PeerPointer peer;
  TimePoint time{};    ///< by the router's clock
  std::string reason;  ///< a few words for people
  /// False: we only no longer look through this peer. Nothing that we watch is out, and no event tells it.
  bool outage = true;
  /// Nor will we look through it again (without `outage` only): what is open about its session is resolved,
  /// and about its router, which has no other peer.
  bool for_good = false;
};

/// The peer's initial routes of one family are complete (RFC 4724 section 2).
struct EndOfRib {
  rib::PeerPointer peer;
  net::Family family = net::Family::ipv4;
  /// True when every unicast family of the session has ended: what is still stale of the peer is gone.
  bool complete = false;
  TimePoint time{};  ///< by the router's clock
};

/// The peer sends its routes of one family again (RFC 7313), between one with `begins` and one without: what
/// it did not announce again by then is gone.
struct RoutesRepeat {
  rib::PeerPointer peer;
  net::Family family = net::Family::ipv4;
  bool begins = false;
  TimePoint time{};
};

/// What peers announced and withdrew, one UPDATE after another in one piece.
struct RouteRun {
  rib::RouteBurst burst;
  TimePoint time{};  ///< of the first of them
};

using ShardMessage = std::variant<RouteRun, RouterUp, RouterDown, PeerUp, PeerDown, EndOfRib, RoutesRepeat>;

/// The shards, as feeds see them. Thread-safe.
class ShardSink {
 public:
  virtual ~ShardSink() = default;
  /// Constant, at least 1.
  virtual std::size_t shards() const = 0;
  /// Takes the message and gives true; or, when the shard's mailbox is full, leaves it with the caller and
  /// gives false. Never blocks.
  virtual bool try_post(std::size_t shard, ShardMessage& message) = 0;
};

}  // namespace peering::feeds
