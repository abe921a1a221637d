#include "wire/syslog/message.h"

#include <string>

#include <gmock/gmock.h>

namespace peering::wire::syslog {
namespace {

using testing::HasSubstr;

Message read_message(std::string_view text) {
  const auto message = parse(text);
  EXPECT_TRUE(message) << (message ? "" : message.error().message);
  return message.value_or(Message{});
}

std::string refusal(std::string_view text) {
  const auto message = parse(text);
  return message ? "" : message.error().message;
}

TEST(Syslog, AMessageOfNginxHasHostTagAndContent) {
  const Message message = read_message("<190>Nov 23 16:13:36 edge-1 peering: {\"rtt_us\":40490}");
  EXPECT_EQ(message.priority, 190);
  EXPECT_EQ(message.host, "edge-1");
  EXPECT_EQ(message.application, "peering");
  EXPECT_EQ(message.content, "{\"rtt_us\":40490}");
  EXPECT_FALSE(message.time);
}

TEST(Syslog, AMessageOfRfc3164MayLackItsHost) {
  const Message message = read_message("<134>Nov  3 16:14:33 haproxy[24033]: {}\n");
  EXPECT_EQ(message.host, "");
  EXPECT_EQ(message.application, "haproxy");
  EXPECT_EQ(message.content, "{}");
}

TEST(Syslog, AMessageOfRfc3164MayLackItsTag) {
  const Message message = read_message("<134>Nov 23 16:14:33 edge-1 just words");
  EXPECT_EQ(message.host, "edge-1");
  EXPECT_EQ(message.application, "");
  EXPECT_EQ(message.content, "just words");
}

TEST(Syslog, AMessageOfRfc5424HasATimeOfItsOwn) {
  const Message message =
      read_message("<134>1 2026-11-23T16:14:33.724334+01:00 - haproxy 24033 - - {\"rtt_us\":\"40557\"}\r\n");
  EXPECT_EQ(message.time, parse_rfc3339("2026-11-23T15:14:33.724334Z").value());
  EXPECT_EQ(message.host, "");
  EXPECT_EQ(message.application, "haproxy");
  EXPECT_EQ(message.content, "{\"rtt_us\":\"40557\"}");
}

TEST(Syslog, StructuredDataIsPassedOver) {
  const std::string head = "<165>1 - edge-1 app - ID47 ";
  EXPECT_EQ(read_message(head + R"([a@1 b="c \"]\\ d"][e f="g"] said)").content, "said");
  EXPECT_EQ(read_message(head + "[a@1 b=\"c\"]").content, "");
  EXPECT_EQ(read_message(head + "- \xef\xbb\xbfsaid").content, "said");
  EXPECT_THAT(refusal(head + R"([a@1 b="c)"), HasSubstr("does not end"));
  EXPECT_THAT(refusal(head + R"([a@1 b="c"]said)"), HasSubstr("no blank"));
  EXPECT_THAT(refusal(head + "said"), HasSubstr("does not end"));
}

TEST(Syslog, WhatIsNeitherRfcIsContent) {
  EXPECT_EQ(read_message("{\"rtt_us\":1}\n").content, "{\"rtt_us\":1}");
  EXPECT_EQ(read_message("<13>{\"rtt_us\":1}").content, "{\"rtt_us\":1}");
  EXPECT_EQ(read_message("<13x>hello").content, "<13x>hello");
  EXPECT_EQ(read_message("<>").content, "<>");
  EXPECT_EQ(read_message("").content, "");
  EXPECT_EQ(read_message("<13>Nov 23 25:61").content, "Nov 23 25:61");
}

TEST(Syslog, WhatBreaksItsRuleIsRefused) {
  EXPECT_THAT(refusal("<192>hello"), HasSubstr("192"));
  EXPECT_THAT(refusal("<13>1 2026-11-23T16:14:33Z edge-1"), HasSubstr("needs time"));
  EXPECT_THAT(refusal("<13>1 yesterday h a p i - x"), HasSubstr("time"));
  EXPECT_THAT(refusal(std::string(message_bytes_max + 1, 'x')), HasSubstr("longer"));
}

TEST(Syslog, AStreamIsFramedByCountsOrByLines) {
  const std::string stream = "5 <13>a<13>b\r\n11 <13>two\nmore";
  const auto first = next_frame(stream);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->message, "<13>a");
  const auto second = next_frame(std::string_view(stream).substr(first->used));
  ASSERT_TRUE(second);
  EXPECT_EQ(read_message(second->message).content, "b");
  const auto third = next_frame(std::string_view(stream).substr(first->used + second->used));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->message, "<13>two\nmor") << "a count may hold a line feed";
}

TEST(Syslog, AFrameWaitsUntilItIsWhole) {
  for (const std::string_view part : {"", "1", "12", "12 <13>", "<13>no end", "{"}) {
    const auto frame = next_frame(part);
    ASSERT_TRUE(frame) << part;
    EXPECT_EQ(frame->used, 0U) << part;
  }
}

TEST(Syslog, AFrameThatCannotBeIsRefused) {
  EXPECT_FALSE(next_frame("0 "));
  EXPECT_FALSE(next_frame("12x"));
  EXPECT_FALSE(next_frame("123456"));
  EXPECT_FALSE(next_frame("65537 x"));
  EXPECT_FALSE(next_frame(std::string(message_bytes_max + 1, 'x')));
  EXPECT_TRUE(next_frame(std::string(message_bytes_max, 'x') + "\n"));
}

}  // namespace
}  // namespace peering::wire::syslog
