#include "wire/bmp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/bgp/update.h"
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

}  // namespace
}  // namespace peering::wire::bmp
