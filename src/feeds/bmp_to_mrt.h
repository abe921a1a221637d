// What a router says over BMP as MRT records: its peers' updates as they were received, and their sessions as
// state changes. No files, sockets or clock.
//
// MRT knows one table of a peer: Adj-RIB-In. Of a router that reports it before and after its policy the
// former is taken; what it sends to peers, and its own table (Loc-RIB), are left out.
#pragma once

#include <map>

#include "base/byte_cursor.h"
#include "wire/bgp/update.h"
#include "wire/bmp/message.h"
#include "wire/mrt/record.h"

namespace peering::feeds {

/// One BMP session. Owned by one thread.
class BmpToMrt {
 public:
  /// Peers above this are left out.
  explicit BmpToMrt(std::size_t peers_max) : peers_max_(peers_max) {}

  /// Appends the records that follow from one message; `arrival` stands for a timestamp that is not there.
  void take(const wire::bmp::Message& message, TimePoint arrival, ByteWriter& out);
  /// The BMP session is over: so is, for who reads the records, every BGP session it told of.
  void end(TimePoint at, ByteWriter& out);
  /// Records that had to be left out: too many peers, messages that are no BGP.
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Peer {
    wire::mrt::Session session;
    wire::bgp::SessionFacts facts;
    bool pre_policy = false;  // reported so
    bool up = false;
  };
  using Key = std::pair<std::uint64_t, net::Address>;

  Peer* peer_of(const wire::bmp::PerPeerHeader& header);
  void take_up(const wire::bmp::PeerUp& message, TimePoint arrival, ByteWriter& out);
  void take_down(const wire::bmp::PeerDown& message, TimePoint arrival, ByteWriter& out);
  void take_routes(const wire::bmp::RouteMonitoring& message, TimePoint arrival, ByteWriter& out);

  const std::size_t peers_max_;
  std::map<Key, Peer> peers_;
  std::uint64_t left_out_ = 0;
};

}  // namespace peering::feeds
