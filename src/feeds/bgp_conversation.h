// What one BGP neighbour says, once its machine (`wire/bgp/fsm`) has made sense of it: sessions and routes to
// shard messages. No sockets and no clock.
//
// The neighbour is its own router in the table's eyes: `PeerKey{its name or address, its address}`.
// A session that is lost is a PeerDown; where the neighbour can restart gracefully it is a RouterDown with
// the time it named, which keeps the routes as stale until its End-of-RIB.
#pragma once

#include <array>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "feeds/bgp_metrics.h"
#include "feeds/bgp_settings.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "feeds/update_routes.h"
#include "wire/bgp/fsm.h"

namespace peering::feeds {

/// Owned by one thread.
class BgpConversation {
 public:
  BgpConversation(const BgpNeighbor& neighbor, PeerRegistry& peers, BgpMetrics& metrics);

  void up(const wire::bgp::SessionUp& session, TimePoint at, std::vector<ShardMessage>& out);
  void down(const wire::bgp::SessionDown& session, TimePoint at, std::vector<ShardMessage>& out);
  /// We no longer look through the neighbour: its routes, also those that are kept, go without an outage.
  /// Where that is for good the shards hear it also when there is no session: that it went down may be open
  /// still, maybe since before a restart.
  void forget(TimePoint at, std::string_view reason, bool for_good, std::vector<ShardMessage>& out);
  /// Gives the NOTIFICATION to close the session with when these are too many prefixes (RFC 4486 section 4);
  /// nothing of the UPDATE is handed on then.
  std::optional<wire::bgp::Notification> routes(const wire::bgp::UpdateScan& update, TimePoint at,
                                                std::vector<ShardMessage>& out);

  /// The neighbour begins or ends to send a family again (RFC 7313 section 4).
  void repeat(const wire::bgp::RouteRefresh& marker, TimePoint at, std::vector<ShardMessage>& out);

  /// Between the begin and the end of that.
  bool repeats(wire::bgp::FamilyId family) const;

  bool is_up() const { return peer_ != nullptr; }

 private:
  Result<rib::PeerPointer> peer(const net::Address& bgp_identifier) const;
  std::optional<std::size_t> family_over_limit(const rib::RouteBurst& burst);
  void end_of_rib(wire::bgp::FamilyId family, TimePoint at, std::vector<ShardMessage>& out);
  void complain(const wire::bgp::Issue& issue, TimePoint at);

  const BgpNeighbor neighbor_;
  const std::string router_;
  PeerRegistry& registry_;
  BgpMetrics& metrics_;
  rib::PeerPointer peer_;      // of the session that is up
  rib::PeerPointer restarts_;  // whose routes are kept
  bool router_known_ = false;
  wire::bgp::SessionFacts facts_;
  rib::PathSet paths_;
  rib::RouteBurst judged_;                                   // of the UPDATE at hand, where there is a limit
  std::vector<wire::bgp::FamilyId> awaited_;                 // families whose End-of-RIB did not come yet
  std::array<std::unordered_set<net::Prefix>, 2> prefixes_;  // by family, where there is a limit
  bool restarts_gracefully_ = false;                         // it says so
  std::array<bool, 2> repeating_{};                          // by family
  std::array<std::unordered_set<net::Prefix>, 2> repeated_;  // of `prefixes_`, while they are repeated
  TimePoint next_complaint_{};
  std::uint64_t unsaid_ = 0;
};

}  // namespace peering::feeds
