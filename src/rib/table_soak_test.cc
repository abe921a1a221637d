// A week of churn in seconds: what a table holds is what a naive one holds, and what is gone costs nothing.
//
// A round is one UPDATE or the end of a session. Every day has the same mix, so memory that is not given back
// shows as a table that is larger after the seventh day than after the first. By default a day has few
// rounds; PEERING_SOAK_S spreads the week over that many seconds.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "rib/table.h"

namespace peering::rib {
namespace {

constexpr std::size_t prefix_count = 10'000;
constexpr std::uint32_t peer_count = 4, path_count = 4'000;
constexpr int days = 7, checkpoints_a_day = 2;
constexpr std::size_t rounds_a_part = 6'000;  // of half a day, unless there is more time
constexpr std::size_t flushed_max = 3'000, flushed_a_round = 20;

// Against a table filled at once. In the middle of a day a good part of the routes is gone, and what is left
// lies in slabs that are full in part.
constexpr double full_bytes_max = 1.25, partial_bytes_max = 2;

PeerPointer make_peer(std::uint32_t id) {
  Peer out;
  out.id = PeerId(id);
  // Two peers a router.
  out.key = {"edge-" + std::to_string(id / 2), 0, net::Address::v4(0xC0000200 + id), {}};
  out.asn = 64496 + id;
  return std::make_shared<const Peer>(out);
}

std::vector<net::Prefix> make_prefixes(std::mt19937& random) {
  std::set<net::Prefix> out;
  while (out.size() < prefix_count) {
    const int length = random() % 10 < 6 ? 24 : 16 + static_cast<int>(random() % 9);
    out.emplace(net::Address::v4(static_cast<std::uint32_t>(random())), length);
    if (random() % 8 != 0) continue;
    const auto group = static_cast<std::uint32_t>(random() % 65536);
    const std::array<std::uint8_t, 16> bytes{
        0x20, 0x01, 0x0d, 0xb8, static_cast<std::uint8_t>(group >> 8), static_cast<std::uint8_t>(group)};
    out.emplace(net::Address::v6(bytes), 48);
  }
  std::vector<net::Prefix> all(out.begin(), out.end());
  all.resize(prefix_count);
  return all;
}

// What there has to be, without any cleverness: a flat array a peer. Prefixes are their numbers.
class Oracle {
 public:
  struct Held {
    bool there = false, stale = false;
    std::uint32_t path = 0;
  };

  void announce(std::uint32_t peer, std::size_t prefix, std::uint32_t path) {
    routes_[peer][prefix] = {true, false, path};
  }
  void withdraw(std::uint32_t peer, std::size_t prefix) { routes_[peer][prefix] = {}; }
  void end(std::uint32_t peer) { routes_[peer].assign(prefix_count, {}); }
  void mark_stale(std::uint32_t peer) {
    for (Held& held : routes_[peer]) held.stale = true;
  }
  void sweep(std::uint32_t peer) {
    for (Held& held : routes_[peer]) {
      if (held.stale) held = {};
    }
  }
  const Held& at(std::uint32_t peer, std::size_t prefix) const { return routes_[peer][prefix]; }

  TableSize size() const {
    TableSize out;
    out.peers = peer_count;
    std::vector<bool> seen(peer_count * path_count);
    for (std::size_t prefix = 0; prefix < prefix_count; ++prefix) {
      bool any = false;
      for (std::uint32_t peer = 0; peer < peer_count; ++peer) {
        const Held& held = at(peer, prefix);
        if (!held.there) continue;
        any = true;
        ++out.routes;
        seen[peer * path_count + held.path] = true;
      }
      if (any) ++out.prefixes;
    }
    out.attributes = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
    return out;
  }

 private:
  std::array<std::vector<Held>, peer_count> routes_{
      std::vector<Held>(prefix_count), std::vector<Held>(prefix_count), std::vector<Held>(prefix_count),
      std::vector<Held>(prefix_count)};
};

// The attributes of path `path` from this peer; no two of them are equal.
AttributesPointer attributes_of(std::uint32_t peer, std::uint32_t path) {
  auto out = std::make_shared<wire::bgp::PathAttributes>();
  std::vector<net::Asn> asns{64496 + peer, 100'000 + path};
  for (std::uint32_t i = 0; i < path % 4; ++i) asns.push_back(1000 + path % 977 + i);
  out->as_path = wire::bgp::AsPath::sequence(std::move(asns));
  out->next_hop = net::Address::v4(0xC0000200 + peer);
  for (std::uint32_t i = 0; i < path % 6; ++i) out->communities.push_back(64496U << 16 | (path + i));
  return out;
}

using Clock = std::chrono::steady_clock;

class Churn {
 public:
  Churn() {
    for (std::uint32_t id = 0; id < peer_count; ++id) peers_.push_back(make_peer(id));
    fill();
  }

  void round() {
    const auto peer = static_cast<std::uint32_t>(random_() % peer_count);
    clock_ += std::chrono::seconds(1);
    const auto dice = random_() % 20'000;
    if (dice < 6'000) {
      withdraw(peer);
    } else if (dice < 19'996) {
      announce(peer, 1 + random_() % 4);
    } else if (dice < 19'998) {
      lose_peer(peer);
    } else {
      lose_router(peer / 2);
    }
    // As a shard does: a little at a time, while UPDATEs go on.
    timed([&] { table_.flush(flushed_a_round, changes_); });
  }

  // Removes what is doomed.
  void settle() {
    bool more = true;
    while (more) timed([&] { more = table_.flush(flushed_max, changes_); });
  }
  // Every peer sends what it lacks: only full tables make days comparable.
  void fill() {
    for (std::uint32_t peer = 0; peer < peer_count; ++peer) {
      std::vector<std::size_t> lacking;
      for (std::size_t prefix = 0; prefix < prefix_count; ++prefix) {
        if (oracle_.at(peer, prefix).there) continue;
        lacking.push_back(prefix);
        if (lacking.size() == 4) send(peer, std::exchange(lacking, {}));
      }
      if (!lacking.empty()) send(peer, lacking);
    }
  }

  // Sizes, memory beside that of a table that never held anything else, and a sample of the routes.
  void check(double bytes_max) {
    EXPECT_EQ(table_.size(), oracle_.size());
    const Table naive = fresh();
    EXPECT_EQ(naive.size(), table_.size());
    fresh_bytes_ = naive.bytes();
    EXPECT_LE(static_cast<double>(table_.bytes()), bytes_max * static_cast<double>(fresh_bytes_));
    for (int i = 0; i < 500; ++i) {
      const std::size_t prefix = any_prefix();
      std::map<PeerId, std::string> expected, found;
      for (std::uint32_t peer = 0; peer < peer_count; ++peer) {
        const Oracle::Held& held = oracle_.at(peer, prefix);
        if (held.there) expected[PeerId(peer)] = attributes_of(peer, held.path)->as_path.to_string();
      }
      for (const Route& route : table_.routes(prefixes_[prefix])) {
        found[route.peer->id] = route.attributes->as_path.to_string();
      }
      ASSERT_EQ(found, expected) << prefixes_[prefix].to_string();
    }
  }

  const Table& table() const { return table_; }
  std::size_t fresh_bytes() const { return fresh_bytes_; }
  std::uint64_t updates() const { return updates_; }
  /// Time inside the table.
  Clock::duration spent() const { return spent_; }

 private:
  std::size_t any_prefix() { return random_() % prefix_count; }

  template <class Work>
  void timed(Work work) {
    const auto began = Clock::now();
    work();
    changes_.clear();
    spent_ += Clock::now() - began;
  }
  void apply(const RouteBatch& batch) {
    ++updates_;
    timed([&] { table_.apply(batch, changes_); });
  }

  Table fresh() const {
    Table out;
    std::vector<RouteChange> changes;
    for (std::size_t prefix = 0; prefix < prefix_count; ++prefix) {
      for (std::uint32_t peer = 0; peer < peer_count; ++peer) {
        const Oracle::Held& held = oracle_.at(peer, prefix);
        if (!held.there) continue;
        out.apply({peers_[peer], clock_, attributes_of(peer, held.path), {prefixes_[prefix]}, {}}, changes);
        changes.clear();
      }
    }
    return out;
  }

  void send(std::uint32_t peer, const std::vector<std::size_t>& numbers) {
    const auto path = static_cast<std::uint32_t>(random_() % path_count);
    RouteBatch batch{peers_[peer], clock_, attributes_of(peer, path), {}, {}};
    for (const std::size_t prefix : numbers) {
      oracle_.announce(peer, prefix, path);
      batch.announced.push_back(prefixes_[prefix]);
    }
    apply(batch);
  }
  void announce(std::uint32_t peer, std::size_t count) {
    std::vector<std::size_t> numbers;
    while (numbers.size() < count) numbers.push_back(any_prefix());
    send(peer, numbers);
  }
  void withdraw(std::uint32_t peer) {
    const std::size_t prefix = any_prefix();
    oracle_.withdraw(peer, prefix);
    apply({peers_[peer], clock_, nullptr, {}, {prefixes_[prefix]}});
  }
  // The session ends; while its routes are removed, it is back and says a part of them.
  void lose_peer(std::uint32_t peer) {
    table_.peer_down(peers_[peer]->id, clock_);
    oracle_.end(peer);
    timed([&] { table_.flush(flushed_max, changes_); });
    say_again(peer, prefix_count / 4);
  }
  // The router is back before its time is up, and says almost everything again; the rest is swept.
  void lose_router(std::uint32_t router) {
    const std::string name = "edge-" + std::to_string(router);
    table_.mark_stale(name);
    for (const std::uint32_t peer : {2 * router, 2 * router + 1}) {
      oracle_.mark_stale(peer);
      say_again(peer, prefix_count * 3 / 4);
      oracle_.sweep(peer);
    }
    table_.sweep_router(name, clock_);
  }
  // A part of the table in UPDATEs of ten prefixes.
  void say_again(std::uint32_t peer, std::size_t count) {
    const std::size_t start = any_prefix();
    for (std::size_t at = 0; at < count; at += 10) {
      std::vector<std::size_t> numbers;
      for (std::size_t i = 0; i < 10; ++i) numbers.push_back((start + at + i) % prefix_count);
      send(peer, numbers);
    }
  }

  std::mt19937 random_{2026};
  std::vector<net::Prefix> prefixes_ = make_prefixes(random_);
  std::vector<PeerPointer> peers_;
  Table table_;
  Oracle oracle_;
  std::vector<RouteChange> changes_;
  TimePoint clock_ = time_from_us(1'800'000'000'000'000);
  std::size_t fresh_bytes_ = 0;
  std::uint64_t updates_ = 0;
  Clock::duration spent_{};
};

double seconds_given() {
  const char* given = std::getenv("PEERING_SOAK_S");
  return given ? std::strtod(given, nullptr) : 0;
}

// One part of a day: at least its rounds and at least its time.
void pass_part(Churn& churn) {
  const auto began = Clock::now();
  const std::chrono::duration<double> least(seconds_given() / (days * checkpoints_a_day));
  for (std::size_t rounds = 0; rounds < rounds_a_part || Clock::now() - began < least; ++rounds) {
    churn.round();
  }
  churn.settle();
}

struct Day {
  std::size_t bytes = 0;
  double us_an_update = 0;
};

Day pass_day(Churn& churn) {
  const std::uint64_t updates_before = churn.updates();
  const Clock::duration spent_before = churn.spent();
  for (int part = 1; part <= checkpoints_a_day; ++part) {
    pass_part(churn);
    if (part == checkpoints_a_day) churn.fill();
    churn.check(part == checkpoints_a_day ? full_bytes_max : partial_bytes_max);
  }
  const double us = std::chrono::duration<double, std::micro>(churn.spent() - spent_before).count();
  return {churn.table().bytes(), us / static_cast<double>(churn.updates() - updates_before)};
}

TEST(TableSoak, AWeekOfChurnLeavesNothingBehind) {
  Churn churn;
  Day first, last;
  for (int day = 1; day <= days; ++day) {
    last = pass_day(churn);
    if (testing::Test::HasFailure()) FAIL() << "on day " << day;
    if (day == 1) first = last;
  }
  std::printf("first day: %zu bytes, %.2f us an update\nlast day: %zu bytes, %.2f us an update\n",
              first.bytes, first.us_an_update, last.bytes, last.us_an_update);
  std::printf("%llu updates; the same routes in a fresh table: %zu bytes\n",
              static_cast<unsigned long long>(churn.updates()), churn.fresh_bytes());
  EXPECT_LE(static_cast<double>(last.bytes), 1.2 * static_cast<double>(first.bytes));
}

}  // namespace
}  // namespace peering::rib
