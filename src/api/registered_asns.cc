// AS numbers of customers that a partner registers with a peering. One key serves all prefixes of the
// customer.
#include "api/arm/body.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/partner_registration.h"
#include "net/address.h"

namespace peering::api {

namespace {

json::object shown_asn(const Record& record) {
  json::object properties = record.document.at("properties").as_object();
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

// Customers may use private numbers towards their partner, so these are allowed.
arm::Expected<net::Asn> read_asn(const Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto properties = arm::object_member(*body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  constexpr std::string_view field = "properties.asn";
  const auto number = arm::number_member(json::value(*properties), "asn", field);
  if (!number) return tl::unexpected(number.error());
  if (!*number) return arm::bad_content(field, "", "it is required");
  if (**number < 1 || **number > 4294967294LL || **number == net::as_trans) {
    return arm::bad_argument(field, std::to_string(**number), "an AS number from 1 to 4294967294, not 23456");
  }
  return static_cast<net::Asn>(**number);
}

}  // namespace

arm::Answer list_registered_asns(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key + "/x"));
  if (!peering) return tl::unexpected(peering.error());
  return list_stored(call, registered_asn_type, call.key + "/",
                     [](const Record& record) -> arm::Expected<json::value> { return shown_asn(record); });
}

arm::Answer get_registered_asn(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key));
  if (!peering) return tl::unexpected(peering.error());
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_asn(*record));
}

arm::Answer put_registered_asn(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key));
  if (!peering) return tl::unexpected(peering.error());
  const auto asn = read_asn(call);
  if (!asn) return tl::unexpected(asn.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  if (auto same = check_same_value(*before, "asn", *asn); !same) return tl::unexpected(same.error());
  if (auto ok = check_registrable(call, *peering, *before); !ok) return tl::unexpected(ok.error());
  json::object document =
      *before ? (*before)->document
              : new_registration(call, *peering, "registeredAsns", call.parameter("registeredAsnName"));
  document["properties"] = json::object{{"asn", *asn}, {"peeringServicePrefixKey", key_of(*before)}};
  // Two partners may have the same customer; a partner has it once, wherever they peer.
  const Saving saving{call.key, registered_asn_type,
                      fmt::format("{} {}", model::lower(call.parameter("subscriptionId")), *asn),
                      fmt::format("The AS number {} is already registered with a peering.", *asn),
                      &peering->stored};
  if (auto saved = save(call, saving, document, *before); !saved) return tl::unexpected(saved.error());
  return created_or_replaced(*before, shown_asn(Record{{}, std::move(document)}));
}

arm::Answer delete_registered_asn(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key));
  if (!peering) return tl::unexpected(peering.error());
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
