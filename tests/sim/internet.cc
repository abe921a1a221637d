#include "internet.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace peering::seeded {

Internet::Internet(Random& random, Station& station) : random_(random), out_(station) {
  const std::size_t routers = 1 + random.below(3), peers = 2 + random.below(6);
  for (std::size_t i = 0; i < routers; ++i) {
    routers_.push_back({fmt::format("edge-{}", i), std::chrono::milliseconds(random.below(2000)), false, {}});
  }
  for (std::size_t i = 0; i < peers; ++i) {
    auto made = std::make_shared<rib::Peer>();
    const std::size_t router = random.below(routers);
    made->id = rib::PeerId(static_cast<std::uint32_t>(i + 1));
    made->key = {routers_[router].name, 0, net::Address::v4(0xC6336400U + static_cast<std::uint32_t>(i)),
                 rib::RibKind::adj_rib_in_pre_policy};
    made->asn = static_cast<net::Asn>(64601 + i);
    made->pop = made->key.router;
    peers_.push_back({made, router, true, {}});
  }
}

void Internet::send(std::size_t router, feeds::ShardMessage message) {
  if (routers_[router].connected) routers_[router].queue.push_back(std::move(message));
}

Path Internet::any_path(const Peer& peer, std::string_view prefix) {
  const net::Asn from = peer.is->asn;
  const bool is_bobs = prefix == "203.0.113.0/24" && random_.percent(20);
  switch (random_.below(9)) {
    case 0:
    case 1:
    case 2:
      return {from, upstream, is_bobs ? second_owner : owner};
    case 3:
      return {from, second_upstream, second_upstream, owner, owner};
    case 4:
      return {from, upstream, second_owner};
    case 5:
      return {from, 64498, stray_neighbor, owner};
    case 6:
      return {from, 64498, upstream, owner};
    default:
      return {from, stranger};
  }
}

void Internet::say(const Peer& peer, std::string_view prefix, const Path* path, TimePoint at) {
  rib::RouteBatch batch{peer.is, clock_of(peer.router, at), nullptr, {}, {}};
  if (path) {
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(*path);
    batch.attributes = attributes;
    batch.announced = {prefix_of(prefix)};
  } else {
    batch.withdrawn = {prefix_of(prefix)};
  }
  feeds::RouteRun run{{}, batch.time};
  append_batch(batch, run.burst);
  send(peer.router, std::move(run));
}

void Internet::announce(Peer& peer, std::string_view prefix, TimePoint at) {
  const Path path = peer.routes[prefix] = any_path(peer, prefix);
  if (peer.up) say(peer, prefix, &path, at);
}

void Internet::tell_table(const Peer& peer, TimePoint at) {
  for (const auto& [prefix, path] : peer.routes) say(peer, prefix, &path, at);
  send(peer.router, feeds::EndOfRib{peer.is, net::Family::ipv4, true, clock_of(peer.router, at)});
}

void Internet::repeat_table(Peer& peer, TimePoint at) {
  if (!peer.up) return;
  for (const bool begins : {true, false}) {
    if (!begins) {
      for (const auto& [prefix, path] : peer.routes) say(peer, prefix, &path, at);
    }
    for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
      send(peer.router, feeds::RoutesRepeat{peer.is, family, begins, clock_of(peer.router, at)});
    }
  }
}

void Internet::set_peer(Peer& peer, bool up, TimePoint at) {
  if (std::exchange(peer.up, up) == up) return;
  if (!up)
    return send(peer.router, feeds::PeerDown{peer.is, clock_of(peer.router, at), "hold timer", true, false});
  send(peer.router, feeds::PeerUp{peer.is, clock_of(peer.router, at)});
  tell_table(peer, at);
}

void Internet::connect(std::size_t router, TimePoint at) {
  if (std::exchange(routers_[router].connected, true)) return;
  send(router, feeds::RouterUp{routers_[router].name, at, true});
  for (const Peer& peer : peers_) {
    if (peer.router != router || !peer.up) continue;
    send(router, feeds::PeerUp{peer.is, clock_of(router, at)});
    tell_table(peer, at);
  }
}

// What was on its way may be lost with the session, from any message on.
void Internet::disconnect(std::size_t router, TimePoint at) {
  Router& lost = routers_[router];
  if (!lost.connected) return;
  lost.queue.resize(random_.below(lost.queue.size() + 1));
  hand_over(router, lost.queue.size());
  lost.queue.push_back(feeds::RouterDown{lost.name, at, "closed", true, std::nullopt});
  hand_over(router, 1);
  lost.connected = false;
}

void Internet::hand_over(std::size_t router, std::size_t messages) {
  auto& queue = routers_[router].queue;
  for (; messages > 0 && !queue.empty(); --messages) {
    std::vector<feeds::ShardMessage> out;
    out.push_back(std::move(queue.front()));
    queue.pop_front();
    out_.push(out);
  }
}

void Internet::hear(TimePoint) { hand_over(random_.below(routers_.size()), 1 + random_.below(4)); }

void Internet::step(TimePoint at) {
  Peer& peer = peers_[random_.below(peers_.size())];
  const std::string_view prefix = prefixes()[random_.below(prefixes().size())];
  const std::uint64_t what = random_.below(100);
  if (what < 60) {
    announce(peer, prefix, at);
  } else if (what < 78) {
    peer.routes.erase(prefix);
    if (peer.up) say(peer, prefix, nullptr, at);
  } else if (what < 82) {
    if (peer.up) tell_table(peer, at);  // everything twice
  } else if (what < 84) {
    repeat_table(peer, at);
  } else if (what < 88) {
    set_peer(peer, false, at);
  } else if (what < 93) {
    set_peer(peer, true, at);
  } else if (what < 95) {
    disconnect(peer.router, at);
  } else {
    connect(peer.router, at);
  }
}

void Internet::connect_again(TimePoint at) {
  for (std::size_t i = 0; i < routers_.size(); ++i) {
    routers_[i].queue.clear();
    routers_[i].connected = false;
    connect(i, at);
  }
}

void Internet::calm_down(TimePoint at) {
  for (std::size_t i = 0; i < routers_.size(); ++i) connect(i, at);
  for (Peer& peer : peers_) set_peer(peer, true, at);
  for (std::size_t i = 0; i < routers_.size(); ++i) hand_over(i, routers_[i].queue.size());
}

std::size_t Internet::showing(const Verdict& verdict, const Circumstances& under) const {
  std::size_t out = 0;
  for (const Peer& peer : peers_) {
    const auto has = peer.routes.find(verdict.observed);
    out += has != peer.routes.end() && verdicts_of(verdict.observed, has->second, under).contains(verdict);
  }
  return out;
}

bool Internet::has_route(std::string_view prefix, const std::set<net::Asn>& origins) const {
  return std::ranges::any_of(peers_, [&](const Peer& peer) {
    const auto has = peer.routes.find(prefix);
    return has != peer.routes.end() && origins.contains(has->second.back());
  });
}

}  // namespace peering::seeded
