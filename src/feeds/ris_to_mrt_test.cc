#include "feeds/ris_to_mrt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/bgp/update.h"

namespace peering::feeds {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const TimePoint said_at = time_from_us(1'795'435'200'250'000);

struct RisToMrtTest : testing::Test {
  RisToMrt writer;
  std::vector<std::uint8_t> bytes;  // that the records refer to

  // The records that a message becomes, as they are read again.
  std::vector<wire::mrt::Content> records_of(std::string_view fields, std::string_view type = "UPDATE",
                                             std::string_view peer = "192.0.2.1") {
    const auto message = wire::ris::Decoder().decode(fmt::format(
        R"({{"type":"ris_message","data":{{"timestamp":1795435200.25,"peer":"{}","peer_asn":"4200000001",)"
        R"("host":"rrc00","type":"{}",{}}}}})",
        peer, type, fields));
    EXPECT_TRUE(message) << message.error().message;
    ByteWriter out;
    if (message) writer.take(*message, message->time, out);
    bytes = std::move(out).take();
    std::vector<wire::mrt::Content> found;
    for (std::span<const std::uint8_t> left(bytes); !left.empty();) {
      const std::size_t size = wire::mrt::split_record(left).value();
      const auto record = wire::mrt::decode_header(left.first(size)).value();
      EXPECT_EQ(record.time(), said_at);
      found.push_back(wire::mrt::decode_record(record).value());
      left = left.subspan(size);
    }
    return found;
  }
  static wire::bgp::Update update_of(const wire::mrt::Content& content) {
    const auto& message = std::get<wire::mrt::BgpMessage>(content);
    return wire::bgp::decode_update(message.body, message.facts);
  }
};

std::vector<std::string> texts(const std::vector<wire::bgp::Nlri>& list) {
  std::vector<std::string> out;
  for (const auto& each : list) out.push_back(each.prefix.to_string());
  return out;
}

TEST_F(RisToMrtTest, AnUpdateIsReadAgainAsTheServiceToldIt) {
  const auto records = records_of(
      R"("path":[4200000001,64501,[64502,64503]],"origin":"egp","med":7,)"
      R"("community":[[64501,100]],"otc":64501,)"
      R"("announcements":[{"next_hop":"192.0.2.9","prefixes":["203.0.113.0/24","198.51.100.0/25"]}],)"
      R"("withdrawals":["192.0.2.0/24"])");
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_THAT(texts(update_of(records[0]).withdrawn), ElementsAre("192.0.2.0/24"));
  const wire::bgp::Update update = update_of(records[1]);
  EXPECT_THAT(texts(update.announced), ElementsAre("203.0.113.0/24", "198.51.100.0/25"));
  EXPECT_EQ(update.attributes.as_path.to_string(), "4200000001 64501 {64502,64503}");
  EXPECT_EQ(update.attributes.next_hop->to_string(), "192.0.2.9");
  EXPECT_EQ(update.attributes.origin, wire::bgp::Origin::egp);
  EXPECT_EQ(update.attributes.multi_exit_disc, 7U);
  EXPECT_EQ(update.attributes.only_to_customer, 64501U);
  EXPECT_THAT(update.attributes.communities, SizeIs(1));
  const auto& session = std::get<wire::mrt::BgpMessage>(records[1]).session;
  EXPECT_EQ(session.peer_asn, 4200000001U);
  EXPECT_EQ(session.peer_address.to_string(), "192.0.2.1");
}

TEST_F(RisToMrtTest, EveryFamilyHasItsMessageWhateverTheNextHop) {
  const auto records = records_of(R"("path":[4200000001],"announcements":[{"next_hop":"2001:db8::1",)"
                                  R"("prefixes":["2001:db8:1::/48","203.0.113.0/24"]}],)"
                                  R"("withdrawals":["2001:db8:2::/48"])",
                                  "UPDATE", "2001:db8::9");
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_THAT(texts(update_of(records[0]).mp_withdrawn), ElementsAre("2001:db8:2::/48"));
  EXPECT_THAT(texts(update_of(records[1]).mp_announced), ElementsAre("203.0.113.0/24"));
  EXPECT_THAT(texts(update_of(records[2]).mp_announced), ElementsAre("2001:db8:1::/48"));
  for (const auto& record : {records[1], records[2]})
    EXPECT_EQ(update_of(record).mp_next_hop->to_string(), "2001:db8::1");
}

TEST_F(RisToMrtTest, ALongListBecomesMessagesThatEveryReaderTakes) {
  std::string list;
  for (int i = 0; i < 1'000; ++i) list += fmt::format("{}\"2001:db8:{:x}::/48\"", i ? "," : "", i);
  std::size_t prefixes = 0;
  for (const auto& record : records_of(fmt::format(R"("withdrawals":[{}])", list))) {
    EXPECT_LE(std::get<wire::mrt::BgpMessage>(record).body.size(), 4'096U - 19U);
    prefixes += update_of(record).mp_withdrawn.size();
  }
  EXPECT_EQ(prefixes, 1'000U);
  EXPECT_EQ(writer.left_out(), 0U);
}

TEST_F(RisToMrtTest, SessionsAreStateChangesAndOtherMessagesNothing) {
  const auto records = records_of(R"("state":"down")", "RIS_PEER_STATE");
  ASSERT_THAT(records, SizeIs(1));
  const auto& change = std::get<wire::mrt::StateChange>(records[0]);
  EXPECT_EQ(change.old_state, 6);
  EXPECT_EQ(change.new_state, 1);
  EXPECT_EQ(change.session.peer_asn, 4200000001U);
  EXPECT_THAT(records_of(R"("x":1)", "KEEPALIVE"), SizeIs(0));
}

TEST_F(RisToMrtTest, WhatFitsIntoNoMessageIsLeftOutAndCounted) {
  std::string path = "64500";
  for (int i = 0; i < 20'000; ++i) path += ",64500";
  EXPECT_THAT(records_of(fmt::format(R"("path":[{}],"announcements":[{{"next_hop":"192.0.2.9",)"
                                     R"("prefixes":["203.0.113.0/24"]}}])",
                                     path)),
              SizeIs(0));
  EXPECT_EQ(writer.left_out(), 1U);
}

}  // namespace
}  // namespace peering::feeds
