// For tests: a BMP station that remembers what it is told. Its decoders are the server's own.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/prefix.h"
#include "wire/bgp/message.h"
#include "wire/bgp/update.h"
#include "wire/bmp/message.h"

namespace peering::sim::testing {

/// What a station that hears the bytes knows.
struct Station {
  std::string system_name;
  std::map<net::Address, net::Asn> peers;
  std::map<std::pair<net::Address, net::Prefix>, wire::bgp::PathAttributes> routes;
  std::multiset<net::Address> ends_of_rib;
  std::map<net::Address, std::uint64_t> counted;
  bool terminated = false;

  /// Whole frames only.
  void hear(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const auto size = wire::bmp::split_frame(bytes);
      ASSERT_TRUE(size) << size.error().message;
      ASSERT_TRUE(*size > 0 && *size <= bytes.size()) << "a frame is incomplete";
      const auto message = wire::bmp::decode_message(bytes.first(*size));
      ASSERT_TRUE(message) << message.error().message;
      std::visit([this](const auto& each) { take(each); }, *message);
      bytes = bytes.subspan(*size);
    }
  }

  void take(const wire::bmp::Initiation& message) { system_name = message.system_name().value_or(""); }
  void take(const wire::bmp::Termination&) { terminated = true; }
  void take(const wire::bmp::PeerUp& message) {
    const auto open = wire::bgp::decode_message(message.received_open);
    ASSERT_TRUE(open);
    const auto received = wire::bgp::decode_open(open->body);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->asn, message.peer.asn);
    EXPECT_TRUE(received->four_octet_asn);
    peers[message.peer.address] = message.peer.asn;
  }
  void take(const wire::bmp::StatisticsReport& message) {
    for (const wire::bmp::Statistic& each : message.statistics) counted[message.peer.address] = each.value;
  }
  void take(const wire::bmp::RouteMonitoring& message) {
    ASSERT_EQ(peers.count(message.peer.address), 1U) << "routes before the peer is up";
    EXPECT_GT(message.peer.time, TimePoint{});
    ASSERT_LE(message.update.size(), 4096U);
    const auto frame = wire::bgp::decode_message(message.update);
    ASSERT_TRUE(frame);
    const wire::bgp::Update update = wire::bgp::decode_update(frame->body, {});
    EXPECT_TRUE(update.issues.empty());
    if (update.end_of_rib) ends_of_rib.insert(message.peer.address);
    const auto remove = [&](const auto& list) {
      for (const wire::bgp::Nlri& route : list) routes.erase({message.peer.address, route.prefix});
    };
    remove(update.withdrawn);
    remove(update.mp_withdrawn);
    wire::bgp::PathAttributes attributes = update.attributes;
    for (const wire::bgp::Nlri& route : update.announced)
      routes[{message.peer.address, route.prefix}] = attributes;
    attributes.next_hop = update.mp_next_hop;
    for (const wire::bgp::Nlri& route : update.mp_announced)
      routes[{message.peer.address, route.prefix}] = attributes;
  }
  template <class Other>
  void take(const Other&) {
    ADD_FAILURE() << "a message that a router of this simulation does not send";
  }
};

}  // namespace peering::sim::testing
