// A provider's sessions for the peering service, found among all partners' peerings.
//
// A peering is the provider's when its AS number is one of those that the catalogue gives the provider; where
// the catalogue gives none, when its approved peer ASN bears the provider's name. Only connections that the
// operator approved and that are used for the service count.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"
#include "model/bgp_session.h"
#include "model/registry.h"
#include "rib/route.h"

namespace peering::api {

/// One BGP session of a provider, in whatever state.
struct ProviderSession {
  std::string metro;  ///< of its peering
  bool route_server = false;
  model::BgpSession session;

  /// The session's peer is where the route comes from.
  bool carries(const rib::Route& route) const;
};

/// What is there of a provider. A value.
struct ProviderNetwork {
  /// It has approved connections for the service: its sessions and keys count.
  bool registered = false;
  std::vector<ProviderSession> sessions;
  std::set<std::string> peerings;  ///< keys of its peerings
  std::set<net::Asn> asns;         ///< of its peerings

  /// Sessions of the family in the metro, compared without case; an empty metro: in any.
  std::vector<const ProviderSession*> in(std::string_view metro, net::Family family) const;
};

/// `provider` may be null: then there is nothing.
ProviderNetwork network_of(const ServiceProvider* provider, const model::Partners& partners,
                           const model::BgpSessions& sessions);

/// The sessions of one peering, of all its approved connections.
std::vector<ProviderSession> sessions_of(const json::object& peering, const model::BgpSessions& sessions);

}  // namespace peering::api
