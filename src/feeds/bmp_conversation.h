// What one router says over one BMP session, from the first frame to the last: frames in, shard messages out.
// No sockets and no clock, so recorded sessions run through the same code.
//
// What real routers do beside the RFC is taken as it is meant and counted (`Oddity`): messages before the
// Initiation, Peer Down for peers that never were up, Peer Up twice, routes without a Peer Up, the router's
// own AS in front of the paths, timestamps of zero or of a clock that was never set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "feeds/archive.h"
#include "feeds/bmp_metrics.h"
#include "feeds/bmp_to_mrt.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "feeds/update_routes.h"
#include "wire/bgp/message.h"
#include "wire/bmp/message.h"

namespace peering::feeds {

/// A BGP session of the router, whatever view of it is reported.
struct BmpPeerKey {
  bool loc_rib = false;
  std::uint64_t distinguisher = 0;
  net::Address address;
  friend auto operator<=>(const BmpPeerKey&, const BmpPeerKey&) = default;
  friend bool operator==(const BmpPeerKey&, const BmpPeerKey&) = default;
};

/// Owned by one thread.
class BmpConversation {
 public:
  /// `remote`: the router's address, its name until (and unless) it gives one.
  BmpConversation(const net::Address& remote, std::size_t peers_max, PeerRegistry& peers,
                  BmpMetrics& metrics);

  /// From now on what the router says is archived too. The archive must outlive the conversation.
  void archive_to(Archive& archive) { archive_ = &archive; }
  /// Takes one whole frame (`wire::bmp::split_frame`); appends what follows from it. Faults are counted and a
  /// sample of them is logged.
  void take(std::span<const std::uint8_t> frame, TimePoint arrival, std::vector<ShardMessage>& out);
  /// Which other sessions of the router there are when one ends.
  enum class Others {
    none,     ///< the router is lost: RouterDown
    silent,   ///< one that named no peer yet, that is the router come back: RouterDown and RouterUp
    speaking  ///< another router of the same name: PeerDown for each of our peers
  };
  void end(TimePoint at, std::string_view reason, Others others, std::vector<ShardMessage>& out);
  /// Ends without a word to the shards: another session speaks for the router now.
  void drop(TimePoint at);

  /// Empty until the first message.
  const std::string& router() const { return router_; }
  const net::Address& remote() const { return remote_; }
  /// The router said goodbye: nothing follows.
  const std::optional<std::string>& terminated() const { return terminated_; }
  bool has_up(const BmpPeerKey& peer) const;
  bool has_peers() const { return !peers_.empty(); }
  /// The peer that the last frame said is up, if that is what it said.
  const std::optional<BmpPeerKey>& came_up() const { return came_up_; }

 private:
  // One RIB of a peer that the router reports.
  struct View {
    rib::PeerPointer peer;
    rib::PathSet paths;
    std::vector<wire::bgp::FamilyId> ended;
  };
  struct Peer {
    bool up = false;
    std::string session;  // identifies the BGP session: OPENs and ports
    std::optional<net::Address> local_address;
    net::Asn local_asn = 0, asn = 0;
    net::Address bgp_identifier;
    std::vector<wire::bgp::FamilyId> families;    // unicast, agreed
    wire::bgp::SessionFacts facts_in, facts_out;  // of what the router receives and what it sends
    std::map<rib::RibKind, View> views;
  };
  using Out = std::vector<ShardMessage>;

  void archive_records(TimePoint arrival, ByteWriter records);
  void take_initiation(const wire::bmp::Initiation& message, TimePoint arrival, Out& out);
  void take_peer_up(const wire::bmp::PeerUp& message, TimePoint arrival, Out& out);
  void take_peer_down(const wire::bmp::PeerDown& message, TimePoint arrival, Out& out);
  void take_routes(const wire::bmp::RouteMonitoring& message, TimePoint arrival, Out& out);
  void take_update(const wire::bmp::RouteMonitoring& message, std::span<const std::uint8_t> body, Peer& peer,
                   TimePoint arrival, Out& out);

  wire::bgp::UpdateScan scan_as_meant(std::span<const std::uint8_t> body, bool without_opens,
                                      wire::bgp::SessionFacts& facts);
  void name_router(std::string name, TimePoint arrival, Out& out);
  Peer* peer_of(const wire::bmp::PerPeerHeader& header);
  View* view_of(Peer& peer, const wire::bmp::PerPeerHeader& header, rib::RibKind kind);
  void tell_session(const wire::bmp::PerPeerHeader& header, const Peer& peer, std::string_view state,
                    TimePoint time);
  void peer_is_down(Peer& peer, TimePoint time, std::string_view reason, Out& out);
  bool read_opens(const wire::bmp::PeerUp& message, Peer& peer);
  void end_of_rib(View& view, const Peer& peer, wire::bgp::FamilyId family, TimePoint time, Out& out);
  TimePoint time_of(const wire::bmp::PerPeerHeader& header, TimePoint arrival);
  void complain(TimePoint at, std::string_view what, std::span<const std::uint8_t> bytes);

  const net::Address remote_;
  const std::size_t peers_max_;
  PeerRegistry& registry_;
  const std::uint64_t source_;  // of the sessions that it tells of
  BmpMetrics& metrics_;
  std::string router_;
  std::map<BmpPeerKey, Peer> peers_;
  std::optional<std::string> terminated_;
  std::optional<BmpPeerKey> came_up_;
  Archive* archive_ = nullptr;
  BmpToMrt records_;
  TimePoint next_complaint_{};
  std::uint64_t unsaid_ = 0;
};

}  // namespace peering::feeds
