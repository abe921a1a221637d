#include <gtest/gtest.h>

#include "base/digest.h"
#include "sim/webhook_receiver.h"

namespace peering::sim {
namespace {

constexpr TimePoint at = time_from_us(1'795'600'000'000'000);

std::string header(std::string_view time, std::string_view body, std::string_view secret) {
  const std::string text = std::string(time) + "." + std::string(body);
  return "t=" + std::string(time) + ",v1=" + to_hex(hmac_sha256(secret, text));
}

TEST(Signature, OfThisBodySecretAndTimeIsRight) {
  EXPECT_TRUE(check_signature(header("1795600000", "{}", "s"), "{}", "s", at));
  EXPECT_TRUE(check_signature(header("1795599800", "{}", "s"), "{}", "s", at));
}

TEST(Signature, OfAnotherBodySecretOrTimeIsNot) {
  const std::string good = header("1795600000", "{}", "s");
  EXPECT_FALSE(check_signature(good, "{ }", "s", at));
  EXPECT_FALSE(check_signature(good, "{}", "other", at));
  EXPECT_FALSE(check_signature(header("1795590000", "{}", "s"), "{}", "s", at)) << "replayed";
  EXPECT_FALSE(check_signature(header("1795610000", "{}", "s"), "{}", "s", at)) << "from the future";
}

TEST(Signature, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "t=,v1=", "t=x,v1=00", "v1=00", "t=1795600000", "t=9999999999999999999999,v1=00", ",,,"}) {
    EXPECT_FALSE(check_signature(text, "{}", "s", at)) << text;
  }
}

}  // namespace
}  // namespace peering::sim
