#include "wire/bmp/message.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/bgp/session.h"
#include "wire/bmp/encode.h"

namespace peering::wire::bmp {
namespace {

using testing::HasSubstr;

PerPeerHeader peer() {
  PerPeerHeader out;
  out.flags = 0x40;
  out.distinguisher = 7;
  out.address = net::Address::parse("192.0.2.1").value();
  out.asn = 64496;
  out.bgp_identifier = net::Address::parse("192.0.2.9").value();
  out.time = time_from_us(1'700'000'000'123'456);
  return out;
}

template <class T>
T decode_as(const Frame& frame) {  // what it returns refers to the frame
  return std::get<T>(decode_message(frame).value());
}

TEST(Bmp, RouteMonitoringRoundTrips) {
  const auto update = bgp::encode_end_of_rib(bgp::ipv4_unicast);
  const Frame frame = encode_route_monitoring(peer(), update);
  const auto message = decode_as<RouteMonitoring>(frame);
  EXPECT_EQ(message.peer, peer());
  EXPECT_TRUE(message.peer.post_policy());
  EXPECT_THAT(std::vector(message.update.begin(), message.update.end()), testing::Eq(update));
}

TEST(Bmp, PeerUpCarriesBothOpens) {
  bgp::Open open;
  open.asn = 64496;
  open.bgp_identifier = net::Address::v4(1);
  const auto bytes = bgp::encode_open(open);
  PerPeerHeader six = peer();
  six.address = net::Address::parse("2001:db8::1").value();
  const auto message = decode_as<PeerUp>(
      encode_peer_up(six, net::Address::parse("2001:db8::2").value(), 179, 40000, bytes, bytes));
  EXPECT_EQ(message.peer.address, six.address);
  EXPECT_EQ(message.local_address.to_string(), "2001:db8::2");
  EXPECT_EQ(message.remote_port, 40000);
  EXPECT_EQ(message.sent_open.size(), bytes.size());
  EXPECT_EQ(message.received_open.size(), bytes.size());
}

TEST(Bmp, SmallMessagesRoundTrip) {
  const Frame first = encode_initiation("edge-1", "FRR 8.4.4"), last = encode_termination(1);
  const auto initiation = decode_as<Initiation>(first);
  EXPECT_EQ(initiation.system_name(), "edge-1");
  EXPECT_EQ(initiation.system_description(), "FRR 8.4.4");
  EXPECT_EQ(decode_as<Termination>(last).reason(), 1);
  EXPECT_EQ(decode_as<PeerDown>(encode_peer_down(peer(), 4, {})).reason, 4);
  const auto report =
      decode_as<StatisticsReport>(encode_statistics(peer(), {{0, 3, {}}, {7, 1ULL << 40, {}}}));
  EXPECT_EQ(report.statistics.at(0).value, 3U);
  EXPECT_EQ(report.statistics.at(1).value, 1ULL << 40);
}

TEST(Bmp, LocRibHasItsOwnFlags) {
  PerPeerHeader loc = peer();
  loc.type = PeerType::loc_rib;
  loc.address = net::Address();
  loc.flags = 0x80;
  const auto message = decode_as<RouteMonitoring>(encode_route_monitoring(loc, {}));
  EXPECT_TRUE(message.peer.filtered());
  EXPECT_FALSE(message.peer.adj_rib_out());
  EXPECT_TRUE(message.peer.address.is_v4());
}

TEST(Bmp, FramesWaitForTheirBytesAndLyingLengthsAreErrors) {
  const Frame frame = encode_initiation("a", "b");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(split_frame(Bytes(frame).first(size)).value(), 0U);
  }
  EXPECT_EQ(split_frame(frame).value(), frame.size());
  EXPECT_THAT(split_frame(Frame{2, 0, 0, 0, 6, 4}).error().message, HasSubstr("version 2"));
  EXPECT_THAT(split_frame(Frame{3, 0, 0, 0, 5, 4}).error().message, HasSubstr("length 5"));
  EXPECT_THAT(split_frame(Frame{3, 0xff, 0, 0, 0, 4}).error().message, HasSubstr("length"));
}

TEST(Bmp, EveryTruncationIsAnErrorOrAShorterMessageNeverACrash) {
  bgp::Open open;
  open.bgp_identifier = net::Address::v4(1);
  const auto bytes = bgp::encode_open(open);
  Frame frame = encode_peer_up(peer(), net::Address::v4(1), 1, 2, bytes, bytes);
  for (std::size_t size = 6; size < frame.size(); ++size) {
    Frame cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    cut[1] = cut[2] = cut[3] = 0;
    cut[3] = static_cast<std::uint8_t>(size >> 8);
    cut[4] = static_cast<std::uint8_t>(size);
    EXPECT_FALSE(decode_message(cut).has_value()) << size;
  }
}

TEST(Bmp, UnknownTypesAreReportedNotRefused) {
  EXPECT_EQ(decode_as<UnknownMessage>(Frame{3, 0, 0, 0, 6, 77}).type, 77);
}

TEST(Bmp, TheTableOfALocRibIsNamedWhenItComesAndWhenItGoes) {
  PerPeerHeader loc = peer();
  loc.type = PeerType::loc_rib;
  const auto open = bgp::encode_open({});
  const Frame up = encode_peer_up(loc, net::Address(), 0, 0, open, open, "blue");
  EXPECT_EQ(decode_as<PeerUp>(up).table_name(), "blue");
  EXPECT_EQ(decode_as<PeerUp>(encode_peer_up(loc, net::Address(), 0, 0, open, open)).table_name(),
            std::nullopt);
  const Frame tlv{0, 3, 0, 4, 'b', 'l', 'u', 'e'};
  const Frame down = encode_peer_down(loc, 6, tlv);
  EXPECT_EQ(decode_as<PeerDown>(down).table_name(), "blue");
  const Frame lying{0, 3, 0, 5, 'b', 'l', 'u', 'e'};
  const Frame bad = encode_peer_down(loc, 6, lying);
  EXPECT_EQ(decode_as<PeerDown>(bad).table_name(), std::nullopt);
}

TEST(Bmp, PeerDownCarriesTheNotification) {
  const auto notification = bgp::encode_notification({6, 2});
  const Frame by_router = encode_peer_down(peer(), 1, notification);
  EXPECT_EQ(decode_as<PeerDown>(by_router).notification(), (bgp::Notification{6, 2}));
  const Frame by_event = encode_peer_down(peer(), 2, Frame{0, 18});
  EXPECT_EQ(decode_as<PeerDown>(by_event).notification(), std::nullopt);
  const Frame cut = encode_peer_down(peer(), 3, Bytes(notification).first(20));
  EXPECT_EQ(decode_as<PeerDown>(cut).notification(), std::nullopt);
}

TEST(Bmp, StatisticsKeepTheirFamilies) {
  const Frame frame = encode_statistics(peer(), {{9, 12, 1U << 8 | 1}, {10, 1ULL << 33, 2U << 8 | 1}});
  const auto report = decode_as<StatisticsReport>(frame);
  ASSERT_EQ(report.statistics.size(), 2U);
  EXPECT_EQ(report.statistics[0].family, 1U << 8 | 1);
  EXPECT_EQ(report.statistics[1].value, 1ULL << 33);
}

TEST(Bmp, EveryKnownStatisticHasItsWidth) {
  for (std::uint16_t type = 0; type < 18; ++type) {
    Statistic value{type, 7, {}};
    if (statistic_form(type) == StatisticForm::family_gauge) value.family = 2U << 8 | 1;
    const Frame frame = encode_statistics(peer(), {value});
    const auto report = decode_as<StatisticsReport>(frame);
    EXPECT_TRUE(report.statistics.at(0).known()) << type;
    EXPECT_EQ(report.statistics.at(0).value, 7U) << type;
    EXPECT_EQ(report.statistics.at(0).family, value.family) << type;
    EXPECT_FALSE(statistic_name(type).empty());
    EXPECT_EQ(unknown_values(report), 0U);
  }
}

// Replaces the one statistic of a report by any bytes.
Frame report_with(std::uint16_t type, const Frame& value) {
  Frame frame = encode_statistics(peer(), {});
  frame.back() = 1;
  frame.insert(frame.end(), {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type), 0,
                             static_cast<std::uint8_t>(value.size())});
  frame.insert(frame.end(), value.begin(), value.end());
  frame[4] = static_cast<std::uint8_t>(frame.size());
  return frame;
}

TEST(Bmp, StatisticsOfUnknownTypesOrWidthsAreKeptAndCounted) {
  const Frame unknown = report_with(700, {0, 0, 0, 9});
  auto report = decode_as<StatisticsReport>(unknown);
  EXPECT_EQ(report.statistics.at(0).value, 9U);
  EXPECT_EQ(unknown_values(report), 1U);
  const Frame odd = report_with(0, {1, 2, 3});
  report = decode_as<StatisticsReport>(odd);
  EXPECT_EQ(report.statistics.at(0).sent.size(), 3U);
  EXPECT_EQ(unknown_values(report), 1U);
  const Frame wide = report_with(0, {0, 0, 0, 0, 0, 0, 0, 5});  // a counter as a gauge
  report = decode_as<StatisticsReport>(wide);
  EXPECT_EQ(report.statistics.at(0).value, 5U);
  EXPECT_FALSE(report.statistics.at(0).known());
}

TEST(Bmp, RouteMirroringTellsMessagesErrorsAndLosses) {
  const Frame message{1, 2, 3}, errored{0, 0}, lost{0, 1}, other{9};
  Frame frame = encode_route_mirroring(peer(), {{tlv::mirroring_information, errored}, {0, message}});
  auto mirroring = decode_as<RouteMirroring>(frame);
  EXPECT_TRUE(mirroring.errored_message());
  EXPECT_FALSE(mirroring.messages_lost());
  ASSERT_EQ(mirroring.messages().size(), 1U);
  EXPECT_EQ(mirroring.messages()[0].size(), 3U);
  EXPECT_EQ(unknown_values(mirroring), 0U);
  const Frame losing = encode_route_mirroring(peer(), {{tlv::mirroring_information, lost}, {77, other}});
  const auto second = decode_as<RouteMirroring>(losing);
  EXPECT_TRUE(second.messages_lost());
  EXPECT_FALSE(second.errored_message());
  EXPECT_EQ(unknown_values(second), 1U);
  frame.pop_back();
  frame[4] = static_cast<std::uint8_t>(frame[4] - 1);
  EXPECT_THAT(decode_message(frame).error().message, HasSubstr("longer than the message"));
}

TEST(Bmp, PeerDownTellsTheEventAndPeerUpTheLabel) {
  const Frame down = encode_peer_down(peer(), 2, Frame{0, 18});
  EXPECT_EQ(decode_as<PeerDown>(down).event(), 18);
  const Frame other = encode_peer_down(peer(), 4, Frame{0, 18});
  EXPECT_EQ(decode_as<PeerDown>(other).event(), std::nullopt);
  const auto open = bgp::encode_open({});
  Frame up = encode_peer_up(peer(), net::Address(), 0, 0, open, open);
  up.insert(up.end(), {0, 4, 0, 2, 'h', 'i', 0, 99, 0, 0});
  up[3] = static_cast<std::uint8_t>(up.size() >> 8);
  up[4] = static_cast<std::uint8_t>(up.size());
  const auto message = decode_as<PeerUp>(up);
  EXPECT_EQ(message.admin_label(), "hi");
  EXPECT_EQ(unknown_values(message), 1U);
  ASSERT_NE(peer_of(message), nullptr);
  EXPECT_EQ(peer_of(Initiation{}), nullptr);
}

TEST(Bmp, PeerTypesThatNobodyKnowsAreErrors) {
  Frame frame = encode_route_monitoring(peer(), {});
  frame[6] = 4;
  EXPECT_THAT(decode_message(frame).error().message, HasSubstr("peer type 4 is not known"));
}

// --- recorded sessions -------------------------------------------------------------------------------------

std::filesystem::path shared_data() {
  const char* given = std::getenv("PEERING_SHARED");
  return std::filesystem::path(given ? given : PEERING_SOURCE_DIR "/../shared") / "data";
}

// "route-monitoring:8 stats:1 streams:1" as numbers by name.
std::map<std::string, int> counts_of(const std::string& text) {
  std::map<std::string, int> out;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto colon = word.find(':');
    out[word.substr(0, colon)] = std::stoi(word.substr(colon + 1));
  }
  return out;
}

struct Recorded {
  std::map<std::string, int> counts;
  int faults = 0;
  std::size_t unknown = 0;
  std::map<std::string, int> routes;  // by the names that tshark's counts have
  bgp::SessionFacts facts;

  void take(const RouteMonitoring& message) {
    ++counts["route-monitoring"];
    facts.four_octet_asn = !message.peer.two_octet_as_path();
    facts.next_hop_optional = true;
    const auto inner = bgp::decode_message(message.update);
    if (!inner) {
      ++faults;
      return;
    }
    const bgp::Update update = bgp::decode_update(inner->body, facts);
    if (!update.issues.empty()) ++faults;
    routes["nlri4"] += static_cast<int>(update.announced.size());
    routes["wd4"] += static_cast<int>(update.withdrawn.size());
    for (const bgp::Nlri& route : update.mp_announced)
      ++routes[route.prefix.family() == net::Family::ipv4 ? "mp4" : "mp6"];
    for (const bgp::Nlri& route : update.mp_withdrawn)
      ++routes[route.prefix.family() == net::Family::ipv4 ? "mpu4" : "mpu6"];
  }
  void take(const PeerUp& message) {
    ++counts["peer-up"];
    for (const Bytes open : {message.sent_open, message.received_open}) {
      const auto inner = bgp::decode_message(open);
      if (!inner || !bgp::decode_open(inner->body)) ++faults;
    }
  }
  void take(const StatisticsReport&) { ++counts["stats"]; }
  void take(const PeerDown&) { ++counts["peer-down"]; }
  void take(const Initiation&) { ++counts["initiation"]; }
  void take(const Termination&) { ++counts["termination"]; }
  void take(const RouteMirroring&) { ++counts["route-mirroring"]; }
  void take(const UnknownMessage&) { ++counts["unknown"]; }
};

Recorded read_session(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  Recorded out;
  Bytes rest(bytes);
  while (true) {
    const auto length = split_frame(rest);
    EXPECT_TRUE(length) << path << length.error().message;
    if (!length || *length == 0) break;
    const auto message = decode_message(rest.first(*length));
    EXPECT_TRUE(message) << path << message.error().message;
    if (message) std::visit([&](const auto& content) { out.take(content); }, *message);
    if (message) out.unknown += unknown_values(*message);
    rest = rest.subspan(*length);
  }
  if (!rest.empty()) out.counts["left_over_bytes"] = static_cast<int>(rest.size());
  out.counts["streams"] = 1;
  return out;
}

int known_faults(const std::string& name) {
  // One message has path identifiers; the Peer Up that says so was not recorded.
  if (name == "akvorado__bmp-unreach") return 1;
  // This FRR writes the AS_PATH of VPN routes with two-octet numbers, whatever it says.
  return name.find("205-BMP-6wind-FRR") != std::string::npos || name.find("206-BMP") != std::string::npos ? 2
                                                                                                          : 0;
}

TEST(Bmp, RecordedSessionsHaveTheMessagesThatOthersCount) {
  std::ifstream truth(shared_data() / "bmp/TRUTH.tsv");
  if (!truth) GTEST_SKIP() << "skipped: no shared data";
  std::string line;
  std::getline(truth, line);
  int sessions = 0;
  while (std::getline(truth, line)) {
    std::istringstream fields(line);
    std::vector<std::string> columns;
    for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
    const std::string name = columns.at(0).substr(0, columns.at(0).rfind(".pcap"));
    const Recorded seen = read_session(shared_data() / "bmp/raw" / (name + ".0.bmp"));
    EXPECT_EQ(seen.counts, counts_of(columns.at(6))) << name;
    EXPECT_EQ(seen.faults, known_faults(name)) << name;
    // tshark counts VPN and labelled routes among those of multiprotocol attributes; they are not read here.
    std::map<std::string, int> counted = counts_of(columns.at(8)), routes = seen.routes;
    for (const char* in_mp : {"mp4", "mp6", "mpu4", "mpu6"}) EXPECT_LE(routes[in_mp], counted[in_mp]) << name;
    EXPECT_EQ(routes["nlri4"], counted["nlri4"]) << name;
    EXPECT_EQ(routes["wd4"] + (name == "akvorado__bmp-unreach" ? 1 : 0), counted["wd4"])
        << name;  // the fault
    ++sessions;
  }
  EXPECT_GE(sessions, 20);
}

}  // namespace
}  // namespace peering::wire::bmp
