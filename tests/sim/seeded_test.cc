// A small Internet that a seed makes, and the server's way from its routes to a receiver of alerts: peers
// announce, withdraw and repeat themselves; sessions and routers are lost; messages come late and in any
// order between routers and between shards; customers come and go; the store refuses, the receiver fails, and
// we crash and start again. When all is quiet, what is stored as open must be what the peers show, as a naive
// oracle reads it from what they have, and the receiver must have been told exactly that. Virtual time, one
// thread; the same seed is the same run on every machine.
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
        station_(1 + random_.below(3), registry_of(present_), random_,
                 [this](const feeds::ShardMessage& message) { judged(message); }),
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
    if (what < 50) {
      internet_.step(at_);
    } else if (what < 75) {
      internet_.hear(at_);
      for (std::size_t i = 0; i < station_.shards(); ++i) station_.work(i, random_.below(6), at_);
    } else if (what < 85) {
      if (station_.write(1 + random_.below(20), at_)) station_.deliver(at_, true);
    } else if (what < 94) {
      wait(std::chrono::milliseconds(random_.percent(20) ? random_.below(90'000) : random_.below(3'000)));
    } else if (what < 96) {
      station_.store_fails(random_.percent(50));
    } else if (what < 98) {
      present_ ^= 1U << random_.below(customers().size());
      station_.register_prefixes(registry_of(present_), at_);
    } else {
      crash();
    }
    wait(std::chrono::milliseconds(random_.below(50)));
  }

  void crash() {
    // What was only in memory nobody can know any more.
    std::set<Verdict> known;
    for (const model::Event& event : station_.stored()) {
      if (const auto verdict = verdict_of(event)) known.insert(*verdict);
    }
    std::erase_if(due_, [&](const Verdict& verdict) { return !known.contains(verdict); });
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
    present_ = all_present;
    station_.register_prefixes(registry_of(present_), at_);
    internet_.calm_down(at_);
    // Longer than anything that is waited for.
    for (int i = 0; i < 15; ++i) {
      station_.settle(at_);
      wait(std::chrono::seconds(70));
    }
    station_.settle(at_);
  }

  void judged(const feeds::ShardMessage& message) {
    const auto* run = std::get_if<feeds::RouteRun>(&message);
    if (!run) return;
    run->burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
      if (routes.announced.empty()) return;
      const auto path = rib::unpack_attributes(routes.attributes).as_path;
      rib::for_each_bits(routes.announced, routes.family, [&](const rib::PrefixBits& bits) {
        for (const std::string_view prefix : prefixes()) {
          if (net::Prefix::parse(prefix).value() == rib::to_prefix(bits)) show(peer->id, prefix, path);
        }
      });
    });
  }
  void show(rib::PeerId peer, std::string_view prefix, const wire::bgp::AsPath& as_path) {
    const Path& path = as_path.asns;
    for (const Verdict& verdict : verdicts_of(prefix, path)) {
      shown_[verdict].insert(peer);
      if (is_registered(verdict.customer)) due_.insert(verdict);
    }
  }

  bool is_registered(std::string_view customer) const {
    for (std::size_t i = 0; i < customers().size(); ++i) {
      if (customers()[i].name == customer) return (present_ >> i & 1U) != 0;
    }
    return false;
  }

  bool is_open(const Verdict& verdict) const {
    return std::ranges::any_of(latest_, [&](const auto& entry) {
      return entry.second.state == EventState::open && verdict_of(entry.second) == verdict;
    });
  }

  void check_open(const Verdict& verdict, std::size_t ever) const {
    const std::size_t showing = internet_.showing(verdict);
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
  unsigned present_ = all_present;
  Random random_;
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
