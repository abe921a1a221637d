#include "wire/icmp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::wire::icmp {
namespace {

using Bytes = std::vector<std::uint8_t>;
using net::Family;

TEST(IcmpMessage, ARequestIsWhatTcpdumpShowsOfPing) {
  const Bytes data = {'a', 'b', 'c'};
  EXPECT_EQ(encode_echo(Family::ipv4, {false, 0x1234, 7, data}),
            (Bytes{8, 0, 0x21, 0x62, 0x12, 0x34, 0, 7, 'a', 'b', 'c'}));
  EXPECT_EQ(encode_echo(Family::ipv6, {false, 0x1234, 7, data}),
            (Bytes{128, 0, 0, 0, 0x12, 0x34, 0, 7, 'a', 'b', 'c'}));
}

// RFC 1071, section 3: the sum of these bytes is ddf2.
TEST(IcmpMessage, TheChecksumIsThatOfTheRfc) {
  EXPECT_EQ(checksum(Bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}), 0xffff - 0xddf2);
  EXPECT_EQ(checksum(Bytes{}), 0xffff);
}

TEST(IcmpMessage, EveryRequestOfAnIdentifierHasTheSameChecksum) {
  const Bytes first = encode_echo(Family::ipv4, {false, 99, 1, balanced_data(1, 0xfeedbeef, 56)});
  EXPECT_EQ(first.size(), header_bytes + 56);
  for (unsigned sequence = 0; sequence <= 0xffff; sequence += 13) {
    const auto number = static_cast<std::uint16_t>(sequence);
    const Bytes bytes = encode_echo(Family::ipv4, {false, 99, number, balanced_data(number, 0xfeedbeef, 56)});
    EXPECT_EQ(bytes[2], first[2]);
    EXPECT_EQ(bytes[3], first[3]);
    EXPECT_EQ(checksum(bytes), 0) << sequence;
  }
}

TEST(IcmpMessage, TheCookieTellsOurAnswersFromOthers) {
  const Bytes data = balanced_data(5, 42, 20);
  EXPECT_TRUE(is_balanced(5, 42, data));
  EXPECT_FALSE(is_balanced(6, 42, data));
  EXPECT_FALSE(is_balanced(5, 43, data));
  EXPECT_FALSE(is_balanced(5, 42, std::span(data).first(9)));
}

TEST(IcmpMessage, OnlyEchoesAreDecoded) {
  EXPECT_FALSE(decode_echo(Family::ipv4, Bytes{0, 0, 0, 0, 0, 1, 0}));
  EXPECT_FALSE(decode_echo(Family::ipv4, Bytes{3, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(decode_echo(Family::ipv4, Bytes{0, 1, 0, 0, 0, 1, 0, 2}));
  EXPECT_FALSE(decode_echo(Family::ipv6, Bytes{0, 0, 0, 0, 0, 1, 0, 2}));
  EXPECT_TRUE(decode_echo(Family::ipv6, Bytes{129, 0, 0, 0, 0, 1, 0, 2})->reply);
}

TEST(IcmpMessage, AnIpv4HeaderIsTakenOffWithItsOptions) {
  Bytes packet(28, 0);
  packet[0] = 0x46;
  packet[24] = 7;
  EXPECT_EQ(ipv4_payload(packet).size(), 4U);
  EXPECT_EQ(ipv4_payload(packet)[0], 7);
  packet[0] = 0x4f;
  EXPECT_TRUE(ipv4_payload(packet).empty());
  packet[0] = 0x44;
  EXPECT_TRUE(ipv4_payload(packet).empty());
  packet[0] = 0x65;
  EXPECT_TRUE(ipv4_payload(packet).empty());
  EXPECT_TRUE(ipv4_payload(std::span(packet).first(19)).empty());
}

TEST(IcmpMessage, ErrorsHaveTheirNames) {
  EXPECT_EQ(problem_of(Family::ipv4, 11, 0).meaning, Meaning::expired);
  EXPECT_EQ(problem_of(Family::ipv6, 3, 0).meaning, Meaning::expired);
  EXPECT_EQ(problem_of(Family::ipv4, 3, 3).meaning, Meaning::port_unreachable);
  EXPECT_EQ(problem_of(Family::ipv6, 1, 4).meaning, Meaning::port_unreachable);
  EXPECT_EQ(problem_of(Family::ipv4, 3, 1).text, "Destination Host Unreachable");
  EXPECT_EQ(problem_of(Family::ipv4, 3, 13).mark, "!X");
  EXPECT_EQ(problem_of(Family::ipv4, 3, 99).meaning, Meaning::unreachable);
  EXPECT_EQ(problem_of(Family::ipv6, 77, 0).meaning, Meaning::other);
}

RC_GTEST_PROP(IcmpMessage, WhatIsEncodedComesBack, (bool v4, bool reply, std::uint16_t id, Bytes data)) {
  const Family family = v4 ? Family::ipv4 : Family::ipv6;
  const Bytes bytes = encode_echo(family, {reply, id, 77, data});
  const auto echo = decode_echo(family, bytes);
  RC_ASSERT(echo.has_value());
  RC_ASSERT(echo->reply == reply && echo->identifier == id && echo->sequence == 77);
  RC_ASSERT(Bytes(echo->data.begin(), echo->data.end()) == data);
}

}  // namespace
}  // namespace peering::wire::icmp
