// `monitoring/default` of a connection (the alert opt-in, and the ASes that are watched) and of a prefix
// (what is expected of it).
//
// A prefix without settings expects nothing in particular: `asn` is "any", and no origin is learned silently.
// The one origin that is seen now is offered as `suggestedAsn`; only a PUT or PATCH makes it expected.
#include <algorithm>
#include <array>
#include <utility>

#include "api/arm/body.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

constexpr std::string_view id_suffix = "/providers/Open.Peering/monitoring/default";

// Served with a prefix's settings, never stored; ignored in bodies like every read-only field.
constexpr std::string_view suggestion_key = "suggestedAsn";

constexpr std::string_view asns_key = "asns";

constexpr std::size_t member_values_max = 1000;
constexpr std::array<std::pair<std::string_view, std::size_t>, 2> free_texts = {
    {{"group", 256}, {"description", 1024}}};

json::object new_document(const Record& base) {
  json::object out;
  out["name"] = "default";
  out["id"] = std::string(base.document.at("id").as_string()) + std::string(id_suffix);
  out["type"] = "Open.Peering/monitoring";
  return out;
}

// The resource that is watched, and its settings where there are any.
struct Watched {
  Record base;
  std::optional<Record> stored;
};

arm::Expected<Watched> load_settings(const Call& call) {
  auto base = load_parent(call, call.base_key());
  if (!base) return tl::unexpected(base.error());
  auto stored = load(call, call.key);
  if (!stored) return tl::unexpected(stored.error());
  return Watched{std::move(*base), std::move(*stored)};
}

arm::Expected<void> check_texts(const json::value& object, std::string_view path) {
  for (const auto& [key, bytes_max] : free_texts) {
    const auto text = arm::text_member(object, key, fmt::format("{}.{}", path, key), bytes_max);
    if (!text) return tl::unexpected(text.error());
  }
  return {};
}

// Checks properties and gives them in canonical form.
using Canonical = arm::Expected<json::object> (*)(const Call&, const Record& base, json::object given);

arm::Expected<json::array> canonical_asns(const json::value& given) {
  const auto list = model::monitored_ases_from_json(given);
  if (!list) return arm::refuse(400, "InvalidRequestContent", "properties: " + list.error().message);
  json::array out = model::to_json(*list);
  std::size_t place = 0;
  for (const json::value& each : out) {
    const std::string where = fmt::format("properties.{}[{}]", asns_key, place++);
    if (auto ok = check_texts(each, where); !ok) return tl::unexpected(ok.error());
  }
  return out;
}

arm::Expected<json::object> canonical_settings(const Call& call, const Record& base, json::object given) {
  constexpr std::array<std::string_view, 2> known = {"alerts", "asns"};
  if (auto ok = arm::only_members(given, "properties", known); !ok) return tl::unexpected(ok.error());
  const json::value* alerts = given.if_contains("alerts");
  const auto opt_in = model::alert_opt_in_from_json(alerts ? *alerts : json::value(json::object()));
  if (!opt_in) return arm::refuse(400, "InvalidRequestContent", "properties: " + opt_in.error().message);
  const std::string& key = base.stored.key;
  const std::string subscription = key.substr(0, key.find('/', std::string_view("/subscriptions/").size()));
  for (const std::string& channel : opt_in->channels) {
    const auto found =
        load(call, subscription + "/providers/open.peering/alertchannels/" + model::lower(channel));
    if (!found) return tl::unexpected(found.error());
    if (!*found) {
      return arm::bad_argument("properties.alerts.channels", channel,
                               "an alert channel of this subscription");
    }
  }
  json::object out{{"alerts", model::to_json(*opt_in)}};
  if (const json::value* asns = given.if_contains(asns_key)) {
    auto list = canonical_asns(*asns);
    if (!list) return tl::unexpected(list.error());
    if (!list->empty()) out[asns_key] = std::move(*list);
  }
  return out;
}

arm::Expected<json::object> canonical_expectation(const Call&, const Record& base, json::object given) {
  given.erase(suggestion_key);
  const std::string prefix = find_string(base.document.at("properties"), "prefix").value_or("");
  if (const json::value* named = given.if_contains("prefix")) {
    if (!named->is_string()) return arm::bad_content("properties.prefix", json::serialize(*named), "a text");
    const std::string text(named->as_string());
    const auto parsed = net::Prefix::parse_lenient(text);
    if (!parsed || parsed->to_string() != prefix) {
      return arm::bad_argument("properties.prefix", text, fmt::format("this resource's prefix, {}", prefix));
    }
  }
  given["prefix"] = prefix;
  const auto expectation = model::expectation_from_json(json::value(given), true);
  if (!expectation) {
    return arm::refuse(400, "InvalidRequestContent", "properties: " + expectation.error().message);
  }
  return model::to_json(*expectation).as_object();
}

// The single origin of every route for exactly this prefix; nothing when there is none or are several.
std::optional<net::Asn> single_origin(std::span<const rib::Route> routes, const net::Prefix& prefix) {
  std::optional<net::Asn> out;
  for (const rib::Route& route : routes) {
    if (route.prefix != prefix || !route.attributes) continue;
    const auto origin = route.attributes->as_path.origin();
    if (!origin || (out && *out != *origin)) return std::nullopt;
    out = origin;
  }
  return out;
}

arm::Expected<json::object> with_suggestion(const Call& call, json::object properties) {
  const json::value* asn = properties.if_contains("asn");
  if (!asn || *asn != "any") return properties;
  const auto prefix = net::Prefix::parse(std::string(properties.at("prefix").as_string()));
  if (!prefix) return arm::failed(prefix.error());
  const auto routes = call.services.routes(*prefix);
  if (!routes) return arm::failed(routes.error());
  if (const auto origin = single_origin(*routes, *prefix)) properties[suggestion_key] = json::array{*origin};
  return properties;
}

arm::Expected<json::object> current_properties(const Call& call, const Watched& settings,
                                               Canonical canonical) {
  if (settings.stored) return settings.stored->document.at("properties").as_object();
  return canonical(call, settings.base, json::object());
}

arm::Answer show(const Call& call, int status, const json::object& document, json::object properties,
                 Canonical canonical) {
  if (canonical == canonical_expectation) {
    auto suggested = with_suggestion(call, std::move(properties));
    if (!suggested) return tl::unexpected(suggested.error());
    properties = std::move(*suggested);
  }
  return arm::json_response(status, shown(Record{{}, document}, std::move(properties)));
}

arm::Answer get_monitoring(Call& call, Canonical canonical) {
  const auto settings = load_settings(call);
  if (!settings) return tl::unexpected(settings.error());
  auto properties = current_properties(call, *settings, canonical);
  if (!properties) return tl::unexpected(properties.error());
  return show(call, 200, new_document(settings->base), std::move(*properties), canonical);
}

std::size_t count_values(const json::value& value) {
  std::size_t out = 1;
  if (const json::array* list = value.if_array()) {
    for (const json::value& item : *list) out += count_values(item);
  } else if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) out += count_values(member.value());
  }
  return out;
}

// Settings are held in memory for as long as their prefix is watched: they are not as large as a body may be.
arm::Expected<void> check_sizes(const json::object& properties) {
  for (const auto& member : properties) {
    const std::size_t count = count_values(member.value());
    const std::size_t most = member.key() == asns_key ? model::monitored_values_max : member_values_max;
    if (count > most) {
      return arm::bad_content(fmt::format("properties.{}", std::string_view(member.key())),
                              fmt::format("{} values", count), fmt::format("at most {}", most));
    }
  }
  return check_texts(json::value(properties), "properties");
}

arm::Answer write_monitoring(Call& call, Canonical canonical, bool patch) {
  const auto settings = load_settings(call);
  if (!settings) return tl::unexpected(settings.error());
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  constexpr std::array<std::string_view, 4> known = {"properties", "id", "name", "type"};
  if (auto ok = arm::only_members(body->as_object(), "", known); !ok) return tl::unexpected(ok.error());
  auto given = arm::object_member(*body, "properties", "properties");
  if (!given) return tl::unexpected(given.error());
  if (patch) {
    const auto current = current_properties(call, *settings, canonical);
    if (!current) return tl::unexpected(current.error());
    given = arm::merge_patch(json::value(*current), json::value(*given)).as_object();
  }
  if (auto ok = check_sizes(*given); !ok) return tl::unexpected(ok.error());
  auto properties = canonical(call, settings->base, std::move(*given));
  if (!properties) return tl::unexpected(properties.error());
  json::object document = new_document(settings->base);
  document["properties"] = *properties;
  if (auto saved =
          save(call, {call.key, monitoring_type, "", "", &settings->base.stored}, document, settings->stored);
      !saved) {
    return tl::unexpected(saved.error());
  }
  const int status = patch || settings->stored ? 200 : 201;
  return show(call, status, document, std::move(*properties), canonical);
}

}  // namespace

arm::Answer get_connection_monitoring(Call& call) { return get_monitoring(call, canonical_settings); }
arm::Answer put_connection_monitoring(Call& call) {
  return write_monitoring(call, canonical_settings, false);
}
arm::Answer patch_connection_monitoring(Call& call) {
  return write_monitoring(call, canonical_settings, true);
}
arm::Answer get_prefix_monitoring(Call& call) { return get_monitoring(call, canonical_expectation); }
arm::Answer put_prefix_monitoring(Call& call) { return write_monitoring(call, canonical_expectation, false); }
arm::Answer patch_prefix_monitoring(Call& call) {
  return write_monitoring(call, canonical_expectation, true);
}

}  // namespace peering::api
