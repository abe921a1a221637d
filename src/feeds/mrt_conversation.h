// What one collector's recorded updates say: MRT records in, shard messages out. No files and no clock.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "feeds/update_routes.h"
#include "wire/mrt/record.h"

namespace peering::feeds {

/// Counters are found once. Thread-safe.
struct MrtMetrics {
  explicit MrtMetrics(Metrics& metrics);
  Counter &used, &other, &malformed, &waits, &files, &damaged_files, &forgotten_paths;
  Metrics& metrics;
};

/// Owned by one thread.
class MrtConversation {
 public:
  /// `collector` names the router of every peer.
  MrtConversation(std::string collector, PeerRegistry& peers, MrtMetrics& metrics);

  /// Takes one record; appends what follows from it. The first message of a peer says that it is up. Faults
  /// are counted.
  void take(const wire::mrt::Record& record, std::vector<ShardMessage>& out);

 private:
  struct Peer {
    rib::PeerPointer peer;
    rib::PathSet paths;
  };
  using Peers = std::map<net::Address, Peer>;
  using Out = std::vector<ShardMessage>;

  void take_message(const wire::mrt::BgpMessage& message, TimePoint time, Out& out);
  void take_state(const wire::mrt::StateChange& change, TimePoint time, Out& out);
  Peer* up(const wire::mrt::Session& session, TimePoint time, Out& out);
  void down(const net::Address& address, TimePoint time, std::string_view reason, Out& out);

  const std::string collector_;
  PeerRegistry& registry_;
  MrtMetrics& metrics_;
  Peers peers_;  // that are up
  bool greeted_ = false;
};

}  // namespace peering::feeds
