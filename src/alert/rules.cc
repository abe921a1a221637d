#include "alert/rules.h"

#include <algorithm>

#include "base/digest.h"
#include "base/log.h"

namespace peering::alert {

namespace {

using model::Alert;
using model::Event;
using model::EventState;

constexpr std::size_t channel_digest_bytes = 8;

std::string channel_key(std::string_view subscription, std::string_view channel) {
  const std::string scope = model::lower(subscription);
  const std::string_view root = scope.starts_with("/subscriptions/") ? "" : "/subscriptions/";
  return fmt::format("{}{}/providers/open.peering/alertchannels/{}", root, scope, model::lower(channel));
}

// The connection that the event belongs to, when it wants to be told of it.
const model::Connection* opted_in(const Event& event, const model::Registry& registry) {
  const auto found = registry.connections.find(model::lower(event.connection));
  if (found == registry.connections.end()) return nullptr;
  const model::AlertOptIn& wanted = found->second->alerts;
  if (!wanted.enabled) return nullptr;
  const auto wants = [&](model::EventKind kind, model::Level level) {
    return level >= wanted.minimum_level &&
           (!wanted.kinds || std::ranges::find(*wanted.kinds, kind) != wanted.kinds->end());
  };
  // Who is told of an event is told instead that it flaps.
  const bool wants_flapping = event.flapping && wants(event.flapping->kind, event.flapping->level);
  const bool wants_mass = event.mass && wants(event.mass->kind, event.level);
  return wants(event.kind, event.level) || wants_flapping || wants_mass ? found->second.get() : nullptr;
}

bool is_told(const Event& event) {
  return event.silenced_by.empty() && !event.damped && event.summarized_by.value.empty();
}

std::vector<std::string> channels_of(const model::Connection& connection) {
  std::vector<std::string> out;
  for (const std::string& name : connection.alerts.channels) {
    std::string key = channel_key(connection.subscription, name);
    if (std::ranges::find(out, key) == out.end()) out.push_back(std::move(key));
  }
  return out;
}

Alert alert_of(const Event& event) {
  Alert out;
  out.id = event.id.value;
  out.event = event.id;
  out.connection = event.connection;
  out.kind = event.kind;
  out.level = event.level;
  out.state = event.state;
  out.opened = event.first_seen;
  if (event.state == EventState::resolved) out.resolved = event.resolved_at.value_or(event.first_seen);
  out.summary = event.summary;
  return out;
}

void deliver(const Event& event, const Alert& alert, TimePoint now, store::EventCommit& out) {
  for (const std::string& channel : alert.channels) {
    model::Delivery delivery;
    delivery.id = delivery_id(event, channel);
    delivery.alert = alert.id;
    delivery.channel = channel;
    delivery.payload = json::serialize(webhook_payload(event, alert, delivery.id));
    delivery.created = delivery.due = now + Microseconds(out.outbox.size());
    out.outbox.push_back(std::move(delivery));
  }
}

// The alert of an event that nobody was told of.
void open_alert(const Event& event, const model::Connection& connection, TimePoint now,
                store::EventCommit& out) {
  Alert alert = alert_of(event);
  alert.channels = channels_of(connection);
  deliver(event, alert, now, out);
  out.alerts.push_back(std::move(alert));
}

}  // namespace

bool is_wanted(const Event& event, const model::Registry& registry) {
  return opted_in(event, registry) != nullptr;
}

std::string delivery_id(const Event& event, std::string_view channel) {
  const Sha256 digest = sha256(channel);
  std::string out = fmt::format("{}-{}-{}", event.id.value, model::to_string(event.state),
                                to_hex(std::span(digest).first(channel_digest_bytes)));
  return event.reopened == 0 ? out : fmt::format("{}-{}", out, event.reopened);
}

json::value webhook_payload(const Event& event, const Alert& alert, std::string_view delivery) {
  json::object out{{"id", delivery},
                   {"alertId", alert.id},
                   {"state", model::to_string(alert.state)},
                   {"level", model::to_string(event.level)},
                   {"kind", model::to_string(event.kind)},
                   {"connection", event.connection},
                   {"prefix", event.prefix.to_string()},
                   {"summary", event.summary},
                   {"description", event.description},
                   {"openedAt", format_rfc3339(alert.opened)}};
  if (alert.resolved) {
    out["resolvedAt"] = format_rfc3339(*alert.resolved);
    out["durationSeconds"] = static_cast<double>((*alert.resolved - alert.opened).count()) / 1e6;
  }
  out["event"] = model::to_json(event);
  return out;
}

void follow(const Event& event, const model::Registry& registry, const std::optional<Alert>& known,
            TimePoint now, store::EventCommit& out) {
  const bool comes_back = known && known->state == EventState::resolved && event.state == EventState::open;
  if (!known || comes_back) {
    const model::Connection* connection = opted_in(event, registry);
    // An end whose beginning nobody was told of is no news.
    const bool only_an_end = event.state == EventState::resolved && event.resolved_at.has_value();
    if (connection && !only_an_end && is_told(event)) open_alert(event, *connection, now, out);
    return;
  }
  if (known->state == EventState::resolved) return;
  Alert alert = alert_of(event);
  alert.opened = known->opened;
  alert.channels = known->channels;
  if (event.state == EventState::resolved) deliver(event, alert, now, out);
  out.alerts.push_back(std::move(alert));
}

void Rules::apply(const Event& event, const model::Registry& registry, TimePoint now,
                  store::EventCommit& out) const {
  const auto same = [&](const Alert& alert) { return alert.id == event.id.value; };
  const auto here = std::find_if(out.alerts.rbegin(), out.alerts.rend(), same);
  if (here != out.alerts.rend()) return follow(event, registry, Alert(*here), now, out);
  auto known = telemetry_.alert(event.id.value);
  if (known) return follow(event, registry, *known, now, out);
  log::error("the alert of event {} cannot be read: {}", event.id.value, known.error().message);
  const model::Connection* connection = opted_in(event, registry);
  if (connection && is_told(event)) open_alert(event, *connection, now, out);
}

}  // namespace peering::alert
