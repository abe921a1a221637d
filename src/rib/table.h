// The routing table of one shard: every route that every monitored peer has now.
//
// A route is (prefix, peer) -> path attributes. Attributes are interned: routes with equal attributes share
// one object, counted by the routes that use it, so a full table costs a few dozen bytes a route. Prefixes
// live in one trie, which answers exact, covering and covered queries; each peer keeps the list of its
// prefixes, so that what it had can be removed without a walk over the whole table.
//
// Two things end a peer's routes without an UPDATE for each (RFC 7854 sections 4.9 and 4.5):
// - `peer_down` and `router_down` doom them at once in O(1); `flush` then removes them a bounded number at a
//   time, so that a shard never stalls on a full table.
// - `mark_stale` keeps them for a station whose BMP session broke. The router sends its table again after
//   the reconnect: what comes unchanged is no change; what did not come by End-of-RIB (or a timeout) is
//   doomed by `sweep`.
// A route that is announced again between doom and flush stays; that it was doomed leaves no trace.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/prefix.h"
#include "rib/route.h"

namespace peering::rib {

/// How much a table holds.
struct TableSize {
  std::size_t prefixes = 0;
  std::size_t routes = 0;
  std::size_t attributes = 0;  ///< distinct sets of path attributes
  std::size_t peers = 0;       ///< peers that ever said something
  std::size_t doomed = 0;      ///< at most this many removals wait for `flush`
  friend bool operator==(const TableSize&, const TableSize&) = default;
};

/// Owned by one thread; no locks. A peer is known by its `Peer::id`: a Peer object of the same id replaces
/// the former one (a new session of the same peer).
class Table {
 public:
  Table();
  ~Table();
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;

  /// Applies one UPDATE: withdrawals first, then announcements (RFC 4271 section 3.1: a prefix in both is
  /// announced). Appends one change for each route that became another one; an announcement that repeats what
  /// is there, and a withdrawal of what is not there, change nothing. A repeated announcement does refresh a
  /// stale or doomed route.
  void apply(const RouteBatch& batch, std::vector<RouteChange>& out);

  /// The session to the peer ended: dooms its routes. Unknown peers are ignored.
  void peer_down(PeerId peer, TimePoint time);
  /// The router is lost for good: dooms the routes of all its peers.
  void router_down(std::string_view router, TimePoint time);

  /// Keeps the routes of all peers of the router, but as stale, until announced again or swept.
  void mark_stale(std::string_view router);
  /// Dooms what is still stale of one peer (its End-of-RIB came).
  void sweep(PeerId peer, TimePoint time);
  /// Dooms what is still stale of every peer of the router (it had time enough).
  void sweep_router(std::string_view router, TimePoint time);

  /// Removes up to `limit` doomed routes, appending a change for each. True when some are left.
  bool flush(std::size_t limit, std::vector<RouteChange>& out);

  /// Every peer's route for exactly this prefix.
  std::vector<Route> routes(const net::Prefix& prefix) const;
  /// Routes for the prefix itself and everything it covers, in order of prefixes; stops after `limit`.
  std::vector<Route> covered(const net::Prefix& prefix, std::size_t limit) const;
  /// Routes for less specific prefixes that cover `prefix` (itself not included), shortest first.
  std::vector<Route> covering(const net::Prefix& prefix) const;

  TableSize size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::rib
