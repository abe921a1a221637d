// Silences of a subscription: which events are not told for a time.
#include "api/arm/body.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

constexpr std::size_t silences_max = 500;  // of one subscription: each is asked about every event

arm::Expected<json::object> shown_silence(const Record& record, TimePoint at) {
  const auto silence = silence_from_document(record.document);
  if (!silence) return arm::failed(silence.error());
  json::object properties = record.document.at("properties").as_object();
  properties["state"] = silence->state(at);
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

arm::Expected<void> check_room(const Call& call) {
  const std::string list = call.key.substr(0, call.key.rfind('/') + 1);
  const auto others = load_all(call, silence_type, list, silences_max);
  if (!others) return tl::unexpected(others.error());
  if (others->size() < silences_max) return {};
  return arm::refuse(
      409, "QuotaExceeded",
      fmt::format("A subscription has at most {} silences; delete those that are over.", silences_max));
}

arm::Expected<json::object> read_silence(const Call& call, const json::value& body) {
  const auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  const auto silence = model::silence_from_json(call.parameter("silenceName"), json::value(*properties));
  if (!silence) return arm::refuse(400, "InvalidRequestContent", "properties." + silence.error().message);
  return model::to_json(*silence).as_object();
}

}  // namespace

arm::Answer list_silences(Call& call) {
  return list_stored(call, silence_type, call.key + "/",
                     [&](const Record& record) -> arm::Expected<json::value> {
                       auto out = shown_silence(record, call.at);
                       if (!out) return tl::unexpected(out.error());
                       return json::value(std::move(*out));
                     });
}

arm::Answer get_silence(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  const auto out = shown_silence(*record, call.at);
  if (!out) return tl::unexpected(out.error());
  return arm::json_response(200, *out);
}

arm::Answer put_silence(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  auto properties = read_silence(call, *body);
  if (!properties) return tl::unexpected(properties.error());
  json::object document = *before ? (*before)->document : json::object();
  if (!*before) {
    if (auto room = check_room(call); !room) return tl::unexpected(room.error());
    const std::string& name = call.parameter("silenceName");
    document["name"] = name;
    document["id"] = fmt::format("/subscriptions/{}/providers/Open.Peering/silences/{}",
                                 call.parameter("subscriptionId"), name);
    document["type"] = "Open.Peering/silences";
    document["createdAt"] = format_rfc3339(call.at);
  }
  document["properties"] = std::move(*properties);
  if (auto saved = save(call, {call.key, silence_type, "", ""}, document, *before); !saved) {
    return tl::unexpected(saved.error());
  }
  const auto out = shown_silence(Record{{}, std::move(document)}, call.at);
  if (!out) return tl::unexpected(out.error());
  return created_or_replaced(*before, *out);
}

arm::Answer delete_silence(Call& call) {
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

}  // namespace peering::api
