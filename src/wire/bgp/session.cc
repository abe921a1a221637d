#include "wire/bgp/session.h"

#include <algorithm>

namespace peering::wire::bgp {

namespace {

bool offers(const Open& open, FamilyId family, bool Open::AddPath::* direction) {
  return std::ranges::any_of(
      open.add_path, [&](const Open::AddPath& entry) { return entry.family == family && entry.*direction; });
}

bool add_path_agreed(const Open& sender, const Open& receiver, FamilyId family) {
  return offers(sender, family, &Open::AddPath::can_send) &&
         offers(receiver, family, &Open::AddPath::can_receive);
}

}  // namespace

SessionFacts agreed_facts(const Open& sender, const Open& receiver) {
  SessionFacts out;
  out.four_octet_asn = sender.four_octet_asn && receiver.four_octet_asn;
  out.add_path_ipv4 = add_path_agreed(sender, receiver, ipv4_unicast);
  out.add_path_ipv6 = add_path_agreed(sender, receiver, ipv6_unicast);
  out.add_path_multicast =
      add_path_agreed(sender, receiver, {1, 2}) || add_path_agreed(sender, receiver, {2, 2});
  return out;
}

bool Agreement::has(FamilyId family) const { return std::ranges::find(families, family) != families.end(); }

std::vector<FamilyId> families_of(const Open& open) {
  return open.families.empty() ? std::vector{ipv4_unicast} : open.families;
}

Agreement agree(const Open& sender, const Open& receiver) {
  Agreement out;
  out.facts = agreed_facts(sender, receiver);
  const std::vector<FamilyId> offered = families_of(sender);
  for (const FamilyId family : families_of(receiver)) {
    const bool both = std::ranges::find(offered, family) != offered.end();
    if (both && !out.has(family)) out.families.push_back(family);
  }
  out.hold_time_s = std::min(sender.hold_time_s, receiver.hold_time_s);
  out.extended_message = sender.extended_message && receiver.extended_message;
  out.route_refresh = sender.route_refresh || sender.enhanced_route_refresh;
  out.enhanced_route_refresh = sender.enhanced_route_refresh && receiver.enhanced_route_refresh;
  const Open::ExtendedNextHop wanted{1, 1, 2};
  const auto speaks = [&](const Open& open) {
    return std::ranges::find(open.extended_next_hop, wanted) != open.extended_next_hop.end();
  };
  out.facts.extended_next_hop = speaks(sender) && speaks(receiver);
  out.facts.neighbor = sender.asn == receiver.asn ? Neighbor::internal : Neighbor::external;
  return out;
}

std::optional<std::uint8_t> role_of(const Open& open) {
  return open.roles.empty() ? std::nullopt : std::optional(open.roles.front());
}

bool roles_fit(Role local, std::uint8_t remote) {
  switch (local) {
    case Role::provider:
      return remote == static_cast<std::uint8_t>(Role::customer);
    case Role::customer:
      return remote == static_cast<std::uint8_t>(Role::provider);
    case Role::route_server:
      return remote == static_cast<std::uint8_t>(Role::route_server_client);
    case Role::route_server_client:
      return remote == static_cast<std::uint8_t>(Role::route_server);
    case Role::peer:
      return remote == static_cast<std::uint8_t>(Role::peer);
  }
  return false;
}

std::optional<std::uint16_t> restart_time_s(const Open& peer) {
  if (!peer.graceful_restart || peer.graceful_restart->entries.empty()) return std::nullopt;
  return peer.graceful_restart->time_s;
}

}  // namespace peering::wire::bgp
