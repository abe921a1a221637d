#include "wire/stamp/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::wire::stamp {
namespace {

using Bytes = std::vector<std::uint8_t>;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(StampPacket, FieldsStandWhereTheRfcPutsThem) {
  const Bytes sent = encode(SenderPacket{0x01020304, 0x1112131415161718, 0x2122, 0x3132});
  ASSERT_EQ(sent.size(), packet_bytes);
  EXPECT_EQ(Bytes(sent.begin(), sent.begin() + 16),
            (Bytes{1, 2, 3, 4, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x21, 0x22, 0x31, 0x32}));
  EXPECT_THAT(Bytes(sent.begin() + 16, sent.end()), testing::Each(0));

  const Bytes reflected = encode(ReflectorPacket{1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(reflected, (Bytes{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0,
                              0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 8, 0, 0, 9, 0, 0, 0}));
}

TEST(StampPacket, TimestampsCountFrom1900) {
  EXPECT_EQ(ntp_timestamp(0s), 2208988800ULL << 32);
  EXPECT_EQ(ntp_timestamp(1s + 500ms), 2208988801ULL << 32 | 0x80000000U);
}

TEST(StampPacket, TheReflectorsHoldTimeIsTakenOff) {
  ReflectorPacket packet;
  packet.received = ntp_timestamp(1'000'000s);
  packet.timestamp = ntp_timestamp(1'000'000s + 30ms);
  EXPECT_NEAR(static_cast<double>(round_trip(packet, 50ms)->count()), 20e6, 2);
  EXPECT_FALSE(round_trip(packet, 29ms));
  std::swap(packet.received, packet.timestamp);
  EXPECT_FALSE(round_trip(packet, 50ms));
}

TEST(StampPacket, AReflectorMayKeepTimeAsPtp) {
  ReflectorPacket packet;
  packet.error_estimate = ptp_bit | 1;
  packet.received = 9ULL << 32 | 999'000'000U;
  packet.timestamp = 10ULL << 32 | 4'000'000U;
  EXPECT_EQ(hold_time(packet), 5ms);
  packet.timestamp = 10ULL << 32 | 1'000'000'000U;
  EXPECT_FALSE(hold_time(packet));
}

TEST(StampPacket, TheEraMayEndOnTheWay) {
  ReflectorPacket packet;
  packet.received = 0xffffffffULL << 32;
  packet.timestamp = 1ULL << 32;
  EXPECT_EQ(hold_time(packet), 2s);
}

TEST(StampPacket, ShorterOnesAreNone) {
  const Bytes bytes(packet_bytes - 1);
  EXPECT_FALSE(decode_sender(bytes));
  EXPECT_FALSE(decode_reflector(bytes));
}

TEST(StampPacket, AReflectorAnswersWithWhatItGot) {
  const SenderPacket sent{77, 88, error_estimate, 99};
  const ReflectorPacket answer = reflect(sent, 5, 61);
  EXPECT_EQ(answer.sequence, 77U);
  EXPECT_EQ(answer.sender_sequence, 77U);
  EXPECT_EQ(answer.sender_timestamp, 88U);
  EXPECT_EQ(answer.session, 99);
  EXPECT_EQ(answer.received, 5U);
  EXPECT_EQ(answer.sender_ttl, 61);
}

RC_GTEST_PROP(StampPacket, WhatIsEncodedComesBack, (std::uint32_t a, std::uint64_t b, std::uint16_t c)) {
  const SenderPacket sent{a, b, c, static_cast<std::uint16_t>(~c)};
  RC_ASSERT(decode_sender(encode(sent)) == sent);
  const ReflectorPacket answer{a, b, c, c, ~b, ~a, b + 1, c, static_cast<std::uint8_t>(c)};
  RC_ASSERT(decode_reflector(encode(answer)) == answer);
}

}  // namespace
}  // namespace peering::wire::stamp
