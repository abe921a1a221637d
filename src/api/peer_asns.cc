// Peer ASNs of a subscription. They wait for an Operator's approval.
#include <algorithm>
#include <array>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/peering_approvals.h"
#include "api/peering_sessions.h"
#include "net/address.h"

namespace peering::api {

namespace {

constexpr std::array<std::string_view, 6> contact_roles = {"Noc",     "Policy",     "Technical",
                                                           "Service", "Escalation", "Other"};
constexpr std::size_t contacts_max = 50;
constexpr std::size_t peerings_max = 1'000'000;

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

arm::Expected<json::object> read_contact(const json::value& value, const std::string& path) {
  if (!value.is_object()) return arm::bad_content(path, json::serialize(value), "an object");
  json::object out;
  for (const std::string_view key : {"role", "email", "phone"}) {
    const auto text = arm::text_member(value, key, fmt::format("{}.{}", path, key), 256);
    if (!text) return tl::unexpected(text.error());
    if (*text) out[key] = **text;
  }
  if (const json::value* role = out.if_contains("role")) {
    const std::string given(role->as_string());
    const auto known = std::ranges::find_if(
        contact_roles, [&](std::string_view each) { return arm::same_name(each, given); });
    if (known == contact_roles.end()) {
      return arm::bad_content(path + ".role", given, "Noc, Policy, Technical, Service, Escalation or Other");
    }
    out["role"] = *known;
  }
  return out;
}

arm::Expected<json::array> read_contacts(const json::value& properties) {
  json::array out;
  const json::value* list = find(properties, "peerContactDetail");
  if (!list || list->is_null()) return out;
  if (!list->is_array()) {
    return arm::bad_content("properties.peerContactDetail", json::serialize(*list), "a list");
  }
  if (list->get_array().size() > contacts_max) {
    return arm::bad_content("properties.peerContactDetail",
                            fmt::format("{} contacts", list->get_array().size()), "at most 50 contacts");
  }
  for (const json::value& item : list->get_array()) {
    auto contact = read_contact(item, fmt::format("properties.peerContactDetail[{}]", out.size()));
    if (!contact) return tl::unexpected(contact.error());
    out.push_back(std::move(*contact));
  }
  return out;
}

// Peerings are of this number for their life.
arm::Expected<void> check_unused(const Call& call, std::string_view what) {
  const std::string subscription = call.key.substr(0, call.key.find("/providers/"));
  const auto peerings = load_all(call, peering_type, subscription + "/", peerings_max);
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

arm::Expected<json::object> read_properties(const json::value& body, const Settings& settings) {
  const auto given = arm::object_member(body, "properties", "properties");
  if (!given) return tl::unexpected(given.error());
  const json::value value(*given);
  const auto asn = read_asn(value, settings);
  if (!asn) return tl::unexpected(asn.error());
  const auto name = arm::text_member(value, "peerName", "properties.peerName", 256);
  if (!name) return tl::unexpected(name.error());
  auto contacts = read_contacts(value);
  if (!contacts) return tl::unexpected(contacts.error());
  json::object out{{"peerAsn", *asn}};
  if (!contacts->empty()) out["peerContactDetail"] = std::move(*contacts);
  if (*name) out["peerName"] = **name;
  return out;
}

}  // namespace

json::object shown_peer_asn(const Record& record) {
  return shown(record, record.document.at("properties").as_object());
}

arm::Answer list_peer_asns(Call& call) {
  return list_stored(
      call, peer_asn_type, call.key + "/",
      [](const Record& record) -> arm::Expected<json::value> { return shown_peer_asn(record); });
}

arm::Answer get_peer_asn(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_peer_asn(*record));
}

arm::Answer put_peer_asn(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  auto properties = read_properties(*body, call.services.settings);
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
  return created_or_replaced(*before, shown_peer_asn(Record{{}, std::move(document)}));
}

arm::Answer delete_peer_asn(Call& call) {
  if (auto unused = check_unused(call, "be deleted"); !unused) return tl::unexpected(unused.error());
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
