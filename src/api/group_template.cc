// A resource group as a template that makes the same again.
#include <algorithm>
#include <array>
#include <set>

#include "api/arm/api_version.h"
#include "api/arm/body.h"
#include "api/arm/resource_id.h"
#include "api/deployment_run.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

// A type with what of its properties is written, and the types that lie in it.
struct Exported {
  std::string_view type;
  std::span<const std::string_view> properties;
  std::span<const Exported> children;
  bool has_monitoring = false;
};

constexpr std::array<std::string_view, 1> asn_properties = {"asn"};
constexpr std::array<std::string_view, 1> registered_prefix_properties = {"prefix"};
constexpr std::array<std::string_view, 2> prefix_properties = {"prefix", "peeringServicePrefixKey"};
constexpr std::array<std::string_view, 4> test_properties = {"sourceAgent", "destination", "destinationPort",
                                                             "testFrequencyInSec"};
constexpr std::array<std::string_view, 4> peering_properties = {"peeringLocation", "direct", "exchange",
                                                                "connectivityProbes"};
constexpr std::array<std::string_view, 4> service_properties = {
    "peeringServiceLocation", "peeringServiceProvider", "providerPrimaryPeeringLocation",
    "providerBackupPeeringLocation"};
constexpr std::array<Exported, 2> in_peerings = {
    {{"registeredAsns", asn_properties, {}}, {"registeredPrefixes", registered_prefix_properties, {}}}};
constexpr std::array<Exported, 2> in_services = {
    {{"prefixes", prefix_properties, {}, true}, {"connectionMonitorTests", test_properties, {}}}};
constexpr std::array<Exported, 2> in_group = {{{"peerings", peering_properties, in_peerings},
                                               {"peeringServices", service_properties, in_services, true}}};

// What the server decides inside a peering, and what nobody should read in a template.
constexpr std::array<std::string_view, 7> left_out = {
    "connectionState", "errorMessage",   "microsoftTrackingId", "provisionedBandwidthInMbps",
    "sessionStateV4",  "sessionStateV6", "md5AuthenticationKey"};

// A text that begins with a bracket is no expression when it begins with two.
json::value escaped(const json::value& value) {
  if (const json::string* text = value.if_string()) {
    return text->starts_with('[') ? json::value("[" + std::string(*text)) : value;
  }
  if (const json::array* items = value.if_array()) {
    json::array out;
    for (const json::value& each : *items) out.push_back(escaped(each));
    return out;
  }
  if (!value.is_object()) return value;
  json::object out;
  for (const auto& member : value.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::ranges::find(left_out, key) == left_out.end()) out[key] = escaped(member.value());
  }
  return out;
}

// 'a', 'b/c' become "'a', 'b', 'c'".
std::string quoted_names(std::string_view names) {
  std::string out = "'";
  for (const char c : names) out += c == '/' ? "', '" : std::string(1, c);
  return out + "'";
}

std::string resource_id(const std::string& type, const std::string& name) {
  return fmt::format("[resourceId('{}', {})]", type, quoted_names(name));
}

class Exporter {
 public:
  Exporter(DeploymentRunner runner, std::string group, std::set<std::string> wanted)
      : runner_(std::move(runner)), group_(std::move(group)), wanted_(std::move(wanted)) {}

  /// The template.
  arm::Expected<json::object> run() {
    for (const Exported& each : in_group) {
      auto done = add_all(each, group_ + "/providers/Microsoft.Peering/", "Microsoft.Peering/", "", "");
      if (!done) return tl::unexpected(done.error());
    }
    return json::object{
        {"$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"},
        {"contentVersion", "1.0.0.0"},
        {"parameters", std::move(parameters_)},
        {"variables", json::object()},
        {"resources", std::move(resources_)}};
  }

 private:
  // The keys of sessions become parameters that whoever deploys has to give.
  void ask_for_keys(const json::value& item, std::string_view block, const std::string& name,
                    json::value& exported) {
    const json::value* connections = find(item, "properties", block, "connections");
    if (!connections || !connections->is_array()) return;
    for (std::size_t i = 0; i < connections->get_array().size(); ++i) {
      if (!find(connections->get_array()[i], "bgpSession", "md5AuthenticationKey")) continue;
      const std::string parameter = fmt::format("md5AuthenticationKey_{}_{}", name, i + 1);
      parameters_[parameter] = json::object{{"type", "securestring"}};
      json::value& session = exported.at("connections").as_array()[i].as_object()["bgpSession"];
      if (!session.is_object()) session = json::object();
      session.get_object()["md5AuthenticationKey"] = fmt::format("[parameters('{}')]", parameter);
    }
  }

  // `path` and `type` end in '/'.
  arm::Expected<void> add_all(const Exported& exported, const std::string& path,
                              const std::string& parent_type, const std::string& parent_name,
                              const std::string& parent) {
    const std::string collection = path + std::string(exported.type);
    const std::string type = parent_type + std::string(exported.type);
    const auto items = runner_.list(collection, version_);
    if (!items) return tl::unexpected(items.error());
    for (const json::value& item : *items) {
      const std::string id = find_string(item, "id").value_or("");
      if (parent.empty() && !wanted_.empty() && !wanted_.contains(model::lower(id))) continue;
      if (resources_.size() >= tmpl::resources_max) {
        return arm::refuse(400, "ExportTemplateTooLarge",
                           fmt::format("The resource group has more than {} resources: name some of them.",
                                       tmpl::resources_max));
      }
      const std::string own = find_string(item, "name").value_or("");
      const std::string name = parent_name.empty() ? own : parent_name + "/" + own;
      resources_.push_back(resource_of(item, exported, type, name, parent));
      const std::string reference = resource_id(type, name);
      if (exported.has_monitoring) {
        if (auto done = add_monitoring(id, reference); !done) return done;
      }
      for (const Exported& child : exported.children) {
        auto done = add_all(child, id + "/", type + "/", name, reference);
        if (!done) return done;
      }
    }
    return {};
  }

  json::object resource_of(const json::value& item, const Exported& exported, const std::string& type,
                           const std::string& name, const std::string& parent) {
    json::object out{{"type", type}, {"apiVersion", version_}, {"name", name}};
    if (!parent.empty()) out["dependsOn"] = json::array{parent};
    for (const std::string_view member : {"location", "kind", "sku", "tags"}) {
      if (const json::value* value = find(item, member)) out[member] = escaped(*value);
    }
    json::object properties;
    for (const std::string_view member : exported.properties) {
      if (const json::value* value = find(item, "properties", member)) properties[member] = escaped(*value);
    }
    for (const std::string_view block : {"direct", "exchange"}) {
      json::value* inner = properties.if_contains(block);
      const auto asn = inner ? find_string(inner->at("peerAsn"), "id") : std::nullopt;
      if (!asn) continue;
      inner->as_object()["peerAsn"].as_object()["id"] =
          fmt::format("[subscriptionResourceId('Microsoft.Peering/peerAsns', '{}')]", arm::name_of(*asn));
      ask_for_keys(item, block, name, *inner);
    }
    out["properties"] = std::move(properties);
    return out;
  }

  arm::Expected<void> add_monitoring(const std::string& id, const std::string& scope) {
    const std::string version(arm::api_versions("Open.Peering").front());
    const auto settings = runner_.read(id + "/providers/Open.Peering/monitoring/default", version);
    if (!settings) return tl::unexpected(settings.error());
    const json::value* shown = find(*settings, "properties");
    if (!shown || !shown->is_object()) return {};
    json::object properties = escaped(*shown).as_object();
    properties.erase("suggestedAsn");
    const bool says_nothing = properties.contains("alerts")
                                  ? properties.at("alerts") == model::to_json(model::AlertOptIn{})
                                  : properties.size() == 2 && properties.at("asn") == "any";
    if (says_nothing) return {};
    resources_.push_back(json::object{{"type", "Open.Peering/monitoring"},
                                      {"apiVersion", version},
                                      {"scope", scope},
                                      {"name", "default"},
                                      {"properties", std::move(properties)}});
    return {};
  }

  DeploymentRunner runner_;
  std::string group_;
  std::set<std::string> wanted_;  // in lower case; empty: everything
  std::string version_{arm::api_versions("Microsoft.Peering").front()};
  json::array resources_;
  json::object parameters_;
};

arm::Expected<std::set<std::string>> read_wanted(const json::value& body) {
  std::set<std::string> out;
  const json::value* given = find(body, "resources");
  if (!given || given->is_null()) return out;
  if (!given->is_array())
    return arm::bad_content("resources", json::serialize(*given), "a list of ids, or [\"*\"]");
  for (const json::value& each : given->get_array()) {
    if (!each.is_string()) return arm::bad_content("resources[]", json::serialize(each), "an id, or \"*\"");
    if (each == "*") return std::set<std::string>();
    const std::string text(each.get_string());
    const auto segments = arm::split_path(text);
    if (!segments || !arm::parse_resource_id(*segments)) {
      return arm::bad_content("resources[]", text, "an id, or \"*\"");
    }
    out.insert(model::lower(text));
  }
  return out;
}

}  // namespace

arm::Answer export_group_template(Call& call) {
  const auto body = arm::read_object_or_nothing(call.request);
  if (!body) return tl::unexpected(body.error());
  // Nothing is done with them: whole resources are shown, and parameters for what is secret.
  if (const auto options = arm::text_member(*body, "options", "options"); !options) {
    return tl::unexpected(options.error());
  }
  auto wanted = read_wanted(*body);
  if (!wanted) return tl::unexpected(wanted.error());
  const std::string key = call.key.substr(0, call.key.rfind('/'));
  const auto group = load_existing(call, key);
  if (!group) return tl::unexpected(group.error());
  Exporter exporter(DeploymentRunner(call.ask, call.request, call.services.clock),
                    std::string(group->document.at("id").as_string()), std::move(*wanted));
  auto text = exporter.run();
  if (!text) return tl::unexpected(text.error());
  return arm::json_response(200, json::object{{"template", std::move(*text)}});
}

}  // namespace peering::api
