#include "api/provider_network.h"

#include <algorithm>

#include "api/arm/names.h"
#include "api/peering_sessions.h"

namespace peering::api {

namespace {

// The AS numbers that are the provider's.
std::set<net::Asn> asns_of(const ServiceProvider& provider, const model::Partners& partners) {
  std::set<net::Asn> out(provider.asns.begin(), provider.asns.end());
  if (!out.empty()) return out;
  for (const auto& [key, asn] : partners.peer_asns) {
    if (asn->approved && arm::same_name(asn->name, provider.name)) out.insert(asn->asn);
  }
  return out;
}

bool approved(const ConnectionNow& connection) {
  return connection.state != state_pending_approval && connection.state != state_failed;
}

void add_sessions(const PeeringNow& peering, const ConnectionNow& connection,
                  std::vector<ProviderSession>& out) {
  for (const model::BgpSession& session : connection.sessions) {
    out.push_back({peering.location, peering.route_server, session});
  }
}

}  // namespace

bool ProviderSession::carries(const rib::Route& route) const {
  if (!route.peer || !route.attributes) return false;
  const rib::PeerKey& key = route.peer->key;
  const bool received = key.rib_kind == rib::RibKind::adj_rib_in_pre_policy ||
                        key.rib_kind == rib::RibKind::adj_rib_in_post_policy;
  return received && key.address == session.peer_address && key.router == session.router &&
         key.distinguisher == session.distinguisher;
}

std::vector<const ProviderSession*> ProviderNetwork::in(std::string_view metro, net::Family family) const {
  std::vector<const ProviderSession*> out;
  for (const ProviderSession& each : sessions) {
    const bool same_family = each.session.peer_address.is_v4() == (family == net::Family::ipv4);
    if (same_family && (metro.empty() || arm::same_name(each.metro, metro))) out.push_back(&each);
  }
  return out;
}

ProviderNetwork network_of(const ServiceProvider* provider, const model::Partners& partners,
                           const model::BgpSessions& sessions) {
  ProviderNetwork out;
  if (!provider || partners.peerings.empty()) return out;
  const std::set<net::Asn> asns = asns_of(*provider, partners);
  for (const auto& [key, document] : partners.peerings) {
    const json::value* asn = document->if_contains("peerAsn");
    if (!asn || !asns.contains(asn->to_number<net::Asn>())) continue;
    const PeeringNow now = peering_now(*document, sessions);
    out.peerings.insert(key);
    out.asns.insert(now.asn);
    for (const ConnectionNow& connection : now.connections) {
      if (!connection.for_peering_service || !approved(connection)) continue;
      out.registered = true;
      add_sessions(now, connection, out.sessions);
    }
  }
  return out;
}

std::vector<ProviderSession> sessions_of(const json::object& peering, const model::BgpSessions& sessions) {
  std::vector<ProviderSession> out;
  const PeeringNow now = peering_now(peering, sessions);
  for (const ConnectionNow& connection : now.connections) add_sessions(now, connection, out);
  return out;
}

}  // namespace peering::api
