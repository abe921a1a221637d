// The BMP station (RFC 7854, RFC 8671, RFC 9069): routers connect to it and it listens, nothing else: it
// never writes a byte to a router.
//
// One thread accepts, reads and decodes; what comes out goes to the shards (`ShardSink`). A full mailbox
// makes the reader of that router wait, so TCP closes its window; nothing is dropped and other routers go on.
// A session holds at most one BMP message and one read; a message that does not complete in time, or a frame
// whose length cannot be true, closes the session. Anything wrong inside a frame costs that message only.
//
// The same router again (a reconnect that overtakes the end of the old TCP connection): when a newcomer of a
// router's name says that a peer is up which an older session holds, the older one is taken for dead and
// closed. Two routers that merely share a name stay both.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "feeds/archive.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "http/server.h"

namespace peering::feeds {

struct BmpSettings {
  std::size_t sessions_max = 1000;
  std::size_t peers_per_session_max = 10'000;
  /// From the first byte of a message to its last; also from the connection to the first message.
  std::chrono::milliseconds partial_message_time{60'000};
  /// Gets what the routers say, when not null; must outlive the listener.
  Archive* archive = nullptr;
};

/// Inert until `listen`. Thread-safe.
class BmpListener {
 public:
  /// All of them must outlive the listener.
  BmpListener(BmpSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics);
  ~BmpListener();
  BmpListener(const BmpListener&) = delete;
  BmpListener& operator=(const BmpListener&) = delete;

  /// Binds and begins to accept; gives the address really bound (port 0 picks a free one). Once.
  Result<http::Endpoint> listen(const http::Endpoint& endpoint);
  /// Closes everything and joins. Our own end is no event: no RouterDown is posted. Idempotent.
  void stop();

  struct State;  ///< of the implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
