#include "app/bgp_configuration.h"

#include <algorithm>
#include <set>

#include "feeds/bgp_sockets.h"

namespace peering::app {

namespace {

std::optional<wire::bgp::Role> role_of(const std::string& name) {
  using wire::bgp::Role;
  const std::pair<std::string_view, Role> names[] = {{"provider", Role::provider},
                                                     {"rs", Role::route_server},
                                                     {"rs-client", Role::route_server_client},
                                                     {"customer", Role::customer},
                                                     {"peer", Role::peer}};
  for (const auto& [known, role] : names) {
    if (name == known) return role;
  }
  return std::nullopt;
}

Result<feeds::BgpNeighbor> neighbor_of(const BgpNeighborEntry& entry) {
  feeds::BgpNeighbor out;
  out.name = entry.name;
  out.address = net::Address::parse(entry.address)->unmapped();
  out.port = static_cast<std::uint16_t>(entry.port);
  out.asn = static_cast<net::Asn>(entry.asn);
  out.passive = entry.passive;
  out.families.clear();
  for (const auto& [name, family] :
       {std::pair("ipv4", wire::bgp::ipv4_unicast), std::pair("ipv6", wire::bgp::ipv6_unicast)}) {
    if (std::ranges::find(entry.families, name) != entry.families.end()) out.families.push_back(family);
  }
  out.add_path = entry.add_path;
  out.role = role_of(entry.role);
  out.role_strict = entry.role_strict;
  out.hold_time_s = static_cast<std::uint16_t>(entry.hold_time_s);
  out.ttl_security = static_cast<int>(entry.ttl_security);
  out.prefixes_max = static_cast<std::size_t>(entry.max_prefixes);
  out.local_asn = static_cast<net::Asn>(entry.local_asn);
  if (!entry.local_address.empty()) out.local_address = *net::Address::parse(entry.local_address);
  if (out.local_address && out.local_address->is_v4() != out.address.is_v4()) {
    return tl::unexpected(invalid("feeds.bgp.neighbors.local_address", entry.local_address,
                                  "of the same family as the neighbor's address"));
  }
  if (entry.password_file.empty()) return out;
  auto password = feeds::read_password(entry.password_file);
  if (!password) {
    return fail(ErrorCode::invalid_argument, "feeds.bgp.neighbors.password_file: {}",
                password.error().message);
  }
  out.password = std::move(*password);
  return out;
}

}  // namespace

Result<feeds::BgpSettings> bgp_settings(const Configuration& c) {
  feeds::BgpSettings out;
  out.asn = static_cast<net::Asn>(c.feeds.bgp_asn != 0 ? c.feeds.bgp_asn : c.network.asn);
  out.connect_retry = c.feeds.bgp_connect_retry;
  out.hold_off_longest = c.feeds.bgp_hold_off_longest;
  out.prefix_limit_pause = c.feeds.bgp_max_prefixes_pause;
  if (const auto id = net::Address::parse(c.feeds.bgp_router_id)) out.router_id = *id;
  std::set<net::Address> addresses;
  std::set<std::string> names;
  for (const BgpNeighborEntry& entry : c.feeds.bgp_neighbors) {
    if (c.feeds.bgp_router_id.empty()) {
      return fail(ErrorCode::invalid_argument, "feeds.bgp.router_id is needed to speak with neighbors");
    }
    if (out.asn == 0 && entry.local_asn == 0) {
      return fail(ErrorCode::invalid_argument,
                  "feeds.bgp.asn or network.asn is needed to speak with neighbors");
    }
    auto neighbor = neighbor_of(entry);
    if (!neighbor) return tl::unexpected(neighbor.error());
    if (!addresses.insert(neighbor->address).second || !names.insert(neighbor->shown_name()).second) {
      return tl::unexpected(
          invalid("feeds.bgp.neighbors", neighbor->shown_name(), "named once, by address and by name"));
    }
    out.neighbors.push_back(std::move(*neighbor));
  }
  return out;
}

}  // namespace peering::app
