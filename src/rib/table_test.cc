#include "rib/table.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::rib {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

net::Prefix of_table(std::string_view text) { return net::Prefix::parse(text).value(); }

PeerPointer peer(std::uint32_t id, std::string router = "edge-1") {
  Peer out;
  out.id = PeerId(id);
  out.key = {std::move(router), 0, net::Address::v4(0xC0000200 + id), RibKind::adj_rib_in_pre_policy};
  out.asn = 64496 + id;
  return std::make_shared<const Peer>(out);
}

AttributesPointer path(std::vector<net::Asn> asns) {
  auto out = std::make_shared<wire::bgp::PathAttributes>();
  out->as_path = wire::bgp::AsPath::sequence(std::move(asns));
  return out;
}

RouteBatch announce(const PeerPointer& from, std::vector<net::Asn> asns, std::vector<net::Prefix> prefixes,
                    std::int64_t at = 1) {
  return {from, time_from_us(at), path(std::move(asns)), std::move(prefixes), {}};
}
RouteBatch withdraw(const PeerPointer& from, std::vector<net::Prefix> prefixes, std::int64_t at = 2) {
  return {from, time_from_us(at), nullptr, {}, std::move(prefixes)};
}

std::vector<RouteChange> apply(Table& table, const RouteBatch& batch) {
  std::vector<RouteChange> out;
  table.apply(batch, out);
  return out;
}
std::vector<RouteChange> flush(Table& table, std::size_t limit = 1000) {
  std::vector<RouteChange> out;
  table.flush(limit, out);
  return out;
}

TEST(Table, ANewRouteIsAChangeFromNothing) {
  Table table;
  const auto changes = apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}, 7));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].prefix, of_table("203.0.113.0/24"));
  EXPECT_EQ(changes[0].before, nullptr);
  EXPECT_EQ(changes[0].after->as_path.to_string(), "64497 64500");
  EXPECT_EQ(changes[0].time, time_from_us(7));
  EXPECT_EQ(changes[0].reason, ChangeReason::update);
  EXPECT_THAT(table.routes(of_table("203.0.113.0/24")), SizeIs(1));
}

TEST(Table, AWalkMeetsEveryRouteThatConcernsOnceInPartsOfAnySize) {
  Table table;
  std::vector<net::Prefix> wanted;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const net::Prefix prefix(net::Address::v4(0x0A000000 + (i << 12)), 20 + static_cast<int>(i % 5));
    apply(table, announce(peer(1), {64497, i % 3 == 0 ? 64500U : 64511U}, {prefix}));
    apply(table, announce(peer(2), {64498, 64511}, {prefix}));
    if (i % 3 == 0) wanted.push_back(prefix);
  }
  const auto concerns = [](PackedView attributes) {
    return unpack_attributes(attributes).as_path.origin() == 64500U;
  };
  for (const std::size_t prefixes : {1U, 7U, 1000U}) {
    TableWalk at;
    std::vector<net::Prefix> met;
    for (bool more = true; more;) {
      std::vector<Route> found;
      more = table.walk(at, prefixes, 5, concerns, found);
      EXPECT_LE(found.size(), 5U);
      for (const Route& route : found) {
        EXPECT_EQ(route.peer->id, PeerId(1));
        met.push_back(route.prefix);
      }
    }
    std::ranges::sort(met);
    std::ranges::sort(wanted);
    EXPECT_EQ(met, wanted) << prefixes;
  }
}

TEST(Table, DuplicateAnnouncementChangesNothing) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}, 1));
  EXPECT_THAT(apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}, 9)), IsEmpty());
  EXPECT_EQ(table.routes(of_table("203.0.113.0/24"))[0].received_at, time_from_us(1));
}

TEST(Table, AnotherPathReplacesAndNamesTheFormerOne) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}));
  const auto changes = apply(table, announce(peer(1), {64497, 64511}, {of_table("203.0.113.0/24")}));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].before->as_path.to_string(), "64497 64500");
  EXPECT_EQ(changes[0].after->as_path.to_string(), "64497 64511");
  EXPECT_EQ(table.size(), (TableSize{1, 1, 1, 1, 0}));
}

TEST(Table, WithdrawingWhatIsNotThereChangesNothing) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}));
  EXPECT_THAT(apply(table, withdraw(peer(2), {of_table("203.0.113.0/24")})), IsEmpty());
  EXPECT_THAT(apply(table, withdraw(peer(1), {of_table("203.0.113.0/25")})), IsEmpty());
  EXPECT_THAT(apply(table, withdraw(peer(1), {of_table("203.0.113.0/24")})), SizeIs(1));
  EXPECT_EQ(table.size(), (TableSize{0, 0, 0, 2, 0}));
}

TEST(Table, APrefixBothWithdrawnAndAnnouncedIsAnnounced) {
  Table table;
  RouteBatch both = announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")});
  both.withdrawn = {of_table("203.0.113.0/24")};
  apply(table, both);
  EXPECT_THAT(apply(table, both), IsEmpty());
  EXPECT_EQ(table.size().routes, 1U);
}

TEST(Table, APrefixNamedTwiceInOneUpdateIsOneRoute) {
  Table table;
  const auto twice =
      announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24"), of_table("203.0.113.0/24")});
  EXPECT_THAT(apply(table, twice), SizeIs(1));
  EXPECT_EQ(table.size(), (TableSize{1, 1, 1, 1, 0}));
}

TEST(Table, EqualAttributesAreOneObject) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}));
  apply(table, announce(peer(2), {64497, 64500}, {of_table("198.51.100.0/24")}));
  EXPECT_EQ(table.size().attributes, 1U);
  EXPECT_EQ(table.routes(of_table("203.0.113.0/24"))[0].attributes,
            table.routes(of_table("198.51.100.0/24"))[0].attributes);
}

TEST(Table, ATableInAWithoutRoutesKeepsNoAttributes) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {}));
  EXPECT_EQ(table.size(), TableSize());
}

TEST(Table, AnswersCoveredAndCovering) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500},
                        {of_table("10.0.0.0/8"), of_table("10.1.0.0/16"), of_table("10.1.2.0/24"),
                         of_table("10.2.0.0/16"), of_table("2001:db8::/32")}));
  std::vector<std::string> covered, covering;
  for (const Route& r : table.covered(of_table("10.1.0.0/16"), 10)) covered.push_back(r.prefix.to_string());
  for (const Route& r : table.covering(of_table("10.1.2.0/24"))) covering.push_back(r.prefix.to_string());
  EXPECT_THAT(covered, testing::ElementsAre("10.1.0.0/16", "10.1.2.0/24"));
  EXPECT_THAT(covering, testing::ElementsAre("10.0.0.0/8", "10.1.0.0/16"));
  EXPECT_THAT(table.covered(of_table("10.0.0.0/8"), 2), SizeIs(2));
}

TEST(Table, PeerDownRemovesItsRoutesInSlices) {
  Table table;
  std::vector<net::Prefix> many;
  for (std::uint32_t i = 0; i < 10; ++i) many.emplace_back(net::Address::v4(0x0A000000 + (i << 8)), 24);
  apply(table, announce(peer(1), {64497, 64500}, many));
  apply(table, announce(peer(2), {64498, 64500}, {many[3]}));
  table.peer_down(PeerId(1), time_from_us(5));
  EXPECT_EQ(table.size().doomed, 10U);
  std::vector<RouteChange> out;
  EXPECT_TRUE(table.flush(4, out));
  EXPECT_THAT(out, SizeIs(4));
  while (table.flush(4, out)) {
  }
  EXPECT_THAT(out, SizeIs(10));
  for (const RouteChange& change : out) {
    EXPECT_EQ(change.reason, ChangeReason::peer_down);
    EXPECT_EQ(change.time, time_from_us(5));
    EXPECT_EQ(change.after, nullptr);
  }
  EXPECT_EQ(table.size(), (TableSize{1, 1, 1, 2, 0}));
}

TEST(Table, APeerThatIsBackBeforeTheFlushKeepsWhatItAnnouncesAgain) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24"), of_table("198.51.100.0/24")}));
  table.peer_down(PeerId(1), time_from_us(5));
  // A new session of the same key: another Peer object, the same id.
  EXPECT_THAT(apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")})), IsEmpty());
  const auto changes = flush(table);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].prefix, of_table("198.51.100.0/24"));
  EXPECT_THAT(table.routes(of_table("203.0.113.0/24")), SizeIs(1));
}

TEST(Table, RouterDownEndsEveryPeerOfThatRouterOnly) {
  Table table;
  apply(table, announce(peer(1, "edge-1"), {64497, 64500}, {of_table("203.0.113.0/24")}));
  apply(table, announce(peer(2, "edge-1"), {64498, 64500}, {of_table("203.0.113.0/24")}));
  apply(table, announce(peer(3, "edge-2"), {64499, 64500}, {of_table("203.0.113.0/24")}));
  table.router_down("edge-1", time_from_us(5));
  EXPECT_THAT(flush(table), SizeIs(2));
  EXPECT_EQ(table.routes(of_table("203.0.113.0/24"))[0].peer->key.router, "edge-2");
}

TEST(Table, AfterAReconnectOnlyWhatDidNotComeAgainIsSwept) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24"), of_table("198.51.100.0/24")}));
  apply(table, announce(peer(1), {64497, 64501}, {of_table("192.0.2.0/24")}));
  table.mark_stale("edge-1");
  EXPECT_EQ(table.size().routes, 3U) << "stale routes are still routes";
  EXPECT_THAT(apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")})), IsEmpty());
  EXPECT_THAT(apply(table, announce(peer(1), {64497, 64502}, {of_table("192.0.2.0/24")})), SizeIs(1));
  table.sweep(PeerId(1), std::nullopt, time_from_us(9));
  const auto changes = flush(table);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].prefix, of_table("198.51.100.0/24"));
  EXPECT_EQ(changes[0].reason, ChangeReason::stale_swept);
  table.sweep_router("edge-1", time_from_us(10));
  EXPECT_THAT(flush(table), IsEmpty());
}

TEST(Table, WhatAPeerDoesNotRepeatOfAFamilyIsSweptAndTheOtherFamilyStays) {
  Table table;
  apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24"), of_table("198.51.100.0/24")}));
  apply(table, announce(peer(1), {64497, 64500}, {of_table("2001:db8::/32")}));
  apply(table, announce(peer(2), {64497, 64500}, {of_table("198.51.100.0/24")}));
  table.mark_stale(PeerId(1), net::Family::ipv4);
  EXPECT_THAT(apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")})), IsEmpty());
  table.sweep(PeerId(1), net::Family::ipv6, time_from_us(8));
  EXPECT_THAT(flush(table), IsEmpty());
  table.sweep(PeerId(1), net::Family::ipv4, time_from_us(9));
  const auto changes = flush(table);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].prefix, of_table("198.51.100.0/24"));
  EXPECT_EQ(changes[0].peer->id, PeerId(1));
  EXPECT_EQ(table.size().routes, 3U);
  EXPECT_EQ(table.size().peers, 2U);
}

TEST(Table, ASessionThatFlapsWithoutEndOfRibStillSweepsOnce) {
  Table table;
  for (int flap = 0; flap < 5; ++flap) {
    apply(table,
          announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24"), of_table("198.51.100.0/24")}));
    table.mark_stale("edge-1");
  }
  table.sweep_router("edge-1", time_from_us(9));
  EXPECT_EQ(table.size().doomed, 2U);
  EXPECT_THAT(flush(table), SizeIs(2));
  EXPECT_EQ(table.size().routes, 0U);
}

TEST(Table, TellsOnlyOfWatchedSpaceButHoldsEverything) {
  Table table;
  const std::vector<net::Prefix> watched{of_table("10.1.0.0/16")};
  table.watch(std::make_shared<const net::PrefixSpace>(watched));
  const auto changes =
      apply(table, announce(peer(1), {64497, 64500},
                            {of_table("10.0.0.0/8"), of_table("10.1.2.0/24"), of_table("203.0.113.0/24")}));
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].prefix, of_table("10.0.0.0/8"));
  EXPECT_EQ(changes[1].prefix, of_table("10.1.2.0/24"));
  EXPECT_EQ(table.size().routes, 3U);
  EXPECT_EQ(table.changes(), 3U);
  table.peer_down(PeerId(1), time_from_us(5));
  EXPECT_THAT(flush(table), SizeIs(2));
  EXPECT_EQ(table.size(), (TableSize{0, 0, 0, 1, 0}));
  EXPECT_EQ(table.changes(), 6U);
}

TEST(Table, ManyPeersOfOnePrefixComeAndGo) {
  Table table;
  for (std::uint32_t id = 1; id <= 300; ++id) {
    apply(table, announce(peer(id), {64497, 64500 + id}, {of_table("203.0.113.0/24")}, id));
  }
  EXPECT_THAT(table.routes(of_table("203.0.113.0/24")), SizeIs(300));
  for (std::uint32_t id = 1; id <= 300; id += 2) table.peer_down(PeerId(id), time_from_us(5));
  EXPECT_THAT(flush(table, 149), SizeIs(149)) << "of one prefix no more than the limit";
  EXPECT_THAT(flush(table, 149), SizeIs(1));
  for (const Route& route : table.routes(of_table("203.0.113.0/24"))) {
    EXPECT_EQ(route.peer->id.value % 2, 0U);
    EXPECT_EQ(route.received_at, time_from_us(route.peer->id.value));
  }
  EXPECT_EQ(table.size().routes, 150U);
}

TEST(Table, APeerThatFlapsThousandsOfTimesGrowsNothing) {
  Table table;
  apply(table, announce(peer(2), {64497, 64500}, {of_table("198.51.100.0/24")}));
  const std::size_t before = table.bytes();
  for (int flap = 0; flap < 5000; ++flap) {
    apply(table, announce(peer(1), {64497, 64500}, {of_table("203.0.113.0/24")}));
    flap % 2 == 0 ? table.peer_down(PeerId(1), time_from_us(flap)) : table.mark_stale("edge-1");
  }
  EXPECT_EQ(table.size().routes, 2U);
  table.router_down("edge-1", time_from_us(1));
  EXPECT_THAT(flush(table), SizeIs(2));
  EXPECT_LE(table.bytes(), before);
}

// The table against the obvious map, under random operations. After every step both agree on every route, and
// the changes reported turn the former state into the new one.
using Naive = std::map<std::pair<std::uint32_t, net::Prefix>, std::string>;

struct Both {
  Table table;
  Naive naive, replayed;
  std::map<std::pair<std::uint32_t, net::Prefix>, bool> old;  // stale or doomed

  void replay(const std::vector<RouteChange>& changes) {
    for (const RouteChange& change : changes) {
      const auto key = std::pair(change.peer->id.value, change.prefix);
      const auto had = replayed.find(key);
      RC_ASSERT((change.before != nullptr) == (had != replayed.end()));
      if (change.before) RC_ASSERT(change.before->as_path.to_string() == had->second);
      RC_ASSERT(change.before != change.after);
      if (change.after) {
        replayed[key] = change.after->as_path.to_string();
      } else {
        replayed.erase(key);
      }
    }
  }
  void step() {
    const auto id = *rc::gen::inRange<std::uint32_t>(1, 4);
    const std::string router = id == 3 ? "edge-2" : "edge-1";
    const net::Prefix prefix(net::Address::v4(0x0A000000U | *rc::gen::inRange<std::uint32_t>(0, 8) << 21),
                             *rc::gen::inRange(8, 12));
    std::vector<RouteChange> out;
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const net::Asn origin = *rc::gen::inRange<net::Asn>(1, 4);
        table.apply(announce(peer(id, router), {64497, origin}, {prefix}), out);
        naive[{id, prefix}] = "64497 " + std::to_string(origin);
        old.erase({id, prefix});
        break;
      }
      case 4:
        table.apply(withdraw(peer(id, router), {prefix}), out);
        naive.erase({id, prefix});
        old.erase({id, prefix});
        break;
      case 5:
        table.peer_down(PeerId(id), time_from_us(1));
        end(id, true);
        break;
      case 6:
        table.mark_stale("edge-1");
        for (auto& [key, route] : naive) {
          if (key.first != 3) old[key] = true;
        }
        break;
      default:
        table.sweep_router(router, time_from_us(1));
        for (std::uint32_t of = 1; of <= 3; ++of) end(of, (of == 3) == (id == 3), true);
        while (table.flush(*rc::gen::inRange<std::size_t>(1, 5), out)) {
        }
        break;
    }
    replay(out);
  }
  // Forgets routes of the peer: all, or only the old ones.
  void end(std::uint32_t id, bool really, bool only_old = false) {
    if (!really) return;
    std::erase_if(naive, [&](const auto& entry) {
      return entry.first.first == id && (!only_old || old.contains(entry.first));
    });
    std::erase_if(old, [&](const auto& entry) { return entry.first.first == id; });
  }
};

TEST(TableSearch, EndsAfterItsLimitAndAfterSoManyPrefixes) {
  Table table;
  std::vector<net::Prefix> prefixes{of_table("10.0.0.0/8")};
  for (std::uint32_t i = 0; i <= searched_prefixes_max; ++i) {
    prefixes.emplace_back(net::Address::v4(0x0A000000U + i), 32);
  }
  apply(table, announce(peer(1), {64497}, prefixes));
  apply(table, announce(peer(2), {64498}, {prefixes.back()}));
  RouteSearch search{of_table("10.0.0.0/8"), false, true, false, true, std::nullopt, 3};
  FoundRoutes found = table.search(search);
  EXPECT_THAT(found.routes, SizeIs(3));
  EXPECT_TRUE(found.truncated);
  EXPECT_EQ(found.routes[2].prefix, of_table("10.0.0.1/32"));
  search.peer = peer(2)->key.address;
  found = table.search(search);
  EXPECT_THAT(found.routes, IsEmpty()) << "the one that is there comes after the bound";
  EXPECT_TRUE(found.truncated);
  search.more_specific = false;
  EXPECT_FALSE(table.search(search).truncated);
}

TEST(TableSearch, ALongestMatchIsOneThatThePeerHas) {
  Table table;
  apply(table, announce(peer(1), {64497}, {of_table("203.0.113.0/24"), of_table("203.0.113.7/32")}));
  apply(table, announce(peer(2), {64498}, {of_table("203.0.0.0/16")}));
  RouteSearch search{of_table("203.0.113.7/32"), true};
  EXPECT_EQ(table.search(search).prefix, of_table("203.0.113.7/32"));
  search.peer = peer(2)->key.address;
  const FoundRoutes found = table.search(search);
  EXPECT_EQ(found.prefix, of_table("203.0.0.0/16"));
  EXPECT_THAT(found.routes, SizeIs(1));
  search.peer = peer(3)->key.address;
  EXPECT_THAT(table.search(search).routes, IsEmpty());
}

RC_GTEST_PROP(TableProperty, AgreesWithTheObviousMap, ()) {
  Both both;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) both.step();
  std::vector<RouteChange> out;
  while (both.table.flush(3, out)) {
  }
  both.replay(out);
  RC_ASSERT(both.replayed == both.naive);
  RC_ASSERT(both.table.size().routes == both.naive.size());
  Naive seen;
  for (const Route& r : both.table.covered(of_table("0.0.0.0/0"), 10000)) {
    seen[{r.peer->id.value, r.prefix}] = r.attributes->as_path.to_string();
  }
  RC_ASSERT(seen == both.naive);
}

std::vector<std::string> told(const std::vector<RouteChange>& changes) {
  const auto path = [](const AttributesPointer& at) { return at ? at->as_path.to_string() : "none"; };
  std::vector<std::string> out;
  for (const RouteChange& change : changes) {
    out.push_back(fmt::format("{} {} {} to {} at {}", change.peer->id.value, change.prefix.to_string(),
                              path(change.before), path(change.after), to_us(change.time)));
  }
  return out;
}

// Few prefixes, peers and paths, so that records of one burst meet each other's routes.
RC_GTEST_PROP(TableProperty, ABurstIsItsRecordsOneAfterAnother, ()) {
  Table at_once, one_by_one;
  std::vector<RouteChange> changes, expected;
  for (int bursts = *rc::gen::inRange(1, 4); bursts > 0; --bursts) {
    RouteBurst burst;
    for (int records = *rc::gen::inRange(0, 60); records > 0; --records) {
      std::vector<net::Prefix> prefixes;
      const int most = *rc::gen::inRange(0, 12) == 0 ? 80 : 4;
      for (int count = *rc::gen::inRange(1, most); count > 0; --count) {
        const auto top = *rc::gen::inRange<std::uint32_t>(0, 40);
        prefixes.emplace_back(net::Address::v4(10U << 24 | top << 15), *rc::gen::inRange(15, 18));
      }
      const auto from = peer(*rc::gen::inRange<std::uint32_t>(1, 4));
      const bool withdraws = *rc::gen::inRange(0, 3) == 0;
      const auto batch = withdraws ? withdraw(from, prefixes)
                                   : announce(from, {64497, *rc::gen::inRange<net::Asn>(1, 4)}, prefixes);
      append_batch(batch, burst);
      one_by_one.apply(batch, expected);
    }
    at_once.apply(burst, changes);
  }
  RC_ASSERT(told(changes) == told(expected));
  RC_ASSERT(at_once.size() == one_by_one.size());
}

}  // namespace
}  // namespace peering::rib
