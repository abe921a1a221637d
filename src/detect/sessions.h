// Sessions and routers as the detectors see them: who is up, since when, and the one event that a connection
// gets when a session it depends on goes away.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "detect/settings.h"
#include "model/event.h"
#include "model/registry.h"
#include "rib/route.h"

namespace peering::detect {

/// What pre- and post-policy views of one BGP session have in common.
struct SessionKey {
  std::string router;
  std::uint64_t distinguisher = 0;
  net::Address address;
  friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
};
SessionKey session_of(const rib::PeerKey& key);

/// A session or router that went down, and what depended on it.
struct Outage {
  std::string router;
  std::string address;  ///< of the peer; empty: the whole router
  net::Asn asn = 0;     ///< of the peer; 0: the whole router
  TimePoint time;
  std::vector<model::RegisteredPrefixPointer> prefixes;  ///< that had a route from it
};

class Sessions {
 public:
  explicit Sessions(const Settings& settings) : settings_(settings) {}

  void restore(const model::Event& event);
  /// One event for each connection among the outage's prefixes. The same outage again is no event.
  void outage(const Outage& outage, TimePoint now, std::vector<model::Event>& out);
  /// One event for each connection among the prefixes: the router says nothing since `since`. Nothing while
  /// such an event is open.
  void silent(std::string_view router, TimePoint since,
              const std::vector<model::RegisteredPrefixPointer>& prefixes, TimePoint now,
              std::vector<model::Event>& out);
  /// Resolves those events.
  void heard_again(std::string_view router, TimePoint time, std::string_view why,
                   std::vector<model::Event>& out);
  void session_down(const SessionKey& session) { down_sessions_.insert(session); }
  void router_down(std::string_view router) { routers_.insert_or_assign(std::string(router), RouterState{}); }
  /// The session (router) is up, or was heard: resolves what was open about it.
  void session_up(const SessionKey& session, TimePoint time, TimePoint now, std::vector<model::Event>& out);
  void router_up(std::string_view router, TimePoint time, TimePoint now, std::vector<model::Event>& out);
  /// Nobody watches the session and its router any more: resolves what was open about them.
  void forget(const SessionKey& session, TimePoint time, std::vector<model::Event>& out);
  /// Something of the peer arrived: cheap when it was known to be up.
  void heard(const rib::PeerKey& key, TimePoint time, TimePoint now, std::vector<model::Event>& out);
  /// The peer has been up long enough to have sent its routes again. A key with an unspecified address asks
  /// for the router.
  bool is_back(const rib::PeerKey& key, TimePoint now) const;
  /// The peer is away, or is back not long enough (`is_back`): what is held of it may be gone. Not of one
  /// whose router never said that it is up.
  bool is_settling(const rib::PeerKey& key, TimePoint now) const {
    return routers_.contains(key.router) && !is_back(key, now);
  }
  /// Resolves events of connections for which `known` is false.
  void forget_unknown(const model::Registry& registry, TimePoint now, std::vector<model::Event>& out);

 private:
  struct RouterState {
    std::optional<TimePoint> up_since;
  };
  using OutageKey = std::pair<std::string, std::string>;  // router, address

  void resolve_outage(const OutageKey& key, TimePoint time, std::string_view why,
                      std::vector<model::Event>& out);

  const Settings& settings_;
  std::map<std::string, RouterState, std::less<>> routers_;
  std::set<SessionKey> down_sessions_;
  std::map<SessionKey, TimePoint> sessions_up_;  // came back at
  using ByConnection = std::map<std::string, model::Event>;
  std::map<OutageKey, ByConnection> open_;
  std::map<std::string, ByConnection, std::less<>> silent_;  // by router
};

}  // namespace peering::detect
