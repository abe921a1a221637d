#include "wire/bgp/update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {
namespace {

using testing::ElementsAre;

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

std::span<const std::uint8_t> body_of(const std::vector<std::uint8_t>& message) {
  return decode_message(message).value().body;
}

Update announcement() {
  Update out;
  out.attributes.origin = Origin::igp;
  out.attributes.as_path = AsPath::sequence({64496, 4200000001, 64500});
  out.attributes.next_hop = net::Address::parse("192.0.2.1").value();
  out.attributes.multi_exit_disc = 5;
  out.attributes.communities = {0x1F851F47};
  out.attributes.large_communities = {{64496, 1, 2}};
  out.attributes.aggregator = Aggregator{64500, net::Address::parse("192.0.2.9").value()};
  out.announced = {{p("203.0.113.0/24"), 0}, {p("198.51.100.128/25"), 0}};
  return out;
}

TEST(Update, RoundTrips) {
  const Update update = announcement();
  EXPECT_EQ(decode_update(body_of(encode_update(update, {}).value()), {}), update);
}

TEST(Update, Ipv6RoutesTravelInMultiprotocolAttributes) {
  Update update = announcement();
  update.announced.clear();
  update.attributes.next_hop.reset();
  update.mp_announced = {{p("2001:db8::/32"), 0}};
  update.mp_next_hop = net::Address::parse("2001:db8:ffff::1").value();
  update.mp_withdrawn = {{p("2001:db8:1::/48"), 0}};
  EXPECT_EQ(decode_update(body_of(encode_update(update, {}).value()), {}), update);
}

TEST(Update, AddPathCarriesPathIds) {
  Update update = announcement();
  update.announced = {{p("203.0.113.0/24"), 7}, {p("203.0.113.0/24"), 8}};
  const SessionFacts facts{true, true, false};
  EXPECT_EQ(decode_update(body_of(encode_update(update, facts).value()), facts), update);
}

TEST(Update, OldSpeakersPathIsMergedWithAs4Path) {
  const Update update = announcement();
  SessionFacts old;
  old.four_octet_asn = false;
  Update expected = update;
  const Update decoded = decode_update(body_of(encode_update(update, old).value()), old);
  EXPECT_EQ(decoded.attributes.as_path, expected.attributes.as_path);
  EXPECT_TRUE(decoded.issues.empty());
}

TEST(Update, EndOfRibIsRecognisedForBothFamilies) {
  EXPECT_EQ(decode_update(body_of(encode_end_of_rib(ipv4_unicast)), {}).end_of_rib, ipv4_unicast);
  EXPECT_EQ(decode_update(body_of(encode_end_of_rib(ipv6_unicast)), {}).end_of_rib, ipv6_unicast);
}

// A body with one hand-made attributes field and one announced prefix.
std::vector<std::uint8_t> with_attributes(std::vector<std::uint8_t> attributes) {
  std::vector<std::uint8_t> out{0, 0, static_cast<std::uint8_t>(attributes.size() >> 8),
                                static_cast<std::uint8_t>(attributes.size())};
  out.insert(out.end(), attributes.begin(), attributes.end());
  out.insert(out.end(), {24, 203, 0, 113});
  return out;
}

const std::vector<std::uint8_t> good{0x40, 1,    1,    0,    0x40, 2, 6,   2, 1, 0,
                                     0,    0xfb, 0xf4, 0x40, 3,    4, 192, 0, 2, 1};

TEST(Rfc7606, AGoodMessageHasNoIssues) {
  const Update update = decode_update(with_attributes(good), {});
  EXPECT_TRUE(update.issues.empty());
  EXPECT_EQ(update.announced.size(), 1U);
}

TEST(Rfc7606, MalformedAttributesCostWhatTheTableSays) {
  struct Case {
    std::vector<std::uint8_t> extra;
    Outcome outcome;
  };
  const Case cases[] = {
      {{0xc0, 7, 3, 1, 2, 3}, Outcome::discard_attribute},  // AGGREGATOR of 3 bytes
      {{0x40, 6, 1, 0}, Outcome::discard_attribute},        // ATOMIC_AGGREGATE with a value
      {{0xc0, 17, 1, 9}, Outcome::discard_attribute},       // AS4_PATH
      {{0xc0, 8, 3, 1, 2, 3}, Outcome::treat_as_withdraw},  // COMMUNITIES of 3 bytes
      {{0xc0, 8, 0}, Outcome::treat_as_withdraw},           // empty COMMUNITIES
      {{0x80, 4, 2, 0, 1}, Outcome::treat_as_withdraw},     // MED of 2 bytes
      {{0xc0, 32, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Outcome::treat_as_withdraw},
      {{0xc0, 35, 1, 1}, Outcome::treat_as_withdraw},          // OTC (RFC 9234)
      {{0x40, 4, 4, 0, 0, 0, 1}, Outcome::treat_as_withdraw},  // MED with well-known flags
      {{0xc0, 8, 200, 1}, Outcome::treat_as_withdraw},         // longer than the field
      {{0x80, 14, 3, 0, 1, 1}, Outcome::reset_session},        // MP_REACH_NLRI cut off
      {{0x80, 15, 4, 0, 2, 1, 200}, Outcome::reset_session},   // MP_UNREACH_NLRI with a /200
      {{0x40, 1, 1, 0}, Outcome::discard_attribute},           // a second ORIGIN
  };
  for (const Case& c : cases) {
    std::vector<std::uint8_t> attributes = good;
    attributes.insert(attributes.end(), c.extra.begin(), c.extra.end());
    const Update update = decode_update(with_attributes(attributes), {});
    ASSERT_EQ(update.issues.size(), 1U) << int{c.extra[1]};
    EXPECT_EQ(update.outcome(), c.outcome) << int{c.extra[1]};
    EXPECT_EQ(update.announced.size(), c.outcome == Outcome::discard_attribute ? 1U : 0U);
    EXPECT_EQ(update.withdrawn.size(), c.outcome == Outcome::treat_as_withdraw ? 1U : 0U);
  }
}

TEST(Rfc7606, MissingMandatoryAttributesWithdraw) {
  const Update update = decode_update(with_attributes({0x40, 1, 1, 0}), {});
  EXPECT_EQ(update.outcome(), Outcome::treat_as_withdraw);
  EXPECT_EQ(update.issues.size(), 2U);
  EXPECT_THAT(update.withdrawn, ElementsAre(Nlri{p("203.0.113.0/24"), 0}));
}

TEST(Rfc7606, LyingLengthsResetTheSession) {
  const std::vector<std::uint8_t> cases[] = {
      {}, {0}, {0, 9, 24}, {0, 0, 0, 9, 1}, {0, 0, 0, 0, 33, 1, 2, 3, 4, 5}, {0, 0, 0, 0, 24, 1}};
  for (const auto& bytes : cases) {
    EXPECT_EQ(decode_update(bytes, {}).outcome(), Outcome::reset_session);
  }
}

TEST(Message, FramesAreChecked) {
  auto bytes = encode_end_of_rib(ipv4_unicast);
  EXPECT_TRUE(decode_message(bytes).has_value());
  bytes[16] = 0x10;
  EXPECT_FALSE(decode_message(bytes).has_value());
  bytes = encode_end_of_rib(ipv4_unicast);
  bytes[0] = 0;
  EXPECT_FALSE(decode_message(bytes).has_value());
  bytes = encode_end_of_rib(ipv4_unicast);
  bytes[18] = 9;
  EXPECT_FALSE(decode_message(bytes).has_value());
}

TEST(Open, RoundTripsWithItsCapabilities) {
  Open open;
  open.asn = 4200000001;
  open.four_octet_asn = true;
  open.hold_time_s = 90;
  open.bgp_identifier = net::Address::parse("192.0.2.1").value();
  open.families = {ipv4_unicast, ipv6_unicast};
  open.add_path = {{ipv4_unicast, true, false}};
  EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open);
}

TEST(Update, AnyPathAndPrefixesRoundTrip) {
  EXPECT_TRUE(rc::check(
      [](std::vector<std::uint32_t> asns, std::vector<std::pair<std::uint32_t, std::uint8_t>> routes) {
        Update update;
        if (asns.size() > 250) asns.resize(250);
        update.attributes.as_path = AsPath::sequence(asns);
        update.attributes.next_hop = net::Address::v4(1);
        for (const auto& [address, length] : routes) {
          update.announced.push_back({net::Prefix(net::Address::v4(address), length % 33), 0});
        }
        if (update.announced.empty()) return;
        RC_ASSERT(decode_update(body_of(encode_update(update, {}).value()), {}) == update);
      }));
}

}  // namespace
}  // namespace peering::wire::bgp
