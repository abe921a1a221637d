// A small Internet that a seed makes, and the server's way from its routes to a receiver of alerts: peers
// announce, withdraw and repeat themselves; sessions and routers are lost; messages come late and in any
// order between routers and between shards; customers come and go and monitor other ASes; ROAs come and go,
// and the cache with all of them; the store refuses, the receiver fails, and we crash and start again. When
// all is quiet, what is stored as open must be what the peers show, as a naive oracle reads it from what they
// have, and the receiver must have been told exactly that. Virtual time, one thread; the same seed is the
// same run on every machine.
//
//   PEERING_SIM_SEED=42 build/dev/bin/seeded_test         that one
//   PEERING_SIM_SEEDS=1000000 build/dev/bin/seeded_test   so many, from PEERING_SIM_SEED or 1 on
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "internet.h"
#include "oracle.h"
#include "station.h"

namespace peering::seeded {
namespace {

using model::EventKind;
using model::EventState;

class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed),
        rpki_is_used_(random_.percent(50)),
        shards_(1 + random_.below(3)),
        station_(
            shards_.size(), registry_of(now_), random_,
            [this](std::size_t shard, const feeds::ShardMessage& message) { judged(shard, message); },
            [this](std::size_t shard) { learned(shard); }),
        internet_(random_, station_) {
    internet_.connect_again(at_);
  }

  void run() {
    for (std::uint64_t step = 10 + random_.below(120); step > 0; --step) one_step();
    calm_down();
  }

  void check() {
    for (const model::Event& event : station_.stored()) latest_[event.id.value] = event;
    for (const auto& [verdict, showed] : shown_) check_open(verdict, showed.size());
    check_nothing_missed_or_invented();
    check_withdrawals();
    check_told();
  }

 private:
  void one_step() {
    const std::uint64_t what = random_.below(100);
    if (what < 48) {
      internet_.step(at_);
    } else if (what < 72) {
      internet_.hear(at_);
      for (std::size_t i = 0; i < station_.shards(); ++i) station_.work(i, random_.below(6), at_);
    } else if (what < 82) {
      if (station_.write(1 + random_.below(20), at_)) station_.deliver(at_, true);
    } else if (what < 90) {
      wait(std::chrono::milliseconds(random_.percent(20) ? random_.below(90'000) : random_.below(3'000)));
    } else if (what < 92) {
      station_.store_fails(random_.percent(50));
    } else if (what < 95) {
      const std::size_t customer = random_.below(customers().size());
      if (random_.percent(60)) {
        now_.present ^= 1U << customer;
      } else {
        now_.monitor[customer] = random_.below(monitored_lists().size());
      }
      register_all();
    } else if (what < 98) {
      change_rpki();
    } else {
      crash();
    }
    wait(std::chrono::milliseconds(random_.below(50)));
  }

  void register_all() {
    station_.register_prefixes(registry_of(now_), at_);
    for (std::size_t i = 0; i < shards_.size(); ++i) show_held(i);
  }

  // A ROA appears or disappears, or the cache with all of them.
  void change_rpki() {
    if (!rpki_is_used_) return;
    if (now_.vrps && random_.percent(20)) {
      now_.vrps.reset();
    } else {
      now_.vrps = vrps_ ^= 1U << random_.below(possible_vrps().size());
    }
    tell_rpki();
  }
  void tell_rpki() {
    if (!now_.vrps) return station_.know(nullptr, at_);
    std::vector<rib::Vrp> vrps;
    for (std::size_t i = 0; i < possible_vrps().size(); ++i) {
      if ((*now_.vrps >> i & 1U) != 0) vrps.push_back(possible_vrps()[i]);
    }
    station_.know(std::make_shared<const rib::VrpTable>(std::move(vrps)), at_);
  }

  void crash() {
    // What was only in memory nobody can know any more.
    std::set<Verdict> known;
    for (const model::Event& event : station_.stored()) {
      if (const auto verdict = verdict_of(event)) known.insert(*verdict);
    }
    std::erase_if(due_, [&](const Verdict& verdict) { return !known.contains(verdict); });
    for (Shard& shard : shards_) shard.held.clear();
    station_.crash(at_);
    internet_.connect_again(at_);
  }

  void wait(Microseconds time) {
    const TimePoint until = at_ + time;
    for (; ticked_ + std::chrono::seconds(1) <= until; ticked_ += std::chrono::seconds(1)) {
      at_ = std::max(at_, ticked_ + std::chrono::seconds(1));
      station_.tick(at_);
    }
    at_ = until;
  }

  void calm_down() {
    now_.present = all_present;
    register_all();
    // Without RPKI data nothing that the RPKI objected to is over.
    if (rpki_is_used_) now_.vrps = vrps_;
    tell_rpki();
    internet_.calm_down(at_);
    // Longer than anything that is waited for.
    for (int i = 0; i < 15; ++i) {
      station_.settle(at_);
      wait(std::chrono::seconds(70));
    }
    station_.settle(at_);
  }

  // The shard goes by what the RPKI says now; what it holds is judged again, sooner or later.
  void learned(std::size_t shard) {
    shards_[shard].vrps = now_.vrps;
    show_held(shard);
  }
  void show_held(std::size_t shard) {
    for (const auto& [key, path] : shards_[shard].held) {
      for (const Verdict& verdict : verdicts_of(key.second, path, seen_by(shard))) {
        shown_[verdict].insert(key.first);
      }
    }
  }
  Circumstances seen_by(std::size_t shard) const {
    Circumstances out = now_;
    out.vrps = shards_[shard].vrps;
    return out;
  }

  void judged(std::size_t shard, const feeds::ShardMessage& message) {
    const auto* run = std::get_if<feeds::RouteRun>(&message);
    if (!run) return;
    run->burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
      rib::for_each_bits(routes.withdrawn, routes.family, [&](const rib::PrefixBits& bits) {
        std::erase_if(shards_[shard].held, [&](const auto& held) {
          return held.first.first == peer->id && prefix_of(held.first.second) == rib::to_prefix(bits);
        });
      });
      if (routes.announced.empty()) return;
      const auto path = rib::unpack_attributes(routes.attributes).as_path;
      rib::for_each_bits(routes.announced, routes.family, [&](const rib::PrefixBits& bits) {
        for (const std::string_view prefix : prefixes()) {
          if (prefix_of(prefix) == rib::to_prefix(bits)) show(shard, peer->id, prefix, path);
        }
      });
    });
  }
  void show(std::size_t shard, rib::PeerId peer, std::string_view prefix, const wire::bgp::AsPath& as_path) {
    const Path& path = as_path.asns;
    Path& held = shards_[shard].held[{peer, prefix}];
    // What is said again is not judged again.
    const bool judged_now = held != path;
    held = path;
    for (const Verdict& verdict : verdicts_of(prefix, path, seen_by(shard))) {
      shown_[verdict].insert(peer);
      if (judged_now && (is_monitored(verdict.kind) || is_registered(verdict.customer))) due_.insert(verdict);
    }
  }
  static bool is_monitored(EventKind kind) {
    return kind == EventKind::path_unexpected_upstream || kind == EventKind::path_unexpected_downstream ||
           kind == EventKind::as_announces_unregistered;
  }

  bool is_registered(std::string_view customer) const {
    for (std::size_t i = 0; i < customers().size(); ++i) {
      if (customers()[i].name == customer) return (now_.present >> i & 1U) != 0;
    }
    return false;
  }

  bool is_open(const Verdict& verdict) const {
    return std::ranges::any_of(latest_, [&](const auto& entry) {
      return entry.second.state == EventState::open && verdict_of(entry.second) == verdict;
    });
  }

  void check_open(const Verdict& verdict, std::size_t ever) const {
    const std::size_t showing = internet_.showing(verdict, now_);
    const std::string what =
        fmt::format("{} of {} by AS{} for {} of {}, shown by {} of {} peers", to_string(verdict.kind),
                    verdict.observed, verdict.who, verdict.claim, verdict.customer, showing, ever);
    // Between the two it depends on what came when: a fifth of those that showed it may stay behind.
    if (showing == 0) {
      EXPECT_FALSE(is_open(verdict)) << what;
    }
    if (showing * 5 > ever) {
      EXPECT_TRUE(is_open(verdict)) << what;
    }
  }

  // Whatever is stored was shown once, and whatever was shown is stored.
  void check_nothing_missed_or_invented() {
    for (const auto& [id, event] : latest_) {
      const auto verdict = verdict_of(event);
      if (!verdict) continue;
      EXPECT_TRUE(shown_.contains(*verdict)) << json::serialize(model::to_json(event));
      due_.erase(*verdict);
    }
    for (const Verdict& verdict : due_) {
      ADD_FAILURE() << fmt::format("missed: {} of {} by AS{} for {} of {}", to_string(verdict.kind),
                                   verdict.observed, verdict.who, verdict.claim, verdict.customer);
    }
  }

  void check_withdrawals() const {
    for (const Customer& customer : customers()) {
      for (const Claim& claim : customer.claims) {
        if (claim.origins.empty()) continue;
        const std::string what = fmt::format("{} of {}", claim.prefix, customer.name);
        if (internet_.has_route(claim.prefix, claim.origins)) {
          EXPECT_FALSE(is_withdrawn(customer, claim)) << what << ": somebody has it";
        }
      }
    }
  }
  bool is_withdrawn(const Customer& customer, const Claim& claim) const {
    const std::string resource = fmt::format("{}/prefixes/{}", connection_of(customer), claim.name);
    return std::ranges::any_of(latest_, [&](const auto& entry) {
      const model::Event& event = entry.second;
      return event.prefix_resource == resource && event.kind == EventKind::withdrawal &&
             event.state == EventState::open && event.level == model::Level::critical;
    });
  }

  // The receiver knows what is open and what is over, of everything at its level, itself or by the mass event
  // that tells of it; nothing twice.
  void check_told() const {
    for (const auto& [id, event] : latest_) {
      const auto told = station_.told().find(id);
      const std::string what = json::serialize(model::to_json(event));
      if (!event.summarized_by.value.empty()) {
        check_summarized(event, what);
        continue;
      }
      if (event.state == EventState::open && event.level >= model::Level::warning) {
        ASSERT_NE(told, station_.told().end()) << "never told: " << what;
      }
      if (told == station_.told().end()) continue;
      EXPECT_EQ(told->second.states.back(), event.state) << what;
      for (std::size_t i = 1; i < told->second.states.size(); ++i) {
        EXPECT_NE(told->second.states[i], told->second.states[i - 1]) << "twice: " << what;
      }
    }
    for (const auto& [id, told] : station_.told())
      EXPECT_TRUE(latest_.contains(id)) << "told, not stored: " << id;
  }

  // Told by a mass event, which is open while any of its events is, and counts at least as many as name it.
  void check_summarized(const model::Event& event, const std::string& what) const {
    const auto mass = latest_.find(event.summarized_by.value);
    ASSERT_NE(mass, latest_.end()) << "no such mass event: " << what;
    ASSERT_TRUE(mass->second.mass) << what;
    EXPECT_TRUE(station_.told().contains(mass->first)) << "its mass event was never told: " << what;
    std::size_t all = 0, open = 0;
    for (const auto& [id, other] : latest_) {
      if (other.summarized_by != event.summarized_by) continue;
      ++all;
      if (other.state == EventState::open) ++open;
    }
    EXPECT_GE(mass->second.mass->count, all) << what;
    EXPECT_EQ(mass->second.state == EventState::open, open > 0) << what;
    // What was told of it before it was gathered is over for the receiver.
    const auto before = station_.told().find(event.id.value);
    if (before != station_.told().end()) {
      EXPECT_EQ(before->second.states.back(), EventState::resolved) << what;
    }
  }

  static constexpr unsigned all_present = 3;

  TimePoint at_ = time_from_us(1'700'000'000'000'000), ticked_ = at_;
  Circumstances now_;
  Random random_;
  bool rpki_is_used_;
  unsigned vrps_ = 0;  // of the cache, whether it can be reached or not
  struct Shard {
    std::optional<unsigned> vrps;                                   // it goes by
    std::map<std::pair<rib::PeerId, std::string_view>, Path> held;  // announced to it and not withdrawn
  };
  std::vector<Shard> shards_;
  std::map<Verdict, std::set<rib::PeerId>> shown_;
  std::set<Verdict> due_;  // judged, and not forgotten in a crash: must be in the store
  Station station_;
  Internet internet_;
  std::map<std::string, model::Event> latest_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* given = std::getenv(variable);
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

TEST(Simulation, WhatIsStoredAndToldIsWhatThePeersShow) {
  const std::uint64_t first = number_from("PEERING_SIM_SEED", 1);
  const std::uint64_t many = number_from("PEERING_SIM_SEEDS", std::getenv("PEERING_SIM_SEED") ? 1 : 10'000);
  for (std::uint64_t seed = first; seed < first + many && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("again: PEERING_SIM_SEED={} build/dev/bin/seeded_test", seed));
    World world(seed);
    world.run();
    world.check();
  }
}

}  // namespace
}  // namespace peering::seeded
