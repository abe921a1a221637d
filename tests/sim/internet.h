// Routers with their peers, as a station of BMP sees them: everything of one router comes in order, and as
// late as its queue is long; what two routers say comes in any order.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "feeds/shard_message.h"
#include "feeds/shard_router.h"
#include "oracle.h"
#include "random.h"
#include "station.h"

namespace peering::seeded {

class Internet {
 public:
  Internet(Random& random, Station& station);

  /// Something happens somewhere.
  void step(TimePoint at);
  /// A router's session hands over some of what waits.
  void hear(TimePoint at);
  /// The station is new: every session to it begins again.
  void connect_again(TimePoint at);
  /// Every session is up again, and everything is said.
  void calm_down(TimePoint at);

  /// How many peers have a route of which the oracle says this.
  std::size_t showing(const Verdict& verdict, const Circumstances& under) const;
  /// True when somebody has a route to the prefix that begins at one of these.
  bool has_route(std::string_view prefix, const std::set<net::Asn>& origins) const;

 private:
  struct Peer {
    rib::PeerPointer is;
    std::size_t router = 0;
    bool up = true;
    std::map<std::string_view, Path> routes;  // what it has, whether we hear it or not
  };
  struct Router {
    std::string name;
    Microseconds clock{0};  // ahead of ours
    bool connected = false;
    std::deque<feeds::ShardMessage> queue;
  };

  Path any_path(const Peer& peer, std::string_view prefix);
  void announce(Peer& peer, std::string_view prefix, TimePoint at);
  void say(const Peer& peer, std::string_view prefix, const Path* path, TimePoint at);
  void send(std::size_t router, feeds::ShardMessage message);
  void tell_table(const Peer& peer, TimePoint at);
  void repeat_table(Peer& peer, TimePoint at);
  void set_peer(Peer& peer, bool up, TimePoint at);
  void connect(std::size_t router, TimePoint at);
  void disconnect(std::size_t router, TimePoint at);
  void hand_over(std::size_t router, std::size_t messages);
  TimePoint clock_of(std::size_t router, TimePoint at) const { return at + routers_[router].clock; }

  Random& random_;
  feeds::ShardRouter out_;
  std::vector<Router> routers_;
  std::vector<Peer> peers_;
};

}  // namespace peering::seeded
