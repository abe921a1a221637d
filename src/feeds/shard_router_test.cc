#include "feeds/shard_router.h"

#include <set>

#include <gtest/gtest.h>

#include "feeds/recorded_sink.h"
#include "feeds/update_routes.h"

namespace peering::feeds {
namespace {

net::Prefix prefix(std::string_view text) { return *net::Prefix::parse(text); }

using Messages = std::vector<ShardMessage>;

void add(Messages& to, std::vector<net::Prefix> announced, std::vector<net::Prefix> withdrawn) {
  auto peer = std::make_shared<rib::Peer>();
  auto attributes = std::make_shared<wire::bgp::PathAttributes>();
  attributes->local_pref = 100;
  push_batch({peer, time_from_us(7), attributes, std::move(announced), std::move(withdrawn)}, to);
}

bool push(ShardRouter& router, ShardMessage message) {
  Messages messages{std::move(message)};
  const bool done = router.push(messages);
  EXPECT_TRUE(messages.empty());
  return done;
}

bool push_routes(ShardRouter& router, std::vector<net::Prefix> announced,
                 std::vector<net::Prefix> withdrawn = {}) {
  Messages messages;
  add(messages, std::move(announced), std::move(withdrawn));
  return router.push(messages);
}

TEST(ShardOf, PrefixAndItsMoreSpecificsHaveOneOwner) {
  for (const char* text : {"203.0.113.0/24", "203.0.0.0/8", "203.0.113.7/32"}) {
    EXPECT_EQ(shard_of(prefix(text), 7), shard_of(prefix("203.0.0.0/8"), 7)) << text;
  }
  EXPECT_EQ(shard_of(prefix("2001:db8::/32"), 7), shard_of(prefix("2001:db8:1::/48"), 7));
}

TEST(ShardOf, PrefixesOverManyOwnersBelongToAll) {
  EXPECT_EQ(shard_of(prefix("0.0.0.0/0"), 4), std::nullopt);
  EXPECT_EQ(shard_of(prefix("202.0.0.0/7"), 4), std::nullopt);
  EXPECT_EQ(shard_of(prefix("2000::/15"), 4), std::nullopt);
}

TEST(ShardOf, UsesEveryShard) {
  std::set<std::size_t> used;
  for (std::uint32_t top = 1; top < 224; ++top) {
    used.insert(*shard_of(net::Prefix(net::Address::v4(top << 24), 8), 8));
  }
  EXPECT_EQ(used.size(), 8U);
}

TEST(ShardRouter, EveryPrefixReachesItsOwnerOnce) {
  RecordedSink sink(4);
  ShardRouter router(sink);
  const std::vector<net::Prefix> announced = {prefix("10.0.0.0/8"), prefix("11.0.0.0/8"),
                                              prefix("12.0.0.0/16"), prefix("2001:db8::/32")};
  EXPECT_TRUE(push_routes(router, announced, {prefix("13.0.0.0/8")}));
  std::size_t seen = 0;
  for (std::size_t shard = 0; shard < 4; ++shard) {
    for (const Said& message : sink.taken(shard)) {
      const auto& part = std::get<rib::RouteBatch>(message);
      for (const auto& p : part.announced) EXPECT_EQ(shard_of(p, 4), shard);
      for (const auto& p : part.withdrawn) EXPECT_EQ(shard_of(p, 4), shard);
      EXPECT_EQ(part.attributes == nullptr, part.announced.empty());
      seen += part.announced.size() + part.withdrawn.size();
    }
  }
  EXPECT_EQ(seen, 5U);
}

TEST(ShardRouter, DefaultRouteAndControlMessagesGoToAll) {
  RecordedSink sink(3);
  ShardRouter router(sink);
  push_routes(router, {prefix("0.0.0.0/0")});
  push(router, RouterUp{"edge-1", time_from_us(1)});
  for (std::size_t shard = 0; shard < 3; ++shard) {
    const auto taken = sink.taken(shard);
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<rib::RouteBatch>(taken[0]));
    EXPECT_TRUE(std::holds_alternative<RouterUp>(taken[1]));
  }
}

TEST(ShardRouter, KeepsOrderWhenAMailboxIsFull) {
  RecordedSink sink(1);
  sink.refuse(true);
  ShardRouter router(sink);
  EXPECT_FALSE(push(router, RouterUp{"edge-1", time_from_us(1)}));
  EXPECT_FALSE(push_routes(router, {prefix("10.0.0.0/8")}));
  EXPECT_FALSE(router.idle());
  sink.refuse(false);
  EXPECT_TRUE(router.drain());
  EXPECT_TRUE(router.idle());
  const auto taken = sink.taken(0);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<RouterUp>(taken[0]));
}

// Counts messages as a mailbox does.
class CountingSink : public ShardSink {
 public:
  std::size_t shards() const override { return 2; }
  bool try_post(std::size_t shard, ShardMessage& message) override {
    said.push_back({shard, message.index()});
    return true;
  }
  std::vector<std::pair<std::size_t, std::size_t>> said;  // shard, which kind
};

TEST(ShardRouter, RoutesPushedTogetherTravelInOneMessageAShardAndOvertakeNothing) {
  CountingSink sink;
  ShardRouter router(sink);
  Messages messages;
  EXPECT_EQ(held_bytes(messages), 0U);
  for (std::uint32_t top = 1; top < 100; ++top) {
    add(messages, {net::Prefix(net::Address::v4(top << 24), 8)}, {});
  }
  EXPECT_EQ(messages.size(), 1U);
  EXPECT_GT(held_bytes(messages), 99U);
  messages.push_back(RouterUp{"edge-1", time_from_us(8)});
  add(messages, {prefix("10.0.0.0/8")}, {});
  EXPECT_TRUE(router.push(messages));
  EXPECT_TRUE(router.idle());
  const std::size_t run = ShardMessage(RouteRun()).index(), up = ShardMessage(RouterUp()).index();
  ASSERT_EQ(sink.said.size(), 5U);
  EXPECT_EQ(sink.said[0], std::pair(std::size_t{0}, run));
  EXPECT_EQ(sink.said[1], std::pair(std::size_t{1}, run));
  EXPECT_EQ(sink.said[2], std::pair(std::size_t{0}, up));
  EXPECT_EQ(sink.said[3], std::pair(std::size_t{1}, up));
  EXPECT_EQ(sink.said[4].second, run);
}

}  // namespace
}  // namespace peering::feeds
