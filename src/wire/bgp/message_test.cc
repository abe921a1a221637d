#include "wire/bgp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/bgp/session.h"

namespace peering::wire::bgp {
namespace {

using testing::HasSubstr;

std::span<const std::uint8_t> body_of(const std::vector<std::uint8_t>& message) {
  return decode_message(message).value().body;
}

std::vector<std::uint8_t> message_of(std::uint16_t length, std::uint8_t type, std::size_t body_bytes) {
  std::vector<std::uint8_t> out(16, 0xff);
  out.push_back(static_cast<std::uint8_t>(length >> 8));
  out.push_back(static_cast<std::uint8_t>(length));
  out.push_back(type);
  out.resize(out.size() + body_bytes);
  return out;
}

TEST(Message, ExtendedMessagesAreWhole) {
  EXPECT_EQ(decode_message(message_of(65535, 2, 65535 - 19)).value().body.size(), 65516U);
}

TEST(Message, ErrorsNameTheLengthAndTheRule) {
  EXPECT_THAT(decode_message(std::vector<std::uint8_t>(7)).error().message, HasSubstr("7 bytes are less"));
  EXPECT_THAT(decode_message(message_of(18, 2, 0)).error().message, HasSubstr("length 18"));
  EXPECT_THAT(decode_message(message_of(100, 2, 0)).error().message, HasSubstr("length 100 does not fit 19"));
  EXPECT_THAT(decode_message(message_of(19, 2, 1)).error().message, HasSubstr("length 19 does not fit 20"));
  EXPECT_TRUE(decode_message(message_of(19, 4, 1), true).has_value());
  EXPECT_THAT(decode_message(message_of(19, 6, 0)).error().message, HasSubstr("unknown type 6"));
}

TEST(Open, AnyCapabilitiesRoundTrip) {
  EXPECT_TRUE(rc::check([](std::vector<std::pair<std::uint16_t, std::uint8_t>> families,
                           std::vector<std::uint8_t> directions, std::uint32_t asn, bool extended) {
    Open open;
    open.four_octet_asn = asn > 65535;
    open.asn = asn;
    open.extended_message = extended;
    open.bgp_identifier = net::Address::v4(asn ^ 0x0a000001);
    for (const auto& [afi, safi] : families) open.families.push_back({afi, safi});
    for (const std::uint8_t direction : directions) {
      const int mode = direction % 3 + 1;
      open.add_path.push_back({{direction, 1}, (mode & 1) != 0, (mode & 2) != 0});
    }
    RC_ASSERT(decode_open(body_of(encode_open(open))).value() == open);
  }));
}

TEST(Open, ManyCapabilitiesNeedExtendedParameters) {
  Open open;
  open.bgp_identifier = net::Address::v4(1);
  for (std::uint16_t afi = 0; afi < 100; ++afi) {
    open.families.push_back({afi, 1});
    open.add_path.push_back({{afi, 1}, true, true});
  }
  EXPECT_EQ(decode_open(body_of(encode_open(open))).value(), open);
}

TEST(Open, LyingLengthsAreErrors) {
  Open open;
  open.four_octet_asn = true;
  const auto message = encode_open(open);
  const auto body = body_of(message);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(decode_open(body.first(size)).has_value()) << size;
  }
  std::vector<std::uint8_t> lying(body.begin(), body.end());
  lying[13] = 200;  // of the four-octet capability
  EXPECT_THAT(decode_open(lying).error().message, HasSubstr("capability 65 is longer"));
  lying[0] = 3;
  EXPECT_THAT(decode_open(lying).error().message, HasSubstr("version 3 is not 4"));
}

TEST(Open, AddPathDirectionsThatMeanNothingAreLeftOut) {
  Open open;
  open.add_path = {{ipv4_unicast, true, true}};
  auto message = encode_open(open);
  message.back() = 4;
  EXPECT_TRUE(decode_open(body_of(message)).value().add_path.empty());
}

TEST(Session, PathIdentifiersComeWhenOneSendsAndTheOtherReceives) {
  Open sender, receiver;
  sender.four_octet_asn = receiver.four_octet_asn = true;
  sender.add_path = {{ipv4_unicast, false, true}, {ipv6_unicast, true, false}};
  receiver.add_path = {{ipv4_unicast, true, false}, {ipv6_unicast, true, false}};
  const SessionFacts facts = agreed_facts(sender, receiver);
  EXPECT_TRUE(facts.four_octet_asn);
  EXPECT_TRUE(facts.add_path_ipv4);
  EXPECT_FALSE(facts.add_path_ipv6);
  EXPECT_FALSE(agreed_facts(receiver, sender).add_path_ipv4);
  receiver.four_octet_asn = false;
  EXPECT_FALSE(agreed_facts(sender, receiver).four_octet_asn);
}

TEST(Notification, NeedsTwoBytes) {
  EXPECT_EQ(decode_notification(body_of(encode_notification({6, 4}))).value(), (Notification{6, 4}));
  EXPECT_FALSE(decode_notification(std::vector<std::uint8_t>{6}).has_value());
}

}  // namespace
}  // namespace peering::wire::bgp
