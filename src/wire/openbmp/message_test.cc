#include "wire/openbmp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/openbmp/encode_for_tests.h"

namespace peering::wire::openbmp {
namespace {

const std::vector<std::uint8_t> body = {3, 0, 0, 0, 6, 4};

TEST(OpenBmp, ReadsTheBinaryHeader) {
  const auto bytes = encode_for_tests("route-views.ams", 7, body);
  const auto message = decode_message(bytes);
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->object, object_bmp_raw);
  EXPECT_EQ(message->collector, "route-views.ams");
  EXPECT_EQ(message->router_hash, "07070707070707070707070707070707");
  EXPECT_EQ(message->router_address->to_string(), "192.0.2.7");
  EXPECT_EQ(message->router_group, "group");
  EXPECT_EQ(to_us(message->time), 1'700'000'000'250'000);
  EXPECT_THAT(message->body, testing::ElementsAreArray(body));
  EXPECT_EQ(decode_message(encode_for_tests("", 7, body))->collector, "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0");
}

TEST(OpenBmp, ReadsTheTextHeader) {
  const std::string text =
      "V: 1.7\nC_HASH_ID: c1\nR_HASH_ID: r1\nR_IP: 192.0.2.1\nT: bmp_raw\nL: 6\nR: 1\n\n";
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.insert(bytes.end(), body.begin(), body.end());
  const auto message = decode_message(bytes);
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->collector, "c1");
  EXPECT_EQ(message->router_hash, "r1");
  EXPECT_EQ(message->router_address->to_string(), "192.0.2.1");
  EXPECT_THAT(message->body, testing::ElementsAreArray(body));
  bytes.pop_back();
  EXPECT_FALSE(decode_message(bytes)) << "a length that does not fit";
}

TEST(OpenBmp, WhatIsCutOffOrLongerThanItSaysIsRefused) {
  const auto whole = encode_for_tests("c", 1, body);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_message(std::span(whole).first(length))) << length;
  }
  auto longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(decode_message(longer));
  auto other = whole;
  other[4] = 2;
  EXPECT_THAT(decode_message(other).error().message, testing::HasSubstr("version"));
}

}  // namespace
}  // namespace peering::wire::openbmp
