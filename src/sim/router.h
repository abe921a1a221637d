// An edge router as a BMP station sees it (RFC 7854): who its neighbours are, what they announce, and the
// bytes in which it says so. Pure: no socket, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/time.h"
#include "sim/scene.h"
#include "sim/world.h"

namespace peering::sim {

/// One of the world's routers with its pre-policy Adj-RIB-In. A value; `world` must outlive it.
class Router {
 public:
  /// `table`: what the sessions announce at first; groups of other routers' sessions are skipped.
  Router(const World& world, std::size_t index, const std::vector<RouteGroup>& table);

  const std::string& name() const { return world_->routers[index_].name; }
  /// True when the session is one of this router's.
  bool has(std::size_t session) const { return world_->sessions[session].router == index_; }
  /// Routes of all its sessions.
  std::size_t routes() const;
  void apply(const RouteUpdate& update);

  /// What it says when a station has accepted its connection: initiation, one peer up a session, every route,
  /// End-of-RIB (RFC 4724) for both families.
  std::vector<std::uint8_t> greeting(TimePoint at) const;
  /// Route monitoring for one update.
  std::vector<std::uint8_t> message(const RouteUpdate& update, TimePoint at) const;
  /// Statistics reports, one a session: routes in its Adj-RIB-In (RFC 7854 section 4.8, type 7).
  std::vector<std::uint8_t> statistics(TimePoint at) const;
  /// Termination: closed by the administrator.
  std::vector<std::uint8_t> farewell() const;

 private:
  using Table = std::map<net::Prefix, Attributes>;

  const World* world_;
  std::size_t index_;
  std::map<std::size_t, Table> tables_;  // by session
};

}  // namespace peering::sim
