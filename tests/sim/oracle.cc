#include "oracle.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace peering::seeded {

namespace {

using model::EventKind;

net::Asn neighbor_of(const Path& path) {
  for (auto at = path.rbegin(); at != path.rend(); ++at) {
    if (*at != path.back()) return *at;
  }
  return path.back();
}

// The most specific claim that covers the prefix decides.
const Claim* deciding(const Customer& customer, const net::Prefix& observed) {
  const Claim* out = nullptr;
  for (const Claim& claim : customer.claims) {
    const net::Prefix prefix = prefix_of(claim.prefix);
    if (!prefix.covers(observed)) continue;
    if (!out || prefix_of(out->prefix).length() < prefix.length()) out = &claim;
  }
  return out;
}

// RFC 6811, over the whole list.
rib::Validity validity(const net::Prefix& observed, net::Asn origin, unsigned vrps) {
  bool covered = false;
  for (std::size_t i = 0; i < possible_vrps().size(); ++i) {
    const rib::Vrp& vrp = possible_vrps()[i];
    if ((vrps >> i & 1U) == 0 || !vrp.prefix.covers(observed)) continue;
    covered = true;
    if (vrp.asn == origin && origin != 0 && observed.length() <= vrp.length_max) return rib::Validity::valid;
  }
  return covered ? rib::Validity::invalid : rib::Validity::not_found;
}

// Each AS with those next to it; the peer is no neighbour to be judged.
void judge_monitored(const Customer& customer, const Monitored& as, bool registered,
                     std::string_view observed, const Path& path, std::set<Verdict>& out) {
  Path hops = path;
  hops.erase(std::unique(hops.begin(), hops.end()), hops.end());
  for (std::size_t i = 1; i < hops.size(); ++i) {
    if (hops[i] != as.asn) continue;
    if (i > 1 && as.upstreams && !as.upstreams->contains(hops[i - 1])) {
      out.insert({EventKind::path_unexpected_upstream, customer.name, as.name, observed, hops[i - 1]});
    }
    if (i + 1 < hops.size() && as.downstreams && !as.downstreams->contains(hops[i + 1])) {
      out.insert({EventKind::path_unexpected_downstream, customer.name, as.name, observed, hops[i + 1]});
    }
  }
  if (hops.back() == as.asn && !registered) {
    out.insert({EventKind::as_announces_unregistered, customer.name, as.name, observed, as.asn});
  }
}

std::set<Verdict> verdicts_of(const Customer& customer, std::string_view observed, const Path& path,
                              const std::optional<unsigned>& vrps) {
  const Claim* claim = deciding(customer, prefix_of(observed));
  if (!claim) return {};
  const net::Asn origin = path.back(), neighbor = neighbor_of(path);
  const bool exact = claim->prefix == observed;
  const auto verdict = [&](EventKind kind, net::Asn who) {
    return Verdict{kind, customer.name, claim->name, observed, who};
  };
  const auto rpki = vrps ? std::optional(validity(prefix_of(observed), origin, *vrps)) : std::nullopt;
  // A foreign origin that a ROA allows is information.
  if (!claim->origins.contains(origin) && rpki == rib::Validity::valid) return {};
  if (claim->origins.empty()) return {verdict(EventKind::squatting, origin)};
  if (!claim->origins.contains(origin)) {
    return {verdict(exact ? EventKind::origin_hijack : EventKind::subprefix_hijack, origin)};
  }
  std::set<Verdict> out;
  if (!claim->upstreams.empty() && !claim->upstreams.contains(neighbor)) {
    out.insert(verdict(EventKind::path_forged_first_hop, neighbor));
  }
  if (!exact) out.insert(verdict(EventKind::new_prefix, origin));
  if (rpki == rib::Validity::invalid) out.insert(verdict(EventKind::rpki_invalid, origin));
  if (rpki == rib::Validity::not_found && exact) out.insert(verdict(EventKind::rpki_not_found, origin));
  return out;
}

}  // namespace

const std::vector<Customer>& customers() {
  static const std::vector<Customer> all{{"alice",
                                          {{"office", "203.0.113.0/24", {owner}, {upstream, second_upstream}},
                                           {"unused", "192.0.2.0/24", {}, {}},
                                           {"wide", "2001:db8::/32", {owner}, {}},
                                           {"site", "2001:db8:1::/48", {owner}, {upstream}}}},
                                         {"bob",
                                          {{"same", "203.0.113.0/24", {second_owner}, {}},
                                           {"anycast", "198.51.100.0/24", {owner, second_owner}, {}}}}};
  return all;
}

const std::vector<std::string_view>& prefixes() {
  static const std::vector<std::string_view> all{
      "203.0.113.0/24",  "203.0.113.128/25", "192.0.2.0/24",    "192.0.2.0/25",         "198.51.100.0/24",
      "198.51.100.0/26", "2001:db8::/32",    "2001:db8:1::/48", "2001:db8:1:8000::/49", "2001:db8:2::/48"};
  return all;
}

const std::vector<std::vector<Monitored>>& monitored_lists() {
  using Asns = std::set<net::Asn>;
  static const std::vector<std::vector<Monitored>> all{
      {},
      {{"provider", upstream, Asns{64498}, Asns{owner}}},
      {{"own", owner, Asns{upstream}, Asns{}}, {"other", stranger, {}, {}}},
      {{"provider", upstream, {}, Asns{second_owner}}, {"second", second_owner, Asns{}, {}}}};
  return all;
}

const std::vector<rib::Vrp>& possible_vrps() {
  static const std::vector<rib::Vrp> all = [] {
    std::vector<rib::Vrp> out;
    const auto add = [&](std::string_view prefix, int length_max, net::Asn asn) {
      out.push_back({prefix_of(prefix), static_cast<std::uint8_t>(length_max), asn});
    };
    add("203.0.113.0/24", 24, owner);
    add("203.0.113.0/24", 25, owner);
    add("203.0.113.0/24", 24, second_owner);
    add("203.0.113.0/24", 32, stranger);
    add("192.0.2.0/24", 24, stranger);
    add("192.0.2.0/24", 24, 0);
    add("198.51.100.0/24", 26, second_owner);
    add("198.51.0.0/16", 24, owner);
    add("2001:db8::/32", 48, owner);
    add("2001:db8:1::/48", 49, stranger);
    add("10.0.0.0/8", 8, owner);
    return out;
  }();
  return all;
}

const net::Prefix& prefix_of(std::string_view text) {
  static std::map<std::string, net::Prefix, std::less<>> known;
  const auto found = known.find(text);
  if (found != known.end()) return found->second;
  return known.emplace(text, net::Prefix::parse(text).value()).first->second;
}

std::set<Verdict> verdicts_of(std::string_view observed, const Path& path, const Circumstances& under) {
  std::set<Verdict> out;
  for (std::size_t i = 0; i < customers().size(); ++i) {
    const Customer& customer = customers()[i];
    out.merge(verdicts_of(customer, observed, path, under.vrps));
    const bool registered = (under.present >> i & 1U) != 0 && deciding(customer, prefix_of(observed));
    for (const Monitored& as : monitored_lists()[under.monitor[i]]) {
      judge_monitored(customer, as, registered, observed, path, out);
    }
  }
  return out;
}

namespace {

// The name of what the event is about; empty: nobody's.
std::string_view name_of(const model::Event& event, const Customer& customer) {
  for (const Claim& claim : customer.claims) {
    if (event.prefix_resource == fmt::format("{}/prefixes/{}", event.connection, claim.name))
      return claim.name;
  }
  for (const auto& list : monitored_lists()) {
    for (const Monitored& as : list) {
      if (event.monitored == as.asn) return as.name;
    }
  }
  return {};
}

}  // namespace

std::optional<Verdict> verdict_of(const model::Event& event) {
  std::optional<net::Asn> who;
  switch (event.kind) {
    case EventKind::origin_hijack:
    case EventKind::subprefix_hijack:
    case EventKind::squatting:
    case EventKind::new_prefix:
    case EventKind::rpki_invalid:
    case EventKind::rpki_not_found:
    case EventKind::rpki_roa_lost:
    case EventKind::as_announces_unregistered:
      who = event.origin;
      break;
    case EventKind::path_unexpected_upstream:
    case EventKind::path_unexpected_downstream:
    case EventKind::path_forged_first_hop:
      who = event.neighbor;
      break;
    default:
      return std::nullopt;
  }
  const EventKind kind = event.kind == EventKind::rpki_roa_lost ? EventKind::rpki_not_found : event.kind;
  for (const Customer& customer : customers()) {
    if (connection_of(customer) != event.connection) continue;
    const std::string_view name = name_of(event, customer);
    for (const std::string_view prefix : prefixes()) {
      if (!name.empty() && prefix_of(prefix) == event.observed) {
        return Verdict{kind, customer.name, name, prefix, who.value_or(0)};
      }
    }
  }
  return Verdict{event.kind, "", "", "", who.value_or(0)};  // nobody's: never right
}

std::string connection_of(const Customer& customer) {
  return fmt::format("/subscriptions/{0}/resourceGroups/g/providers/Microsoft.Peering/peeringServices/{0}",
                     customer.name);
}

namespace {

model::MonitoredAsList as_held(const std::vector<Monitored>& list) {
  if (list.empty()) return {};
  const auto numbers = [](const std::optional<std::set<net::Asn>>& asns) {
    return asns ? std::optional(std::vector<net::Asn>(asns->begin(), asns->end())) : std::nullopt;
  };
  std::vector<model::MonitoredAs> out;
  for (const Monitored& as : list) {
    out.push_back({as.asn, numbers(as.upstreams), numbers(as.downstreams), "", ""});
  }
  return {std::make_shared<const std::vector<model::MonitoredAs>>(std::move(out))};
}

}  // namespace

model::RegistryPointer registry_of(const Circumstances& circumstances) {
  auto out = std::make_shared<model::Registry>();
  for (std::size_t i = 0; i < customers().size(); ++i) {
    const Customer& customer = customers()[i];
    auto connection = std::make_shared<model::Connection>();
    connection->resource = connection_of(customer);
    connection->subscription = customer.name;
    connection->alerts.enabled = true;
    connection->alerts.channels = {"noc"};
    connection->alerts.minimum_level = model::Level::warning;
    connection->asns = as_held(monitored_lists()[circumstances.monitor[i]]);
    out->connections[model::lower(connection->resource)] = connection;
    if ((circumstances.present >> i & 1U) == 0) continue;
    for (const Claim& claim : customer.claims) {
      auto prefix = std::make_shared<model::RegisteredPrefix>();
      prefix->connection = connection->resource;
      prefix->resource = fmt::format("{}/prefixes/{}", connection->resource, claim.name);
      prefix->expectation.prefix = prefix_of(claim.prefix);
      for (const net::Asn asn : claim.origins) prefix->expectation.origins.push_back({asn, asn});
      if (!claim.upstreams.empty()) {
        prefix->expectation.upstreams = std::vector<net::Asn>(claim.upstreams.begin(), claim.upstreams.end());
      }
      out->prefixes[model::lower(prefix->resource)] = prefix;
      // Later ones of the same prefix join the list that is there.
      out->watch[prefix->expectation.prefix].push_back(prefix);
    }
  }
  return out;
}

}  // namespace peering::seeded
