#include "wire/mrt/encode.h"

#include <gtest/gtest.h>

#include "wire/bgp/update.h"

namespace peering::wire::mrt {
namespace {

const TimePoint time_at = time_from_us(1'700'000'000'123'456);
const Session session{64500, 4'200'000'000, net::Address::v4(0xc0000207U), net::Address::v4(0xc00002feU)};

Record only_record(const ByteWriter& file) {
  EXPECT_EQ(split_record(file.data()).value(), file.size());
  return decode_header(file.data()).value();
}

std::vector<std::uint8_t> an_update() {
  bgp::Update update;
  update.attributes.next_hop = net::Address::v4(0xc0000201U);
  update.attributes.as_path = bgp::AsPath::sequence({64500, 400000});
  update.announced.push_back({net::Prefix(net::Address::v4(0xcb007100U), 24), 0});
  return bgp::encode_update(update, {}).value();
}

TEST(MrtEncode, AMessageIsReadBackWithItsTimeSessionAndBytes) {
  for (const int bits : {0, 1, 2, 3, 4, 5, 6, 7}) {
    const bool four = (bits & 1) != 0, add_path = (bits & 2) != 0, local = (bits & 4) != 0;
    ByteWriter file;
    const auto update = an_update();
    ASSERT_TRUE(append_message(time_at, session, {four, add_path, local}, update, file));
    const Record record = only_record(file);
    EXPECT_EQ(record.time(), time_at);
    const auto content = decode_record(record).value();
    const auto& message = std::get<BgpMessage>(content);
    EXPECT_EQ(message.session.peer_asn, 64500U);
    EXPECT_EQ(message.session.local_asn, four ? 4'200'000'000U : net::as_trans);
    EXPECT_EQ(message.facts.four_octet_asn, four);
    EXPECT_EQ(message.session.peer_address, session.peer_address);
    EXPECT_EQ(message.session.local_address, session.local_address);
    EXPECT_EQ(message.sent_by_collector, local);
    EXPECT_EQ(message.facts.add_path_ipv4, add_path);
    EXPECT_TRUE(std::ranges::equal(message.body, Bytes(update).subspan(bgp::header_bytes)));
  }
}

TEST(MrtEncode, AStateChangeIsReadBack) {
  ByteWriter file;
  StateChange change{session, 6, 1};
  change.session.peer_address = net::Address::parse("2001:db8::7").value();
  EXPECT_FALSE(append_state_change(time_at, change, file)) << "addresses of two families";
  EXPECT_EQ(file.size(), 0U);
  change.session.local_address = net::Address::parse("2001:db8::fe").value();
  ASSERT_TRUE(append_state_change(time_at, change, file));
  const auto content = decode_record(only_record(file)).value();
  EXPECT_EQ(std::get<StateChange>(content).session.peer_address, change.session.peer_address);
  EXPECT_EQ(std::get<StateChange>(content).old_state, 6);
  EXPECT_EQ(std::get<StateChange>(content).new_state, 1);
}

TEST(MrtEncode, ATableIsReadBack) {
  const TablePeer four{net::Address::v4(1U), net::Address::v4(2U), 64500};
  const TablePeer six{net::Address::v4(3U), net::Address::parse("2001:db8::7").value(), 400000};
  ByteWriter file;
  ASSERT_TRUE(append_peer_index_table(time_at, {net::Address::v4(9U), "view", {four, six}}, file));
  const Record record = only_record(file);
  const auto table = decode_peer_index_table(record).value();
  EXPECT_EQ(table.view, "view");
  EXPECT_EQ(table.peers, (std::vector<TablePeer>{four, six}));
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    for (const bool add_path : {false, true}) {
      const std::vector<std::uint8_t> attributes{0x40, 1, 1, 0};
      TableRoutes routes;
      routes.sequence = 5;
      routes.family = family;
      routes.multicast = add_path;
      routes.add_path = add_path;
      routes.prefix.length = 20;
      routes.prefix.bytes = {10, 1, 16};
      routes.entries = {{1, 77, add_path ? 8U : 0U, attributes}};
      ByteWriter row;
      ASSERT_TRUE(append_table_routes(time_at, routes, row));
      TableRoutes back;
      ASSERT_TRUE(decode_table_routes(only_record(row), back));
      EXPECT_EQ(back.family, family);
      EXPECT_EQ(back.multicast, add_path);
      EXPECT_EQ(back.prefix.bytes, routes.prefix.bytes);
      ASSERT_EQ(back.entries.size(), 1U);
      EXPECT_EQ(back.entries[0].path_id, routes.entries[0].path_id);
      EXPECT_EQ(back.entries[0].originated_seconds, 77U);
      EXPECT_TRUE(std::ranges::equal(back.entries[0].attributes, attributes));
    }
  }
}

TEST(MrtEncode, AttributesOfATableLeaveOutARoutesFamilyWithoutANextHop) {
  // A family that is not read may have a next hop of no bytes; alone it would be malformed.
  EXPECT_TRUE(table_attributes(std::vector<std::uint8_t>{0x80, 14, 5, 0, 1, 133, 0, 0}).empty());
  EXPECT_TRUE(table_attributes(std::vector<std::uint8_t>{0x80, 14, 0}).empty());
  EXPECT_TRUE(table_attributes(std::vector<std::uint8_t>{0x80, 14, 5, 0, 1, 1, 4, 192}).empty());
  const std::vector<std::uint8_t> already{0x80, 14, 5, 4, 192, 0, 2, 1};
  EXPECT_EQ(table_attributes(already), already);
}

TEST(MrtEncode, AttributesOfATableHaveTheNextHopAlone) {
  const std::vector<std::uint8_t> whole{0x40, 1,  1, 0,                            // ORIGIN
                                        0x80, 14, 9, 0, 1, 1, 4, 192, 0, 2, 1, 0,  // MP_REACH_NLRI
                                        0x80, 15, 3, 0, 1, 1,                      // MP_UNREACH_NLRI
                                        0xd0, 99, 0, 1, 7,                         // extended length
                                        0x40, 2,  9};                              // cut off
  EXPECT_EQ(table_attributes(whole),
            (std::vector<std::uint8_t>{0x40, 1, 1, 0, 0x80, 14, 5, 4, 192, 0, 2, 1, 0xc0, 99, 1, 7}));
}

}  // namespace
}  // namespace peering::wire::mrt
