// The small Internet: who there is and what everybody announces when nothing is wrong.
//
// Our network has two edge routers, each with three BGP neighbours: the partner that carries customers'
// traffic (primary session at the first router, backup session at the second), a transit provider and a
// neighbour at an exchange. Behind them lie a few hundred ASes in three tiers with a few thousand prefixes.
// AS numbers come from a range that is allocated to nobody (300000 on), so that nothing here can be taken
// for a real network; customers use the documentation prefixes (RFC 5737, RFC 3849) first.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/prefix.h"
#include "wire/bgp/path_attributes.h"

namespace peering::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::size_t connections = 1;             ///< customers, 1 to 1000
  std::size_t background_prefixes = 3000;  ///< 0 to 200000
};

/// Where clients enter.
struct PopSite {
  std::string name;
  double latitude = 0, longitude = 0;
};

/// The parts that a BGP neighbour can play.
enum class SessionRole : std::uint8_t { partner_primary, partner_backup, transit, exchange };

/// One BGP session of one of our routers.
struct SessionSite {
  std::size_t router = 0;  ///< index into World::routers
  SessionRole role = SessionRole::transit;
  std::string name;  ///< "AMS primary"
  net::Asn asn = 0;
  net::Address address;  ///< of the neighbour
  net::Address local_address;
  std::uint32_t bgp_id = 0;
};

struct RouterSite {
  std::string name;  ///< BMP sysName, which is also its PoP
  std::string description;
  std::uint32_t bgp_id = 0;
};

/// A customer of the partner: one connection to register.
struct Customer {
  std::string name;  ///< of the connection
  net::Asn asn = 0;
  std::vector<net::Asn> origins;                      ///< who may originate its prefixes
  std::vector<net::Asn> upstreams, backup_upstreams;  ///< who may stand next to them; empty: not checked
  std::vector<net::Prefix> prefixes;
  double latitude = 0, longitude = 0;
};

using Attributes = std::shared_ptr<const wire::bgp::PathAttributes>;

/// What one session announces of one path: all prefixes that share it.
struct RouteGroup {
  std::size_t session = 0;
  Attributes attributes;
  std::vector<net::Prefix> prefixes;
};

/// A ROA (RFC 6482).
struct Roa {
  std::string prefix;
  std::uint8_t length_max = 0;
  net::Asn asn = 0;
};

struct Incident;

struct World {
  std::uint64_t seed = 1;
  net::Asn own_asn = 0;
  std::vector<PopSite> pops;
  std::vector<RouterSite> routers;
  std::vector<SessionSite> sessions;
  std::vector<Customer> customers;
  std::vector<RouteGroup> usual;       ///< what is announced of the customers when nothing is wrong
  std::vector<RouteGroup> background;  ///< every session's table without the customers
  const Incident* incident = nullptr;  ///< what happens in it, instead of scenes; null: none
  net::Asn hijacker = 0, second_hijacker = 0;

  /// Index of the only session with the role at any router, or at one of them.
  std::size_t session_with(SessionRole role) const;
  std::vector<std::size_t> sessions_with(SessionRole role) const;
};

/// The community that the partner puts on routes of the service, 8075:8007.
inline constexpr std::uint32_t service_community = 8075U << 16 | 8007U;

/// The world of a seed. The same options give the same world.
World make_world(const WorldOptions& options);

/// Our two routers and the PoPs; no session, no customer.
World make_empty_world();
/// A session of a router with a neighbour, which has the address number `host` (2 to 62) in the router's
/// network.
SessionSite make_session(std::size_t router, SessionRole role, std::string name, net::Asn asn,
                         std::uint8_t host);

/// Attributes of a route that a session's neighbour announces: `path` begins with the neighbour.
Attributes make_attributes(const SessionSite& session, net::Family family, std::vector<net::Asn> path,
                           std::vector<std::uint32_t> communities);

}  // namespace peering::sim
