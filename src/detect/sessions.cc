#include "detect/sessions.h"

#include <algorithm>

#include "detect/event_shape.h"

namespace peering::detect {

namespace {

constexpr std::string_view up_again = "it is up again";
// One connection's event of a router that says nothing. Each shard tells it, and one of them last: it says
// nothing that only one shard knows.
model::Event silence(std::string_view router, TimePoint since, const std::string& connection,
                     const model::RegisteredPrefix& first, TimePoint now) {
  model::Event out = make_event(model::EventKind::feed_silent, Role::primary, first, first.expectation.prefix,
                                "", since, now, true);
  // The same on every shard, whichever prefixes live there.
  out.id = model::make_event_id(out.kind, connection, net::Prefix(), router, since);
  out.incident_id = out.id.value;
  out.peers = {{std::string(router), "", 0}};
  out.summary = fmt::format("Silent: router {}", router);
  out.description = fmt::format(
      "Router {}, through which registered prefixes of this connection are seen, is connected and says "
      "nothing "
      "since {}: what it showed may be otherwise by now.",
      router, format_rfc3339(since));
  return out;
}

}  // namespace

SessionKey session_of(const rib::PeerKey& key) { return {key.router, key.distinguisher, key.address}; }

void Sessions::restore(const model::Event& event) {
  if (event.peers.empty()) return;
  if (event.kind == model::EventKind::feed_silent) {
    silent_[event.peers[0].router][model::lower(event.connection)] = event;
    return;
  }
  open_[{event.peers[0].router, event.peers[0].address}][model::lower(event.connection)] = event;
}

void Sessions::outage(const Outage& outage, TimePoint now, std::vector<model::Event>& out) {
  const OutageKey key{outage.router, outage.address};
  std::map<std::string, std::vector<model::RegisteredPrefixPointer>> by_connection;
  for (const auto& prefix : outage.prefixes) {
    // A watch file has no connections: there is nobody to tell.
    if (!prefix->connection.empty()) by_connection[model::lower(prefix->connection)].push_back(prefix);
  }
  for (const auto& [connection, prefixes] : by_connection) {
    if (open_[key].contains(connection)) continue;
    const model::RegisteredPrefix& first = *prefixes.front();
    model::Event event = make_event(model::EventKind::session_state, Role::primary, first,
                                    first.expectation.prefix, "", outage.time, now, true);
    // The same on every shard, whichever prefixes live there.
    event.id = model::make_event_id(model::EventKind::session_state, connection, net::Prefix(),
                                    outage.router + " " + outage.address, outage.time);
    event.incident_id = event.id.value;
    event.peers = {{outage.router, outage.address, outage.asn}};
    const std::string what = outage.address.empty() ? fmt::format("router {}", outage.router)
                                                    : fmt::format("session with AS{} ({}) at {}", outage.asn,
                                                                  outage.address, outage.router);
    event.summary = fmt::format("Down: {}", what);
    event.description = fmt::format("The {} is down; it carried {} registered prefix{} of this connection.",
                                    what, prefixes.size(), prefixes.size() == 1 ? "" : "es");
    for (const auto& prefix : prefixes) {
      event.evidence.push_back(fmt::format("{} had a route from it", prefix->expectation.prefix.to_string()));
    }
    open_[key][connection] = event;
    out.push_back(std::move(event));
  }
  if (open_[key].empty()) open_.erase(key);
}

void Sessions::silent(std::string_view router, TimePoint since,
                      const std::vector<model::RegisteredPrefixPointer>& prefixes, TimePoint now,
                      std::vector<model::Event>& out) {
  for (const model::RegisteredPrefixPointer& prefix : prefixes) {
    // A watch file has no connections: there is nobody to tell.
    if (prefix->connection.empty()) continue;
    const std::string connection = model::lower(prefix->connection);
    const auto [event, is_new] = silent_[std::string(router)].try_emplace(connection);
    if (!is_new) continue;
    event->second = silence(router, since, connection, *prefix, now);
    out.push_back(event->second);
  }
}

void Sessions::heard_again(std::string_view router, TimePoint time, std::string_view why,
                           std::vector<model::Event>& out) {
  const auto found = silent_.find(router);
  if (found == silent_.end()) return;
  for (auto& [connection, event] : found->second) {
    resolve(event, time, why);
    out.push_back(std::move(event));
  }
  silent_.erase(found);
}

void Sessions::resolve_outage(const OutageKey& key, TimePoint time, std::string_view why,
                              std::vector<model::Event>& out) {
  const auto found = open_.find(key);
  if (found == open_.end()) return;
  for (auto& [connection, event] : found->second) {
    resolve(event, time, why);
    out.push_back(std::move(event));
  }
  open_.erase(found);
}

void Sessions::session_up(const SessionKey& session, TimePoint time, TimePoint now,
                          std::vector<model::Event>& out) {
  down_sessions_.erase(session);
  sessions_up_[session] = now;
  resolve_outage({session.router, session.address.to_string()}, time, up_again, out);
}

void Sessions::router_up(std::string_view router, TimePoint time, TimePoint now,
                         std::vector<model::Event>& out) {
  auto& state = routers_.try_emplace(std::string(router)).first->second;
  if (!state.up_since) state.up_since = now;
  heard_again(router, time, "it is heard again", out);
  resolve_outage({std::string(router), ""}, time, up_again, out);
}

void Sessions::forget(const SessionKey& session, TimePoint time, std::vector<model::Event>& out) {
  for (const std::string& address : {session.address.to_string(), std::string()}) {
    resolve_outage({session.router, address}, time, "it is no longer watched", out);
  }
}

void Sessions::heard(const rib::PeerKey& key, TimePoint time, TimePoint now, std::vector<model::Event>& out) {
  const auto router = routers_.find(key.router);
  if (router == routers_.end() || !router->second.up_since) router_up(key.router, time, now, out);
  if (down_sessions_.empty() && open_.empty()) return;
  const SessionKey session = session_of(key);
  const bool restored = open_.contains({session.router, session.address.to_string()});
  if (restored || down_sessions_.contains(session)) session_up(session, time, now, out);
}

bool Sessions::is_back(const rib::PeerKey& key, TimePoint now) const {
  const auto router = routers_.find(key.router);
  if (router == routers_.end() || !router->second.up_since) return false;
  TimePoint since = *router->second.up_since;
  if (!key.address.is_unspecified()) {
    const SessionKey session = session_of(key);
    if (down_sessions_.contains(session)) return false;
    const auto up = sessions_up_.find(session);
    if (up != sessions_up_.end()) since = std::max(since, up->second);
  }
  return now - since >= settings_.return_grace;
}

void Sessions::forget_unknown(const model::Registry& registry, TimePoint now,
                              std::vector<model::Event>& out) {
  const auto forget_in = [&](auto& open) {
    for (auto at = open.begin(); at != open.end();) {
      std::erase_if(at->second, [&](const auto& entry) {
        if (registry.connections.contains(entry.first)) return false;
        model::Event gone = entry.second;
        resolve(gone, now, "the connection is no longer registered");
        out.push_back(std::move(gone));
        return true;
      });
      at = at->second.empty() ? open.erase(at) : std::next(at);
    }
  };
  forget_in(open_);
  forget_in(silent_);
}

}  // namespace peering::detect
