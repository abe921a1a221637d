#include "oracle.h"

#include <fmt/format.h>

namespace peering::seeded {

namespace {

using model::EventKind;

net::Prefix parse(std::string_view text) { return net::Prefix::parse(text).value(); }

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
    const net::Prefix prefix = parse(claim.prefix);
    if (!prefix.covers(observed)) continue;
    if (!out || parse(out->prefix).length() < prefix.length()) out = &claim;
  }
  return out;
}

std::set<Verdict> verdicts_of(const Customer& customer, std::string_view observed, const Path& path) {
  const Claim* claim = deciding(customer, parse(observed));
  if (!claim) return {};
  const net::Asn origin = path.back(), neighbor = neighbor_of(path);
  const bool exact = claim->prefix == observed;
  const auto verdict = [&](EventKind kind, net::Asn who) {
    return Verdict{kind, customer.name, claim->name, observed, who};
  };
  if (claim->origins.empty()) return {verdict(EventKind::squatting, origin)};
  if (!claim->origins.contains(origin)) {
    return {verdict(exact ? EventKind::origin_hijack : EventKind::subprefix_hijack, origin)};
  }
  std::set<Verdict> out;
  if (!claim->upstreams.empty() && !claim->upstreams.contains(neighbor)) {
    out.insert(verdict(EventKind::path_forged_first_hop, neighbor));
  }
  if (!exact) out.insert(verdict(EventKind::new_prefix, origin));
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

std::set<Verdict> verdicts_of(std::string_view observed, const Path& path) {
  std::set<Verdict> out;
  for (const Customer& customer : customers()) out.merge(verdicts_of(customer, observed, path));
  return out;
}

std::optional<Verdict> verdict_of(const model::Event& event) {
  std::optional<net::Asn> who;
  switch (event.kind) {
    case EventKind::origin_hijack:
    case EventKind::subprefix_hijack:
    case EventKind::squatting:
    case EventKind::new_prefix:
      who = event.origin;
      break;
    case EventKind::path_forged_first_hop:
      who = event.neighbor;
      break;
    default:
      return std::nullopt;
  }
  for (const Customer& customer : customers()) {
    if (connection_of(customer) != event.connection) continue;
    for (const Claim& claim : customer.claims) {
      if (event.prefix_resource != fmt::format("{}/prefixes/{}", event.connection, claim.name)) continue;
      for (const std::string_view prefix : prefixes()) {
        if (parse(prefix) == event.observed) {
          return Verdict{event.kind, customer.name, claim.name, prefix, who.value_or(0)};
        }
      }
    }
  }
  return Verdict{event.kind, "", "", "", who.value_or(0)};  // nobody's: never right
}

std::string connection_of(const Customer& customer) {
  return fmt::format("/subscriptions/{0}/resourceGroups/g/providers/Microsoft.Peering/peeringServices/{0}",
                     customer.name);
}

model::RegistryPointer registry_of(unsigned present) {
  auto out = std::make_shared<model::Registry>();
  for (std::size_t i = 0; i < customers().size(); ++i) {
    const Customer& customer = customers()[i];
    auto connection = std::make_shared<model::Connection>();
    connection->resource = connection_of(customer);
    connection->subscription = customer.name;
    connection->alerts.enabled = true;
    connection->alerts.channels = {"noc"};
    connection->alerts.minimum_level = model::Level::warning;
    out->connections[model::lower(connection->resource)] = connection;
    if ((present >> i & 1U) == 0) continue;
    for (const Claim& claim : customer.claims) {
      auto prefix = std::make_shared<model::RegisteredPrefix>();
      prefix->connection = connection->resource;
      prefix->resource = fmt::format("{}/prefixes/{}", connection->resource, claim.name);
      prefix->expectation.prefix = parse(claim.prefix);
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
