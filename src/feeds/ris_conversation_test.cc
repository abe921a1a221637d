#include "feeds/ris_conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/recorded_sink.h"
#include "feeds/ris_filter.h"

namespace peering::feeds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const TimePoint noon = time_from_us(1'795'435'200'000'000);

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

struct RisConversationTest : testing::Test {
  Metrics registry;
  RisMetrics metrics{registry};
  PeerRegistry peers;
  std::optional<RisConversation> conversation{std::in_place, peers, metrics, std::chrono::hours(1)};

  void conversation_with(bool own_view) {
    conversation.emplace(peers, metrics, std::chrono::hours(1), own_view);
  }

  std::vector<Said> say(std::string_view fields, std::string_view type = "UPDATE",
                        std::string_view host = "rrc00.ripe.net", double age_s = 0) {
    const auto message = wire::ris::Decoder().decode(fmt::format(
        R"({{"type":"ris_message","data":{{"timestamp":{:.3f},"peer":"192.0.2.1","peer_asn":"64496",)"
        R"("host":"{}","type":"{}",{}}}}})",
        static_cast<double>(to_us(noon)) / 1e6 - age_s, host, type, fields));
    EXPECT_TRUE(message) << message.error().message;
    std::vector<ShardMessage> out;
    if (message) conversation->take(*message, noon, out);
    return unpacked(out);
  }
  static std::string announcement() {
    return R"("path":[64496,64500],"announcements":[{"next_hop":"192.0.2.1","prefixes":["203.0.113.0/24"]}])";
  }
};

TEST_F(RisConversationTest, TheFirstMessageBringsCollectorAndPeerUpAndTheNextOnlyRoutes) {
  const auto first = say(announcement());
  ASSERT_THAT(first, SizeIs(3));
  EXPECT_EQ(std::get<RouterUp>(first[0]).router, "rrc00");
  EXPECT_FALSE(std::get<RouterUp>(first[0]).sends_table);
  const auto& peer = *std::get<PeerUp>(first[1]).peer;
  EXPECT_EQ(peer.key.router, "rrc00");
  EXPECT_EQ(peer.key.address.to_string(), "192.0.2.1");
  EXPECT_EQ(peer.asn, 64496U);
  const auto& batch = std::get<rib::RouteBatch>(first[2]);
  EXPECT_EQ(batch.time, noon);
  EXPECT_THAT(batch.announced, ElementsAre(p("203.0.113.0/24")));
  EXPECT_EQ(batch.attributes->next_hop->to_string(), "192.0.2.1");
  EXPECT_EQ(batch.attributes->as_path.to_string(), "64496 64500");
  EXPECT_THAT(say(R"("withdrawals":["203.0.113.0/24"])"), SizeIs(1));
}

TEST_F(RisConversationTest, APrefixInBothListsIsAnnounced) {
  const auto said = say(announcement() + R"(,"withdrawals":["203.0.113.0/24","198.51.100.0/24"])");
  EXPECT_THAT(std::get<rib::RouteBatch>(said.at(2)).withdrawn, ElementsAre(p("198.51.100.0/24")));
  EXPECT_THAT(std::get<rib::RouteBatch>(said.at(3)).announced, ElementsAre(p("203.0.113.0/24")));
}

TEST_F(RisConversationTest, APeersSessionStateIsPassedOnOnce) {
  say(announcement());
  EXPECT_TRUE(std::holds_alternative<PeerDown>(say(R"("state":"down")", "RIS_PEER_STATE").at(0)));
  EXPECT_THAT(say(R"("state":"down")", "RIS_PEER_STATE"), IsEmpty());
  EXPECT_TRUE(std::holds_alternative<PeerUp>(say(R"("state":"connected")", "RIS_PEER_STATE").at(0)));
  EXPECT_THAT(say(R"("x":1)", "KEEPALIVE"), IsEmpty());
}

TEST_F(RisConversationTest, ASessionOfSomebodyElseThatEndsIsNoOutageAndOneOfOursIs) {
  const auto outage = [&](std::string_view more) {
    say(announcement() + std::string(more));
    return std::get<PeerDown>(say(R"("state":"down")", "RIS_PEER_STATE").at(0)).outage;
  };
  EXPECT_FALSE(outage(""));
  EXPECT_TRUE(outage(R"(,"trusted_feed":true)"));
  EXPECT_FALSE(outage(""));
  conversation_with(true);
  EXPECT_TRUE(outage(""));
}

TEST_F(RisConversationTest, ALostConnectionIsNoOutageOfItsCollectors) {
  say(announcement());
  say(announcement(), "UPDATE", "rrc01");
  std::vector<ShardMessage> out;
  conversation->lost(noon, "test", out);
  ASSERT_THAT(out, SizeIs(2));
  EXPECT_FALSE(std::get<RouterDown>(out[0]).outage);
  EXPECT_EQ(std::get<RouterDown>(out[0]).keep, Microseconds(std::chrono::hours(1)));
  out.clear();
  conversation->lost(noon, "again", out);
  EXPECT_THAT(out, IsEmpty());
  EXPECT_EQ(std::get<RouterUp>(say(announcement()).at(0)).router, "rrc00") << "it speaks again";
}

TEST_F(RisConversationTest, ATimeInTheFutureCountsAsNowAndALateOneAsItIs) {
  EXPECT_EQ(std::get<rib::RouteBatch>(say(announcement(), "UPDATE", "rrc00", -4000).at(2)).time, noon);
  EXPECT_EQ(metrics.odd_clock.value(), 1);
  EXPECT_EQ(std::get<rib::RouteBatch>(say(announcement(), "UPDATE", "rrc00", 4000).at(0)).time,
            noon - std::chrono::seconds(4000));
}

TEST(RisFilter, BecomesOneSubscriptionForEachCombination) {
  EXPECT_THAT(ris_subscriptions({}), IsEmpty()) << "no prefix is no question";
  EXPECT_THAT(ris_subscriptions({.every_prefix = true}),
              ElementsAre(R"({"socketOptions":{"includeRaw":false,"acknowledge":true}})"));
  const auto many =
      ris_subscriptions({{"rrc00", "rrc21"}, {}, {p("10.0.0.0/8"), p("10.1.0.0/16"), p("::/0")}});
  EXPECT_THAT(many, SizeIs(6)) << "the /16 lies in the /8; and the states of each collector's peers";
  EXPECT_THAT(*many.begin(), HasSubstr(R"("host":"rrc00")"));
}

TEST(RisFilter, TooManyPrefixesAreAllPrefixes) {
  RisFilter filter;
  for (std::uint32_t i = 0; i <= ris_subscriptions_max; ++i) {
    filter.prefixes.emplace_back(net::Address::v4(i << 8), 24);
  }
  EXPECT_THAT(ris_subscriptions(filter), SizeIs(1));
}

}  // namespace
}  // namespace peering::feeds
