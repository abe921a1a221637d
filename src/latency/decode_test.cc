#include "latency/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::latency {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TimePoint now_here = parse_rfc3339("2026-11-23T10:00:00Z").value();
const SampleRules rules{.now = now_here};

DecodedSamples ndjson(std::string_view body) { return decode_ndjson(body, rules).value(); }
DecodedSamples csv(std::string_view body) { return decode_csv(body, rules).value(); }

// The one rejection of a line that is right but for the members given.
Rejection rejection_of(std::string_view line) {
  const DecodedSamples out = ndjson(line);
  EXPECT_THAT(out.samples, IsEmpty()) << line;
  EXPECT_EQ(out.rejected, 1) << line;
  return out.rejections.empty() ? Rejection{} : out.rejections.front();
}

TEST(DecodeNdjson, ReadsEveryMember) {
  const DecodedSamples out = ndjson(
      R"({"time": "2026-11-23T10:00:00.123Z", "client": "203.0.113.9", "pop": "AMS", "rtt_us": 23100, )"
      R"("kind": "quic", "source": "edge-1", "ours": {"not": [1, 2]}})");
  ASSERT_EQ(out.samples.size(), 1);
  const RawSample& sample = out.samples[0];
  EXPECT_EQ(sample.client.to_string(), "203.0.113.9");
  EXPECT_EQ(sample.at, now_here + std::chrono::milliseconds(123));
  EXPECT_EQ(sample.rtt_us, 23100);
  EXPECT_EQ(sample.kind, model::SampleKind::quic);
  EXPECT_EQ(out.names[sample.pop], "AMS");
  EXPECT_EQ(out.names[sample.source], "edge-1");
}

TEST(DecodeNdjson, ReadsUnixSecondsAndFractionsOfMicroseconds) {
  const DecodedSamples out =
      ndjson(R"({"time":1795428000.246,"client":"2001:db8::1","pop":"AMS","rtt_us":0.25})");
  ASSERT_EQ(out.samples.size(), 1);
  EXPECT_EQ(out.samples[0].at, now_here + std::chrono::milliseconds(246));
  EXPECT_EQ(out.samples[0].rtt_us, 1);
  EXPECT_EQ(out.samples[0].kind, model::SampleKind::srtt);
  EXPECT_EQ(out.names[out.samples[0].source], "");
}

TEST(DecodeNdjson, AMappedClientIsAnIpv4Client) {
  const DecodedSamples out =
      ndjson(R"({"time":1795428000,"client":"::ffff:203.0.113.9","pop":"AMS","rtt_us":1})");
  ASSERT_EQ(out.samples.size(), 1);
  EXPECT_EQ(out.samples[0].client.to_string(), "203.0.113.9");
}

TEST(DecodeNdjson, ABrokenLineSpoilsNoOther) {
  std::string body;
  for (int i = 0; i < 10; ++i) {
    body += i == 6 ? "{\"time\":1795428000,\"client\":\"203.0.113.9\n"
                   : R"({"time":1795428000,"client":"203.0.113.9","pop":"AMS","rtt_us":1000})"
                     "\n";
  }
  const DecodedSamples out = ndjson(body);
  EXPECT_EQ(out.samples.size(), 9);
  EXPECT_EQ(out.rejected, 1);
  ASSERT_EQ(out.rejections.size(), 1);
  EXPECT_EQ(out.rejections[0].index, 6);
  EXPECT_EQ(out.rejections[0].field, "line");
  EXPECT_THAT(out.rejections[0].value, HasSubstr("203.0.113.*"));
}

TEST(DecodeNdjson, WhatIsNoJsonObjectIsRejectedWhereverItIsBroken) {
  for (const char* line : {"{", "[]", "1", "nonsense", "{\"a\":tru}",
                           R"({"time":1795428000,"client":"203.0.113.9","pop":"A","rtt_us":1,"x":tru})",
                           R"({"time":1795428000,"client":"203.0.113.9","pop":"A","rtt_us":1} {})",
                           R"({"time":1795428000,"client":"203.0.113.9","pop":"A","rtt_us":1e999})",
                           "{\"client\":\"\xff\xfe\"}"}) {
    EXPECT_EQ(rejection_of(line).field, "line") << line;
  }
}

TEST(DecodeNdjson, BlankLinesAreNoSamplesAndCarriageReturnsNoError) {
  const std::string line = R"({"time":1795428000,"client":"203.0.113.9","pop":"AMS","rtt_us":1000})";
  const DecodedSamples out = ndjson("\xef\xbb\xbf" + line + "\r\n\r\n  \n" + line + "\n\nx");
  EXPECT_EQ(out.samples.size(), 2);
  ASSERT_EQ(out.rejections.size(), 1);
  EXPECT_EQ(out.rejections[0].index, 2);
  EXPECT_EQ(ndjson("").samples.size() + ndjson("").rejected, 0);
}

TEST(DecodeNdjson, EachFieldHasItsRule) {
  const auto line = [](std::string_view time, std::string_view client, std::string_view pop,
                       std::string_view rtt, std::string_view more = "") {
    return fmt::format(R"({{"time":{},"client":{},"pop":{},"rtt_us":{}{}}})", time, client, pop, rtt, more);
  };
  const std::string_view t = "1795428000", c = R"("203.0.113.9")", p = R"("AMS")";
  EXPECT_EQ(ndjson(line(t, c, p, "10000000")).samples.size(), 1) << "10 s is right";
  const auto field_and_value = [](const std::string& text) {
    const Rejection r = rejection_of(text);
    return std::pair(r.field, r.value);
  };
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(field_and_value(line(t, c, p, "0")), Pair("rtt_us", "0"));
  EXPECT_EQ(field_and_value(line(t, c, p, "-5")), Pair("rtt_us", "-5"));
  EXPECT_EQ(field_and_value(line(t, c, p, "600000000")), Pair("rtt_us", "600000000"));
  EXPECT_EQ(field_and_value(line(t, c, p, "10000001")), Pair("rtt_us", "10000001"));
  EXPECT_EQ(field_and_value(line(t, c, p, "18446744073709551615")), Pair("rtt_us", "18446744073709551615"));
  EXPECT_EQ(field_and_value(line(t, c, p, R"("12")")), Pair("rtt_us", "12"));
  EXPECT_EQ(field_and_value(line(t, c, p, "null")), Pair("rtt_us", "null"));
  EXPECT_EQ(field_and_value(line(t, c, R"("")", "1")), Pair("pop", ""));
  EXPECT_EQ(field_and_value(line(t, c, "7", "1")), Pair("pop", "7"));
  EXPECT_EQ(rejection_of(line(t, c, '"' + std::string(65, 'x') + '"', "1")).field, "pop");
  EXPECT_EQ(field_and_value(line(t, R"("300.1.1.1")", p, "1")), Pair("client", "300.1.1.1"));
  EXPECT_EQ(field_and_value(line(t, R"("203.0.113.9/32")", p, "1")), Pair("client", "203.0.113.*/32"));
  EXPECT_EQ(field_and_value(line(t, c, p, "1", R"(,"kind":"warp")")), Pair("kind", "warp"));
  EXPECT_EQ(field_and_value(line(t, c, p, "1", R"(,"kind":null)")), Pair("kind", "null"));
  EXPECT_EQ(rejection_of(line(t, c, p, "1", R"(,"source":")" + std::string(129, 'x') + '"')).field, "source");
  EXPECT_EQ(field_and_value(line(R"("yesterday")", c, p, "1")), Pair("time", "yesterday"));
  EXPECT_EQ(field_and_value(line("true", c, p, "1")), Pair("time", "true"));
  EXPECT_EQ(rejection_of(line("1e300", c, p, "1")).field, "time");
  EXPECT_EQ(rejection_of(R"({"client":"203.0.113.9","pop":"AMS","rtt_us":1})").field, "time");
  EXPECT_EQ(rejection_of(R"({"time":1795428000,"client":"203.0.113.9","rtt_us":1})").field, "pop");
}

TEST(DecodeNdjson, TimesHaveAnEarliestAndALatest) {
  const auto at = [](Microseconds offset) {
    return ndjson(fmt::format(R"({{"time":"{}","client":"203.0.113.9","pop":"AMS","rtt_us":1}})",
                              format_rfc3339(now_here + offset)));
  };
  using namespace std::chrono;
  EXPECT_EQ(at(minutes(5)).samples.size(), 1);
  EXPECT_EQ(at(minutes(5) + Microseconds(1)).rejections.at(0).field, "time");
  EXPECT_EQ(at(-days(30)).samples.size(), 1);
  EXPECT_EQ(at(-days(30) - Microseconds(1)).rejections.at(0).field, "time");
}

TEST(DecodeNdjson, AllAreCountedTwentyAreShown) {
  std::string body;
  for (int i = 0; i < 50; ++i) body += "x\n";
  const DecodedSamples out = ndjson(body);
  EXPECT_EQ(out.rejected, 50);
  EXPECT_EQ(out.rejections.size(), 20);
}

TEST(DecodeNdjson, ALineLongerThanTheLimitIsRejectedAndItsValueShort) {
  const DecodedSamples out = ndjson("{\"pop\":\"" + std::string(line_bytes_max, 'x') + "\"}");
  ASSERT_EQ(out.rejections.size(), 1);
  EXPECT_LE(out.rejections[0].value.size(), 80);
}

TEST(DecodeCsv, ReadsColumnsInAnyOrder) {
  const DecodedSamples out =
      csv("rtt_us,pop,extra,client,time,source\r\n"
          "23100,AMS,x,203.0.113.9,2026-11-23T10:00:00Z,\"edge \"\"1\"\", left\"\r\n"
          "100.4,\"LON\",,2001:db8::1,1795428000.5,\n");
  ASSERT_EQ(out.samples.size(), 2) << out.rejections.at(0).rule;
  EXPECT_EQ(out.names[out.samples[0].source], "edge \"1\", left");
  EXPECT_EQ(out.samples[0].rtt_us, 23100);
  EXPECT_EQ(out.samples[1].at, now_here + std::chrono::milliseconds(500));
  EXPECT_EQ(out.names[out.samples[1].pop], "LON");
  EXPECT_EQ(out.samples[1].kind, model::SampleKind::srtt);
}

TEST(DecodeCsv, ABrokenLineSpoilsNoOther) {
  const DecodedSamples out =
      csv("time,client,pop,rtt_us,kind\n"
          "1795428000,203.0.113.9,AMS,1,min\n"
          "1795428000,\"203.0.113.9,AMS,1,min\n"
          "1795428000,203.0.113.9,AMS\n"
          "1795428000,\"203.0.113.9\"x,AMS,1,min\n"
          "1795428000,203.0.113.9,AMS,nan,min\n"
          "1795428000,203.0.113.9,AMS,inf,min\n"
          "1795428000,203.0.113.9,AMS,12x,min\n"
          "1795428000,203.0.113.9,AMS,1,warp\n"
          "1795428000,203.0.113.9,AMS,1,\n");
  EXPECT_EQ(out.samples.size(), 2);
  std::vector<std::string> fields;
  for (const Rejection& each : out.rejections) fields.push_back(each.field);
  EXPECT_THAT(fields, ElementsAre("line", "line", "line", "rtt_us", "rtt_us", "rtt_us", "kind"));
  EXPECT_EQ(out.rejections[0].index, 1);
}

TEST(DecodeCsv, AHeaderThatLacksAColumnRefusesTheBody) {
  for (const char* body : {"", "time,client,pop\n", "time,client,rtt_us\n1,2,3\n",
                           "time,time,client,pop,rtt_us\n", "\"time,client,pop,rtt_us\n"}) {
    const auto refused = decode_csv(body, rules);
    ASSERT_FALSE(refused.has_value()) << body;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_THAT(decode_csv("time,client,pop\n", rules).error().message, HasSubstr("rtt_us"));
}

// The binary form, little-endian.
class BinaryBody {
 public:
  BinaryBody(std::vector<std::string> pops, std::string source, std::uint64_t base_us) {
    bytes_ = "PSM1";
    number(pops.size(), 2);
    number(source.size(), 2);
    number(base_us, 8);
    for (const std::string& pop : pops) {
      number(pop.size(), 1);
      bytes_ += pop;
    }
    bytes_ += source;
  }
  void record(std::int64_t offset_us, std::string_view client, std::uint32_t rtt_us, std::uint16_t pop,
              std::uint8_t kind) {
    number(static_cast<std::uint64_t>(offset_us), 8);
    const auto address = net::Address::parse(client).value();
    for (const std::uint8_t byte : address.bytes()) number(byte, 1);
    number(rtt_us, 4);
    number(pop, 2);
    number(kind, 1);
    number(0, 1);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }
  std::string bytes_;
};

const auto base_us = static_cast<std::uint64_t>(to_us(now_here));

TEST(DecodeBinary, ReadsRecords) {
  BinaryBody body({"AMS", "LON"}, "edge-1", base_us);
  body.record(-1000, "::ffff:203.0.113.9", 23100, 1, 5);
  body.record(1000, "2001:db8::1", 10'000'000, 0, 0);
  const auto out = decode_binary(body.bytes(), rules).value();
  ASSERT_EQ(out.samples.size(), 2);
  EXPECT_EQ(out.samples[0].client.to_string(), "203.0.113.9");
  EXPECT_EQ(out.samples[0].at, now_here - Microseconds(1000));
  EXPECT_EQ(out.samples[0].kind, model::SampleKind::quic);
  EXPECT_EQ(out.names[out.samples[0].pop], "LON");
  EXPECT_EQ(out.names[out.samples[0].source], "edge-1");
  EXPECT_EQ(out.samples[1].client.to_string(), "2001:db8::1");
  EXPECT_EQ(out.samples[1].rtt_us, 10'000'000);
}

TEST(DecodeBinary, RecordsAreRejectedOneByOne) {
  BinaryBody body({"AMS", ""}, "", base_us);
  body.record(0, "::1", 1, 0, 0);
  body.record(0, "::1", 0, 0, 0);
  body.record(0, "::1", 10'000'001, 0, 0);
  body.record(0, "::1", 1, 2, 0);
  body.record(0, "::1", 1, 1, 0);
  body.record(0, "::1", 1, 0, 6);
  body.record(600'000'000, "::1", 1, 0, 0);
  body.record(INT64_MIN, "::1", 1, 0, 0);
  body.record(INT64_MAX, "::1", 1, 0, 0);
  const auto out = decode_binary(body.bytes(), rules).value();
  EXPECT_EQ(out.samples.size(), 1);
  std::vector<std::string> fields;
  for (const Rejection& each : out.rejections) fields.push_back(each.field);
  EXPECT_THAT(fields, ElementsAre("rtt_us", "rtt_us", "pop", "pop", "kind", "time", "time", "time"));
}

TEST(DecodeBinary, ABodyThatIsNotHeaderAndWholeRecordsIsRefusedWhole) {
  BinaryBody body({"AMS", "LON"}, "edge-1", base_us);
  const std::size_t header = body.bytes().size();
  body.record(0, "::1", 1, 0, 0);
  for (std::size_t size = 0; size < body.bytes().size(); ++size) {
    const auto read = decode_binary(body.bytes().substr(0, size), rules);
    EXPECT_EQ(read.has_value(), size == header) << size;
  }
  EXPECT_FALSE(decode_binary(body.bytes() + "x", rules));
  EXPECT_THAT(decode_binary("PSM2" + body.bytes().substr(4), rules).error().message, HasSubstr("PSM1"));
}

TEST(DecodeSamples, KnowsThreeContentTypes) {
  EXPECT_EQ(sample_format("application/x-ndjson").value(), SampleFormat::ndjson);
  EXPECT_EQ(sample_format("Text/CSV; charset=utf-8").value(), SampleFormat::csv);
  EXPECT_EQ(sample_format("application/vnd.peering.samples.v1").value(), SampleFormat::binary);
  EXPECT_EQ(sample_format("application/json").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(sample_format("").error().code, ErrorCode::invalid_argument);
}

TEST(DecodeSamples, RefusesABodyAboveTheLimit) {
  const std::string body(body_bytes_max + 1, '\n');
  EXPECT_EQ(decode_samples(SampleFormat::ndjson, body, rules).error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace peering::latency
