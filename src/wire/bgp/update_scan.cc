#include "wire/bgp/update_scan.h"

#include <algorithm>

#include "base/byte_cursor.h"
#include "wire/bgp/prefixes.h"

namespace peering::wire::bgp {

namespace {

// RFC 4271 section 5: what a route must carry (RFC 7606 section 3 (d): treat-as-withdraw when it does not).
void require_mandatory(const SessionFacts& facts, UpdateScan& out) {
  AttributeScan& attributes = out.attributes;
  const auto require = [&](AttributeCode code) {
    if (attributes.has(code)) return;
    const auto number = static_cast<std::uint8_t>(code);
    const bool told = std::any_of(attributes.issues.begin(), attributes.issues.end(),
                                  [&](const Issue& issue) { return issue.attribute == number; });
    if (!told) {
      attributes.issues.push_back({number, Outcome::treat_as_withdraw, "a mandatory attribute is missing"});
    }
  };
  const bool mp = attributes.reach && attributes.reach->count > 0;
  if (out.announced.empty() && !mp) return;
  require(AttributeCode::origin);
  require(AttributeCode::as_path);
  if (!out.announced.empty() && !facts.next_hop_optional) require(AttributeCode::next_hop);
}

// RFC 7606 section 5.2: an UPDATE with path attributes that announces nothing is odd; with a fault in it
// nobody can tell where its routes are.
void distrust_without_routes(UpdateScan& out) {
  const AttributeScan& attributes = out.attributes;
  const bool announces = !out.announced.empty() || (attributes.reach && !attributes.reach->routes.empty());
  if (announces || out.outcome() != Outcome::treat_as_withdraw) return;
  out.attributes.issues.push_back({0, Outcome::reset_session, "a faulty UPDATE announces no route"});
}

OtherFamilies other_families_of(const AttributeScan& scan) {
  const auto is_other = [](const std::optional<MpRoutes>& routes) {
    return routes && (!routes->address_family || routes->multicast());
  };
  OtherFamilies out;
  if (is_other(scan.reach)) out.announced = scan.reach->family;
  if (is_other(scan.unreach) && !scan.unreach->routes.empty()) out.withdrawn = scan.unreach->family;
  return out;
}

void scan_update_into(std::span<const std::uint8_t> body, const SessionFacts& facts, UpdateScan& out) {
  const auto reset = [&](std::string_view reason) {
    out.attributes.issues.push_back({0, Outcome::reset_session, reason});
  };
  ByteReader reader(body);
  const auto withdrawn = reader.bytes(reader.u16());
  if (!reader.ok()) return reset("the withdrawn routes are longer than the message");
  const auto attributes = reader.bytes(reader.u16());
  if (!reader.ok()) return reset("the path attributes are longer than the message");
  const auto announced = reader.rest();
  if (withdrawn.empty() && attributes.empty() && announced.empty()) {
    out.end_of_rib = ipv4_unicast;
    return;
  }
  const auto withdrawn_count = count_prefixes(withdrawn, net::Family::ipv4, facts.add_path_ipv4);
  if (!withdrawn_count) return reset("a withdrawn prefix is malformed");
  const auto announced_count = count_prefixes(announced, net::Family::ipv4, facts.add_path_ipv4);
  if (!announced_count) return reset("an announced prefix is malformed");
  out.withdrawn = withdrawn;
  out.announced = announced;
  out.withdrawn_count = *withdrawn_count;
  out.announced_count = *announced_count;
  scan_attributes(attributes, facts, MpReachForm::whole, out.attributes);
  const auto& unreach = out.attributes.unreach;
  const bool alone =
      withdrawn.empty() && announced.empty() && out.attributes.only(AttributeCode::mp_unreach_nlri);
  if (alone && unreach->routes.empty()) out.end_of_rib = unreach->family;
  out.other_families = other_families_of(out.attributes);
  require_mandatory(facts, out);
  if (!out.attributes.issues.empty()) distrust_without_routes(out);
}

}  // namespace

std::optional<Outcome> worst_outcome(std::span<const Issue> issues) {
  std::optional<Outcome> worst;
  for (const Issue& issue : issues) worst = std::max(worst.value_or(issue.outcome), issue.outcome);
  return worst;
}

std::optional<Outcome> UpdateScan::outcome() const { return worst_outcome(attributes.issues); }

UpdateScan scan_update(std::span<const std::uint8_t> body, const SessionFacts& facts) {
  UpdateScan out;  // its one return keeps it from being copied
  scan_update_into(body, facts, out);
  return out;
}

}  // namespace peering::wire::bgp
