// A small Internet that a seed makes: peers announce, withdraw, repeat themselves, lose their sessions while
// the world goes on, and we crash and start again. When all is quiet, what is open must be what the peers
// show, as a naive oracle reads it from what they have. Virtual time, one thread; the same seed is the same
// run on every machine.
//
//   PEERING_SIM_SEED=42 build/dev/bin/detect_test --gtest_filter='Simulation.*'      that one
//   PEERING_SIM_SEEDS=200000 build/dev/bin/detect_test --gtest_filter='Simulation.*' so many from 1 on
#include <array>
#include <cstdlib>
#include <set>

#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

using Path = std::vector<net::Asn>;
using model::EventKind;

constexpr net::Asn owner = 64500, upstream = 64496, stranger = 64511, stray_neighbor = 64497;
constexpr std::string_view owned = "203.0.113.0/24", nobodys = "192.0.2.0/24";
constexpr std::array<std::string_view, 4> prefixes{owned, "203.0.113.128/25", nobodys, "192.0.2.0/25"};

// What must be open while enough peers show it.
struct Verdict {
  EventKind kind;
  std::string_view observed;
  net::Asn who = 0;  // the origin, or for a forged first hop the neighbour
  friend auto operator<=>(const Verdict&, const Verdict&) = default;
};

// The rules of what a route means, as plainly as they can be said.
std::set<Verdict> verdicts_of(std::string_view observed, const Path& path) {
  const net::Asn origin = path.back();
  net::Asn neighbor = origin;
  for (auto at = path.rbegin(); at != path.rend() && neighbor == origin; ++at) neighbor = *at;
  if (observed == nobodys || observed == prefixes[3]) return {{EventKind::squatting, observed, origin}};
  const bool exact = observed == owned;
  if (origin != owner) {
    return {{exact ? EventKind::origin_hijack : EventKind::subprefix_hijack, observed, origin}};
  }
  std::set<Verdict> out;
  if (neighbor != upstream) out.insert({EventKind::path_forged_first_hop, observed, neighbor});
  if (!exact) out.insert({EventKind::new_prefix, observed, origin});
  return out;
}

bool is_about(const model::Event& event, const Verdict& verdict) {
  const auto who = verdict.kind == EventKind::path_forged_first_hop ? event.neighbor : event.origin;
  return event.kind == verdict.kind && event.observed == p(verdict.observed) && who == verdict.who;
}

class World {
 public:
  explicit World(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {
    scene_.expect(owned, [](model::Expectation& e) { e.upstreams = {upstream}; }, "owned");
    scene_.expect(nobodys, [](model::Expectation& e) { e.origins.clear(); }, "nobodys");
    scene_.apply();
    for (net::Asn i = 0; i < 2 + below(5); ++i) {
      peers_.push_back({scene_.peer(64601 + i, i % 2 == 0 ? "edge-1" : "edge-2"), true, {}});
    }
  }

  void run() {
    for (std::uint64_t step = 5 + below(60); step > 0; --step) one_step();
    for (Peer& peer : peers_) come_back(peer);
    for (int i = 0; i < 3; ++i) scene_.wait(std::chrono::seconds(61));
  }

  void check() const {
    for (const auto& [verdict, ever] : ever_shown_) {
      std::size_t showing = 0;
      for (const Peer& peer : peers_) {
        const auto has = peer.routes.find(verdict.observed);
        showing += has != peer.routes.end() && verdicts_of(verdict.observed, has->second).contains(verdict);
      }
      const std::string what =
          fmt::format("{} of {} by AS{}, shown by {} of {} peers", to_string(verdict.kind), verdict.observed,
                      verdict.who, showing, ever.size());
      // Between the two it depends on what came when: a fifth of those that showed it may stay behind.
      if (showing == 0) {
        EXPECT_FALSE(is_open(verdict)) << what;
      }
      if (showing * 5 > ever.size()) {
        EXPECT_TRUE(is_open(verdict)) << what;
      }
    }
    bool anything = false, legitimate = false;
    for (const Peer& peer : peers_) {
      const auto has = peer.routes.find(owned);
      anything = anything || has != peer.routes.end();
      legitimate = legitimate || (has != peer.routes.end() && has->second.back() == owner);
    }
    if (legitimate) {
      EXPECT_FALSE(is_withdrawn()) << "somebody has it";
    }
    if (announced_ && !anything) {
      EXPECT_TRUE(is_withdrawn()) << "nobody has it any more";
    }
  }

 private:
  struct Peer {
    rib::PeerPointer is;
    bool up = true;
    std::map<std::string_view, Path> routes;  // what it has, whether we hear it or not
  };

  // SplitMix64: the same numbers everywhere.
  std::uint64_t random() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t limit) { return random() % limit; }

  void one_step() {
    Peer& peer = peers_[below(peers_.size())];
    const std::string_view prefix = prefixes[below(prefixes.size())];
    const std::uint64_t what = below(100);
    if (what < 55) {
      announce(peer, prefix);
    } else if (what < 75) {
      peer.routes.erase(prefix);
      if (peer.up) scene_.withdraw(peer.is, prefix);
    } else if (what < 80) {
      tell_all(peer);
    } else if (what < 86) {
      if (peer.up) scene_.session_down(peer.is);
      peer.up = false;
    } else if (what < 92) {
      come_back(peer);
    } else if (what < 97) {
      scene_.wait(std::chrono::seconds(1 + below(90)));
    } else {
      crash();
    }
    if (below(2) == 0) scene_.wait(std::chrono::seconds(1));
  }

  void announce(Peer& peer, std::string_view prefix) {
    const net::Asn first = peer.is->asn;
    const std::array<Path, 4> paths{Path{first, upstream, owner},
                                    Path{first, upstream, upstream, owner, owner}, Path{first, stranger},
                                    Path{first, stray_neighbor, owner}};
    peer.routes[prefix] = paths[below(paths.size())];
    if (peer.up) tell(peer, prefix);
  }
  void tell(Peer& peer, std::string_view prefix) {
    const Path& path = peer.routes.at(prefix);
    scene_.announce(peer.is, path, prefix);
    for (const Verdict& verdict : verdicts_of(prefix, path)) ever_shown_[verdict].insert(peer.is->asn);
    announced_ = announced_ || (prefix == owned && path.back() == owner);
  }
  void tell_all(Peer& peer) {
    if (!peer.up) return;
    for (const auto& [prefix, path] : peer.routes) tell(peer, prefix);
  }
  void come_back(Peer& peer) {
    if (peer.up) return;
    peer.up = true;
    scene_.session_up(peer.is);
    tell_all(peer);
  }
  void crash() {
    scene_.restart();
    for (const std::string_view router : {"edge-1", "edge-2"}) scene_.router(router, true);
    for (Peer& peer : peers_) {
      peer.up = false;
      come_back(peer);
    }
  }

  bool is_open(const Verdict& verdict) const {
    const auto open = scene_.open();
    return std::any_of(open.begin(), open.end(), [&](const auto& event) { return is_about(event, verdict); });
  }
  bool is_withdrawn() const {
    const auto open = scene_.open();
    return std::any_of(open.begin(), open.end(), [](const model::Event& event) {
      return event.kind == EventKind::withdrawal && event.level == model::Level::critical;
    });
  }

  std::uint64_t state_;
  Scene scene_;
  std::vector<Peer> peers_;
  std::map<Verdict, std::set<net::Asn>> ever_shown_;
  bool announced_ = false;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* given = std::getenv(variable);
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

TEST(Simulation, WhatIsOpenInTheEndIsWhatThePeersShow) {
  const std::uint64_t first = number_from("PEERING_SIM_SEED", 1);
  const std::uint64_t many = std::getenv("PEERING_SIM_SEED") ? 1 : number_from("PEERING_SIM_SEEDS", 2000);
  for (std::uint64_t seed = first; seed < first + many && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format(
        "again: PEERING_SIM_SEED={} build/dev/bin/detect_test --gtest_filter='Simulation.*'", seed));
    World world(seed);
    world.run();
    world.check();
  }
}

}  // namespace
}  // namespace peering::detect
