#include "wire/bgp/update.h"

#include "wire/bgp/prefixes.h"
#include "wire/bgp/update_scan.h"

namespace peering::wire::bgp {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::discard_attribute:
      return "discard_attribute";
    case Outcome::treat_as_withdraw:
      return "treat_as_withdraw";
    case Outcome::reset_session:
      return "reset_session";
  }
  return "reset_session";
}

std::optional<Outcome> Update::outcome() const { return worst_outcome(issues); }

namespace {

// Routes of one message go where they belong.
class RouteReader {
 public:
  /// `body`: the message, in which all fields lie.
  RouteReader(std::span<const std::uint8_t> body, const SessionFacts& facts) : body_(body), facts_(facts) {}

  void read(const UpdateScan& scan, bool as_withdrawals, Update& out) const {
    constexpr net::Family ipv4 = net::Family::ipv4;
    const AttributeScan& attributes = scan.attributes;
    read_prefixes(scan.withdrawn, scan.withdrawn_count, ipv4, facts_.add_path_ipv4, out.withdrawn);
    read_mp(attributes.unreach, out.mp_withdrawn, out.multicast_withdrawn);
    read_prefixes(scan.announced, scan.announced_count, ipv4, facts_.add_path_ipv4,
                  as_withdrawals ? out.withdrawn : out.announced);
    read_mp(attributes.reach, as_withdrawals ? out.mp_withdrawn : out.mp_announced,
            as_withdrawals ? out.multicast_withdrawn : out.multicast_announced);
  }

 private:
  void read_prefixes(std::span<const std::uint8_t> field, std::size_t count, net::Family family,
                     bool add_path, std::vector<Nlri>& out) const {
    if (count == 0) return;
    out.reserve(out.size() + count);
    for_each_prefix_words(field, body_, add_path, [&](const PrefixWords& words) {
      out.emplace_back(net::Prefix(family, words.first, words.second, words.length), words.path_id);
    });
  }

  void read_mp(const std::optional<MpRoutes>& routes, std::vector<Nlri>& unicast,
               std::vector<Nlri>& multicast) const {
    if (!routes || !routes->address_family) return;
    const bool multicast_routes = routes->multicast();
    read_prefixes(routes->routes, routes->count, *routes->address_family,
                  has_path_ids(facts_, *routes->address_family, multicast_routes),
                  multicast_routes ? multicast : unicast);
  }

  const std::span<const std::uint8_t> body_;
  const SessionFacts& facts_;
};

void forget_routes(Update& out) {
  out.announced.clear();
  out.withdrawn.clear();
  out.mp_announced.clear();
  out.mp_withdrawn.clear();
  out.multicast_announced.clear();
  out.multicast_withdrawn.clear();
}

}  // namespace

void decode_update_into(std::span<const std::uint8_t> body, const SessionFacts& facts, Update& out) {
  UpdateScan scan = scan_update(body, facts);
  forget_routes(out);
  const auto outcome = scan.outcome();
  if (outcome != Outcome::reset_session) {
    RouteReader(body, facts).read(scan, outcome == Outcome::treat_as_withdraw, out);
  }
  read_path_attributes(scan.attributes, facts, out.attributes);
  const auto& reach = scan.attributes.reach;
  const bool has_next_hop = reach && reach->address_family;
  out.mp_next_hop = has_next_hop ? reach->next_hop : std::nullopt;
  out.mp_link_local_next_hop = has_next_hop ? reach->link_local_next_hop : std::nullopt;
  out.end_of_rib = scan.end_of_rib;
  out.other_families = scan.other_families;
  out.issues = std::move(scan.attributes.issues);
}

Update decode_update(std::span<const std::uint8_t> body, const SessionFacts& facts) {
  Update out;
  decode_update_into(body, facts, out);
  return out;
}

}  // namespace peering::wire::bgp
