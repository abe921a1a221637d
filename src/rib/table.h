// The routing table of one shard: every route that every monitored peer has now.
//
// A route is (prefix, peer) -> path attributes. Attributes are interned as packed bytes (`attribute_pool.h`),
// prefixes live in a radix tree (`prefix_tree.h`), and each has a list of its routes of 16 bytes each, all in
// slabs: a full table of one peer costs some 30 bytes a route and its attributes, further peers less.
// Changes are values for those who watch: a table can be told which space anybody wants to hear of.
//
// Two things end a peer's routes without an UPDATE for each (RFC 7854 sections 4.9 and 4.5):
// - `peer_down` and `router_down` doom them at once in O(1); `flush` then walks the table and removes them, a
//   bounded number at a time, so that a shard never stalls on a full table.
// - `mark_stale` keeps them for a station whose BMP session broke. The router sends its table again after
//   the reconnect: what comes unchanged is no change; what did not come by End-of-RIB (or a timeout) is
//   doomed by `sweep`. A peer that sends one family again on request is the same.
// A route that is announced again between doom and flush stays; that it was doomed leaves no trace.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "net/prefix.h"
#include "net/prefix_space.h"
#include "rib/packed_attributes.h"
#include "rib/route.h"
#include "rib/route_burst.h"
#include "rib/route_search.h"

namespace peering::rib {

/// How much a table holds.
struct TableSize {
  std::size_t prefixes = 0;
  std::size_t routes = 0;
  std::size_t attributes = 0;  ///< distinct sets of path attributes
  std::size_t peers = 0;       ///< peers that ever said something
  std::size_t doomed = 0;      ///< removals that wait for `flush`
  friend bool operator==(const TableSize&, const TableSize&) = default;
};

/// A place in a walk over a whole table; a new one is its beginning.
struct TableWalk {
  std::uint32_t block = 0, key = 0;
};

/// Owned by one thread; no locks. A peer is known by its `Peer::id`: a Peer object of the same id replaces
/// the former one (a new session of the same peer).
class Table {
 public:
  Table();
  ~Table();
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;

  /// From now on only changes in space that overlaps this are told (a prefix of it, more and less specific
  /// ones). Null, as at first: all changes. The table holds every route either way.
  void watch(std::shared_ptr<const net::PrefixSpace> space);

  /// Applies one UPDATE: withdrawals first, then announcements (RFC 4271 section 3.1: a prefix in both is
  /// announced). Appends one change for each route that became another one; an announcement that repeats what
  /// is there, and a withdrawal of what is not there, change nothing. A repeated announcement does refresh a
  /// stale or doomed route.
  void apply(const RouteBatch& batch, std::vector<RouteChange>& out);
  /// The same for every record of the burst, in order.
  void apply(const RouteBurst& burst, std::vector<RouteChange>& out);

  /// The session to the peer ended: dooms its routes. Unknown peers are ignored.
  void peer_down(PeerId peer, TimePoint time);
  /// The router is lost for good: dooms the routes of all its peers.
  void router_down(std::string_view router, TimePoint time);

  /// Keeps the routes of all peers of the router, but as stale, until announced again or swept.
  void mark_stale(std::string_view router);
  /// The same for one peer's routes of one family, which it begins to send again (RFC 7313).
  void mark_stale(PeerId peer, net::Family family);
  /// Dooms what is still stale of one peer, of one family or of both (its End-of-RIB came).
  void sweep(PeerId peer, std::optional<net::Family> family, TimePoint time);
  /// The same for what is out of sight rather than withdrawn (`ChangeReason::router_down`).
  void forget_stale(std::string_view router, TimePoint time);
  /// Dooms what is still stale of every peer of the router (it had time enough).
  void sweep_router(std::string_view router, TimePoint time);

  /// Whether somebody follows a route that is removed outside the space that is watched.
  using IsFollowed = std::function<bool(const net::Prefix& prefix, PeerId peer)>;
  /// Removes up to `limit` doomed routes, appending a change for each in watched space, and for each other of
  /// which `is_followed` says so. True when some are left.
  bool flush(std::size_t limit, std::vector<RouteChange>& out, const IsFollowed& is_followed = {});

  /// Every peer's route for exactly this prefix.
  std::vector<Route> routes(const net::Prefix& prefix) const;
  /// Routes for the prefix itself and everything it covers, in order of prefixes; stops after `limit`.
  std::vector<Route> covered(const net::Prefix& prefix, std::size_t limit) const;
  /// Routes for less specific prefixes that cover `prefix` (itself not included), shortest first.
  std::vector<Route> covering(const net::Prefix& prefix) const;

  /// A part of a walk over everything, in no order that means anything: appends the routes for whose packed
  /// attributes `concerns` holds, of up to `prefixes` prefixes, and no further prefix once it has `limit`.
  /// False when the walk is over. What changes meanwhile may or may not be met.
  bool walk(TableWalk& at, std::size_t prefixes, std::size_t limit,
            const std::function<bool(PackedView attributes)>& concerns, std::vector<Route>& out) const;

  /// What an operator looks for. Ends after `search.limit` routes and `searched_prefixes_max` prefixes.
  FoundRoutes search(const RouteSearch& search) const;

  TableSize size() const;
  /// Routes that became another one since the beginning, told or not.
  std::uint64_t changes() const;
  /// Memory of routes, prefixes and attributes.
  std::size_t bytes() const;
  /// The attributes' part of it.
  std::size_t attribute_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::rib
