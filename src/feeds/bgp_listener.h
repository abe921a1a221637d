// The BGP collector: sessions with the configured neighbours, those that connect to us and those that we
// connect to. It only listens: it never announces a route. One thread for all of it (`bgp_session.h` for one
// neighbour).
//
// A connection from an address that is not configured is closed before a word is said.
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
  /// Says goodbye to every neighbour, closes everything and joins. Our own end is no event: the shards are
  /// not told. Idempotent.
  void stop();

  struct State;  ///< of the implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
