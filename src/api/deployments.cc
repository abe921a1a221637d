// Deployments of templates, into a resource group or a subscription.
//
// A deployment is tried first, on what is stored now and without changing it; only when everything is
// accepted there is it carried out, one PUT a resource, each checked as if the caller had sent it herself. It
// is over when it is answered.
#include <algorithm>
#include <set>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/arm/tags.h"
#include "api/deployment_history.h"
#include "api/deployment_run.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/template/resource_ids.h"
#include "api/what_if.h"
#include "base/digest.h"

namespace peering::api {

namespace {

constexpr int nested_deep_max = 3;
constexpr std::string_view group_version = "2021-04-01";

// A deployment as it is asked for.
struct Order {
  std::unique_ptr<tmpl::Template> resources;
  json::value text;   ///< the template
  std::string scope;  ///< "/subscriptions/…", with the group where there is one
  bool complete = false;
  bool full_payloads = true;
};

// The path without what follows the deployment's name.
std::string deployment_key(const Call& call) {
  constexpr std::string_view collection = "/providers/microsoft.resources/deployments/";
  const std::size_t name = call.key.rfind(collection) + collection.size();
  return call.key.substr(0, call.key.find('/', name));
}

arm::Expected<tmpl::Target> target_of(Call& call, const std::string& mode, const json::value& text) {
  tmpl::Target out;
  const std::string subscription_key = "/subscriptions/" + model::lower(call.parameter("subscriptionId"));
  const auto subscription = load_existing(call, subscription_key);
  if (!subscription) return tl::unexpected(subscription.error());
  out.subscription = std::string(subscription->document.at("name").as_string());
  out.subscription_object = json::object{{"id", "/subscriptions/" + out.subscription},
                                         {"subscriptionId", out.subscription},
                                         {"tenantId", tenant_id},
                                         {"displayName", subscription->document.at("displayName")}};
  if (!call.parameter("resourceGroupName").empty()) {
    const std::string key =
        subscription_key + "/resourcegroups/" + model::lower(call.parameter("resourceGroupName"));
    const auto group = load_existing(call, key);
    if (!group) return tl::unexpected(group.error());
    out.resource_group = std::string(group->document.at("name").as_string());
    const json::value* tags = group->document.if_contains("tags");
    out.group = json::object{{"id", group->document.at("id")},
                             {"name", group->document.at("name")},
                             {"type", "Microsoft.Resources/resourceGroups"},
                             {"location", group->document.at("location")},
                             {"tags", tags ? *tags : json::value(json::object())},
                             {"properties", json::object{{"provisioningState", "Succeeded"}}}};
  }
  out.deployment = json::object{
      {"name", call.parameter("deploymentName")},
      {"properties", json::object{{"template", text}, {"mode", mode}, {"provisioningState", "Accepted"}}}};
  return out;
}

arm::Expected<std::string> read_mode(const json::value& properties, bool in_group) {
  const auto mode = arm::text_member(properties, "mode", "properties.mode", 64);
  if (!mode) return tl::unexpected(mode.error());
  const std::string given = mode->value_or("Incremental");
  if (arm::same_name(given, "Incremental")) return std::string("Incremental");
  if (!arm::same_name(given, "Complete")) {
    return arm::bad_content("properties.mode", given, "Incremental or Complete");
  }
  if (in_group) return std::string("Complete");
  return arm::bad_argument("properties.mode", given, "Incremental: a subscription is never deployed whole");
}

// The members beside the template. What nothing is done with is read all the same, so that what is wrong in
// it is told. Gives whether whole resources are shown.
arm::Expected<bool> read_settings(const json::value& body, const json::value& properties) {
  if (auto location = arm::text_member(body, "location", "location", 128); !location) {
    return tl::unexpected(location.error());
  }
  if (auto tags = arm::read_tags(body); !tags) return tl::unexpected(tags.error());
  auto parameters = arm::object_member(properties, "parameters", "properties.parameters");
  if (!parameters) return tl::unexpected(parameters.error());
  const auto settings = arm::object_member(properties, "whatIfSettings", "properties.whatIfSettings");
  if (!settings) return tl::unexpected(settings.error());
  const std::string_view path = "properties.whatIfSettings.resultFormat";
  const auto format = arm::text_member(json::value(*settings), "resultFormat", path, 64);
  if (!format) return tl::unexpected(format.error());
  if (!*format || arm::same_name(**format, "FullResourcePayloads")) return true;
  if (arm::same_name(**format, "ResourceIdOnly")) return false;
  return arm::bad_argument(path, **format, "FullResourcePayloads or ResourceIdOnly");
}

arm::Expected<Order> read_order(Call& call) {
  if (call.request.body.size() > tmpl::template_bytes_max) {
    return arm::refuse(413, "RequestEntityTooLarge",
                       fmt::format("A deployment has at most {} bytes.", tmpl::template_bytes_max));
  }
  const auto body = arm::read_object_with_comments(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto given = arm::object_member(*body, "properties", "properties");
  if (!given) return tl::unexpected(given.error());
  const json::value properties(*given);
  for (const std::string_view link : {"templateLink", "parametersLink"}) {
    const json::value* linked = find(properties, link);
    if (!linked || linked->is_null()) continue;
    return arm::bad_argument(fmt::format("properties.{}", link), json::serialize(*linked),
                             "absent: nothing is fetched; give the template and its parameters themselves");
  }
  const auto full_payloads = read_settings(*body, properties);
  if (!full_payloads) return tl::unexpected(full_payloads.error());
  const json::value* text = find(properties, "template");
  if (!text || !text->is_object())
    return arm::bad_content("properties.template", "", "it is required, as an object");
  const bool in_group = !call.parameter("resourceGroupName").empty();
  const auto mode = read_mode(properties, in_group);
  if (!mode) return tl::unexpected(mode.error());
  auto target = target_of(call, *mode, *text);
  if (!target) return tl::unexpected(target.error());
  Order out;
  out.text = *text;
  out.scope = target->scope();
  out.complete = *mode == "Complete";
  out.full_payloads = *full_payloads;
  const json::value* parameters = find(properties, "parameters");
  auto resources = tmpl::Template::read(*text, parameters ? *parameters : json::value(), std::move(*target));
  if (!resources) return tl::unexpected(resources.error());
  if (auto planned = (*resources)->make_plan(); !planned) return tl::unexpected(planned.error());
  out.resources = std::move(*resources);
  return out;
}

http::Response refusal(int status, std::string_view code, std::string_view message,
                       const DeploymentRun& run) {
  json::object error{{"code", code}, {"message", message}};
  error["details"] = run.details();
  http::Response out = arm::json_response(status, json::object{{"error", std::move(error)}});
  for (const DeploymentOperation& each : run.operations) {
    for (const auto& [name, value] : each.headers) out.headers.set(name, value);
  }
  return out;
}

json::object resource_reference(std::string_view id, std::string_view type, std::string_view name) {
  return json::object{{"id", id}, {"resourceType", type}, {"resourceName", name}};
}

json::array dependencies_of(const tmpl::Template& resources) {
  json::array out;
  for (const tmpl::Planned& each : resources.plan()) {
    const std::set<std::size_t> needs(each.needs.begin(), each.needs.end());
    if (needs.empty()) continue;
    json::array on;
    for (const std::size_t index : needs) {
      const tmpl::Planned& needed = resources.plan()[index];
      on.push_back(resource_reference(needed.id, needed.type, needed.name));
    }
    json::object entry{{"dependsOn", std::move(on)}};
    for (auto& member : resource_reference(each.id, each.type, each.name))
      entry[member.key()] = member.value();
    out.push_back(std::move(entry));
  }
  return out;
}

json::array providers_of(const tmpl::Template& resources) {
  std::map<std::string, std::set<std::string>> types;
  for (const tmpl::Planned& each : resources.plan()) {
    const std::size_t slash = each.type.find('/');
    types[each.type.substr(0, slash)].insert(each.type.substr(slash + 1));
  }
  json::array out;
  for (const auto& [name_space, names] : types) {
    json::array list;
    for (const std::string& name : names) {
      list.push_back(json::object{{"resourceType", name}, {"locations", json::array{nullptr}}});
    }
    out.push_back(json::object{{"namespace", name_space}, {"resourceTypes", std::move(list)}});
  }
  return out;
}

std::string iso_duration(Microseconds took) {
  return fmt::format("PT{:.6f}S", static_cast<double>(std::max<std::int64_t>(0, took.count())) / 1e6);
}

// Decimal digits, as Azure's are.
std::string hash_of(const json::value& text) {
  const Sha256 hash = sha256(json::serialize(text));
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out = out << 8 | hash[i];
  return std::to_string(out);
}

json::object properties_of(const Call& call, const Order& order, const DeploymentRun& run, bool executed) {
  json::array made;
  for (const DeploymentOperation& each : run.operations) {
    if (each.succeeded && each.action == "Create") made.push_back(json::object{{"id", each.id}});
  }
  const auto correlation = call.request.headers.get("x-ms-correlation-request-id");
  json::object out{{"templateHash", hash_of(order.text)},
                   {"parameters", order.resources->shown_parameters()},
                   {"mode", order.complete ? "Complete" : "Incremental"},
                   {"provisioningState", run.succeeded() ? "Succeeded" : "Failed"},
                   {"timestamp", format_rfc3339(call.services.clock())},
                   {"duration", iso_duration(call.services.clock() - call.at)},
                   {"correlationId", correlation ? std::string(*correlation) : random_uuid()},
                   {"providers", providers_of(*order.resources)},
                   {"dependencies", dependencies_of(*order.resources)}};
  out[executed ? "outputResources" : "validatedResources"] = std::move(made);
  if (executed && run.succeeded()) out["outputs"] = run.outputs;
  return out;
}

json::object document_of(const Call& call, const Order& order, json::object properties) {
  const std::string& name = call.parameter("deploymentName");
  return json::object{
      {"id", fmt::format("{}/providers/Microsoft.Resources/deployments/{}", order.scope, name)},
      {"name", name},
      {"type", "Microsoft.Resources/deployments"},
      {"properties", std::move(properties)}};
}

json::object shown_operation(const std::string& deployment, const DeploymentOperation& operation) {
  const std::string identity = operation.action + " " + model::lower(operation.id);
  const Sha256 hash = sha256(identity);
  const std::string id = model::lower(to_hex(std::span(hash).first(8)));
  json::object properties{
      {"provisioningOperation", operation.action},
      {"provisioningState", operation.succeeded ? "Succeeded" : "Failed"},
      {"timestamp", format_rfc3339(operation.ended)},
      {"duration", iso_duration(operation.ended - operation.started)},
      {"statusCode", operation.status == 201   ? "Created"
                     : operation.status == 200 ? "OK"
                                               : std::to_string(operation.status)},
      {"targetResource", resource_reference(operation.id, operation.type, operation.name)}};
  if (!operation.succeeded) properties["statusMessage"] = json::object{{"error", operation.error}};
  return json::object{{"id", fmt::format("{}/operations/{}", deployment, id)},
                      {"operationId", id},
                      {"properties", std::move(properties)}};
}

constexpr std::string_view failed_message =
    "At least one resource deployment operation failed. Please list deployment operations for details.";

arm::Answer keep_and_answer(Call& call, const Order& order, const DeploymentRun& run) {
  json::object properties = properties_of(call, order, run, true);
  if (!run.succeeded()) {
    properties["error"] =
        json::object{{"code", "DeploymentFailed"}, {"message", failed_message}, {"details", run.details()}};
  }
  const json::object document = document_of(call, order, std::move(properties));
  json::array operations;
  for (const DeploymentOperation& each : run.operations) {
    operations.push_back(shown_operation(std::string(document.at("id").as_string()), each));
  }
  const json::object details{{"template", without_secrets(order.text)},
                             {"operations", std::move(operations)}};
  const auto is_new = keep_deployment(call, document, details);
  if (!is_new) return tl::unexpected(is_new.error());
  if (!run.succeeded()) return refusal(run.status(), "DeploymentFailed", failed_message, run);
  return arm::json_response(*is_new ? 201 : 200, document);
}

// The refusal of a deployment that was tried; nothing when all of it was accepted.
std::optional<arm::Answer> refusal_of_rehearsal(Call& call, Order& order, DeploymentRun& run) {
  run = DeploymentRunner(call.rehearse(), call.request, call.services.clock).run(*order.resources);
  order.resources->start_over();
  if (run.succeeded()) return std::nullopt;
  if (run.operations.empty() || std::ranges::all_of(run.operations, &DeploymentOperation::succeeded)) {
    return arm::Answer(tl::unexpected(*run.template_failure));
  }
  return arm::Answer(
      refusal(run.status(), "InvalidTemplateDeployment",
              fmt::format("The template deployment '{}' is not valid according to the validation "
                          "procedure. See inner errors for details.",
                          call.parameter("deploymentName")),
              run));
}

arm::Expected<void> check_nesting(const Call& call) {
  if (call.asks_deep <= nested_deep_max) return {};
  return tmpl::invalid_template(fmt::format("deployments are nested deeper than {}", nested_deep_max));
}

json::value shown_deployment(const Record& record) { return record.document; }

}  // namespace

arm::Answer put_deployment(Call& call) {
  if (auto ok = check_nesting(call); !ok) return tl::unexpected(ok.error());
  auto order = read_order(call);
  if (!order) return tl::unexpected(order.error());
  // What is nested was tried with what it is nested in.
  if (call.asks_deep == 0) {
    DeploymentRun tried;
    if (auto refused = refusal_of_rehearsal(call, *order, tried)) return std::move(*refused);
  }
  DeploymentRunner runner(call.ask, call.request, call.services.clock);
  DeploymentRun run = runner.run(*order->resources);
  if (order->complete && run.succeeded()) runner.remove_others(*order->resources, order->scope, run);
  return keep_and_answer(call, *order, run);
}

arm::Answer validate_deployment(Call& call) {
  auto order = read_order(call);
  if (!order) return tl::unexpected(order.error());
  DeploymentRun run;
  if (auto refused = refusal_of_rehearsal(call, *order, run)) return std::move(*refused);
  return arm::json_response(200, document_of(call, *order, properties_of(call, *order, run, false)));
}

arm::Answer what_if_deployment(Call& call) {
  auto order = read_order(call);
  if (!order) return tl::unexpected(order.error());
  DeploymentRunner runner(call.rehearse(), call.request, call.services.clock);
  std::vector<json::value> before;
  for (const tmpl::Planned& each : order->resources->plan()) {
    auto shown = runner.read(each.id, each.api_version);
    before.push_back(shown ? std::move(*shown) : json::value());
  }
  const auto others = order->scope.find("/resourceGroups/") == std::string::npos
                          ? arm::Expected<std::vector<std::string>>()
                          : runner.others(*order->resources, order->scope);
  if (!others) return tl::unexpected(others.error());
  const DeploymentRun run = runner.run(*order->resources);
  json::array changes;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const tmpl::Planned& each = order->resources->plan()[i];
    if (each.exists) continue;
    auto after = runner.read(each.id, each.api_version);
    changes.push_back(
        what_if_change(each.id, before[i], after ? std::move(*after) : json::value(), order->full_payloads));
  }
  for (const std::string& id : *others) changes.push_back(what_if_other(id, order->complete));
  json::object out{{"status", run.succeeded() ? "Succeeded" : "Failed"}};
  if (run.succeeded()) {
    out["properties"] = json::object{{"correlationId", random_uuid()}, {"changes", std::move(changes)}};
  } else {
    out["error"] = json::object{{"code", "InvalidTemplateDeployment"},
                                {"message", "The template deployment would not be accepted."},
                                {"details", run.details()}};
  }
  return arm::json_response(200, out);
}

arm::Answer list_deployments(Call& call) {
  return list_stored(
      call, deployment_type, call.key + "/",
      [](const Record& record) -> arm::Expected<json::value> { return shown_deployment(record); });
}

arm::Answer get_deployment(Call& call) {
  const auto record = load_deployment(call, call.key);
  if (!record) return tl::unexpected(record.error());
  return arm::json_response(200, shown_deployment(*record));
}

arm::Answer head_deployment(Call& call) {
  const auto record = load_deployment(call, call.key);
  if (!record) return tl::unexpected(record.error());
  http::Response out;
  out.status = 204;
  return out;
}

arm::Answer delete_deployment(Call& call) {
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  http::Response out;
  out.status = 204;
  return out;
}

arm::Answer export_deployment_template(Call& call) {
  const auto record = load_deployment(call, deployment_key(call));
  if (!record) return tl::unexpected(record.error());
  const auto details = load_details(call, *record);
  if (!details) return tl::unexpected(details.error());
  return arm::json_response(200, json::object{{"template", details->at("template")}});
}

arm::Answer list_deployment_operations(Call& call) {
  const auto record = load_deployment(call, deployment_key(call));
  if (!record) return tl::unexpected(record.error());
  const auto details = load_details(call, *record);
  if (!details) return tl::unexpected(details.error());
  return list_values(call, details->at("operations").as_array());
}

arm::Answer get_deployment_operation(Call& call) {
  const auto record = load_deployment(call, deployment_key(call));
  if (!record) return tl::unexpected(record.error());
  const auto details = load_details(call, *record);
  if (!details) return tl::unexpected(details.error());
  for (const json::value& each : details->at("operations").as_array()) {
    if (arm::same_name(find_string(each, "operationId").value_or(""), call.parameter("operationId"))) {
      return arm::json_response(200, each);
    }
  }
  return arm::refuse(
      404, "DeploymentOperationNotFound",
      fmt::format("The deployment operation '{}' could not be found.", call.parameter("operationId")));
}

}  // namespace peering::api
