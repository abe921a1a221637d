#include "model/alert.h"

#include "model/json_fields.h"

namespace peering::model {

namespace {

std::optional<EventState> parse_state(std::string_view text) {
  for (const EventState state : {EventState::open, EventState::resolved}) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

}  // namespace

json::value to_json(const Alert& a) {
  json::object out{{"id", a.id},
                   {"event", a.event.value},
                   {"connection", a.connection},
                   {"kind", to_string(a.kind)},
                   {"level", to_string(a.level)},
                   {"state", to_string(a.state)},
                   {"openedAt", format_rfc3339(a.opened)},
                   {"summary", a.summary}};
  if (a.resolved) {
    out["resolvedAt"] = format_rfc3339(*a.resolved);
    out["durationSeconds"] = static_cast<double>((*a.resolved - a.opened).count()) / 1e6;
  }
  json::array channels;
  for (const std::string& channel : a.channels) channels.emplace_back(channel);
  out["channels"] = std::move(channels);
  return out;
}

Result<Alert> alert_from_json(const json::value& value) {
  Fields fields(value);
  Alert a;
  a.id = fields.text("id");
  a.event = EventId(fields.text("event"));
  a.connection = fields.text("connection");
  a.kind = fields.named<EventKind>("kind", parse_event_kind);
  a.level = fields.named<Level>("level", parse_level);
  a.state = fields.named<EventState>("state", parse_state);
  a.opened = fields.time("openedAt");
  if (find(value, "resolvedAt")) a.resolved = fields.time("resolvedAt");
  a.summary = fields.text("summary");
  for (const json::value& channel : fields.array("channels")) {
    if (channel.is_string()) a.channels.emplace_back(channel.get_string());
  }
  if (fields.error()) return tl::unexpected(*fields.error());
  return a;
}

json::value to_json(const Delivery& d) {
  return json::object{{"id", d.id},
                      {"alert", d.alert},
                      {"channel", d.channel},
                      {"payload", d.payload},
                      {"created", format_rfc3339(d.created)},
                      {"due", format_rfc3339(d.due)},
                      {"attempts", d.attempts},
                      {"lastError", d.last_error}};
}

Result<Delivery> delivery_from_json(const json::value& value) {
  Fields fields(value);
  Delivery d;
  d.id = fields.text("id");
  d.alert = fields.text("alert");
  d.channel = fields.text("channel");
  d.payload = fields.text("payload");
  d.created = fields.time("created");
  d.due = fields.time("due");
  d.attempts = static_cast<int>(fields.integer("attempts"));
  d.last_error = fields.text("lastError");
  if (fields.error()) return tl::unexpected(*fields.error());
  return d;
}

}  // namespace peering::model
