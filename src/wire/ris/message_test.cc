#include "wire/ris/message.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::wire::ris {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string update_with(std::string_view fields) {
  return fmt::format(R"({{"type":"ris_message","data":{{"timestamp":1700000000.25,"peer":"192.0.2.1",)"
                     R"("peer_asn":"64496","host":"rrc21.ripe.net","type":"UPDATE",{}}}}})",
                     fields);
}
std::string refusal(std::string_view line) {
  const auto out = Decoder().decode(line);
  return out ? "accepted" : out.error().message;
}

TEST(RisMessage, ReadsAnUpdate) {
  const auto message = Decoder().decode(update_with(
      R"("path":[64496,64500,[64501,64502]],"community":[[64496,100],[1,2,3]],"origin":"EGP","med":7,)"
      R"("aggregator":"64500:192.0.2.9","otc":64496,"table_dump":true,"peer_role":"customer",)"
      R"("announcements":[{"next_hop":"2001:db8::1,fe80::1","prefixes":["2001:DB8:0:0::/48"]}],)"
      R"("withdrawals":["198.51.100.7/24"])"));
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(to_us(message->time), 1'700'000'000'250'000);
  EXPECT_EQ(message->host, "rrc21");
  EXPECT_EQ(message->peer.to_string(), "192.0.2.1");
  EXPECT_EQ(message->peer_asn, 64496U);
  const auto& update = std::get<Update>(message->body);
  EXPECT_EQ(update.attributes.as_path.to_string(), "64496 64500 {64501,64502}");
  EXPECT_EQ(update.attributes.origin, bgp::Origin::egp);
  EXPECT_THAT(update.attributes.communities, ElementsAre(64496U << 16 | 100U));
  EXPECT_EQ(update.attributes.large_communities.at(0), (bgp::LargeCommunity{1, 2, 3}));
  EXPECT_EQ(update.attributes.multi_exit_disc, 7U);
  EXPECT_EQ(update.attributes.aggregator->asn, 64500U);
  EXPECT_EQ(update.attributes.only_to_customer, 64496U);
  EXPECT_EQ(update.announcements.at(0).next_hop->to_string(), "2001:db8::1");
  EXPECT_EQ(update.announcements.at(0).prefixes.at(0).to_string(), "2001:db8::/48");
  EXPECT_EQ(update.withdrawals.at(0).to_string(), "198.51.100.0/24");
  EXPECT_TRUE(update.table_dump);
  EXPECT_FALSE(update.trusted_feed);
  EXPECT_EQ(update.peer_role, "customer");
}

TEST(RisMessage, ReadsSessionStatesErrorsAndWhatItDoesNotKnow) {
  Decoder decoder;
  const auto state = [&](std::string_view name) {
    return decoder.decode(fmt::format(R"({{"type":"ris_message","data":{{"timestamp":1,"peer":"192.0.2.1",)"
                                      R"("type":"RIS_PEER_STATE","state":"{}"}}}})",
                                      name));
  };
  EXPECT_FALSE(std::get<PeerState>(state("down")->body).up);
  EXPECT_TRUE(std::get<PeerState>(state("connected")->body).up);
  EXPECT_FALSE(state("sideways").has_value());
  const auto error = decoder.decode(R"({"type":"ris_error","data":{"message":"invalid filter"}})");
  EXPECT_EQ(std::get<StreamError>(error->body).message, "invalid filter");
  EXPECT_EQ(std::get<Ignored>(decoder.decode(R"({"type":"pong"})")->body).type, "pong");
}

TEST(RisMessage, ABadFieldRefusesTheLineAndIsNamed) {
  EXPECT_THAT(refusal(update_with(R"("path":[1],"announcements":[{"prefixes":["300.1.2.0/24"]}])")),
              HasSubstr("300.1.2.0/24"));
  EXPECT_THAT(refusal(update_with(R"("path":[1],"announcements":[{"prefixes":["198.51.100.0/33"]}])")),
              HasSubstr("198.51.100.0/33"));
  EXPECT_THAT(refusal(update_with(R"("path":[1,-5],"announcements":[{"prefixes":["198.51.100.0/24"]}])")),
              HasSubstr("path"));
  EXPECT_THAT(refusal(update_with(R"("path":"1 2","announcements":[{"prefixes":["198.51.100.0/24"]}])")),
              HasSubstr("list of AS numbers"));
  EXPECT_THAT(refusal(update_with(R"("announcements":[{"prefixes":["198.51.100.0/24"]}])")),
              HasSubstr("path"));
  EXPECT_THAT(refusal(update_with(R"("withdrawals":["nonsense"])")), HasSubstr("withdrawals"));
  EXPECT_THAT(refusal(update_with(R"("id":"1")")), HasSubstr("announcements or withdrawals"));
  EXPECT_THAT(refusal(update_with(R"("withdrawals":[],"community":[[1]])")), HasSubstr("community"));
  EXPECT_THAT(refusal("{\"type\":"), HasSubstr("JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("type"));
  EXPECT_THAT(refusal(""), HasSubstr("JSON"));
  EXPECT_THAT(refusal(R"({"type":"ris_message","data":{"timestamp":-1,"peer":"::1","type":"OPEN"}})"),
              HasSubstr("seconds since 1970"));
}

TEST(RisMessage, ReadsFieldsInAnyOrderAndKeysWithEscapes) {
  const auto message = Decoder().decode(
      R"({"data":{"withdrawals":["2001:db8::/32"],"type":"UPDATE","p\u0065er":"192.0.2.1","x":{"y":[1,{}]},)"
      R"("timestamp":1.7e9,"host":"rrc\u0030\u0031.ripe.net","community":null},"type":"ris_message"} )");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->host, "rrc01");
  EXPECT_EQ(message->peer.to_string(), "192.0.2.1");
  EXPECT_EQ(to_us(message->time), 1'700'000'000'000'000);
  EXPECT_EQ(std::get<Update>(message->body).withdrawals.at(0).to_string(), "2001:db8::/32");
}

TEST(RisMessage, WhatStandsBehindTheValueOrIsCutOffRefusesTheLine) {
  const std::string good = update_with(R"("withdrawals":["198.51.100.0/24"])");
  EXPECT_EQ(refusal(good), "accepted");
  EXPECT_THAT(refusal(good + "x"), HasSubstr("line"));
  EXPECT_THAT(refusal(good + good), HasSubstr("line"));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_NE(refusal(good.substr(0, length)), "accepted") << length;
  }
}

TEST(RisMessage, NothingOfTheMessageBeforeIsLeft) {
  Decoder decoder;
  Message message;
  ASSERT_TRUE(
      decoder.decode_into(update_with(R"("path":[1,[2]],"community":[[1,2],[1,2,3]],"origin":"EGP",)"
                                      R"("med":7,"otc":1,"aggregator":"1:192.0.2.9","table_dump":true,)"
                                      R"("peer_role":"peer","withdrawals":["10.0.0.0/8"],)"
                                      R"("announcements":[{"prefixes":["198.51.100.0/24"]}])"),
                          message));
  ASSERT_TRUE(decoder.decode_into(update_with(R"("withdrawals":[])"), message));
  const auto& update = std::get<Update>(message.body);
  EXPECT_EQ(update.attributes, bgp::PathAttributes());
  EXPECT_TRUE(update.announcements.empty());
  EXPECT_TRUE(update.withdrawals.empty());
  EXPECT_FALSE(update.table_dump);
  EXPECT_EQ(update.peer_role, "");
  ASSERT_FALSE(decoder.decode_into("garbage", message));
  ASSERT_TRUE(decoder.decode_into(R"({"type":"ris_subscribe_ok","data":{"host":"rrc00"}})", message));
  EXPECT_EQ(std::get<Ignored>(message.body).type, "ris_subscribe_ok");
  EXPECT_EQ(message.host, "");
}

TEST(RisMessage, AnEmptyUpdateIsAnEndOfRibAndSaysNothing) {
  const auto message = Decoder().decode(update_with(R"("path":[],"announcements":[],"withdrawals":[])"));
  ASSERT_TRUE(message);
  EXPECT_TRUE(std::get<Update>(message->body).announcements.empty());
}

TEST(RisMessage, ReadsRecordedStreamsOfBothGenerations) {
  const char* given = std::getenv("PEERING_SHARED");
  const std::string shared = given ? given : PEERING_SOURCE_DIR "/../shared";
  std::ifstream recent(shared + "/data/json/ris-live-2026-08.jsonl");
  std::ifstream old(shared + "/data/json/ris-live-stream.json");
  if (!recent || !old) GTEST_SKIP() << "skipped: no shared data";
  Decoder decoder;
  int read = 0, refused = 0;
  for (std::ifstream* file : {&recent, &old}) {
    for (std::string line; std::getline(*file, line);) {
      const auto message = decoder.decode(line);
      ++(message ? read : refused);
    }
  }
  EXPECT_EQ(read, 9);
  EXPECT_EQ(refused, 1) << "one line of the older recording is cut off";
}

}  // namespace
}  // namespace peering::wire::ris
