#include "sim/router.h"

#include <algorithm>
#include <span>

#include "wire/bgp/message.h"
#include "wire/bgp/update.h"
#include "wire/bmp/encode.h"

namespace peering::sim {

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace bgp = wire::bgp;
namespace bmp = wire::bmp;

// So many routes fit into 4096 bytes beside the attributes.
constexpr std::size_t ipv4_routes_a_message = 600, ipv6_routes_a_message = 180;
constexpr std::uint16_t hold_time_s = 90, bgp_port = 179, first_remote_port = 40000;
constexpr std::uint16_t adj_rib_in_routes = 7;  // RFC 7854 section 4.8

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

bmp::PerPeerHeader header_of(const SessionSite& session, TimePoint at) {
  bmp::PerPeerHeader out;
  out.address = session.address;
  out.asn = session.asn;
  out.bgp_identifier = net::Address::v4(session.bgp_id);
  out.time = at;
  return out;
}

Bytes open_of(net::Asn asn, std::uint32_t bgp_id) {
  bgp::Open open;
  open.asn = asn;
  open.hold_time_s = hold_time_s;
  open.bgp_identifier = net::Address::v4(bgp_id);
  open.four_octet_asn = true;
  open.families = {bgp::ipv4_unicast, bgp::ipv6_unicast};
  return bgp::encode_open(open);
}

// One UPDATE: announcements with attributes, withdrawals without. All prefixes of one family.
bgp::Update update_of(const Attributes& attributes, std::span<const net::Prefix> prefixes) {
  bgp::Update out;
  const bool ipv4 = prefixes.front().family() == net::Family::ipv4;
  auto& routes =
      attributes ? (ipv4 ? out.announced : out.mp_announced) : (ipv4 ? out.withdrawn : out.mp_withdrawn);
  for (const net::Prefix& prefix : prefixes) routes.push_back({prefix, 0});
  if (!attributes) return out;
  out.attributes = *attributes;
  if (!ipv4) out.mp_next_hop = std::exchange(out.attributes.next_hop, std::nullopt);
  return out;
}

// Route monitoring for prefixes that share everything, in as many messages as they need.
void append_routes(Bytes& out, const bmp::PerPeerHeader& header, const Attributes& attributes,
                   std::span<const net::Prefix> prefixes) {
  while (!prefixes.empty()) {
    const net::Family family = prefixes.front().family();
    const std::size_t most = family == net::Family::ipv4 ? ipv4_routes_a_message : ipv6_routes_a_message;
    std::size_t count = 0;
    while (count < std::min(most, prefixes.size()) && prefixes[count].family() == family) ++count;
    const auto message = bgp::encode_update(update_of(attributes, prefixes.first(count)), {});
    if (message) append(out, bmp::encode_route_monitoring(header, *message));
    prefixes = prefixes.subspan(count);
  }
}

}  // namespace

Router::Router(const World& world, std::size_t index, const std::vector<RouteGroup>& table)
    : world_(&world), index_(index) {
  for (std::size_t session = 0; session < world.sessions.size(); ++session) {
    if (has(session)) tables_[session];
  }
  for (const RouteGroup& group : table) {
    if (has(group.session)) apply({group.session, group.attributes, group.prefixes});
  }
}

std::size_t Router::routes() const {
  std::size_t out = 0;
  for (const auto& [session, table] : tables_) out += table.size();
  return out;
}

void Router::apply(const RouteUpdate& update) {
  Table& table = tables_[update.session];
  for (const net::Prefix& prefix : update.prefixes) {
    if (update.attributes) {
      table[prefix] = update.attributes;
    } else {
      table.erase(prefix);
    }
  }
}

Bytes Router::greeting(TimePoint at) const {
  const RouterSite& site = world_->routers[index_];
  Bytes out = bmp::encode_initiation(site.name, site.description);
  for (const auto& [session, table] : tables_) {
    const SessionSite& neighbor = world_->sessions[session];
    const auto remote_port = static_cast<std::uint16_t>(first_remote_port + session);
    append(out, bmp::encode_peer_up(header_of(neighbor, at), neighbor.local_address, bgp_port, remote_port,
                                    open_of(world_->own_asn, site.bgp_id),
                                    open_of(neighbor.asn, neighbor.bgp_id)));
  }
  for (const auto& [session, table] : tables_) {
    const bmp::PerPeerHeader header = header_of(world_->sessions[session], at);
    // Routes that share their attributes share messages, in order of their first prefix.
    std::map<const bgp::PathAttributes*, std::size_t> place;
    std::vector<std::pair<Attributes, std::vector<net::Prefix>>> groups;
    for (const auto& [prefix, attributes] : table) {
      const auto [found, added] = place.try_emplace(attributes.get(), groups.size());
      if (added) groups.push_back({attributes, {}});
      groups[found->second].second.push_back(prefix);
    }
    for (const auto& [attributes, prefixes] : groups) append_routes(out, header, attributes, prefixes);
    for (const bgp::FamilyId family : {bgp::ipv4_unicast, bgp::ipv6_unicast}) {
      append(out, bmp::encode_route_monitoring(header, bgp::encode_end_of_rib(family)));
    }
  }
  return out;
}

Bytes Router::message(const RouteUpdate& update, TimePoint at) const {
  Bytes out;
  append_routes(out, header_of(world_->sessions[update.session], at), update.attributes, update.prefixes);
  return out;
}

Bytes Router::statistics(TimePoint at) const {
  Bytes out;
  for (const auto& [session, table] : tables_) {
    append(out, bmp::encode_statistics(header_of(world_->sessions[session], at),
                                       {{adj_rib_in_routes, table.size(), std::nullopt}}));
  }
  return out;
}

Bytes Router::farewell() const { return bmp::encode_termination(0); }

}  // namespace peering::sim
