#include "alert/webhook.h"

#include <gtest/gtest.h>

namespace peering::alert {
namespace {

using std::chrono::seconds;

constexpr TimePoint at = time_from_us(1'700'000'000'500'000);

TEST(Signature, IsTheHmacOfTimeAndBody) {
  // Computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
  EXPECT_EQ(sign("secret", R"({"a":1})", at),
            "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
}

TEST(Signature, IsAcceptedOnlyForTheSameBodySecretAndTime) {
  const std::string header = sign("secret", "body", at);
  EXPECT_TRUE(verify(header, "secret", "body", at + seconds(60), seconds(300)));
  EXPECT_FALSE(verify(header, "secret", "bodx", at, seconds(300)));
  EXPECT_FALSE(verify(header, "other", "body", at, seconds(300)));
  EXPECT_FALSE(verify(header, "secret", "body", at + seconds(301), seconds(300)));
  EXPECT_FALSE(verify(header, "secret", "body", at - seconds(301), seconds(300)));
  for (const char* broken : {"", "t=", "t=1,v1=", "t=x,v1=00", "v1=00,t=1", "t=1700000000"}) {
    EXPECT_FALSE(verify(broken, "secret", "body", at, seconds(300))) << broken;
  }
}

TEST(Webhook, ReadsAChannelDocument) {
  const auto webhook = webhook_from_document(
      R"({"properties": {"type": "webhook", "url": "https://example.net/x", "secret": "s"}})");
  ASSERT_TRUE(webhook);
  EXPECT_EQ(webhook->url, "https://example.net/x");
  EXPECT_EQ(webhook->secret, "s");
}

TEST(Webhook, RefusesOtherDocumentsAndSchemes) {
  for (const char* text :
       {"", "[]", "{}", R"({"properties": {"type": "email"}})", R"({"properties": {"type": "webhook"}})",
        R"({"properties": {"type": "webhook", "url": "file:///etc/passwd"}})",
        R"({"properties": {"type": "webhook", "url": "gopher://x"}})"}) {
    EXPECT_FALSE(webhook_from_document(text)) << text;
  }
}

TEST(Webhook, LoopbackLinkLocalAndMulticastAreNoPublicTargets) {
  for (const char* text :
       {"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"}) {
    EXPECT_FALSE(is_public_target(*net::Address::parse(text))) << text;
  }
  for (const char* text : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fd00::1"}) {
    EXPECT_TRUE(is_public_target(*net::Address::parse(text))) << text;
  }
}

}  // namespace
}  // namespace peering::alert
