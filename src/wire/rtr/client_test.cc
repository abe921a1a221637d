#include "wire/rtr/client.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::wire::rtr {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Bytes = std::vector<std::uint8_t>;

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }
Vrp vrp(std::string_view prefix, int length_max = 24, net::Asn asn = 64500) {
  return {p(prefix), static_cast<std::uint8_t>(length_max), asn};
}

std::vector<Versioned> pdus_of(std::span<const std::uint8_t> bytes) {
  std::vector<Versioned> out;
  while (!bytes.empty()) {
    const std::size_t length = split_pdu(bytes).value();
    out.push_back(decode_pdu(bytes.first(length)).value());
    bytes = bytes.subspan(length);
  }
  return out;
}

// A cache's side of the conversation.
struct Talk {
  Client client;
  Instant now{100h};
  std::uint8_t version = 2;

  explicit Talk(ClientLimits limits = {}) : client(limits) {}
  std::vector<Versioned> connect() { return pdus_of(client.connected(now).send); }
  ClientActions say(const std::vector<Pdu>& pdus) {
    Bytes bytes;
    for (const Pdu& pdu : pdus) {
      const Bytes one = encode_pdu(version, pdu);
      bytes.insert(bytes.end(), one.begin(), one.end());
    }
    return client.received(bytes, now);
  }
  ClientActions wait(std::chrono::seconds time) {
    now += time;
    return client.tick(now);
  }
  // Synchronises with one VRP, in session 7 at serial 1.
  void begin(std::uint8_t of_version = 2) {
    version = of_version;
    connect();
    say({CacheResponse{7}, PrefixPdu{true, vrp("203.0.113.0/24")}, EndOfData{7, 1, Intervals{}}});
    ASSERT_TRUE(client.is_synchronised());
  }
  static ErrorKind reported(const ClientActions& actions) {
    const auto pdus = pdus_of(actions.send);
    EXPECT_EQ(pdus.size(), 1U);
    return std::get<ErrorReport>(pdus.at(0).pdu).kind;
  }
};

TEST(RtrClient, AsksForEverythingAndHoldsItFromEndOfDataOn) {
  Talk talk;
  EXPECT_THAT(talk.connect(), ElementsAre(Versioned{2, ResetQuery{}}));
  EXPECT_FALSE(talk.say({CacheResponse{7}, PrefixPdu{true, vrp("203.0.113.0/24")}}).data_changed);
  EXPECT_THAT(talk.client.vrps(), IsEmpty());
  EXPECT_TRUE(talk.say({EndOfData{7, 1, Intervals{}}}).data_changed);
  EXPECT_THAT(talk.client.vrps(), ElementsAre(vrp("203.0.113.0/24")));
}

TEST(RtrClient, BytesMayComeOneByOne) {
  Talk talk;
  talk.connect();
  for (const Pdu& pdu : std::vector<Pdu>{CacheResponse{7}, PrefixPdu{true, vrp("203.0.113.0/24")},
                                         EndOfData{7, 1, Intervals{}}}) {
    for (const std::uint8_t byte : encode_pdu(2, pdu))
      EXPECT_FALSE(talk.client.received({&byte, 1}, talk.now).close);
  }
  EXPECT_TRUE(talk.client.is_synchronised());
}

TEST(RtrClient, ASerialNotifyBringsASerialQueryAndItsChanges) {
  Talk talk;
  talk.begin();
  EXPECT_THAT(pdus_of(talk.say({SerialNotify{7, 1}}).send), IsEmpty()) << "nothing new";
  EXPECT_THAT(pdus_of(talk.say({SerialNotify{7, 2}}).send), ElementsAre(Versioned{2, SerialQuery{7, 1}}));
  talk.say({CacheResponse{7}, PrefixPdu{false, vrp("203.0.113.0/24")},
            PrefixPdu{true, vrp("2001:db8::/32", 48)}, EndOfData{7, 2, Intervals{}}});
  EXPECT_THAT(talk.client.vrps(), ElementsAre(vrp("2001:db8::/32", 48)));
  EXPECT_EQ(talk.client.serial(), 2U);
}

TEST(RtrClient, AnAnswerThatBreaksOffChangesNothing) {
  Talk talk;
  talk.begin();
  talk.say({SerialNotify{7, 2}});
  talk.say({CacheResponse{7}, PrefixPdu{false, vrp("203.0.113.0/24")}});
  talk.client.disconnected(talk.now);
  EXPECT_THAT(talk.client.vrps(), ElementsAre(vrp("203.0.113.0/24")));
  EXPECT_THAT(talk.connect(), ElementsAre(Versioned{2, SerialQuery{7, 1}})) << "it goes on where it was";
}

TEST(RtrClient, ACacheResetBringsAResetQueryAndReplacesEverything) {
  Talk talk;
  talk.begin();
  talk.say({SerialNotify{7, 9}});
  EXPECT_THAT(pdus_of(talk.say({CacheReset{}}).send), ElementsAre(Versioned{2, ResetQuery{}}));
  EXPECT_THAT(talk.client.vrps(), testing::SizeIs(1)) << "until the new data is complete";
  talk.say({CacheResponse{7}, PrefixPdu{true, vrp("198.51.100.0/24")}, EndOfData{7, 9, Intervals{}}});
  EXPECT_THAT(talk.client.vrps(), ElementsAre(vrp("198.51.100.0/24")));
}

TEST(RtrClient, RefreshesWhenItIsTime) {
  Talk talk;
  talk.begin();
  EXPECT_THAT(talk.wait(3599s).send, IsEmpty());
  EXPECT_EQ(talk.client.next_event(), talk.now + 1s);
  EXPECT_THAT(pdus_of(talk.wait(1s).send), ElementsAre(Versioned{2, SerialQuery{7, 1}}));
}

TEST(RtrClient, DataOlderThanExpireIsDropped) {
  Talk talk;
  talk.begin();
  talk.client.disconnected(talk.now);
  EXPECT_FALSE(talk.wait(7199s).data_changed);
  const ClientActions actions = talk.wait(1s);
  EXPECT_TRUE(actions.data_changed);
  EXPECT_THAT(actions.notes, ElementsAre(testing::HasSubstr("too old")));
  EXPECT_FALSE(talk.client.has_data());
  EXPECT_THAT(talk.client.vrps(), IsEmpty());
  EXPECT_THAT(talk.connect(), ElementsAre(Versioned{2, ResetQuery{}}));
}

TEST(RtrClient, DataOfASessionThatIsOverIsHeldUntilTheNextAnswerOrItsExpiry) {
  Talk talk;
  talk.begin();
  talk.client.disconnected(talk.now);
  talk.wait(1000s);
  talk.connect();
  EXPECT_TRUE(talk.say({CacheResponse{8}}).close) << "restarted: our serial means nothing to it";
  talk.client.disconnected(talk.now);
  EXPECT_THAT(talk.connect(), ElementsAre(Versioned{2, ResetQuery{}}));
  talk.say({CacheResponse{8}, PrefixPdu{true, vrp("198.51.100.0/24")}});
  EXPECT_THAT(talk.client.vrps(), ElementsAre(vrp("203.0.113.0/24"))) << "not whole yet";
  Talk answered = talk;
  EXPECT_TRUE(answered.say({EndOfData{8, 1, Intervals{}}}).data_changed);
  EXPECT_THAT(answered.client.vrps(), ElementsAre(vrp("198.51.100.0/24")));
  EXPECT_TRUE(talk.wait(6200s).data_changed) << "the clock runs from the last End of Data";
  EXPECT_THAT(talk.client.vrps(), IsEmpty());
}

TEST(RtrClient, IntervalsAreKeptWithinTheRangesOfTheRfc) {
  Talk talk;
  talk.connect();
  const auto actions = talk.say({CacheResponse{7}, EndOfData{7, 1, Intervals{0, 90'000, 5}}});
  EXPECT_EQ(talk.client.intervals(), (Intervals{1, 7200, 7800}));
  EXPECT_THAT(actions.notes, ElementsAre(testing::HasSubstr("section 6")));
}

TEST(RtrClient, WhatDoesNotFitIsReportedAndEndsTheConnection) {
  const auto reported = [](const std::vector<Pdu>& pdus) {
    Talk talk;
    talk.begin();
    talk.say({SerialNotify{7, 2}});
    const ClientActions actions = talk.say(pdus);
    EXPECT_TRUE(actions.close);
    EXPECT_THAT(talk.client.vrps(), testing::SizeIs(1)) << "held data stays";
    talk.client.disconnected(talk.now);
    EXPECT_THAT(talk.connect(), ElementsAre(Versioned{2, ResetQuery{}}));
    return Talk::reported(actions);
  };
  EXPECT_EQ(reported({CacheResponse{7}, PrefixPdu{true, vrp("203.0.113.0/24")}}),
            ErrorKind::duplicate_announcement);
  EXPECT_EQ(reported({CacheResponse{7}, PrefixPdu{false, vrp("203.0.113.0/24", 25)}}),
            ErrorKind::withdrawal_of_unknown);
  EXPECT_EQ(reported({CacheResponse{7}, AspaPdu{false, {64500, {}, {}}}}), ErrorKind::withdrawal_of_unknown);
  EXPECT_EQ(reported({CacheResponse{8}}), ErrorKind::corrupt_data) << "another session";
  EXPECT_EQ(reported({CacheResponse{7}, EndOfData{8, 2, Intervals{}}}), ErrorKind::corrupt_data);
  EXPECT_EQ(reported({PrefixPdu{true, vrp("198.51.100.0/24")}}), ErrorKind::corrupt_data) << "out of place";
  EXPECT_EQ(reported({ResetQuery{}}), ErrorKind::corrupt_data);
}

TEST(RtrClient, AnErrorReportIsNeverAnsweredWithOne) {
  Talk talk;
  talk.begin();
  Bytes broken = encode_pdu(2, ErrorReport{ErrorKind::internal_error, {}, "x"});
  broken[11] = 99;
  const ClientActions actions = talk.client.received(broken, talk.now);
  EXPECT_TRUE(actions.close);
  EXPECT_THAT(actions.send, IsEmpty());
  Talk other;
  other.begin();
  const ClientActions told = other.say({ErrorReport{ErrorKind::internal_error, {}, "out of\nmemory"}});
  EXPECT_TRUE(told.close);
  EXPECT_THAT(told.send, IsEmpty());
  EXPECT_THAT(told.notes, ElementsAre("the cache reports: internal error; out of.memory"));
}

TEST(RtrClient, ALowerVersionInTheAnswerIsUsed) {
  for (const int version : {0, 1}) {
    Talk talk;
    talk.begin(static_cast<std::uint8_t>(version));
    EXPECT_EQ(talk.client.version(), version);
    talk.say({SerialNotify{7, 2}});
    talk.version = 2;
    EXPECT_EQ(Talk::reported(talk.say({CacheResponse{7}})), ErrorKind::unexpected_version);
  }
}

TEST(RtrClient, AnUnsupportedVersionIsTriedAgainInTheNextLowerAtOnce) {
  Talk talk;
  talk.connect();
  talk.version = 0;  // of the report; FORT says 0 and knows 1
  for (const std::uint8_t lower : {1, 0}) {
    EXPECT_TRUE(talk.say({ErrorReport{ErrorKind::unsupported_version, {}, ""}}).close);
    talk.client.disconnected(talk.now);
    EXPECT_EQ(talk.client.retry_at(), talk.now);
    EXPECT_THAT(talk.connect(), ElementsAre(Versioned{lower, ResetQuery{}}));
  }
}

TEST(RtrClient, ACacheThatHangsUpWithoutAWordIsAskedInALowerVersion) {
  Talk talk;
  std::vector<int> versions;
  for (int i = 0; i < 4; ++i) {
    versions.push_back(talk.connect().at(0).version);
    talk.client.disconnected(talk.now);
  }
  EXPECT_THAT(versions, ElementsAre(2, 1, 0, 2));
}

TEST(RtrClient, ANotifyBeforeTheFirstAnswerIsIgnoredWhateverItsVersion) {
  Talk talk;
  talk.connect();
  talk.version = 0;
  const ClientActions actions = talk.say({SerialNotify{1, 1}});
  EXPECT_FALSE(actions.close);
  EXPECT_THAT(actions.send, IsEmpty());
  talk.version = 1;
  talk.say({CacheResponse{7}, EndOfData{7, 1, Intervals{}}});
  EXPECT_EQ(talk.client.version(), 1);
}

TEST(RtrClient, ACacheWithoutDataIsAskedAgain) {
  Talk talk;
  talk.connect();
  EXPECT_FALSE(talk.say({ErrorReport{ErrorKind::no_data_available, {}, "soon"}}).close);
  EXPECT_FALSE(talk.client.has_data());
  EXPECT_THAT(pdus_of(talk.wait(1s).send), ElementsAre(Versioned{2, ResetQuery{}}));
}

TEST(RtrClient, SilenceInTheMiddleOfAnAnswerEndsTheConnection) {
  Talk talk;
  talk.connect();
  talk.say({CacheResponse{7}});
  EXPECT_FALSE(talk.wait(59s).close);
  EXPECT_TRUE(talk.wait(1s).close);
}

TEST(RtrClient, AttemptsAreFurtherAndFurtherApart) {
  Talk talk;
  std::vector<std::chrono::seconds> waits;
  for (int i = 0; i < 8; ++i) {
    talk.client.disconnected(talk.now);
    waits.push_back(std::chrono::duration_cast<std::chrono::seconds>(talk.client.retry_at() - talk.now));
  }
  EXPECT_THAT(waits, ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s));
}

TEST(RtrClient, AnAspaIsReplacedByTheNextOneOfItsCustomer) {
  Talk talk;
  talk.connect();
  talk.say({CacheResponse{7}, AspaPdu{true, {64500, {64496, 64497}, {}}}, EndOfData{7, 1, Intervals{}}});
  talk.say({SerialNotify{7, 2}});
  talk.say({CacheResponse{7}, AspaPdu{true, {64500, {64498}, {}}}, EndOfData{7, 2, Intervals{}}});
  EXPECT_THAT(talk.client.aspas(), ElementsAre(Aspa{64500, {64498}, AspaScope::both}));
  talk.say({SerialNotify{7, 3}});
  talk.say({CacheResponse{7}, AspaPdu{false, {64500, {}, {}}}, EndOfData{7, 3, Intervals{}}});
  EXPECT_THAT(talk.client.aspas(), IsEmpty());
}

TEST(RtrClient, ACacheThatNeverEndsIsDropped) {
  ClientLimits limits;
  limits.records_max = 10;
  Talk talk(limits);
  talk.connect();
  std::vector<Pdu> pdus{CacheResponse{7}};
  for (net::Asn asn = 1; asn <= 11; ++asn) pdus.push_back(PrefixPdu{true, vrp("203.0.113.0/24", 24, asn)});
  EXPECT_EQ(Talk::reported(talk.say(pdus)), ErrorKind::internal_error);
}

// What was sent from `port` in a pcapng file of Ethernet frames (enhanced packet blocks, little endian).
Bytes payload_from(const std::string& file, std::uint16_t port) {
  std::ifstream in(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  const auto u8 = [&](std::size_t at) { return static_cast<std::uint8_t>(all.at(at)); };
  const auto u16 = [&](std::size_t at) { return static_cast<std::size_t>(u8(at) << 8 | u8(at + 1)); };
  Bytes out;
  for (std::size_t at = 0; at + 12 <= all.size();) {
    const std::size_t block = u8(at + 4) | static_cast<std::size_t>(u8(at + 5)) << 8;
    const bool packet = u8(at) == 6;
    const std::size_t ip = at + 28 + 14;
    at += block;
    if (!packet) continue;
    const std::size_t tcp = ip + (u8(ip) & 15U) * 4U;
    const std::size_t data = tcp + (u8(tcp + 12) >> 4) * 4U, end = ip + u16(ip + 2);
    if (u16(tcp) != port) continue;
    out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(data),
               all.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

std::string shared_file(const std::string& name) {
  const char* shared = std::getenv("PEERING_SHARED");
  return (shared ? std::string(shared) : std::string(PEERING_SOURCE_DIR "/../shared")) + "/data/rpki/" + name;
}

// Counts of the truth table: 2,080 prefixes, then ten gone, one IPv4 and one IPv6 come.
TEST(RtrClient, FollowsARecordedSessionOfARealCache) {
  const std::string file = shared_file("stayrtr_rtrclient_v1_2080vrps.pcap");
  if (!std::ifstream(file)) GTEST_SKIP() << "skipped: no shared data";
  const Bytes bytes = payload_from(file, 8290);
  ASSERT_EQ(bytes.size(), 41928U);
  Talk talk;
  talk.connect();
  std::vector<std::size_t> held;
  std::span<const std::uint8_t> rest(bytes);
  std::map<std::size_t, int> kinds;
  while (!rest.empty()) {
    const std::size_t length = split_pdu(rest).value();
    ++kinds[rest[1]];
    const ClientActions actions = talk.client.received(rest.first(length), talk.now);
    EXPECT_FALSE(actions.close);
    if (actions.data_changed) held.push_back(talk.client.vrps().size());
    rest = rest.subspan(length);
  }
  EXPECT_THAT(kinds, ElementsAre(std::pair(0, 1), std::pair(3, 2), std::pair(4, 2091), std::pair(6, 1),
                                 std::pair(7, 2)));
  EXPECT_THAT(held, ElementsAre(2080U, 2072U));
}

TEST(RtrClient, AMalformedCaptureIsRefused) {
  const std::string file = shared_file("tcpdump__rpki-rtr-oobr.pcap");
  if (!std::ifstream(file)) GTEST_SKIP() << "skipped: no shared data";
  std::ifstream in(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  // Wherever one begins to read in it, nothing is held and nothing is read past its end.
  for (std::size_t at = 0; at < all.size(); ++at) {
    Talk talk;
    talk.connect();
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(all.data());
    talk.client.received({bytes + at, all.size() - at}, talk.now);
    EXPECT_FALSE(talk.client.has_data());
  }
}

}  // namespace
}  // namespace peering::wire::rtr
