// The routes that a peering's sessions receive now, from the live routing table.
//
// They are in order of their prefix as text, as Azure's are. A page costs no more memory than its
// items and one part of the table: the parts of IPv4 are taken in their order as text, a first octet at a
// time, until the page is full.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/peering_sessions.h"

namespace peering::api {

namespace {

constexpr std::size_t part_routes_max = 20'000;  // decoded at a time
constexpr std::size_t registered_asns_max = 100'000;

// Where a route stands in the list. As text in a token: its parts separated by blanks.
struct Position {
  std::string prefix, peer, router;
  friend auto operator<=>(const Position&, const Position&) = default;

  std::string text() const { return fmt::format("{} {} {}", prefix, peer, router); }
  static std::optional<Position> parse(std::string_view text) {
    const std::size_t first = text.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : text.find(' ', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    return Position{std::string(text.substr(0, first)),
                    std::string(text.substr(first + 1, second - first - 1)),
                    std::string(text.substr(second + 1))};
  }
};

struct Filters {
  std::optional<net::Prefix> prefix;
  std::optional<std::string> as_path, origin_state, rpki_state;
};

// What is asked for and whose routes they are.
struct Wanted {
  Filters filters;
  std::optional<Position> after;
  std::size_t limit = 0;
  std::set<std::tuple<std::string, std::uint64_t, net::Address>> sessions;
  std::set<net::Address> peers;
  std::set<net::Asn> origins;  // of the peer and of the customers that it registered
  rib::VrpTablePointer vrps;
};

using Page = std::map<Position, json::object>;  // at most one item more than fits

arm::Expected<std::optional<std::string>> read_state(const Call& call, std::string_view name) {
  const auto given = call.query.get(name);
  if (!given || given->empty()) return std::optional<std::string>();
  for (const std::string_view state : {"Valid", "Invalid", "Unknown"}) {
    if (arm::same_name(state, *given)) return std::optional<std::string>(state);
  }
  return arm::bad_argument(name, *given, "Valid, Invalid or Unknown");
}

arm::Expected<Filters> read_filters(const Call& call) {
  Filters out;
  if (const auto text = call.query.get("prefix"); text && !text->empty()) {
    const auto prefix = net::Prefix::parse(*text);
    if (!prefix) return arm::bad_argument("prefix", *text, "an IPv4 or IPv6 prefix");
    out.prefix = *prefix;
  }
  if (const auto path = call.query.get("asPath"); path && !path->empty()) out.as_path = *path;
  auto origin = read_state(call, "originAsValidationState");
  if (!origin) return tl::unexpected(origin.error());
  auto rpki = read_state(call, "rpkiValidationState");
  if (!rpki) return tl::unexpected(rpki.error());
  out.origin_state = std::move(*origin);
  out.rpki_state = std::move(*rpki);
  return out;
}

arm::Expected<Wanted> read_wanted(const Call& call, const Record& peering) {
  Wanted out;
  const auto page = arm::read_page(call.query);
  if (!page) return tl::unexpected(page.error());
  out.limit = page->limit;
  if (!page->after.empty()) {
    out.after = Position::parse(page->after);
    if (!out.after) {
      return arm::bad_argument("$skipToken", call.query.get("$skipToken").value_or(""),
                               "a token of this list's nextLink");
    }
  }
  auto filters = read_filters(call);
  if (!filters) return tl::unexpected(filters.error());
  out.filters = std::move(*filters);
  const PeeringNow now = peering_now(peering.document, *call.services.sessions());
  for (const model::BgpSession& session : now.established()) {
    out.sessions.emplace(session.router, session.distinguisher, session.peer_address);
    out.peers.insert(session.peer_address);
  }
  out.origins.insert(now.asn);
  const auto customers = load_all(call, registered_asn_type, peering.stored.key + "/", registered_asns_max);
  if (!customers) return tl::unexpected(customers.error());
  for (const Record& each : *customers) {
    out.origins.insert(each.document.at("properties").at("asn").to_number<net::Asn>());
  }
  out.vrps = call.services.vrps ? call.services.vrps() : nullptr;
  return out;
}

// Whether the origin may announce the prefix: by ROAs whatever their maximum length, else by who it is.
std::string_view origin_state(const Wanted& wanted, const net::Prefix& prefix,
                              std::optional<net::Asn> origin) {
  const auto authorised = wanted.vrps ? wanted.vrps->covering(prefix) : std::vector<rib::Vrp>();
  if (!authorised.empty()) {
    const bool is_one =
        origin && std::ranges::any_of(authorised, [&](const rib::Vrp& vrp) { return vrp.asn == *origin; });
    return is_one ? "Valid" : "Invalid";
  }
  return origin && wanted.origins.contains(*origin) ? "Valid" : "Unknown";
}

std::string_view rpki_state(const Wanted& wanted, const net::Prefix& prefix, std::optional<net::Asn> origin) {
  if (!wanted.vrps) return "Unknown";
  switch (wanted.vrps->validity(prefix, origin.value_or(0))) {
    case rib::Validity::valid:
      return "Valid";
    case rib::Validity::invalid:
      return "Invalid";
    case rib::Validity::not_found:
      return "Unknown";
  }
  return "Unknown";
}

// "2022-12-05T11:51:51.2062620Z": seven digits, of which microseconds fill six.
std::string received_timestamp(TimePoint time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  std::string out = format_rfc3339(TimePoint(whole)).substr(0, 19);
  return out + fmt::format(".{:06}0Z", (time - whole).count());
}

json::object shown_received(const Wanted& wanted, const rib::Route& route) {
  const auto origin = route.attributes->as_path.origin();
  json::object out{{"prefix", route.prefix.to_string()}};
  if (route.attributes->next_hop) out["nextHop"] = route.attributes->next_hop->to_string();
  out["asPath"] = route.attributes->as_path.to_string();
  out["originAsValidationState"] = origin_state(wanted, route.prefix, origin);
  out["rpkiValidationState"] = rpki_state(wanted, route.prefix, origin);
  // Which authority holds a ROA is not among what RPKI caches say.
  if (out["rpkiValidationState"] == "Unknown") out["trustAnchor"] = "None";
  out["receivedTimestamp"] = received_timestamp(route.received_at);
  return out;
}

bool passes(const Wanted& wanted, const rib::Route& route) {
  const Filters& filters = wanted.filters;
  const wire::bgp::AsPath& path = route.attributes->as_path;
  if (filters.as_path && path.to_string() != *filters.as_path) return false;
  const auto origin = path.origin();
  if (filters.rpki_state && rpki_state(wanted, route.prefix, origin) != *filters.rpki_state) return false;
  return !filters.origin_state || origin_state(wanted, route.prefix, origin) == *filters.origin_state;
}

bool is_received(const Wanted& wanted, const rib::PeerKey& key) {
  const bool in = key.rib_kind == rib::RibKind::adj_rib_in_pre_policy ||
                  key.rib_kind == rib::RibKind::adj_rib_in_post_policy;
  return in && wanted.sessions.contains({key.router, key.distinguisher, key.address});
}

bool is_same_session(const rib::PeerKey& a, const rib::PeerKey& b) {
  return a.router == b.router && a.address == b.address && a.distinguisher == b.distinguisher;
}

// Those that a session received: what came in, where the router shows that, and not what its policy made of
// it. Routes of one prefix lie together.
std::vector<const rib::Route*> received_among(const Wanted& wanted, const std::vector<rib::Route>& routes) {
  std::vector<const rib::Route*> out;
  for (const rib::Route& route : routes) {
    const rib::PeerKey& key = route.peer->key;
    if (!is_received(wanted, key)) continue;
    auto same = out.rbegin();
    while (same != out.rend() && (*same)->prefix == route.prefix &&
           !is_same_session((*same)->peer->key, key)) {
      ++same;
    }
    if (same == out.rend() || (*same)->prefix != route.prefix) {
      out.push_back(&route);
    } else if (key.rib_kind == rib::RibKind::adj_rib_in_pre_policy) {
      *same = &route;
    }
  }
  return out;
}

// Puts routes into the page; those behind its end fall out.
void add_routes(const Wanted& wanted, const std::vector<rib::Route>& routes, Page& page) {
  for (const rib::Route* route : received_among(wanted, routes)) {
    if (!passes(wanted, *route)) continue;
    const rib::PeerKey& key = route->peer->key;
    Position position{route->prefix.to_string(), key.address.to_string(), key.router};
    if (wanted.after && position <= *wanted.after) continue;
    if (page.size() > wanted.limit && position > page.rbegin()->first) continue;
    page.emplace(std::move(position), shown_received(wanted, *route));
    if (page.size() > wanted.limit + 1) page.erase(std::prev(page.end()));
  }
}

std::array<net::Prefix, 2> halves_of(const net::Prefix& prefix) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(prefix.address().bytes(), bytes.begin());
  const auto bit = static_cast<std::size_t>(prefix.length());
  bytes[bit / 8] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
  const net::Address upper = prefix.address().is_v4()
                                 ? net::Address(std::span(bytes).first<4>())
                                 : net::Address(std::span<const std::uint8_t, 16>(bytes));
  return {net::Prefix(prefix.address(), prefix.length() + 1), net::Prefix(upper, prefix.length() + 1)};
}

// Everything of a part of the table; what is too much for one search is halved.
arm::Expected<void> add_part(const Call& call, const Wanted& wanted, const net::Prefix& part, bool covering,
                             Page& page) {
  rib::RouteSearch search;
  search.prefix = part;
  search.covering = covering;
  search.more_specific = true;
  search.limit = part_routes_max;
  for (const net::Address& peer : wanted.peers) {
    search.peer = peer;
    const auto found = call.services.search_routes(search);
    if (!found) return arm::failed(found.error());
    if (!found->truncated || part.length() == net::address_bits(part.family())) {
      add_routes(wanted, found->routes, page);
      continue;
    }
    rib::RouteSearch own = search;
    own.more_specific = false;
    const auto alone = call.services.search_routes(own);
    if (!alone) return arm::failed(alone.error());
    add_routes(wanted, alone->routes, page);
    Wanted one = wanted;
    one.peers = {peer};
    for (const net::Prefix& half : halves_of(part)) {
      if (auto done = add_part(call, one, half, false, page); !done) return done;
    }
  }
  return {};
}

// A part of the table, and between which texts those of its prefixes lie.
struct Part {
  std::string first, last;
  net::Prefix prefix;
};

// IPv4 by the first octet, IPv6 by the first two digits of four; what has fewer digits is one part.
std::vector<Part> make_parts() {
  std::vector<Part> out;
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    out.push_back({fmt::format("{}.", octet), fmt::format("{}/", octet),
                   net::Prefix(net::Address::v4(octet << 24), 8)});
  }
  std::array<std::uint8_t, 16> bytes{};
  out.push_back({"", "g", net::Prefix(net::Address::v6(bytes), 4)});
  for (unsigned high = 0x10; high < 256; ++high) {
    bytes[0] = static_cast<std::uint8_t>(high);
    out.push_back({fmt::format("{:02x}00:", high), fmt::format("{:02x}ff;", high),
                   net::Prefix(net::Address::v6(bytes), 8)});
  }
  std::ranges::stable_sort(out, {}, &Part::first);
  return out;
}

arm::Expected<void> add_all(const Call& call, const Wanted& wanted, Page& page) {
  static const std::vector<Part> parts = make_parts();
  for (const Part& part : parts) {
    if (wanted.after && part.last <= wanted.after->prefix) continue;
    if (page.size() > wanted.limit && page.rbegin()->first.prefix < part.first) break;
    if (auto done = add_part(call, wanted, part.prefix, true, page); !done) return done;
  }
  return {};
}

arm::Expected<void> add_exact(const Call& call, const Wanted& wanted, Page& page) {
  rib::RouteSearch search;
  search.prefix = *wanted.filters.prefix;
  search.limit = part_routes_max;
  for (const net::Address& peer : wanted.peers) {
    search.peer = peer;
    const auto found = call.services.search_routes(search);
    if (!found) return arm::failed(found.error());
    add_routes(wanted, found->routes, page);
  }
  return {};
}

}  // namespace

arm::Answer list_received_routes(Call& call) {
  const auto peering = load_parent(call, call.key.substr(0, call.key.rfind('/')));
  if (!peering) return tl::unexpected(peering.error());
  const auto wanted = read_wanted(call, *peering);
  if (!wanted) return tl::unexpected(wanted.error());
  Page page;
  const auto done = wanted->filters.prefix ? add_exact(call, *wanted, page) : add_all(call, *wanted, page);
  if (!done) return tl::unexpected(done.error());
  const bool more = page.size() > wanted->limit;
  if (more) page.erase(std::prev(page.end()));
  const std::string position = more ? page.rbegin()->first.text() : std::string();
  json::array items;
  for (auto& [at, item] : page) items.push_back(std::move(item));
  return arm::list_response(call.request, call.query, std::move(items), position);
}

}  // namespace peering::api
