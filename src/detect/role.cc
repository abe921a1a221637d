#include "detect/role.h"

#include <algorithm>

namespace peering::detect {

Role role_of(const Settings& settings, const model::Connection* connection,
             const model::Expectation& expectation, const rib::Peer& peer, const PathView& view) {
  const auto& backups = expectation.backup_upstreams;
  if (view.neighbor && std::find(backups.begin(), backups.end(), *view.neighbor) != backups.end()) {
    return Role::backup;
  }
  if (!connection || connection->backup_metro.empty() || peer.pop.empty()) return Role::primary;
  const auto known = settings.metro_of_pop.find(peer.pop);
  const std::string metro = model::lower(known == settings.metro_of_pop.end() ? peer.pop : known->second);
  const bool backup =
      metro == model::lower(connection->backup_metro) && metro != model::lower(connection->primary_metro);
  return backup ? Role::backup : Role::primary;
}

bool has_covering_backup(const net::Prefix& prefix) {
  return prefix.length() > (prefix.family() == net::Family::ipv4 ? 24 : 48);
}

std::string_view to_string(Role role) { return role == Role::backup ? "backup" : "primary"; }

}  // namespace peering::detect
