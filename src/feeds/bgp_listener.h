// The BGP collector: sessions with the configured neighbours, those that connect to us and those that we
// connect to. It only listens: it never announces a route. One thread for all of it (`bgp_session.h` for one
// neighbour).
//
// A connection from an address that is not configured is closed before a word is said. Neighbours can be
// added, removed and changed while it runs; the sessions of the others do not notice.
#pragma once

#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "feeds/bgp_settings.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "http/server.h"

namespace peering::feeds {

/// Inert until `listen` or `start`. Thread-safe.
class BgpListener {
 public:
  /// All of them must outlive the listener.
  BgpListener(BgpSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics);
  ~BgpListener();
  BgpListener(const BgpListener&) = delete;
  BgpListener& operator=(const BgpListener&) = delete;

  /// Binds and begins to accept; gives the address really bound (port 0 picks a free one). At most once,
  /// before `start`.
  Result<http::Endpoint> listen(const http::Endpoint& endpoint);
  /// Starts every neighbour's session. Once.
  void start();
  /// Asks the neighbour (its name, or its address where it has none) to send its routes again (RFC 2918).
  /// False when there is no such neighbour or it cannot be asked.
  bool refresh(std::string_view neighbor);
  /// The same of every neighbour; how many were asked.
  std::size_t refresh_all();
  struct Reconfigured {
    std::size_t added = 0, removed = 0, changed = 0;
    friend bool operator==(const Reconfigured&, const Reconfigured&) = default;
  };
  /// Has these neighbours from now on. One that is gone hears a cease "peer de-configured", one that differs
  /// "other configuration change" (RFC 4486) before its session begins anew; their routes go out of sight,
  /// which is no outage. Nothing before `start` or after `stop`. A neighbour whose password the kernel
  /// refuses is not spoken with, with an error in the log.
  Reconfigured configure(std::vector<BgpNeighbor> neighbors);
  /// Says goodbye to every neighbour, closes everything and joins. Our own end is no event: the shards are
  /// not told. Idempotent.
  void stop();

  struct State;  ///< of the implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
