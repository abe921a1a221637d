#include <algorithm>
#include <set>

#include "sim/incident.h"

namespace peering::sim {

namespace {

net::Prefix prefix_of(const std::string& text) {
  return net::Prefix::parse_lenient(text).value_or(net::Prefix());
}

// Every neighbour that says something, in the order of the account.
std::vector<net::Asn> neighbors_of(const Incident& incident) {
  std::vector<net::Asn> out;
  const auto add = [&](const std::vector<IncidentRoute>& routes) {
    for (const IncidentRoute& route : routes) {
      if (std::ranges::find(out, route.path.front()) == out.end()) out.push_back(route.path.front());
    }
  };
  add(incident.before);
  for (const IncidentStep& step : incident.steps) add(step.announced);
  return out;
}

Customer customer_of(const Incident& incident, std::size_t index) {
  const IncidentWatch& watch = incident.watched[index];
  Customer out;
  out.name = std::string(incident.name) + (index == 0 ? "" : "-" + std::to_string(index + 1));
  out.asn = watch.origins.front();
  out.origins = watch.origins;
  out.upstreams = watch.upstreams;
  out.prefixes = {prefix_of(watch.prefix)};
  out.latitude = 52;
  out.longitude = 5;
  return out;
}

RouteGroup group_of(const World& world, const IncidentRoute& route) {
  const std::size_t session = session_of(world, route.path.front());
  const net::Prefix prefix = prefix_of(route.prefix);
  return {session, make_attributes(world.sessions[session], prefix.family(), route.path, {}), {prefix}};
}

}  // namespace

std::size_t session_of(const World& world, net::Asn neighbor) {
  const auto at = std::ranges::find(world.sessions, neighbor, &SessionSite::asn);
  return static_cast<std::size_t>(at - world.sessions.begin());
}

World make_world(const Incident& incident) {
  World out = make_empty_world();
  out.incident = &incident;
  std::uint8_t host = 10;
  for (const net::Asn neighbor : neighbors_of(incident)) {
    const std::size_t router = out.sessions.size() % out.routers.size();
    const std::string name = fmt::format("{} AS{}", out.routers[router].name, neighbor);
    out.sessions.push_back(make_session(router, SessionRole::transit, name, neighbor, host++));
  }
  for (std::size_t i = 0; i < incident.watched.size(); ++i) out.customers.push_back(customer_of(incident, i));
  for (const IncidentRoute& route : incident.before) out.usual.push_back(group_of(out, route));
  return out;
}

std::vector<SceneStep> script_of(const Incident& incident, const World& world) {
  std::vector<SceneStep> out;
  for (const IncidentStep& step : incident.steps) {
    SceneStep made;
    made.after = incident_pace * static_cast<std::int64_t>(out.size());
    made.text = fmt::format("{}: {}", step.when, step.text);
    for (const IncidentRoute& route : step.announced) {
      RouteGroup group = group_of(world, route);
      made.updates.push_back({group.session, group.attributes, group.prefixes});
    }
    for (const IncidentRoute& route : step.withdrawn) {
      made.updates.push_back({session_of(world, route.path.front()), nullptr, {prefix_of(route.prefix)}});
    }
    made.roas = step.roas;
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace peering::sim
