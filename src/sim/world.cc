#include "sim/world.h"

#include <algorithm>

#include "sim/background.h"
#include "sim/random.h"

namespace peering::sim {

namespace {

constexpr net::Asn own_asn = 300000;
constexpr net::Asn primary_asn = 300010, backup_asn = 300011;
constexpr net::Asn transit_asn = 300001, exchange_asn = 300020;
constexpr net::Asn customer_asn = 300500;

net::Prefix prefix_of(std::string_view text) {
  return net::Prefix::parse_lenient(text).value_or(net::Prefix());
}

void add_sessions(World& world) {
  world.sessions = {
      make_session(0, SessionRole::partner_primary, "AMS primary", primary_asn, 10),
      make_session(0, SessionRole::transit, "AMS transit", transit_asn, 20),
      make_session(0, SessionRole::exchange, "AMS exchange", exchange_asn, 30),
      make_session(1, SessionRole::partner_backup, "FRA backup", backup_asn, 11),
      make_session(1, SessionRole::transit, "FRA transit", transit_asn + 1, 21),
      make_session(1, SessionRole::exchange, "FRA exchange", exchange_asn + 1, 31),
  };
}

std::vector<net::Prefix> customer_prefixes(std::size_t index) {
  if (index == 0) {
    return {prefix_of("203.0.113.0/24"), prefix_of("198.51.100.0/24"), prefix_of("2001:db8:113::/48")};
  }
  const auto net = static_cast<std::uint32_t>(index);
  return {net::Prefix(net::Address::v4(101U << 24 | net << 10), 22)};
}

void add_customers(World& world, std::size_t count) {
  Random random(world.seed, "customers");
  for (std::size_t i = 0; i < count; ++i) {
    Customer customer;
    customer.name = i == 0 ? "demo" : "demo-" + std::to_string(i + 1);
    customer.asn = customer_asn + static_cast<net::Asn>(i);
    customer.origins = {customer.asn};
    customer.upstreams = {primary_asn, backup_asn};
    customer.backup_upstreams = {backup_asn};
    customer.prefixes = customer_prefixes(i);
    // Somewhere around the North Sea.
    customer.latitude = 50.5 + 3.0 * random.unit();
    customer.longitude = 3.5 + 4.0 * random.unit();
    world.customers.push_back(std::move(customer));
  }
}

// What the partner announces for its customers over one of its sessions.
void add_usual(World& world, std::size_t session) {
  const SessionSite& site = world.sessions[session];
  for (const Customer& customer : world.customers) {
    for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
      RouteGroup group{session, nullptr, {}};
      for (const net::Prefix& prefix : customer.prefixes) {
        if (prefix.family() == family) group.prefixes.push_back(prefix);
      }
      if (group.prefixes.empty()) continue;
      group.attributes = make_attributes(site, family, {site.asn, customer.asn}, {service_community});
      world.usual.push_back(std::move(group));
    }
  }
}

}  // namespace

World make_empty_world() {
  World out;
  out.own_asn = own_asn;
  out.pops = {{"AMS", 52.37, 4.90}, {"FRA", 50.11, 8.68}, {"LON", 51.51, -0.13}};
  out.routers = {{"AMS", "simulated edge router in Amsterdam", 0xC0000201U},
                 {"FRA", "simulated edge router in Frankfurt", 0xC0000241U}};
  return out;
}

SessionSite make_session(std::size_t router, SessionRole role, std::string name, net::Asn asn,
                         std::uint8_t host) {
  const std::uint32_t net = 0xC0000200U + static_cast<std::uint32_t>(router) * 64;  // 192.0.2.0/26, .64/26
  SessionSite out;
  out.router = router;
  out.role = role;
  out.name = std::move(name);
  out.asn = asn;
  out.address = net::Address::v4(net + host);
  out.local_address = net::Address::v4(net + 1);
  out.bgp_id = net + host;
  return out;
}

std::vector<std::size_t> World::sessions_with(SessionRole role) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    if (sessions[i].role == role) out.push_back(i);
  }
  return out;
}

std::size_t World::session_with(SessionRole role) const { return sessions_with(role).front(); }

Attributes make_attributes(const SessionSite& session, net::Family family, std::vector<net::Asn> path,
                           std::vector<std::uint32_t> communities) {
  auto out = std::make_shared<wire::bgp::PathAttributes>();
  out->as_path = wire::bgp::AsPath::sequence(std::move(path));
  out->communities = std::move(communities);
  out->next_hop = session.address;
  if (family == net::Family::ipv6) {
    std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff};
    std::copy_n(session.address.bytes().begin(), 4, bytes.begin() + 12);
    out->next_hop = net::Address::v6(bytes);
  }
  return out;
}

World make_world(const WorldOptions& options) {
  World out = make_empty_world();
  out.seed = options.seed;
  out.hijacker = 300666;
  out.second_hijacker = 300667;
  add_sessions(out);
  add_customers(out, std::clamp<std::size_t>(options.connections, 1, 1000));
  add_usual(out, out.session_with(SessionRole::partner_primary));
  add_usual(out, out.session_with(SessionRole::partner_backup));
  out.background = make_background(out, std::min<std::size_t>(options.background_prefixes, 200000));
  return out;
}

}  // namespace peering::sim
