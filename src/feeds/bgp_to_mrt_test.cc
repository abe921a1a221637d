#include "feeds/bgp_to_mrt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feeds/bgp_test_neighbor.h"
#include "wire/mrt/record.h"

namespace peering::feeds {
namespace {

namespace bgp = wire::bgp;
namespace mrt = wire::mrt;
using testing::ElementsAre;

const TimePoint midday = time_from_us(1'700'049'600'000'000);
const mrt::Session session{64496, 64500, net::Address::v4(0xC0000201), net::Address::v4(0xC00002FE)};

// The records' content as a reader of MRT understands it.
class ArchivedNeighbor : public testing::Test {
 protected:
  void up(const bgp::SessionFacts& facts = {}) { neighbor.up(session, facts, midday); }
  std::vector<mrt::Content> read() {
    bytes.push_back(neighbor.records());
    std::vector<mrt::Content> out;
    auto rest = mrt::Bytes(bytes.back());
    while (!rest.empty()) {
      const std::size_t length = mrt::split_record(rest).value();
      out.push_back(mrt::decode_record(mrt::decode_header(rest.first(length)).value()).value());
      rest = rest.subspan(length);
    }
    return out;
  }

  BgpToMrt neighbor;
  std::vector<std::vector<std::uint8_t>> bytes;
};

bgp::Update announcement_of(std::string_view prefix) {
  bgp::Update out;
  out.attributes.as_path = bgp::AsPath::sequence({test::neighbor_asn});
  const bool six = prefix.find(':') != std::string_view::npos;
  if (six) out.mp_next_hop = net::Address::parse("2001:db8::2").value();
  if (!six) out.attributes.next_hop = net::Address::v4(0xC0000201);
  (six ? out.mp_announced : out.announced).push_back({net::Prefix::parse(prefix).value(), 7});
  return out;
}

TEST_F(ArchivedNeighbor, ItsSessionBeginsAndEnds) {
  up();
  neighbor.down(midday);
  const auto said = read();
  ASSERT_EQ(said.size(), 2U);
  const auto began = std::get<mrt::StateChange>(said[0]), ended = std::get<mrt::StateChange>(said[1]);
  EXPECT_THAT((std::vector{began.old_state, began.new_state, ended.old_state, ended.new_state}),
              ElementsAre(5, 6, 6, 1));
  EXPECT_EQ(began.session.peer_asn, test::neighbor_asn);
  EXPECT_EQ(began.session.local_address, session.local_address);
  EXPECT_FALSE(neighbor.is_up());
}

TEST_F(ArchivedNeighbor, UpdatesAreKeptByteForByteAndOthersNot) {
  up();
  const auto update = test::announcement("203.0.113.0/24");
  auto malformed = update;
  malformed[bgp::header_bytes + 4] ^= 0x80;  // the flags of its first attribute
  neighbor.take(bgp::encode_keepalive(), midday);
  neighbor.take(update, midday);
  neighbor.take(malformed, midday);
  const auto said = read();
  ASSERT_EQ(said.size(), 3U);
  const auto body_of = [&](std::size_t i) {
    const auto body = std::get<mrt::BgpMessage>(said[i]).body;
    return std::vector(body.begin(), body.end());
  };
  EXPECT_EQ(body_of(1), std::vector(update.begin() + bgp::header_bytes, update.end()));
  EXPECT_EQ(body_of(2), std::vector(malformed.begin() + bgp::header_bytes, malformed.end()));
  EXPECT_TRUE(read().empty());
}

TEST_F(ArchivedNeighbor, WhatASessionAgreedOnIsInEachRecord) {
  bgp::SessionFacts facts;
  facts.four_octet_asn = false;
  facts.add_path_ipv6 = true;
  up(facts);
  neighbor.take(*bgp::encode_update(announcement_of("203.0.113.0/24"), facts), midday);
  neighbor.take(*bgp::encode_update(announcement_of("2001:db8::/32"), facts), midday);
  const auto said = read();
  ASSERT_EQ(said.size(), 3U);
  const auto four = std::get<mrt::BgpMessage>(said[1]), six = std::get<mrt::BgpMessage>(said[2]);
  EXPECT_FALSE(four.facts.four_octet_asn);
  const auto update4 = bgp::decode_update(four.body, four.facts);
  const auto update6 = bgp::decode_update(six.body, six.facts);
  ASSERT_EQ(update4.announced.size(), 1U);
  ASSERT_EQ(update6.mp_announced.size(), 1U);
  EXPECT_EQ(update4.announced[0].path_id, 0U);
  EXPECT_EQ(update6.mp_announced[0].path_id, 7U);
}

TEST_F(ArchivedNeighbor, NothingIsKeptWithoutASession) {
  neighbor.take(test::announcement("203.0.113.0/24"), midday);
  neighbor.down(midday);
  EXPECT_TRUE(read().empty());
}

}  // namespace
}  // namespace peering::feeds
