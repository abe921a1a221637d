// Peer ASNs of a subscription. They wait for an Operator's approval.
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/peer_contacts.h"
#include "api/peering_approvals.h"
#include "api/peering_sessions.h"
#include "net/address.h"

namespace peering::api {

namespace {

constexpr std::size_t peerings_looked_at_max = 1'000'000;

std::string version_of(const Call& call) { return call.query.get("api-version").value_or(""); }

arm::Expected<net::Asn> read_asn(const json::value& properties, const Settings& settings) {
  constexpr std::string_view field = "properties.peerAsn";
  const auto number = arm::number_member(properties, "peerAsn", field);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return arm::bad_content(field, "", "it is required");
  const std::int64_t asn = **number;
  if (asn < 1 || asn > 4294967295LL) {
    return arm::bad_argument(field, std::to_string(asn), "an AS number from 1 to 4294967295");
  }
  const auto out = static_cast<net::Asn>(asn);
  if (out == net::as_trans || (net::is_reserved(out) && !settings.reserved_asn_allowed)) {
    return arm::bad_argument(field, std::to_string(asn), "a public AS number, not a private or reserved one");
  }
  return out;
}

// Peerings are of this number for their life.
arm::Expected<void> check_unused(const Call& call, std::string_view what) {
  const std::string subscription = call.key.substr(0, call.key.find("/providers/"));
  const auto peerings = load_all(call, peering_type, subscription + "/", peerings_looked_at_max);
  if (!peerings) return tl::unexpected(peerings.error());
  for (const Record& each : *peerings) {
    const json::value& block = each.document.at("properties").at(block_of(each.document));
    const std::string used(block.at("peerAsn").at("id").as_string());
    if (!arm::same_name(used, call.path)) continue;
    return arm::refuse(
        409, "Conflict",
        fmt::format("The peer ASN '{}' cannot {}: the peering '{}' uses it.", call.parameter("peerAsnName"),
                    what, std::string(each.document.at("id").as_string())));
  }
  return {};
}

arm::Expected<json::object> read_properties(const json::value& body, const Call& call) {
  const auto given = arm::object_member(body, "properties", "properties");
  if (!given) return tl::unexpected(given.error());
  const json::value value(*given);
  const auto asn = read_asn(value, call.services.settings);
  if (!asn) return tl::unexpected(asn.error());
  const auto name = arm::text_member(value, "peerName", "properties.peerName", 256);
  if (!name) return tl::unexpected(name.error());
  auto contacts = read_contacts(value, version_of(call));
  if (!contacts) return tl::unexpected(contacts.error());
  json::object out{{"peerAsn", *asn}};
  if (!contacts->empty()) out["peerContactDetail"] = std::move(*contacts);
  if (*name) out["peerName"] = **name;
  return out;
}

}  // namespace

json::object shown_peer_asn(const Call& call, const Record& record) {
  json::object properties = record.document.at("properties").as_object();
  show_contacts(version_of(call), properties);
  return shown(record, std::move(properties));
}

arm::Answer list_peer_asns(Call& call) {
  return list_stored(
      call, peer_asn_type, call.key + "/",
      [&](const Record& record) -> arm::Expected<json::value> { return shown_peer_asn(call, record); });
}

arm::Answer get_peer_asn(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_peer_asn(call, *record));
}

arm::Answer put_peer_asn(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  auto properties = read_properties(*body, call);
  if (!properties) return tl::unexpected(properties.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  json::object document = *before ? (*before)->document : json::object();
  std::string state(initial_asn_state(call.services.settings));
  if (!*before) {
    const std::string& name = call.parameter("peerAsnName");
    document["name"] = name;
    document["id"] = fmt::format("/subscriptions/{}/providers/Microsoft.Peering/peerAsns/{}",
                                 call.parameter("subscriptionId"), name);
    document["type"] = "Microsoft.Peering/peerAsns";
    document["createdAt"] = format_rfc3339(call.at);
  } else {
    // Approval belongs to the number: contacts may change without asking again.
    const json::value& stored = document.at("properties");
    if (*find(stored, "peerAsn") == properties->at("peerAsn")) {
      state = find_string(stored, "validationState").value_or(state);
      if (const json::value* message = find(stored, "errorMessage")) (*properties)["errorMessage"] = *message;
    } else if (auto unused = check_unused(call, "have another number"); !unused) {
      return tl::unexpected(unused.error());
    }
  }
  (*properties)["validationState"] = state;
  document["properties"] = std::move(*properties);
  if (auto saved = save(call, {call.key, peer_asn_type, "", ""}, document, *before); !saved) {
    return tl::unexpected(saved.error());
  }
  return created_or_replaced(*before, shown_peer_asn(call, Record{{}, std::move(document)}));
}

arm::Answer delete_peer_asn(Call& call) {
  if (auto unused = check_unused(call, "be deleted"); !unused) return tl::unexpected(unused.error());
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
