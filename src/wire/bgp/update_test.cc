#include "wire/bgp/update.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp {
namespace {

using testing::ElementsAre;

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

std::span<const std::uint8_t> after_header(const std::vector<std::uint8_t>& message) {
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
  EXPECT_EQ(decode_update(after_header(encode_update(update, {}).value()), {}), update);
}

TEST(Update, Ipv6RoutesTravelInMultiprotocolAttributes) {
  Update update = announcement();
  update.announced.clear();
  update.attributes.next_hop.reset();
  update.mp_announced = {{p("2001:db8::/32"), 0}};
  update.mp_next_hop = net::Address::parse("2001:db8:ffff::1").value();
  update.mp_withdrawn = {{p("2001:db8:1::/48"), 0}};
  EXPECT_EQ(decode_update(after_header(encode_update(update, {}).value()), {}), update);
}

TEST(Update, AddPathCarriesPathIds) {
  Update update = announcement();
  update.announced = {{p("203.0.113.0/24"), 7}, {p("203.0.113.0/24"), 8}};
  const SessionFacts facts{true, true, false};
  EXPECT_EQ(decode_update(after_header(encode_update(update, facts).value()), facts), update);
}

TEST(Update, OldSpeakersPathIsMergedWithAs4Path) {
  const Update update = announcement();
  SessionFacts old;
  old.four_octet_asn = false;
  Update expected = update;
  const Update decoded = decode_update(after_header(encode_update(update, old).value()), old);
  EXPECT_EQ(decoded.attributes.as_path, expected.attributes.as_path);
  EXPECT_TRUE(decoded.issues.empty());
}

TEST(Update, EndOfRibIsRecognisedForBothFamilies) {
  EXPECT_EQ(decode_update(after_header(encode_end_of_rib(ipv4_unicast)), {}).end_of_rib, ipv4_unicast);
  EXPECT_EQ(decode_update(after_header(encode_end_of_rib(ipv6_unicast)), {}).end_of_rib, ipv6_unicast);
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
  EXPECT_EQ(decode_open(after_header(encode_open(open))).value(), open);
}

// --- any update, made from random numbers ---------------------------------------------------------------

net::Asn any_asn() { return *rc::gen::inRange<net::Asn>(1, 0xffffffff); }

template <class T>
std::optional<T> perhaps(T value) {
  return *rc::gen::arbitrary<bool>() ? std::optional(value) : std::nullopt;
}

AsPath any_path() {
  AsPath out;
  const int segments = *rc::gen::inRange(0, 4);
  for (int i = 0; i < segments; ++i) {
    const auto type = static_cast<SegmentType>(*rc::gen::inRange(1, 3));
    const auto count = *rc::gen::inRange<std::uint16_t>(1, 40);
    out.segments.push_back({type, count});
    for (int n = 0; n < count; ++n) out.asns.push_back(any_asn());
  }
  return out;
}

net::Address any_address(net::Family family) {
  if (family == net::Family::ipv4) return net::Address::v4(*rc::gen::arbitrary<std::uint32_t>());
  const auto bytes = *rc::gen::arbitrary<std::array<std::uint8_t, 16>>();
  return net::Address::v6(bytes);
}

std::vector<Nlri> any_routes(net::Family family, bool add_path) {
  std::vector<Nlri> out;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    const int length = *rc::gen::inRange(0, net::address_bits(family) + 1);
    const auto path_id = add_path ? *rc::gen::arbitrary<std::uint32_t>() : 0;
    out.push_back({net::Prefix(any_address(family), length), path_id});
  }
  return out;
}

Update any_update(const SessionFacts& facts) {
  Update out;
  out.announced = any_routes(net::Family::ipv4, facts.add_path_ipv4);
  out.withdrawn = any_routes(net::Family::ipv4, facts.add_path_ipv4);
  out.mp_announced = any_routes(net::Family::ipv6, facts.add_path_ipv6);
  out.mp_withdrawn = any_routes(net::Family::ipv6, facts.add_path_ipv6);
  if (!out.mp_announced.empty()) {
    out.mp_next_hop = any_address(net::Family::ipv6);
    out.mp_link_local_next_hop = perhaps(any_address(net::Family::ipv6));
  }
  if (out.announced.empty() && out.mp_announced.empty()) return out;
  PathAttributes& a = out.attributes;
  a.origin = static_cast<Origin>(*rc::gen::inRange(0, 3));
  a.as_path = any_path();
  if (!out.announced.empty()) a.next_hop = any_address(net::Family::ipv4);
  a.multi_exit_disc = perhaps(*rc::gen::arbitrary<std::uint32_t>());
  a.local_pref = perhaps(*rc::gen::arbitrary<std::uint32_t>());
  a.atomic_aggregate = *rc::gen::arbitrary<bool>();
  a.aggregator = perhaps(Aggregator{any_asn(), any_address(net::Family::ipv4)});
  a.communities = *rc::gen::arbitrary<std::vector<std::uint32_t>>();
  a.extended_communities = *rc::gen::arbitrary<std::vector<std::uint64_t>>();
  const int large = *rc::gen::inRange(0, 30);
  for (int i = 0; i < large; ++i) a.large_communities.push_back({any_asn(), any_asn(), any_asn()});
  a.only_to_customer = perhaps(any_asn());
  return out;
}

TEST(Update, AnyUpdateRoundTripsWithFourOctetNumbers) {
  EXPECT_TRUE(rc::check([](bool add_path_ipv4, bool add_path_ipv6) {
    const SessionFacts facts{true, add_path_ipv4, add_path_ipv6};
    Update update = any_update(facts);
    const bool says_nothing = update == Update();
    if (says_nothing) update.end_of_rib = ipv4_unicast;
    RC_ASSERT(decode_update(after_header(encode_update(update, facts).value()), facts) == update);
  }));
}

// Between speakers of two-octet numbers the path goes as AS_PATH and AS4_PATH and comes out whole; only how
// neighbouring sequences are cut into segments may change.
TEST(Update, AnyPathAndAggregatorSurviveTwoOctetSessions) {
  EXPECT_TRUE(rc::check([] {
    SessionFacts facts;
    facts.four_octet_asn = false;
    Update update = any_update(facts);
    const Update decoded = decode_update(after_header(encode_update(update, facts).value()), facts);
    RC_ASSERT(decoded.issues.empty());
    RC_ASSERT(decoded.attributes.as_path.asns == update.attributes.as_path.asns);
    RC_ASSERT(decoded.attributes.aggregator == update.attributes.aggregator);
  }));
}

// Whatever the bytes: no route both announced and faulty, and what was judged good reads back the same.
TEST(Update, AnyBytesGiveRoutesOnlyWithoutFaults) {
  EXPECT_TRUE(rc::check([](std::vector<std::uint8_t> bytes) {
    const Update update = decode_update(bytes, {});
    if (update.outcome() >= Outcome::treat_as_withdraw) {
      RC_ASSERT(update.announced.empty() && update.mp_announced.empty());
    }
    if (update.outcome() == Outcome::reset_session) RC_ASSERT(update.withdrawn.empty());
  }));
}

TEST(Rfc7607, AsZeroIsAFault) {
  std::vector<std::uint8_t> attributes = good;
  attributes[11] = attributes[12] = 0;  // the AS of the path
  EXPECT_EQ(decode_update(with_attributes(attributes), {}).outcome(), Outcome::treat_as_withdraw);
  attributes = good;
  attributes.insert(attributes.end(), {0xc0, 7, 8, 0, 0, 0, 0, 192, 0, 2, 1});
  const Update update = decode_update(with_attributes(attributes), {});
  EXPECT_EQ(update.outcome(), Outcome::discard_attribute);
  EXPECT_EQ(update.attributes.aggregator, std::nullopt);
  EXPECT_EQ(update.announced.size(), 1U);
}

TEST(Rfc7606, UnknownAttributesAreIgnoredUnlessWellKnown) {
  std::vector<std::uint8_t> attributes = good;
  attributes.insert(attributes.end(), {0xc0, 255, 1, 9, 0x80, 129, 0});
  EXPECT_TRUE(decode_update(with_attributes(attributes), {}).issues.empty());
  attributes.insert(attributes.end(), {0x40, 200, 0});
  EXPECT_EQ(decode_update(with_attributes(attributes), {}).outcome(), Outcome::reset_session);
}

TEST(Update, ANextHopMayBeMissingWhereTheReaderSaysSo) {
  const std::vector<std::uint8_t> attributes(good.begin(), good.end() - 7);
  EXPECT_EQ(decode_update(with_attributes(attributes), {}).outcome(), Outcome::treat_as_withdraw);
  SessionFacts facts;
  facts.next_hop_optional = true;
  EXPECT_TRUE(decode_update(with_attributes(attributes), facts).issues.empty());
}

TEST(Update, MulticastRoutesStayApartAndOtherFamiliesAreNamed) {
  std::vector<std::uint8_t> attributes = good;
  attributes.insert(attributes.end(), {0x80, 14, 11, 0, 1, 2, 4, 192, 0, 2, 1, 0, 8, 10});
  Update update = decode_update(with_attributes(attributes), {});
  EXPECT_EQ(update.multicast_announced, (std::vector<Nlri>{{p("10.0.0.0/8"), 0}}));
  EXPECT_TRUE(update.mp_announced.empty());
  EXPECT_EQ(update.other_families, (OtherFamilies{FamilyId{1, 2}, std::nullopt}));
  attributes = good;
  attributes.insert(attributes.end(), {0x80, 15, 5, 0, 25, 70, 1, 2});  // EVPN, not read
  update = decode_update(with_attributes(attributes), {});
  EXPECT_TRUE(update.issues.empty());
  EXPECT_EQ(update.other_families, (OtherFamilies{std::nullopt, FamilyId{25, 70}}));
  attributes.insert(attributes.end(), {0x80, 14, 11, 0, 1, 2, 4, 192, 0, 2, 1, 0, 8, 10});
  update = decode_update(with_attributes(attributes), {});
  EXPECT_EQ(update.other_families, (OtherFamilies{FamilyId{1, 2}, FamilyId{25, 70}})) << "both are told";
}

TEST(Update, AMultiprotocolNextHopMayHaveALinkLocalOneBesideIt) {
  Update update = announcement();
  update.announced.clear();
  update.attributes.next_hop.reset();
  update.mp_announced = {{p("2001:db8::/32"), 0}};
  update.mp_next_hop = net::Address::parse("2001:db8::1").value();
  update.mp_link_local_next_hop = net::Address::parse("fe80::1").value();
  EXPECT_EQ(decode_update(after_header(encode_update(update, {}).value()), {}), update);
}

TEST(Update, Ipv4RoutesMayHaveAnIpv6NextHop) {
  Update update = announcement();
  std::swap(update.announced, update.mp_announced);
  update.attributes.next_hop.reset();
  update.mp_next_hop = net::Address::parse("2001:db8::1").value();
  const auto message = encode_update(update, {}).value();
  EXPECT_EQ(decode_update(after_header(message), {}), update);
  SessionFacts facts;
  facts.extended_next_hop = false;
  EXPECT_EQ(decode_update(after_header(message), facts).outcome(), Outcome::reset_session);
}

TEST(Update, MultiprotocolAttributesComeFirst) {
  Update update = announcement();
  update.mp_announced = {{p("2001:db8::/32"), 0}};
  update.mp_next_hop = net::Address::parse("2001:db8::1").value();
  const auto message = encode_update(update, {}).value();
  EXPECT_EQ(message.at(header_bytes + 5), 14);
}

TEST(Update, MulticastRoutesHavePathIdsOnlyWhereThatWasAgreed) {
  std::vector<std::uint8_t> attributes = good;
  attributes.insert(attributes.end(), {0x80, 15, 5, 0, 1, 2, 8, 10});
  SessionFacts facts{.add_path_ipv4 = true, .add_path_multicast = false};
  std::vector<std::uint8_t> body = with_attributes(attributes);
  body.insert(body.end() - 4, {0, 0, 0, 1});
  EXPECT_EQ(decode_update(body, facts).multicast_withdrawn, (std::vector<Nlri>{{p("10.0.0.0/8"), 0}}));
  facts.add_path_multicast = true;
  EXPECT_EQ(decode_update(body, facts).outcome(), Outcome::reset_session);
}

TEST(Update, LargeCommunitiesThatComeAgainAreLeftOut) {
  for (const std::uint32_t count : {3U, 200U}) {
    Update update = announcement();
    update.attributes.large_communities.clear();
    for (std::uint32_t i = 0; i < count; ++i)
      update.attributes.large_communities.push_back({count - i, 1, 2});
    const Update expected = update;
    update.attributes.large_communities.push_back({1, 1, 2});
    update.attributes.large_communities.push_back({count, 1, 2});
    EXPECT_EQ(decode_update(after_header(encode_update(update, {}).value()), {}), expected);
  }
}

TEST(Update, DecodingIntoAUsedValueGivesTheSameAsIntoANewOne) {
  EXPECT_TRUE(rc::check([] {
    Update used = any_update({});
    used.multicast_announced = used.announced;
    used.multicast_withdrawn = used.withdrawn;
    used.end_of_rib = ipv6_unicast;
    used.other_families = {ipv6_unicast, ipv4_unicast};
    used.issues = {{1, Outcome::reset_session, "left over"}};
    const auto message = encode_update(any_update({}), {}).value();
    decode_update_into(after_header(message), {}, used);
    RC_ASSERT(used == decode_update(after_header(message), {}));
  }));
}

TEST(Prefixes, EveryLengthIsReadTheSameAtTheEndOfAFieldAndBefore) {
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    for (int length = 0; length <= net::address_bits(family); ++length) {
      std::vector<std::uint8_t> field;
      for (int i = 0; i < 2; ++i) {
        field.push_back(static_cast<std::uint8_t>(length));
        for (int byte = 0; byte < (length + 7) / 8; ++byte)
          field.push_back(static_cast<std::uint8_t>(0xff - byte));
      }
      std::array<std::uint8_t, 16> bytes{};
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0xff - i);
      const net::Address address = family == net::Family::ipv4 ? net::Address::v4(std::span(bytes).first<4>())
                                                               : net::Address::v6(bytes);
      const net::Prefix expected(address, length);
      int seen = 0;
      for_each_prefix(field, false, [&](const RawPrefix& raw) {
        EXPECT_EQ(raw.prefix(family), expected);
        ++seen;
      });
      EXPECT_EQ(seen, 2);
    }
  }
}

TEST(Prefixes, HostBitsAreClearedAndCountsAreExact) {
  const std::vector<std::uint8_t> field{13, 11, 13, 0, 32, 192, 0, 2, 1};
  EXPECT_EQ(count_prefixes(field, net::Family::ipv4, false), 3U);
  std::vector<std::string> seen;
  for_each_prefix(field, false,
                  [&](const RawPrefix& raw) { seen.push_back(raw.prefix(net::Family::ipv4).to_string()); });
  EXPECT_THAT(seen, ElementsAre("11.8.0.0/13", "0.0.0.0/0", "192.0.2.1/32"));
  EXPECT_EQ(count_prefixes(std::span(field).first(8), net::Family::ipv4, false), std::nullopt);
  EXPECT_EQ(count_prefixes(std::vector<std::uint8_t>{0, 0, 0, 7}, net::Family::ipv4, true), std::nullopt);
}

}  // namespace
}  // namespace peering::wire::bgp
