// Frames of a router for tests: what edge-1 would send about its peers.
#pragma once

#include <string_view>
#include <vector>

#include "wire/bgp/update.h"
#include "wire/bmp/encode.h"

namespace peering::feeds::test {

using wire::bmp::Frame;

inline constexpr net::Asn router_asn = 64500;
inline constexpr net::Asn peer_asn = 64496;

inline net::Prefix prefix(std::string_view text) { return *net::Prefix::parse(text); }
inline net::Address address(std::string_view text) { return *net::Address::parse(text); }

inline wire::bmp::PerPeerHeader peer_header(std::string_view peer = "192.0.2.1", std::uint8_t flags = 0) {
  wire::bmp::PerPeerHeader out;
  out.flags = flags;
  out.address = address(peer);
  out.asn = peer_asn;
  out.bgp_identifier = address("192.0.2.1");
  return out;
}

struct OpenOptions {
  bool ipv6 = true;
  bool add_path = false;
};
inline wire::bgp::Open open_of(net::Asn asn, const OpenOptions& options) {
  wire::bgp::Open out;
  out.asn = asn;
  out.hold_time_s = 90;
  out.bgp_identifier = address("10.0.0.1");
  out.four_octet_asn = true;
  out.families = {wire::bgp::ipv4_unicast};
  if (options.ipv6) out.families.push_back(wire::bgp::ipv6_unicast);
  if (options.add_path) out.add_path = {{wire::bgp::ipv4_unicast, true, true}};
  return out;
}
inline Frame peer_up(const wire::bmp::PerPeerHeader& header, const OpenOptions& options = {},
                     std::uint16_t remote_port = 40000) {
  const auto sent = wire::bgp::encode_open(open_of(router_asn, options));
  const auto received = wire::bgp::encode_open(open_of(header.asn, options));
  return wire::bmp::encode_peer_up(header, address("192.0.2.254"), 179, remote_port, sent, received);
}

struct Routes {
  std::vector<wire::bgp::Nlri> announced, withdrawn;
  std::vector<net::Asn> path = {peer_asn, 64499};
};
inline std::vector<std::uint8_t> update_of(const Routes& routes, const wire::bgp::SessionFacts& facts = {}) {
  wire::bgp::Update update;
  update.attributes.as_path = wire::bgp::AsPath::sequence(routes.path);
  update.attributes.next_hop = address("192.0.2.1");
  update.announced = routes.announced;
  update.withdrawn = routes.withdrawn;
  return *wire::bgp::encode_update(update, facts);
}
inline Frame routes(const wire::bmp::PerPeerHeader& header, const Routes& routes,
                    const wire::bgp::SessionFacts& facts = {}) {
  return wire::bmp::encode_route_monitoring(header, update_of(routes, facts));
}
inline Frame announce(const wire::bmp::PerPeerHeader& header, std::string_view text) {
  return routes(header, {{{prefix(text), 0}}, {}});
}
inline Frame withdraw(const wire::bmp::PerPeerHeader& header, std::string_view text) {
  return routes(header, {{}, {{prefix(text), 0}}, {}});
}
inline Frame end_of_rib(const wire::bmp::PerPeerHeader& header, wire::bgp::FamilyId family) {
  return wire::bmp::encode_route_monitoring(header, wire::bgp::encode_end_of_rib(family));
}
inline Frame initiation(std::string_view name = "edge-1") {
  return wire::bmp::encode_initiation(name, "test router");
}

}  // namespace peering::feeds::test
