// MRT files for tests: what one collector wrote.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wire/bgp/update.h"
#include "wire/mrt/encode.h"

namespace peering::cli {

inline TimePoint at(std::string_view text) { return *parse_rfc3339(text); }

/// Records in order, then a file.
class RecordedMrt {
 public:
  RecordedMrt& announce(std::string_view time, net::Asn peer, std::vector<net::Asn> path,
                        std::string_view prefix) {
    wire::bgp::Update update;
    update.attributes = attributes(std::move(path));
    update.announced = {{*net::Prefix::parse(prefix), 0}};
    return add(time, peer, update);
  }
  RecordedMrt& withdraw(std::string_view time, net::Asn peer, std::string_view prefix) {
    wire::bgp::Update update;
    update.withdrawn = {{*net::Prefix::parse(prefix), 0}};
    return add(time, peer, update);
  }
  /// A table of one prefix: each path with its first AS as the peer.
  RecordedMrt& table(std::string_view time, std::string_view prefix,
                     const std::vector<std::vector<net::Asn>>& paths) {
    const net::Prefix of = *net::Prefix::parse(prefix);
    wire::mrt::PeerIndexTable peers;
    std::vector<std::vector<std::uint8_t>> fields;
    for (const auto& path : paths) {
      peers.peers.push_back({net::Address(), address_of(path.front()), path.front()});
      wire::bgp::Update update;
      update.attributes = attributes(path);
      update.announced = {{of, 0}};
      const auto message = wire::bgp::encode_update(update, {});
      EXPECT_TRUE(message);
      // Header 19, no withdrawn routes 2, length of the attributes 2.
      const std::size_t size = std::size_t{(*message)[21]} << 8 | (*message)[22];
      fields.emplace_back(message->begin() + 23, message->begin() + 23 + static_cast<std::ptrdiff_t>(size));
    }
    wire::mrt::TableRoutes routes;
    routes.prefix.length = of.length();
    std::ranges::copy(of.address().bytes(), routes.prefix.bytes.begin());
    std::ranges::copy(of.address().bytes(), routes.sent_address.begin());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      wire::mrt::TableEntry entry;
      entry.peer = static_cast<std::uint16_t>(i);
      entry.originated_seconds = static_cast<std::uint32_t>(to_us(at(time)) / 1'000'000);
      entry.attributes = fields[i];
      routes.entries.push_back(entry);
    }
    EXPECT_TRUE(wire::mrt::append_peer_index_table(at(time), peers, out_));
    EXPECT_TRUE(wire::mrt::append_table_routes(at(time), routes, out_));
    return *this;
  }
  /// Writes the file, whose folder is made.
  std::string write(const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    const auto bytes = std::move(out_).take();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }

 private:
  static net::Address address_of(net::Asn asn) { return net::Address::v4(0xC0000200 + asn % 256); }
  static wire::bgp::PathAttributes attributes(std::vector<net::Asn> path) {
    wire::bgp::PathAttributes out;
    out.as_path = wire::bgp::AsPath::sequence(std::move(path));
    out.next_hop = *net::Address::parse("192.0.2.1");
    return out;
  }
  RecordedMrt& add(std::string_view time, net::Asn peer, const wire::bgp::Update& update) {
    const auto message = wire::bgp::encode_update(update, {});
    EXPECT_TRUE(message);
    const wire::mrt::Session session{peer, 64999, address_of(peer), *net::Address::parse("192.0.2.254")};
    EXPECT_TRUE(wire::mrt::append_message(at(time), session, {}, *message, out_));
    return *this;
  }

  ByteWriter out_;
};

}  // namespace peering::cli
