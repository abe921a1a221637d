// `[[feeds.ris]]`: RIPE's RIS Live over WebSocket.
//
// One thread connects, subscribes, reads, decodes and hands on. A full shard makes it wait, so the service's
// TCP stops; the service may then close the connection, which is counted and made again. After a loss it
// waits 1 s, then twice as long each time up to a minute, less up to half of it by chance, so that many
// stations do not come back together.
//
// Life is proven by messages; when none come it pings, and a pong that does not come is a loss. How late the
// messages are is measured by their own timestamps: later than `stale_after` the feed is stale, in the log
// and in `peering_ris_stale`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "feeds/archive.h"
#include "feeds/peer_registry.h"
#include "feeds/ris_filter.h"
#include "feeds/shard_message.h"

namespace peering::feeds {

struct RisSettings {
  std::string name = "1";  ///< the feed's number, for metrics and the log
  std::string url;         ///< ws:// or wss://
  std::string authority_file;
  RisFilter filter;
  /// The prefixes are those of `watch`.
  bool registered_prefixes = false;
  std::chrono::milliseconds stale_after{60'000};
  /// How long routes are kept that were not announced again after a loss.
  Microseconds keep = std::chrono::hours(24);
  /// The collectors' peers are routers of this network: a session of theirs that ends is an outage.
  bool own_view = false;
  /// Gets what the service says, when not null; must outlive the feed.
  Archive* archive = nullptr;
  std::size_t message_bytes_max = 1024 * 1024;
  std::chrono::milliseconds retry_first{1'000}, retry_longest{60'000};
  std::chrono::milliseconds ping_every{20'000}, pong_within{20'000};
};

/// One thread. Inert until `start`. All references must outlive it. Thread-safe.
class RisFeed {
 public:
  RisFeed(RisSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics);
  ~RisFeed();
  RisFeed(const RisFeed&) = delete;
  RisFeed& operator=(const RisFeed&) = delete;

  void start();
  /// Joins. Our own end is no loss: no RouterDown is posted. Idempotent.
  void stop();
  /// The registered prefixes have changed: `prefixes` gives them when it is time to subscribe, within a
  /// second, on the feed's thread. Without effect where the filter names its own.
  void watch(std::function<std::vector<net::Prefix>()> prefixes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
