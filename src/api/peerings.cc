// Peerings: a partner's connections, direct or at an exchange.
#include "api/arm/api_version.h"
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/tags.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/peering_approvals.h"
#include "api/peering_body.h"
#include "api/peering_sessions.h"
#include "api/tracked_resource.h"
#include "model/registry.h"

namespace peering::api {

namespace {

// The peer ASN that a peering names: it must be one of the same subscription.
arm::Expected<Record> load_peer_asn(const Call& call, const PeeringBody& body) {
  const std::string field =
      fmt::format("properties.{}.peerAsn.id", body.kind == "Direct" ? "direct" : "exchange");
  const std::string key = model::lower(body.peer_asn_id);
  const std::string start = model::lower(fmt::format(
      "/subscriptions/{}/providers/microsoft.peering/peerasns/", call.parameter("subscriptionId")));
  // The same words whether there is none or it is another subscription's.
  constexpr std::string_view rule = "the id of a peer ASN of this subscription";
  if (!key.starts_with(start)) return arm::bad_argument(field, body.peer_asn_id, rule);
  auto record = load(call, key);
  if (!record) return tl::unexpected(record.error());
  if (!*record || (*record)->stored.type != peer_asn_type) {
    return arm::bad_argument(field, body.peer_asn_id, rule);
  }
  return std::move(**record);
}

// Kind and ASN belong to a peering for its life.
arm::Expected<void> check_unchanged(const Record& before, const PeeringBody& body) {
  const std::string kind(before.document.at("kind").as_string());
  if (kind != body.kind) return arm::bad_argument("kind", body.kind, fmt::format("{}, as it was made", kind));
  const std::string block = kind == "Direct" ? "direct" : "exchange";
  const json::value& stored = before.document.at("properties").at(block).at("peerAsn").at("id");
  const std::string id(stored.as_string());
  if (arm::same_name(id, body.peer_asn_id)) return {};
  return arm::bad_argument(fmt::format("properties.{}.peerAsn.id", block), body.peer_asn_id,
                           fmt::format("{}, as it was made", id));
}

arm::Expected<json::object> new_document(const Call& call, const std::string& location) {
  const auto group = load_existing(call, call.key.substr(0, call.key.find("/providers/")));
  if (!group) return tl::unexpected(group.error());
  const std::string& name = call.parameter("peeringName");
  return json::object{{"name", name},
                      {"id", fmt::format("{}/providers/Microsoft.Peering/peerings/{}",
                                         std::string(group->document.at("id").as_string()), name)},
                      {"type", "Microsoft.Peering/peerings"},
                      {"location", location},
                      {"createdAt", format_rfc3339(call.at)}};
}

// Clients of earlier versions neither see probes nor take them away.
bool knows_probes(const Call& call) {
  return arm::is_since(call.query.get("api-version").value_or(""), "2025-05-01");
}

}  // namespace

json::object shown_peering(const Call& call, const Record& record) {
  json::object properties = shown_peering_properties(record.document, *call.services.sessions());
  if (!knows_probes(call)) properties.erase(probes_key);
  properties["provisioningState"] = "Succeeded";
  json::object out = shown(record, std::move(properties));
  out["kind"] = record.document.at("kind");
  return out;
}

arm::Answer list_peerings(Call& call) {
  // Both lists end in /providers/Microsoft.Peering/peerings: of a group, or of a subscription.
  const std::string scope = call.key.substr(0, call.key.rfind("/providers/"));
  return list_stored(
      call, peering_type, scope + "/",
      [&](const Record& record) -> arm::Expected<json::value> { return shown_peering(call, record); });
}

arm::Answer get_peering(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_peering(call, *record));
}

arm::Answer put_peering(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  const auto location = read_location(*body, *before);
  if (!location) return tl::unexpected(location.error());
  auto tags = arm::read_tags(*body);
  if (!tags) return tl::unexpected(tags.error());
  const json::object stored = *before ? (*before)->document.at("properties").as_object() : json::object();
  auto given = read_peering(*body, stored, *call.services.catalog(), knows_probes(call));
  if (!given) return tl::unexpected(given.error());
  const auto peer_asn = load_peer_asn(call, *given);
  if (!peer_asn) return tl::unexpected(peer_asn.error());
  if (*before) {
    if (auto same = check_unchanged(**before, *given); !same) return tl::unexpected(same.error());
  }
  json::object document;
  if (*before) {
    document = (*before)->document;
  } else {
    auto made = new_document(call, *location);
    if (!made) return tl::unexpected(made.error());
    document = std::move(*made);
  }
  document["kind"] = given->kind;
  document["sku"] = std::move(given->sku);
  document["properties"] = std::move(given->properties);
  document["peerAsn"] = peer_asn->document.at("properties").at("peerAsn");
  if (auto done = settle_connections(call, *peer_asn, document); !done) return tl::unexpected(done.error());
  set_or_erase(document, "tags", std::move(*tags));
  const Saving saving{call.key, peering_type, "", "", &peer_asn->stored};
  if (auto saved = save(call, saving, document, *before); !saved) return tl::unexpected(saved.error());
  return created_or_replaced(*before, shown_peering(call, Record{{}, std::move(document)}));
}

arm::Answer patch_peering(Call& call) { return patch_tags(call, peering_type, shown_peering); }

arm::Answer delete_peering(Call& call) {
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
