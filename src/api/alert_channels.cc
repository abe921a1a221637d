// Alert channels of a subscription: where alerts are delivered. Secrets go in and
// never come out.
#include <algorithm>
#include <array>

#include "alert/rules.h"
#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "base/digest.h"

namespace peering::api {

namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t secret_bytes_max = 1024;

json::object shown_channel(const Record& record) {
  json::object properties = record.document.at("properties").as_object();
  properties["secretSet"] = properties.contains("secret");
  properties.erase("secret");
  properties["provisioningState"] = "Succeeded";
  return shown(record, std::move(properties));
}

bool is_web_address(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    return !host.empty() && host.find('@') == std::string_view::npos && std::ranges::none_of(url, [](char c) {
      return c == ' ' || static_cast<unsigned char>(c) >= 0x7f;
    });
  }
  return false;
}

// A secret that a PUT leaves out stays; null removes it.
arm::Expected<std::optional<std::string>> read_secret(const json::value& properties,
                                                      const std::optional<Record>& before) {
  const json::value* given = find(properties, "secret");
  if (!given && before) return find_string(before->document.at("properties"), "secret");
  const auto secret = arm::text_member(properties, "secret", "properties.secret", secret_bytes_max);
  if (!secret) {
    // The usual message would repeat the secret.
    return arm::refuse(
        400, "InvalidRequestContent",
        "properties.secret is not accepted: a text of at most 1024 bytes without control characters");
  }
  return *secret && (*secret)->empty() ? std::optional<std::string>{} : *secret;
}

arm::Expected<json::object> read_channel(const json::value& body, const std::optional<Record>& before) {
  const auto properties = arm::object_member(body, "properties", "properties");
  if (!properties) return tl::unexpected(properties.error());
  constexpr std::array<std::string_view, 5> known = {"type", "url", "secret", "secretSet",
                                                     "provisioningState"};
  for (const auto& member : *properties) {
    if (std::ranges::find(known, std::string_view(member.key().data(), member.key().size())) == known.end()) {
      return arm::refuse(400, "InvalidRequestContent",
                         invalid("properties", std::string_view(member.key().data(), member.key().size()),
                                 "a webhook has type, url and secret")
                             .message);
    }
  }
  const json::value value(*properties);
  const auto type = arm::required_text(value, "type", "properties.type", 64);
  if (!type) return tl::unexpected(type.error());
  if (!arm::same_name(*type, "webhook")) return arm::bad_argument("properties.type", *type, "webhook");
  const auto url = arm::required_text(value, "url", "properties.url", url_bytes_max);
  if (!url) return tl::unexpected(url.error());
  if (!is_web_address(*url)) {
    return arm::bad_argument("properties.url", *url, "an http:// or https:// address without user names");
  }
  const auto secret = read_secret(value, before);
  if (!secret) return tl::unexpected(secret.error());
  json::object out{{"type", "webhook"}, {"url", *url}};
  if (*secret) out["secret"] = **secret;
  return out;
}

// What a test sends: an event of a documentation prefix that says what it is.
model::Event sample_event(const Record& channel, TimePoint at) {
  model::Event out;
  out.id = model::EventId("test-" + random_uuid());
  out.kind = model::EventKind::announcement;
  out.type = "PrefixAnnouncementEvent";
  out.prefix = out.observed = *net::Prefix::parse("192.0.2.0/24");
  out.first_seen = out.last_seen = out.detected_at = at;
  out.resolved_at = at;
  out.summary =
      fmt::format("Test of the alert channel {}", std::string(channel.document.at("name").as_string()));
  out.description =
      "Somebody asked for this delivery to see whether the channel works; nothing has happened.";
  out.incident_id = out.id.value;
  return out;
}

}  // namespace

arm::Answer list_alert_channels(Call& call) {
  return list_stored(
      call, alert_channel_type, call.key + "/",
      [](const Record& record) -> arm::Expected<json::value> { return shown_channel(record); });
}

arm::Answer get_alert_channel(Call& call) {
  const auto record = load_existing(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_channel(*record));
}

arm::Answer put_alert_channel(Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  auto properties = read_channel(*body, *before);
  if (!properties) return tl::unexpected(properties.error());
  json::object document = *before ? (*before)->document : json::object();
  if (!*before) {
    const std::string& name = call.parameter("channelName");
    document["name"] = name;
    document["id"] = fmt::format("/subscriptions/{}/providers/Open.Peering/alertChannels/{}",
                                 call.parameter("subscriptionId"), name);
    document["type"] = "Open.Peering/alertChannels";
    document["createdAt"] = format_rfc3339(call.at);
  }
  document["properties"] = std::move(*properties);
  if (auto saved = save(call, {call.key, alert_channel_type, "", ""}, document, *before); !saved) {
    return tl::unexpected(saved.error());
  }
  return created_or_replaced(*before, shown_channel(Record{{}, std::move(document)}));
}

arm::Answer delete_alert_channel(Call& call) {
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  return deleted(*existed);
}

arm::Answer test_alert_channel(Call& call) {
  const std::string key = call.key.substr(0, call.key.rfind('/'));
  const auto record = load_parent(call, key);
  if (!record) return tl::unexpected(record.error());
  const model::Event event = sample_event(*record, call.at);
  model::Alert alert;
  alert.id = event.id.value;
  alert.event = event.id;
  alert.kind = event.kind;
  alert.level = event.level;
  alert.state = event.state;
  alert.opened = call.at;
  alert.summary = event.summary;
  model::Delivery delivery;
  delivery.alert = alert.id;
  delivery.id = alert::delivery_id(event, record->stored.key);
  delivery.channel = record->stored.key;
  delivery.payload = json::serialize(alert::webhook_payload(event, alert, delivery.id));
  delivery.created = delivery.due = call.at;
  store::EventCommit commit;
  commit.outbox.push_back(delivery);
  if (const auto queued = call.services.telemetry.append(commit); !queued) {
    return arm::failed(queued.error());
  }
  call.services.deliveries_queued();
  return arm::json_response(202, json::object{{"id", delivery.id}, {"status", "queued"}});
}

}  // namespace peering::api
