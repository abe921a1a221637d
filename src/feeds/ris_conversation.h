// What RIS Live says, as the shards are told it: decoded messages in, shard messages out. No sockets and no
// clock.
//
// Each collector (rrc00 …) is a router, its peers are that router's peers. The service sends no table at the
// start: a peer's routes are known from when they were announced. Losing the service is no outage of a
// collector: what it said stays, as stale, until it is said again or `keep` has passed. Its peers are routers
// of others, so a session of theirs that ends is no outage either, unless the operator says that they are
// ours.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "feeds/archive.h"
#include "feeds/peer_registry.h"
#include "feeds/ris_to_mrt.h"
#include "feeds/shard_message.h"
#include "wire/ris/message.h"

namespace peering::feeds {

/// Counters are found once. Thread-safe.
struct RisMetrics {
  explicit RisMetrics(Metrics& metrics);
  Counter &updates, &states, &other, &errors, &malformed, &odd_clock, &too_many, &bytes;
  Counter &waits, &connects, &losses;
};

/// Withdrawals first, then one batch for each next hop. A prefix in both lists is announced (RFC 4271 section
/// 3.1).
std::vector<rib::RouteBatch> batches_of(const wire::ris::Update& update, const rib::PeerPointer& peer,
                                        TimePoint time);

/// Owned by one thread.
class RisConversation {
 public:
  /// `own_view`: the collectors' peers are routers of this network. So is a peer whose updates say
  /// `trusted_feed`.
  RisConversation(PeerRegistry& peers, RisMetrics& metrics, Microseconds keep, bool own_view = false);

  /// From now on what the service says is archived too. The archive must outlive the conversation.
  void archive_to(Archive& archive) { archive_ = &archive; }

  /// Takes one message; appends what follows from it. A time in the future is replaced by `arrival`.
  void take(const wire::ris::Message& message, TimePoint arrival, std::vector<ShardMessage>& out);
  /// The connection is lost: every collector that spoke is.
  void lost(TimePoint at, const std::string& reason, std::vector<ShardMessage>& out);

  static constexpr std::size_t collectors_max = 1'000, peers_max = 100'000;

 private:
  struct Peer {
    rib::PeerPointer peer;
    bool up = false;
    bool ours = false;
  };
  struct Collector {
    bool speaks = false;  // since the connection was made
    std::map<net::Address, Peer> peers;
  };
  using Out = std::vector<ShardMessage>;

  Peer* peer_of(const wire::ris::Message& message, TimePoint time, Out& out);
  void take_update(const wire::ris::Update& update, Peer& peer, TimePoint time, Out& out);
  void archive(const wire::ris::Message& message, TimePoint time, TimePoint arrival);

  PeerRegistry& registry_;
  RisMetrics& metrics_;
  const Microseconds keep_;
  const bool own_view_;
  std::map<std::string, Collector> collectors_;
  std::size_t peers_ = 0;
  Archive* archive_ = nullptr;
  RisToMrt records_;
};

}  // namespace peering::feeds
