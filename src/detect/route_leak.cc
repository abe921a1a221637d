// A route that is seen where it should not be: past an AS that had it from a provider or peer and passed it
// on to another provider or peer (a valley, RFC 7908 types 1 to 4), or past the neighbour that was told not
// to export it. Known from business relationships, from the mark of RFC 9234, from ASPAs, or from two
// networks that buy transit from nobody and have a third between them.
#include <algorithm>

#include "detect/judgement.h"
#include "detect/transit_free.h"

namespace peering::detect {

namespace {

std::string_view role_text(int type, bool from) {
  const bool provider = from ? type == 1 || type == 3 : type == 1 || type == 4;
  return provider ? "provider" : "peer";
}

// Who leaked, and how that is known.
struct Leak {
  net::Asn leaker = 0;
  std::string how;
};

std::optional<Leak> valley_leak(const Observation& observation) {
  const auto& relationships = observation.settings.relationships;
  const auto valley =
      relationships ? relationships->valley(observation.view.collapsed) : std::optional<Valley>();
  if (!valley) return std::nullopt;
  return Leak{
      valley->leaker,
      fmt::format("AS{} passed {} from its {} AS{} on to its {} AS{} (RFC 7908 type {})", valley->leaker,
                  observation.observed.to_string(), role_text(valley->rfc7908_type, true), valley->from,
                  role_text(valley->rfc7908_type, false), valley->to, valley->rfc7908_type)};
}

// What the peer is to those who hear it, as it says itself or as we are told.
rib::PeerRole role_of_peer(const Observation& observation) {
  if (observation.peer.role != rib::PeerRole::unknown) return observation.peer.role;
  const auto& roles = observation.settings.local_roles;
  const auto known = roles.find(counted_asn(observation.peer, observation.view));
  return known == roles.end() ? rib::PeerRole::unknown : known->second;
}

bool is_from_below(rib::PeerRole role) {
  return role == rib::PeerRole::customer || role == rib::PeerRole::route_server_client;
}

// RFC 9234 section 5: what once went down to a customer, or across to a peer, does not come up again.
std::optional<Leak> otc_leak(const Observation& observation) {
  const auto& otc = observation.attributes.only_to_customer;
  if (!otc) return std::nullopt;
  const net::Asn sender = counted_asn(observation.peer, observation.view);
  const rib::PeerRole role = role_of_peer(observation);
  if (!is_from_below(role) && (role != rib::PeerRole::peer || *otc == sender)) return std::nullopt;
  return Leak{
      sender,
      fmt::format("AS{}, a {}, sent {} although AS{} marked it as only for customers (RFC 9234)", sender,
                  is_from_below(role) ? "customer" : "peer", observation.observed.to_string(), *otc)};
}

// A path that what customers attest of their providers does not allow.
std::optional<Leak> aspa_leak(const Observation& observation) {
  const auto& aspas = observation.settings.aspas;
  if (!aspas) return std::nullopt;
  const std::vector<net::Asn>& path = observation.view.collapsed;
  const rib::PeerRole role = role_of_peer(observation);
  const bool climbs = is_from_below(role) || role == rib::PeerRole::peer;
  const auto broken = climbs ? aspas->broken_from_below(path) : aspas->broken(path);
  if (!broken) return std::nullopt;
  const std::string observed = observation.observed.to_string();
  if (!climbs) {
    return Leak{broken->leaker,
                fmt::format("AS{} passed {} from AS{} on to AS{}, which no ASPA names as a provider there",
                            broken->leaker, observed, broken->from, broken->to)};
  }
  return Leak{
      broken->leaker,
      fmt::format("AS{} passed {} on to {} although AS{}, which it came from, has an ASPA that does not "
                  "name AS{} as a provider",
                  broken->leaker, observed,
                  broken->to == broken->leaker ? "us" : fmt::format("AS{}", broken->to), broken->from,
                  broken->leaker)};
}

// Only where the relationships of the leaker are not known: those that are say better.
std::optional<Leak> sandwich_leak(const Observation& observation) {
  const std::vector<net::Asn>& path = observation.view.collapsed;
  const auto found = transit_free_sandwich(path);
  if (!found) return std::nullopt;
  const auto& known = observation.settings.relationships;
  const auto leaker = std::find(path.begin(), path.end(), found->leaker);
  if (known && known->relation(*leaker, *(leaker - 1)) && known->relation(*leaker, *(leaker + 1))) {
    return std::nullopt;
  }
  return Leak{found->leaker,
              fmt::format("AS{} passed {} from AS{} on to AS{}, which both buy transit from nobody",
                          found->leaker, observation.observed.to_string(), found->from, found->to)};
}

}  // namespace

// The neighbour is one hop away from the origin, those to whom it passes the route two.
void judge_no_export(const Observation& observation, std::vector<Finding>& out) {
  constexpr std::size_t hops_max = 2;
  const PathView& view = observation.view;
  if (view.collapsed.size() <= hops_max + 1 || !view.neighbor) return;
  const auto& entries = observation.deciding.entries;
  if (!std::all_of(entries.begin(), entries.end(), [](const auto& e) { return e->expectation.no_export; })) {
    return;
  }
  Finding finding;
  finding.kind = model::EventKind::route_leak;
  finding.discriminator = std::to_string(*view.neighbor);
  finding.suspect = view.neighbor;
  finding.why = fmt::format("{} must not be exported by the neighbours of its origin, and AS{} exported it",
                            observation.observed.to_string(), *view.neighbor);
  report(observation, std::move(finding), out);
}

// The surest way of knowing names the leaker; what the others say of the same one stands beside it.
void judge_leak(const Observation& observation, std::vector<Finding>& out) {
  std::optional<Leak> leak;
  for (const auto find : {valley_leak, otc_leak, aspa_leak, sandwich_leak}) {
    std::optional<Leak> found = find(observation);
    if (!found) continue;
    if (!leak) {
      leak = std::move(found);
    } else if (leak->leaker == found->leaker) {
      leak->how += "; " + found->how;
    }
  }
  if (!leak) return;
  Finding finding;
  finding.kind = model::EventKind::route_leak;
  finding.discriminator = std::to_string(leak->leaker);
  finding.suspect = leak->leaker;
  finding.why = std::move(leak->how);
  report(observation, std::move(finding), out);
}

}  // namespace peering::detect
