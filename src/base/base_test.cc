#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "base/byte_cursor.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/strict_json.h"
#include "base/time.h"

namespace peering {
namespace {

TEST(Time, Rfc3339RoundTrips) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2026-11-23T10:00:00.123Z", "2024-02-29T23:59:59.000001Z"}) {
    EXPECT_EQ(format_rfc3339(parse_rfc3339(text).value()), text);
  }
  EXPECT_EQ(format_rfc3339(parse_rfc3339("2026-11-23T12:00:00+02:00").value()), "2026-11-23T10:00:00Z");
}

TEST(Time, RefusesWhatIsNoMoment) {
  for (const char* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
                           "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+2:00"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(ByteReader, NeverLeavesItsBytes) {
  const std::uint8_t bytes[] = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.left(), 0U);
  EXPECT_TRUE(reader.bytes(1).empty());
}

TEST(Digest, Base64IsReadToTheLetter) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("Zg=="), "f");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm9v"), "foo");
  EXPECT_EQ(from_base64("+/+/"), "\xfb\xff\xbf");
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "====", "Z===", "Zm9v\n", " Zm9", "Zm=v", "Zm9-", "Zm9vZg"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Digest, MatchesPublishedVectors) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231 test case 2.
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
}

TEST(Digest, UuidsAreOfVersionFourAndNeverTheSame) {
  std::set<std::string> seen;
  std::mutex mutex;
  const auto draw = [&] {
    for (int i = 0; i < 1000; ++i) {
      const std::string uuid = random_uuid();
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(seen.insert(uuid).second);
      EXPECT_THAT(
          uuid, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    }
  };
  std::thread other(draw);
  draw();
  other.join();
}

TEST(Json, ErrorsNameThePlace) {
  EXPECT_TRUE(parse_json(" {\"a\": [1]} \n").has_value());
  EXPECT_FALSE(parse_json("{\"a\": ").has_value());
  EXPECT_FALSE(parse_json("{} x").has_value());
  EXPECT_FALSE(parse_json(std::string(1000, '[')).has_value());
}

TEST(StrictJsonTest, AMemberThatComesTwiceInOneObjectIsNamed) {
  for (const std::string_view text :
       {R"({"a":1,"a":1})", R"({"a":1,"b":[{"a":2}],"a":3})", R"([{"b":{"a":1,"c":{"a":2},"\u0061":2}}])"}) {
    const auto read = parse_json_strictly(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().message, "member 'a' is not accepted: it comes twice in one object") << text;
  }
  const std::string large = '"' + std::string(1'000'000, 'x') + "\\n\":1";
  EXPECT_LT(parse_json_strictly("{" + large + "," + large + "}").error().message.size(), 200U);
  EXPECT_TRUE(parse_json_strictly(R"({"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}],"A":5})"));
  EXPECT_EQ(parse_json_strictly("{").error().message, parse_json("{").error().message);
}

TEST(Metrics, RenderWhatWasCounted) {
  Metrics metrics;
  metrics.counter("peering_test_total", "A test.", {{"kind", "a"}}).add(2);
  EXPECT_EQ(metrics.counter("peering_test_total", "A test.", {{"kind", "a"}}).value(), 2);
  EXPECT_NE(metrics.render().find("peering_test_total{kind=\"a\"} 2"), std::string::npos);
}

TEST(Invalid, NamesFieldValueAndRule) {
  EXPECT_EQ(invalid("rtt_us", "-1\n", "a number above 0").message,
            "rtt_us '-1\\x0a' is not accepted: a number above 0");
}

TEST(Invalid, ShowsUtf8Only) {
  EXPECT_EQ(invalid("a", "\xc0\xaf \xc3\xa4\xff", "b").message,
            "a '\\xc0\\xaf \xc3\xa4\\xff' is not accepted: b");
  const std::string cut(79, 'x');
  EXPECT_EQ(invalid("a", cut + "\xc3\xa4", "b").message, "a '" + cut + "...' is not accepted: b");
}

}  // namespace
}  // namespace peering
