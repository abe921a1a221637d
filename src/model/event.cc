#include "model/event.h"

#include <cmath>

#include "base/digest.h"
#include "model/json_fields.h"
#include "model/names.h"

namespace peering::model {

namespace {

constexpr NameTable<EventKind, 30> kind_names{{
    {EventKind::announcement, "announcement"},
    {EventKind::withdrawal, "withdrawal"},
    {EventKind::visibility_loss, "visibility-loss"},
    {EventKind::backup_route, "backup-route"},
    {EventKind::backup_route_withdrawal, "backup-route-withdrawal"},
    {EventKind::active_path, "active-path"},
    {EventKind::origin_hijack, "origin-hijack"},
    {EventKind::subprefix_hijack, "subprefix-hijack"},
    {EventKind::squatting, "squatting"},
    {EventKind::new_prefix, "new-prefix"},
    {EventKind::covering_route, "covering-route"},
    {EventKind::path_forged_first_hop, "path-forged-first-hop"},
    {EventKind::path_unexpected_upstream, "path-unexpected-upstream"},
    {EventKind::path_unexpected_downstream, "path-unexpected-downstream"},
    {EventKind::path_rule, "path-rule"},
    {EventKind::path_change, "path-change"},
    {EventKind::route_leak, "route-leak"},
    {EventKind::as_announces_unregistered, "as-announces-unregistered"},
    {EventKind::rpki_invalid, "rpki-invalid"},
    {EventKind::rpki_not_found, "rpki-not-found"},
    {EventKind::rpki_roa_lost, "rpki-roa-lost"},
    {EventKind::roa_change, "roa-change"},
    {EventKind::session_state, "session-state"},
    {EventKind::feed_silent, "feed-silent"},
    {EventKind::latency_degraded, "latency-degraded"},
    {EventKind::latency_recovered, "latency-recovered"},
    {EventKind::requirement_violation, "requirement-violation"},
    {EventKind::flapping, "flapping"},
    {EventKind::mass_event, "mass-event"},
    {EventKind::resolved, "resolved"},
}};

constexpr NameTable<Level, 4> level_names{{
    {Level::information, "Information"},
    {Level::warning, "Warning"},
    {Level::error, "Error"},
    {Level::critical, "Critical"},
}};

constexpr NameTable<EventState, 2> state_names{{
    {EventState::open, "open"},
    {EventState::resolved, "resolved"},
}};

constexpr std::size_t event_id_bytes = 16;

json::array numbers(const std::vector<net::Asn>& asns) {
  json::array out;
  for (const net::Asn asn : asns) out.push_back(asn);
  return out;
}

json::array peers_json(const std::vector<EventPeer>& peers) {
  json::array out;
  for (const EventPeer& peer : peers) {
    out.push_back(json::object{{"router", peer.router}, {"address", peer.address}, {"asn", peer.asn}});
  }
  return out;
}

}  // namespace

std::string_view to_string(EventKind kind) { return name_of(kind_names, kind); }
std::optional<EventKind> parse_event_kind(std::string_view text) {
  const auto out = value_of(kind_names, text);
  return out == EventKind::resolved ? std::nullopt : out;
}
std::string_view to_string(Level level) { return name_of(level_names, level); }
std::optional<Level> parse_level(std::string_view text) { return value_of(level_names, text); }
std::string_view to_string(EventState state) { return name_of(state_names, state); }

EventId make_event_id(EventKind kind, std::string_view prefix_resource, const net::Prefix& observed,
                      std::string_view discriminator, TimePoint first_seen) {
  const std::string identity = fmt::format("{}\n{}\n{}\n{}\n{}", to_string(kind), prefix_resource,
                                           observed.to_string(), discriminator, to_us(first_seen));
  const Sha256 digest = sha256(identity);
  return EventId(to_hex(std::span(digest).first(event_id_bytes)));
}

namespace {

json::object mass_json(const Event& e) {
  json::array prefixes;
  for (const net::Prefix& prefix : e.mass->prefixes) prefixes.emplace_back(prefix.to_string());
  return {{"kind", to_string(e.mass->kind)}, {"eventType", e.mass->type},
          {"count", e.mass->count},          {"open", e.mass->open},
          {"prefixes", std::move(prefixes)}, {"connections", json::array{json::value(e.connection)}}};
}

std::optional<Mass> mass_of(const json::value& value, Fields& fields) {
  Fields inner(value);
  Mass out;
  out.kind = inner.named<EventKind>("kind", parse_event_kind);
  out.type = inner.text("eventType");
  out.count = static_cast<std::size_t>(inner.integer("count"));
  out.open = static_cast<std::size_t>(inner.integer("open"));
  for (const json::value& each : inner.array("prefixes")) {
    const auto prefix = net::Prefix::parse(each.is_string() ? std::string(each.get_string()) : "");
    if (prefix) out.prefixes.push_back(*prefix);
  }
  fields.take_error(inner);
  return out;
}

}  // namespace

namespace {

// Whole microseconds, as sketches know no less.
json::object latency_json(const LatencyShift& shift) {
  const auto whole = [](double us) { return std::llround(us); };
  json::object out{{"pop", shift.pop},
                   {"kind", to_string(shift.kind)},
                   {"basis", shift.basis},
                   {"baseline_us", whole(shift.baseline_us)},
                   {"best_us", whole(shift.best_us)},
                   {"median_us", whole(shift.median_us)},
                   {"median_ci95_us", json::array{whole(shift.low_us), whole(shift.high_us)}},
                   {"count", shift.count}};
  if (shift.retracted) out["retracted"] = true;
  return out;
}

LatencyShift latency_of(const json::value& value, Fields& fields) {
  Fields inner(value);
  LatencyShift out;
  out.pop = inner.text("pop");
  out.kind = inner.named<SampleKind>("kind", parse_sample_kind);
  out.basis = inner.text("basis");
  out.baseline_us = static_cast<double>(inner.integer("baseline_us"));
  out.best_us = static_cast<double>(inner.integer("best_us"));
  out.median_us = static_cast<double>(inner.integer("median_us"));
  const auto interval = inner.array("median_ci95_us");
  if (interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
    out.low_us = interval[0].to_number<double>();
    out.high_us = interval[1].to_number<double>();
  }
  out.count = static_cast<std::uint64_t>(inner.integer("count"));
  const json::value* const retracted = find(value, "retracted");
  out.retracted = retracted && retracted->is_bool() && retracted->get_bool();
  fields.take_error(inner);
  return out;
}

}  // namespace

json::value to_json(const Event& e) {
  json::object out{{"id", e.id.value},
                   {"kind", to_string(e.kind)},
                   {"eventType", e.type},
                   {"eventLevel", to_string(e.level)},
                   {"state", to_string(e.state)},
                   {"connection", e.connection},
                   {"prefixResource", e.prefix_resource},
                   {"prefix", e.prefix.to_string()},
                   {"observedPrefix", e.observed.to_string()}};
  if (e.origin) out["originAsn"] = *e.origin;
  out["expectedOrigins"] = numbers(e.expected_origins);
  out["asPath"] = numbers(e.as_path);
  if (e.suspect) out["suspectAsn"] = *e.suspect;
  if (e.neighbor) out["neighborAsn"] = *e.neighbor;
  if (e.monitored) out["monitoredAsn"] = *e.monitored;
  if (!e.rpki.empty()) out["rpki"] = e.rpki;
  out["peers"] = peers_json(e.peers);
  out["confidence"] = e.confidence;
  out["eventTimestamp"] = format_rfc3339(e.first_seen);
  out["firstSeen"] = format_rfc3339(e.first_seen);
  out["lastSeen"] = format_rfc3339(e.last_seen);
  out["detectedAt"] = format_rfc3339(e.detected_at);
  if (e.resolved_at) {
    out["resolvedAt"] = format_rfc3339(*e.resolved_at);
    out["durationSeconds"] = static_cast<double>((*e.resolved_at - e.first_seen).count()) / 1e6;
  }
  out["eventSummary"] = e.summary;
  out["eventDescription"] = e.description;
  json::array evidence;
  for (const std::string& line : e.evidence) evidence.emplace_back(line);
  out["evidence"] = std::move(evidence);
  out["incidentId"] = e.incident_id;
  if (!e.silenced_by.empty()) {
    json::array silences;
    for (const std::string& name : e.silenced_by) silences.emplace_back(name);
    out["silencedBy"] = std::move(silences);
  }
  if (e.reopened > 0) out["reopened"] = e.reopened;
  if (e.damped) out["damped"] = true;
  if (e.flapping) {
    out["flapping"] = json::object{{"eventId", e.flapping->event.value},
                                   {"kind", to_string(e.flapping->kind)},
                                   {"level", to_string(e.flapping->level)}};
  }
  if (!e.summarized_by.value.empty()) out["summarizedBy"] = e.summarized_by.value;
  if (e.mass) out["mass"] = mass_json(e);
  if (e.latency) out["latency"] = latency_json(*e.latency);
  if (e.blame) out["blame"] = to_json(*e.blame);
  return out;
}

json::value to_azure_json(const Event& e) {
  return json::object{{"eventTimestamp", format_rfc3339(e.first_seen)},
                      {"eventType", e.type},
                      {"eventSummary", e.summary},
                      {"eventLevel", to_string(e.level)},
                      {"eventDescription", e.description}};
}

Result<Event> event_from_json(const json::value& value) {
  Fields fields(value);
  Event e;
  e.id = EventId(fields.text("id"));
  e.kind = fields.named<EventKind>("kind", parse_event_kind);
  e.type = fields.text("eventType");
  e.level = fields.named<Level>("eventLevel", parse_level);
  e.state =
      fields.named<EventState>("state", [](std::string_view text) { return value_of(state_names, text); });
  e.connection = fields.text("connection");
  e.prefix_resource = fields.text("prefixResource");
  e.prefix = fields.prefix("prefix");
  e.observed = fields.prefix("observedPrefix");
  e.origin = fields.optional_number("originAsn");
  e.expected_origins = fields.numbers("expectedOrigins");
  e.as_path = fields.numbers("asPath");
  e.suspect = fields.optional_number("suspectAsn");
  e.neighbor = fields.optional_number("neighborAsn");
  e.monitored = fields.optional_number("monitoredAsn");
  if (find(value, "rpki")) e.rpki = fields.text("rpki");
  for (const json::value& peer : fields.array("peers")) {
    Fields inner(peer);
    EventPeer read{inner.text("router"), inner.text("address"), 0};
    read.asn = inner.optional_number("asn").value_or(0);
    fields.take_error(inner);
    e.peers.push_back(std::move(read));
  }
  e.confidence = fields.real("confidence");
  e.first_seen = fields.time("firstSeen");
  e.last_seen = fields.time("lastSeen");
  e.detected_at = fields.time("detectedAt");
  if (find(value, "resolvedAt")) e.resolved_at = fields.time("resolvedAt");
  e.summary = fields.text("eventSummary");
  e.description = fields.text("eventDescription");
  for (const json::value& line : fields.array("evidence")) {
    if (line.is_string()) e.evidence.emplace_back(line.get_string());
  }
  e.incident_id = fields.text("incidentId");
  for (const json::value& name : fields.array("silencedBy")) {
    if (name.is_string()) e.silenced_by.emplace_back(name.get_string());
  }
  e.reopened = static_cast<int>(fields.optional_number("reopened").value_or(0));
  const json::value* damped = find(value, "damped");
  e.damped = damped && damped->is_bool() && damped->get_bool();
  if (const json::value* flapping = find(value, "flapping")) {
    Fields inner(*flapping);
    e.flapping = Flapping{EventId(inner.text("eventId")), inner.named<EventKind>("kind", parse_event_kind),
                          inner.named<Level>("level", parse_level)};
    fields.take_error(inner);
  }
  e.summarized_by = EventId(find_string(value, "summarizedBy").value_or(""));
  if (const json::value* mass = find(value, "mass")) e.mass = mass_of(*mass, fields);
  if (const json::value* latency = find(value, "latency")) e.latency = latency_of(*latency, fields);
  if (fields.error()) return tl::unexpected(*fields.error());
  if (const json::value* blame = find(value, "blame")) {
    auto read = blame_from_json(*blame);
    if (!read) return tl::unexpected(read.error());
    e.blame = std::move(*read);
  }
  return e;
}

}  // namespace peering::model
