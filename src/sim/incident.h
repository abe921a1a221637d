// Well-known incidents of the Internet's routing, as scenes: the routes that public accounts name, in order.
//
// Each holds the victim's prefixes and what she would have expected of them, what everybody announced before,
// what happened, and the verdict that a network engineer would give. AS numbers and prefixes are the real
// ones where an account names them; `stand_ins` says where it names none. Paths end at the AS that accounts
// begin with: nothing is made up beyond it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "sim/scene.h"

namespace peering::sim {

/// A route of one neighbour: `path` begins with it.
struct IncidentRoute {
  std::string prefix;
  std::vector<net::Asn> path;
};

/// `provider_or_peer` sells transit to `other` (-1), or they peer (0), in CAIDA's notation.
struct IncidentRelationship {
  net::Asn provider_or_peer = 0, other = 0;
  int kind = -1;
};

/// What the victim registered and expects.
struct IncidentWatch {
  std::string prefix;
  std::vector<net::Asn> origins;
  std::vector<net::Asn> upstreams;  ///< empty: not checked
};

struct IncidentStep {
  std::string_view when;  ///< as the account says, UTC
  std::string_view text;
  std::vector<IncidentRoute> announced;
  std::vector<IncidentRoute> withdrawn;  ///< `path` holds the neighbour alone
  std::optional<std::vector<Roa>> roas;  ///< what the RPKI says from now on
};

/// What has to be found, and nothing else above Information.
struct IncidentVerdict {
  model::EventKind kind = model::EventKind::origin_hijack;
  std::string observed;
  std::optional<net::Asn> suspect;
};

struct Incident {
  std::string_view name;  ///< "youtube-2008"
  std::string_view title;
  std::string_view source;  ///< address of a public account
  bool stand_ins = false;   ///< prefixes of RFC 5737 and RFC 2544 stand for those that no account names
  std::vector<IncidentWatch> watched;
  std::vector<IncidentRelationship> relationships;
  std::vector<Roa> roas;
  std::vector<IncidentRoute> before;
  std::vector<IncidentStep> steps;
  std::vector<IncidentVerdict> verdicts;
};

/// All of them, oldest first.
const std::vector<Incident>& known_incidents();
/// Null when there is none of that name.
const Incident* find_incident(std::string_view name);

/// Between two steps of an incident, in the simulation's time.
inline constexpr std::chrono::seconds incident_pace{3};

/// The small Internet of an incident: the neighbours that its routes name, at our two routers in turn, and
/// the victim as the only customer. `incident` must outlive it.
World make_world(const Incident& incident);
/// Index of the session with a neighbour of that AS number, which there has to be.
std::size_t session_of(const World& world, net::Asn neighbor);
/// Its steps, `incident_pace` apart.
std::vector<SceneStep> script_of(const Incident& incident, const World& world);

}  // namespace peering::sim
