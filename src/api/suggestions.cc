// What could be expected of a prefix: proposed from what is known of it, or learned from one of its events.
// Both only read. Who agrees sends `properties.suggested` as a PATCH of `monitoring/default`.
#include <algorithm>

#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "detect/judgement.h"
#include "detect/learning.h"
#include "detect/suggestion.h"

namespace peering::api {

namespace {

constexpr std::size_t suggested_prefixes_max = 1000;
constexpr std::size_t events_max = 1000;
constexpr std::string_view settings_suffix = "/providers/Open.Peering/monitoring/default";

// A prefix as it is watched now.
arm::Expected<model::RegisteredPrefix> watched(const Call& call, const Record& record) {
  const auto monitoring = load(call, record.stored.key + std::string(monitoring_suffix));
  if (!monitoring) return tl::unexpected(monitoring.error());
  const json::value settings(*monitoring ? (*monitoring)->document : json::object());
  auto out =
      registered_prefix_from_documents(json::value(record.document), *monitoring ? &settings : nullptr);
  if (!out) return arm::failed(out.error());
  return std::move(*out);
}

// What is open, and what was announced when.
arm::Expected<std::vector<model::Event>> history_of(const Call& call, const std::string& key) {
  store::EventQuery open, announced;
  open.scope = announced.scope = key;
  open.limit = announced.limit = events_max;
  open.state = model::EventState::open;
  announced.kind = model::EventKind::announcement;
  std::vector<model::Event> out;
  for (const store::EventQuery& query : {open, announced}) {
    auto page = call.services.telemetry.events(query);
    if (!page) return arm::failed(page.error());
    std::ranges::move(page->events, std::back_inserter(out));
  }
  return out;
}

json::object document_of(const model::RegisteredPrefix& prefix, std::string_view tail,
                         const model::Expectation& suggested, const std::vector<detect::Reason>& reasons,
                         const std::vector<std::string>& warnings) {
  const model::Expectation& current = prefix.expectation;
  json::array why, warned;
  for (const detect::Reason& reason : reasons) {
    why.push_back(json::object{{"field", reason.field}, {"value", reason.value}, {"why", reason.why}});
  }
  for (const std::string& warning : warnings) warned.push_back(json::value(warning));
  json::object properties{{"prefix", current.prefix.to_string()},
                          {"suggested", detect::patch_of(current, suggested)},
                          {"changes", detect::changed_fields(current, suggested)},
                          {"reasons", std::move(why)},
                          {"warnings", std::move(warned)}};
  return json::object{{"properties", std::move(properties)},
                      {"name", "suggestion"},
                      {"id", prefix.resource.str() + std::string(tail)},
                      {"type", "Open.Peering/suggestions"}};
}

arm::Expected<json::object> suggestion_for(const Call& call, const Record& record) {
  const auto prefix = watched(call, record);
  if (!prefix) return tl::unexpected(prefix.error());
  const auto routes = call.services.routes(prefix->expectation.prefix);
  if (!routes) return arm::failed(routes.error());
  const auto history = history_of(call, record.stored.key);
  if (!history) return tl::unexpected(history.error());
  const rib::VrpTablePointer vrps = call.services.vrps ? call.services.vrps() : nullptr;
  const model::RegistryPointer registry = call.services.registry();
  const std::string tenant = detect::tenant_of(*prefix);
  const auto registered = [&](const net::Prefix& observed) {
    const auto* entries = registry->watch.exact(observed);
    return entries && std::ranges::any_of(*entries, [&](const model::RegisteredPrefixPointer& entry) {
             return detect::tenant_of(*entry) == tenant;
           });
  };
  const detect::Suggestion made =
      detect::suggest({prefix->expectation, *routes, vrps.get(), *history, registered});
  return document_of(*prefix, std::string(settings_suffix) + "/suggestion", made.expectation, made.reasons,
                     made.warnings);
}

arm::Expected<bool> flag_of(const Call& call, std::string_view name) {
  const auto text = call.query.get(name);
  if (!text || arm::same_name(*text, "false")) return false;
  if (arm::same_name(*text, "true")) return true;
  return arm::bad_argument(name, *text, "true or false");
}

}  // namespace

arm::Answer get_suggestion(Call& call) {
  const auto base = load_parent(call, call.base_key());
  if (!base) return tl::unexpected(base.error());
  auto out = suggestion_for(call, *base);
  if (!out) return tl::unexpected(out.error());
  return arm::json_response(200, std::move(*out));
}

arm::Answer list_suggestions(Call& call) {
  const std::string base_key = call.base_key();
  if (const auto base = load_parent(call, base_key); !base) return tl::unexpected(base.error());
  const auto prefixes = load_all(call, prefix_type, base_key + "/", suggested_prefixes_max);
  if (!prefixes) return tl::unexpected(prefixes.error());
  json::array items;
  for (const Record& prefix : *prefixes) {
    auto one = suggestion_for(call, prefix);
    if (!one) return tl::unexpected(one.error());
    items.push_back(std::move(*one));
  }
  return arm::json_response(200, json::object{{"value", std::move(items)}});
}

arm::Answer learn_from_event(Call& call) {
  const auto base = load_parent(call, call.base_key());
  if (!base) return tl::unexpected(base.error());
  const auto force = flag_of(call, "force");
  if (!force) return tl::unexpected(force.error());
  const std::string id = model::lower(call.parameter("eventId"));
  const auto event = call.services.telemetry.event(model::EventId{id});
  if (!event) return arm::failed(event.error());
  if (!*event || model::lower((*event)->prefix_resource) != base->stored.key) return not_found(call.path);
  const auto prefix = watched(call, *base);
  if (!prefix) return tl::unexpected(prefix.error());
  const rib::VrpTablePointer vrps = call.services.vrps ? call.services.vrps() : nullptr;
  const auto lesson = detect::learn(**event, prefix->expectation, vrps.get(), *force);
  if (!lesson) {
    const detect::Refusal& no = lesson.error();
    return arm::refuse(409, no.forcible ? "LearningNeedsForce" : "NothingToLearn",
                       no.forcible ? no.why + " Who knows better says force=true." : no.why);
  }
  json::object out = document_of(*prefix, "/providers/Open.Peering/events/" + id + "/learn",
                                 lesson->expectation, lesson->reasons, {});
  out["name"] = id;
  return arm::json_response(200, std::move(out));
}

}  // namespace peering::api
