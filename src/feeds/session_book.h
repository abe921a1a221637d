// What is known of the BGP sessions of the network's routers: kept by the feeds that hear it at first hand
// (BMP, also through Kafka, and our own collector), read by the API.
//
// It says what the wire said and nothing more. A BMP Peer Down puts a session into Idle, since it left
// Established (RFC 4271 section 8.2.2); how it goes on from there the router does not tell. When the router
// itself is lost its sessions may go on: their state is not known then.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "model/bgp_session.h"
#include "model/session_change.h"

namespace peering::feeds {

/// Thread-safe.
class SessionBook {
 public:
  explicit SessionBook(std::size_t sessions_max) : sessions_max_(sessions_max) {}

  /// The number of one that tells of sessions; greater than all before.
  std::uint64_t new_source();
  /// A session's state now; `since` counts where it is another state than before. What a younger source says
  /// of the session stands: the older one is what is left of a connection that its router gave up. A session
  /// too many is not kept.
  void tell(std::uint64_t source, model::BgpSession session);
  /// The source tells nothing any more: the state of the router's sessions that it told of last is not known.
  void lose(std::uint64_t source, const std::string& router, TimePoint at);
  /// There are no such sessions any more.
  void forget(std::uint64_t source, const std::string& router, TimePoint at);

  /// Never null. Costs nothing when nothing changed.
  model::BgpSessionsPointer snapshot() const;

  /// The changes since the last call, in order, with the times that were told. When nobody asks, no more than
  /// the latest of each session is kept of the oldest.
  std::vector<model::SessionChange> take_changes();

 private:
  struct Key {
    std::string router;
    std::uint64_t distinguisher = 0;
    net::Address peer_address;
    friend auto operator<=>(const Key&, const Key&) = default;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Entry {
    std::uint64_t source = 0;
    model::BgpSession session;
  };

  // Notes that the session's state is another one than before, if it is.
  void note(const Key& key, const model::BgpSession& session, model::SessionState before);

  const std::size_t sessions_max_;
  mutable std::mutex mutex_;
  std::uint64_t sources_ = 0;
  std::map<Key, Entry> entries_;
  std::vector<model::SessionChange> changes_;
  mutable model::BgpSessionsPointer snapshot_;  // null: to be made
};

}  // namespace peering::feeds
