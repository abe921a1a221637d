// Prefixes of a peering service.
#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/prefix_body.h"
#include "api/validation.h"

namespace peering::api {

namespace {

constexpr std::size_t expanded_events_max = 100;

arm::Expected<json::array> azure_events(const Call& call, const Record& record) {
  store::EventQuery query;
  query.scope = record.stored.key;
  query.limit = expanded_events_max;
  const auto page = call.services.telemetry.events(query);
  if (!page) return arm::failed(page.error());
  json::array out;
  for (const model::Event& event : page->events) out.push_back(model::to_azure_json(event));
  return out;
}

json::object shown_prefix(const Record& record, const PrefixValidation& validation) {
  const json::object& stored = record.document.at("properties").as_object();
  json::object properties{{"prefix", stored.at("prefix")},
                          {"prefixValidationState", validation.state},
                          {"learnedType", validation.learned_type}};
  if (!validation.error_message.empty()) properties["errorMessage"] = validation.error_message;
  if (const json::value* key = stored.if_contains("peeringServicePrefixKey")) {
    properties["peeringServicePrefixKey"] = *key;
  }
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

bool wants_events(const Call& call) {
  return arm::same_name(call.query.get("$expand").value_or(""), "events");
}

arm::Expected<json::value> current_prefix(const Call& call, const Record& record,
                                          const ChosenProvider& chosen, PrefixJudge& judge) {
  const auto prefix = registered_prefix_of(call, record);
  if (!prefix) return tl::unexpected(prefix.error());
  json::object out = shown_prefix(record, judge.judge(*prefix, chosen, call.at));
  if (wants_events(call)) {
    auto events = azure_events(call, record);
    if (!events) return tl::unexpected(events.error());
    out["properties"].as_object()["events"] = std::move(*events);
  }
  return json::value(std::move(out));
}

std::string stored_text(const Record& record, std::string_view key) {
  return find_string(record.document.at("properties"), key).value_or("");
}

// What the request is about, if it is there. Where the commit says whether that holds, and all is decided
// again with a look into the store if not, the registry is believed at first: it knows without reading.
arm::Expected<std::optional<Record>> load_before(const Call& call) {
  const bool absent = call.absent || !call.services.registry()->prefixes.contains(call.key);
  if (call.defers && absent) return std::optional<Record>{};
  return load(call, call.key);
}

json::object new_document(const Call& call, const json::object& parent) {
  const std::string& name = call.parameter("prefixName");
  json::object out;
  out["name"] = name;
  out["id"] = fmt::format("{}/prefixes/{}", std::string(parent.at("id").as_string()), name);
  out["type"] = "Microsoft.Peering/peeringServices/prefixes";
  out["createdAt"] = format_rfc3339(call.at);
  out["changedAt"] = format_rfc3339(call.at);
  return out;
}

}  // namespace

arm::Answer list_prefixes(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key + "/x"));
  if (!service) return tl::unexpected(service.error());
  const ChosenProvider chosen = chosen_provider(service->document);
  PrefixJudge judge = judge_of(call);
  return list_stored(call, prefix_type, call.key + "/",
                     [&](const Record& record) { return current_prefix(call, record, chosen, judge); });
}

arm::Answer get_prefix(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key));
  if (!service) return tl::unexpected(service.error());
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  PrefixJudge judge = judge_of(call);
  const auto body = current_prefix(call, *record, chosen_provider(service->document), judge);
  if (!body) return tl::unexpected(body.error());
  return arm::json_response(200, *body);
}

arm::Answer put_prefix(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key));
  if (!service) return tl::unexpected(service.error());
  const auto given = read_prefix_body(call);
  if (!given) return tl::unexpected(given.error());
  const auto before = load_before(call);
  if (!before) return tl::unexpected(before.error());
  const std::string prefix = given->prefix.to_string();
  json::object document = *before ? (*before)->document : new_document(call, service->document);
  if (*before) {
    if (stored_text(**before, "prefix") != prefix) {
      return arm::bad_argument(
          "properties.prefix", prefix,
          fmt::format("the prefix of an existing resource ({}) cannot be changed; delete "
                      "it and create another",
                      stored_text(**before, "prefix")));
    }
    if (stored_text(**before, "peeringServicePrefixKey") != given->key) {
      document["changedAt"] = format_rfc3339(call.at);
    }
  }
  json::object properties{{"prefix", prefix}};
  if (!given->key.empty()) properties["peeringServicePrefixKey"] = given->key;
  document["properties"] = std::move(properties);
  const Saving saving{call.key, prefix_type, prefix,
                      fmt::format("The prefix '{}' is already registered with a peering service.", prefix),
                      &service->stored};
  if (auto saved = save(call, saving, document, *before); !saved) return tl::unexpected(saved.error());
  const Record record{{}, std::move(document)};
  if (!*before || age_of(record, call.at) == Microseconds::zero()) {
    return created_or_replaced(*before, shown_prefix(record, PrefixValidation{}));
  }
  PrefixJudge judge = judge_of(call);
  const auto body = current_prefix(call, Record{(*before)->stored, record.document},
                                   chosen_provider(service->document), judge);
  if (!body) return tl::unexpected(body.error());
  return arm::json_response(200, *body);
}

arm::Answer delete_prefix(Call& call) {
  const auto service = load_parent(call, arm::parent_of(call.key));
  if (!service) return tl::unexpected(service.error());
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
