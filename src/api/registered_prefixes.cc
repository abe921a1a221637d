// Prefixes of customers that a partner registers with a peering.
#include "api/arm/body.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/partner_registration.h"
#include "api/prefix_body.h"
#include "api/validation.h"

namespace peering::api {

namespace {

json::object shown_prefix(const Record& record, const PrefixValidation& validation) {
  json::object properties = record.document.at("properties").as_object();
  properties["prefixValidationState"] = validation.state;
  if (!validation.error_message.empty()) properties["errorMessage"] = validation.error_message;
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

arm::Expected<json::value> current_prefix(const Call& call, const Record& record, const Record& peering,
                                          PrefixJudge& judge) {
  const auto validation = validation_of_registered(call, judge, record, peering.document);
  if (!validation) return tl::unexpected(validation.error());
  return shown_prefix(record, *validation);
}

}  // namespace

arm::Answer list_registered_prefixes(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key + "/x"));
  if (!peering) return tl::unexpected(peering.error());
  PrefixJudge judge = judge_of(call);
  return list_stored(call, registered_prefix_type, call.key + "/",
                     [&](const Record& record) { return current_prefix(call, record, *peering, judge); });
}

arm::Answer get_registered_prefix(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key));
  if (!peering) return tl::unexpected(peering.error());
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  PrefixJudge judge = judge_of(call);
  const auto body = current_prefix(call, *record, *peering, judge);
  if (!body) return tl::unexpected(body.error());
  return arm::json_response(200, *body);
}

arm::Answer put_registered_prefix(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key));
  if (!peering) return tl::unexpected(peering.error());
  const auto body = read_prefix_body(call);
  if (!body) return tl::unexpected(body.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  const std::string prefix = body->prefix.to_string();
  if (auto same = check_same_value(*before, "prefix", json::value(prefix)); !same) {
    return tl::unexpected(same.error());
  }
  if (auto ok = check_registrable(call, *peering, *before); !ok) return tl::unexpected(ok.error());
  json::object document = *before ? (*before)->document
                                  : new_registration(call, *peering, "registeredPrefixes",
                                                     call.parameter("registeredPrefixName"));
  document["properties"] = json::object{{"prefix", prefix}, {"peeringServicePrefixKey", key_of(*before)}};
  const Saving saving{call.key, registered_prefix_type, prefix,
                      fmt::format("The prefix '{}' is already registered with a peering.", prefix),
                      &peering->stored};
  if (auto saved = save(call, saving, document, *before); !saved) return tl::unexpected(saved.error());
  const Record record{{}, std::move(document)};
  if (!*before) return created_or_replaced(*before, shown_prefix(record, PrefixValidation{}));
  PrefixJudge judge = judge_of(call);
  const auto shown = current_prefix(call, record, *peering, judge);
  if (!shown) return tl::unexpected(shown.error());
  return arm::json_response(200, *shown);
}

arm::Answer delete_registered_prefix(Call& call) {
  const auto peering = load_parent(call, arm::parent_of(call.key));
  if (!peering) return tl::unexpected(peering.error());
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

arm::Answer validate_registered_prefix(Call& call) {
  const std::string key = call.key.substr(0, call.key.rfind('/'));
  const auto peering = load_parent(call, arm::parent_of(key));
  if (!peering) return tl::unexpected(peering.error());
  const auto record = load_existing(call, key);
  if (!record) return tl::unexpected(record.error());
  json::object document = record->document;
  document["changedAt"] = format_rfc3339(call.at);
  const Saving saving{key, registered_prefix_type,
                      find_string(document.at("properties"), "prefix").value_or(""), "", &peering->stored};
  if (auto saved = save(call, saving, document, *record); !saved) return tl::unexpected(saved.error());
  return arm::json_response(200, shown_prefix(Record{{}, std::move(document)}, PrefixValidation{}));
}

}  // namespace peering::api
