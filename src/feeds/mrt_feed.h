// `[[feeds.mrt]]`: recorded updates, played through once.
//
// A file, or a folder whose files are read in the order of their names; files that appear later are read when
// they have stopped growing. Reading is as fast as the shards take it: a full mailbox makes it wait. Peers
// are keyed by the collector's name and the peer's address; a session state change away from Established is
// the peer's end. Records that cannot be read are counted and skipped, one by one.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"

namespace peering::feeds {

struct MrtSettings {
  std::filesystem::path path;     ///< a file or a folder
  std::string collector = "mrt";  ///< the router's name of its peers
  /// At most so many records a second; 0: as fast as the shards take them.
  std::size_t records_per_second_max = 0;
  /// How often a folder is looked at.
  std::chrono::milliseconds look_every{2000};
};

/// One thread. Inert until `start`. All references must outlive it. Thread-safe.
class MrtFeed {
 public:
  MrtFeed(MrtSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics);
  ~MrtFeed();
  MrtFeed(const MrtFeed&) = delete;
  MrtFeed& operator=(const MrtFeed&) = delete;

  void start();
  /// Ends in the middle of a file if need be, and joins. Idempotent.
  void stop();
  /// True when everything that was there at the last look has been played.
  bool idle() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
