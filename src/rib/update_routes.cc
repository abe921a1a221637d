#include "rib/update_routes.h"

#include <algorithm>

#include "base/check.h"

namespace peering::rib {

namespace {

using Bytes = std::span<const std::uint8_t>;
using wire::bgp::AttributeCode;
using wire::bgp::MpRoutes;
using wire::bgp::Outcome;
using wire::bgp::SessionFacts;
using wire::bgp::UpdateScan;

// Routes of one family: those of the fields for IPv4 and those of the multiprotocol attributes.
struct FamilyRoutes {
  net::Family family;
  Bytes announced, withdrawn, mp_announced, mp_withdrawn;

  bool empty() const {
    return announced.empty() && withdrawn.empty() && mp_announced.empty() && mp_withdrawn.empty();
  }
};

// The routes in a multiprotocol attribute that a table holds.
Bytes unicast(const std::optional<MpRoutes>& routes, net::Family family) {
  return routes && routes->address_family == family && !routes->multicast() ? routes->routes : Bytes();
}

FamilyRoutes routes_of(const UpdateScan& update, net::Family family) {
  FamilyRoutes out{
      family, {}, {}, unicast(update.attributes.reach, family), unicast(update.attributes.unreach, family)};
  if (family == net::Family::ipv4) {
    out.announced = update.announced;
    out.withdrawn = update.withdrawn;
  }
  return out;
}

// Takes the records of one UPDATE.
class Records {
 public:
  Records(const UpdateScan& update, const SessionFacts& facts, const UpdateSource& from, RouteBurst& out)
      : update_(update), facts_(facts), from_(from), out_(out) {}

  void take(const FamilyRoutes& routes, bool as_withdrawals) {
    if (wire::bgp::has_path_ids(facts_, routes.family, false)) {
      take_paths(routes, as_withdrawals);
    } else if (as_withdrawals) {
      for (const Bytes field :
           {routes.withdrawn, routes.mp_withdrawn, routes.announced, routes.mp_announced}) {
        if (!field.empty()) append(routes.family, {}, {}, field);
      }
    } else {
      take_routes(routes);
    }
  }

 private:
  void append(net::Family family, PackedView attributes, Bytes announced, Bytes withdrawn) {
    out_.append(from_.peer, {from_.time, family, attributes, announced, withdrawn});
  }

  // The attributes of the routes of the NLRI field, or of MP_REACH_NLRI, in memory that is used again.
  const std::vector<std::uint8_t>& packed(bool multiprotocol) const {
    thread_local std::vector<std::uint8_t> packed;
    packed.clear();
    const auto& attributes = update_.attributes;
    std::optional<net::Address> next_hop;
    if (multiprotocol) {
      next_hop = attributes.reach->next_hop;
    } else if (attributes.has(AttributeCode::next_hop)) {
      next_hop = net::Address::v4(attributes.value(AttributeCode::next_hop).first<4>());
    }
    pack_attributes(attributes, facts_, next_hop, packed);
    if (from_.strip_asn) strip_first_as(*from_.strip_asn, packed);
    return packed;
  }

  void take_routes(const FamilyRoutes& routes) {
    thread_local std::vector<std::uint8_t> room, mp_room;
    // Withdrawals of one field may meet announcements of the other.
    const auto really = [&](Bytes withdrawn) {
      return only_withdrawn(only_withdrawn(withdrawn, routes.announced, routes.family, room),
                            routes.mp_announced, routes.family, mp_room);
    };
    const Bytes withdrawn = really(routes.withdrawn);
    if (!routes.announced.empty()) {
      append(routes.family, packed(false), routes.announced, withdrawn);
    } else if (!withdrawn.empty()) {
      append(routes.family, {}, {}, withdrawn);
    }
    const Bytes mp_withdrawn = really(routes.mp_withdrawn);
    if (!routes.mp_announced.empty()) {
      append(routes.family, packed(true), routes.mp_announced, mp_withdrawn);
    } else if (!mp_withdrawn.empty()) {
      append(routes.family, {}, {}, mp_withdrawn);
    }
  }

  using Path = std::pair<net::Prefix, std::uint32_t>;
  using Paths = std::vector<Path>;

  static void list_paths(Bytes field, net::Family family, Paths& out) {
    wire::bgp::for_each_prefix(field, true, [&](const wire::bgp::RawPrefix& raw) {
      out.emplace_back(raw.prefix(family), raw.path_id);
    });
  }

  void take_paths(const FamilyRoutes& routes, bool as_withdrawals) {
    PEERING_CHECK(from_.paths);
    Paths announced, withdrawn;
    list_paths(routes.withdrawn, routes.family, withdrawn);
    list_paths(routes.mp_withdrawn, routes.family, withdrawn);
    if (as_withdrawals) {
      list_paths(routes.announced, routes.family, withdrawn);
      list_paths(routes.mp_announced, routes.family, withdrawn);
    } else {
      announce_paths(routes.announced, false, routes.family, announced);
      announce_paths(routes.mp_announced, true, routes.family, announced);
    }
    std::ranges::sort(announced);
    std::erase_if(withdrawn, [&](const Path& path) { return std::ranges::binary_search(announced, path); });
    withdraw_paths(withdrawn, routes.family);
  }

  void announce_paths(Bytes field, bool multiprotocol, net::Family family, Paths& announced) {
    if (field.empty()) return;
    const auto attributes = std::make_shared<const std::vector<std::uint8_t>>(packed(multiprotocol));
    std::vector<std::uint8_t> prefixes;
    const std::size_t before = announced.size();
    list_paths(field, family, announced);
    for (std::size_t at = before; at < announced.size(); ++at) {
      from_.paths->announce(announced[at].first, announced[at].second, attributes);
      put_prefix(prefix_bits(announced[at].first), prefixes);
    }
    append(family, *attributes, prefixes, {});
  }

  // Those that let an older path be seen first: it may be withdrawn as well.
  void withdraw_paths(const Paths& withdrawn, net::Family family) {
    std::vector<std::uint8_t> gone, replaced;
    SharedAttributes shown, last_shown;
    const auto append_replaced = [&] {
      if (!replaced.empty()) append(family, *last_shown, replaced, {});
      replaced.clear();
    };
    for (const auto& [prefix, path_id] : withdrawn) {
      const auto effect = from_.paths->withdraw(prefix, path_id, shown);
      if (effect == PathSet::Effect::withdrawn) put_prefix(prefix_bits(prefix), gone);
      if (effect != PathSet::Effect::replaced) continue;
      if (shown != last_shown) append_replaced();
      last_shown = shown;
      put_prefix(prefix_bits(prefix), replaced);
    }
    append_replaced();
    if (!gone.empty()) append(family, {}, {}, gone);
  }

  const UpdateScan& update_;
  const SessionFacts& facts_;
  const UpdateSource& from_;
  RouteBurst& out_;
};

}  // namespace

void append_update(const UpdateScan& update, const SessionFacts& facts, const UpdateSource& from,
                   RouteBurst& out) {
  const auto outcome = update.outcome();
  if (outcome == Outcome::reset_session) return;
  const bool as_withdrawals = outcome == Outcome::treat_as_withdraw;
  Records records(update, facts, from, out);
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    const FamilyRoutes routes = routes_of(update, family);
    if (!routes.empty()) records.take(routes, as_withdrawals);
  }
}

}  // namespace peering::rib
