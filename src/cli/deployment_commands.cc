// `deployment create|validate|what-if|list|show|export|delete` and `deployment operation list`: ARM
// templates.
#include <filesystem>

#include "cli/commands.h"
#include "cli/read_file.h"
#include "http/query.h"

namespace peering::cli {

namespace {

const Columns deployment_columns = {
    {"Name", "name"},
    {"State", "properties.provisioningState", Show::state},
    {"Time", "properties.timestamp", Show::time},
    {"Mode", "properties.mode"},
    {"Took", "properties.duration"},
};
const Columns change_columns = {
    {"Change", "changeType"},
    {"Resource", "resourceId"},
    {"Properties", "paths"},
};
const Columns operation_columns = {
    {"Operation", "properties.provisioningOperation"},
    {"State", "properties.provisioningState", Show::state},
    {"Status", "properties.statusCode"},
    {"Resource", "properties.targetResource.id"},
    {"Reason", "properties.statusMessage.error.message"},
};

Outcome<std::string> collection(const Session& session, const Call& call) {
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  const auto group = call.text("resource-group");
  const std::string scope = group ? group_path(*subscription, *group) : subscription_path(*subscription);
  return scope + "/providers/Microsoft.Resources/deployments";
}

// Without a name it is the template's file's.
Outcome<std::string> path_of(const Session& session, const Call& call) {
  const auto all = collection(session, call);
  if (!all) return tl::unexpected(all.error());
  std::string name = call.value("name");
  if (name.empty()) name = std::filesystem::path(call.value("template-file")).stem().string();
  if (name.empty() || name == "-") return usage_error("give --name");
  return *all + "/" + http::percent_encode(name);
}

Outcome<json::object> object_of_file(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto value = parse_json(*text);
  if (!value) return usage_error("{}: {}", path, value.error().message);
  if (!value->is_object()) return usage_error("{}: a JSON object is expected", path);
  return std::move(value->get_object());
}

// A file of parameters, bare or with its schema; or name=value, where a value that is JSON is taken as such.
Outcome<void> add_parameters(const std::string& word, json::object& out) {
  const std::size_t equals = word.find('=');
  std::error_code wrong;
  if (equals != std::string::npos && !std::filesystem::exists(word, wrong)) {
    const std::string text = word.substr(equals + 1);
    const auto value = parse_json(text);
    out[word.substr(0, equals)] = json::object{{"value", value ? *value : json::value(text)}};
    return {};
  }
  auto file = object_of_file(word.starts_with('@') ? word.substr(1) : word);
  if (!file) return tl::unexpected(file.error());
  const json::value* inner = file->if_contains("parameters");
  if (inner && !inner->is_object()) return usage_error("{}: 'parameters' is no object", word);
  const json::object values = inner ? inner->get_object() : *file;
  for (const auto& each : values) {
    if (each.key() != "$schema" && each.key() != "contentVersion") out[each.key()] = each.value();
  }
  return {};
}

Outcome<json::object> order_of(const Call& call) {
  auto text = object_of_file(call.value("template-file"));
  if (!text) return tl::unexpected(text.error());
  json::object parameters;
  for (const std::string& word : call.list("parameters")) {
    if (auto done = add_parameters(word, parameters); !done) return tl::unexpected(done.error());
  }
  return json::object{{"properties", json::object{{"mode", call.value("mode")},
                                                  {"template", std::move(*text)},
                                                  {"parameters", std::move(parameters)}}}};
}

// The server's sentence says that something failed; its details say what.
Outcome<json::value> send_order(Session& session, const Call& call, http::Method method,
                                std::string_view action) {
  const auto path = path_of(session, call);
  const auto order = order_of(call);
  if (!path) return tl::unexpected(path.error());
  if (!order) return tl::unexpected(order.error());
  http::Headers headers;
  headers.set("Content-Type", "application/json");
  const auto answer = session.api().send(method, target_of(*path + std::string(action), {}),
                                         std::move(headers), json::serialize(*order));
  if (!answer) return tl::unexpected(answer.error());
  auto body = parse_json(answer->body);
  if (answer->status >= 200 && answer->status <= 299 && body) return std::move(*body);
  auto failure = failure_of(*answer);
  const json::value* details = body ? find(*body, "error", "details") : nullptr;
  if (details && details->is_array()) {
    for (const json::value& each : details->get_array()) {
      failure.value().message +=
          fmt::format("\n  {}: {}: {}", find_string(each, "target").value_or("template"),
                      find_string(each, "code").value_or(""), find_string(each, "message").value_or(""));
    }
  }
  return failure;
}

Outcome<void> create(Session& session, const Call& call) {
  const auto made = send_order(session, call, http::Method::put, "");
  if (!made) return tl::unexpected(made.error());
  session.print_one(*made, deployment_columns);
  return {};
}

Outcome<void> validate(Session& session, const Call& call) {
  const auto accepted = send_order(session, call, http::Method::post, "/validate");
  if (!accepted) return tl::unexpected(accepted.error());
  session.print_one(*accepted, deployment_columns);
  return {};
}

Outcome<void> what_if(Session& session, const Call& call) {
  const auto told = send_order(session, call, http::Method::post, "/whatIf");
  if (!told) return tl::unexpected(told.error());
  const json::value* changes = find(*told, "properties", "changes");
  if (!changes || !changes->is_array()) {
    std::string reasons;
    const json::value* details = find(*told, "error", "details");
    for (const json::value& each : details && details->is_array() ? details->get_array() : json::array()) {
      reasons += fmt::format("\n  {}: {}", find_string(each, "target").value_or("template"),
                             find_string(each, "message").value_or(""));
    }
    return failed("the deployment would not be accepted:{}", reasons);
  }
  json::array rows = changes->get_array();
  if (session.settings().format == Format::table || session.settings().format == Format::tsv) {
    for (json::value& row : rows) {
      json::array paths;
      const json::value* delta = find(row, "delta");
      for (const json::value& each : delta && delta->is_array() ? delta->get_array() : json::array()) {
        paths.emplace_back(find_string(each, "path").value_or(""));
      }
      row.as_object()["paths"] = std::move(paths);
    }
  }
  session.print_list(rows, change_columns);
  return {};
}

Outcome<void> list(Session& session, const Call& call) {
  const auto path = collection(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto deployments = session.api().list(*path);
  if (!deployments) return tl::unexpected(deployments.error());
  session.print_list(*deployments, deployment_columns);
  return {};
}

Outcome<void> show(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto deployment = session.api().get(*path);
  if (!deployment) return tl::unexpected(deployment.error());
  session.print_one(*deployment, deployment_columns);
  return {};
}

Outcome<void> export_template(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto answer = session.api().post(*path + "/exportTemplate", nullptr);
  if (!answer) return tl::unexpected(answer.error());
  const json::value* text = find(answer->body, "template");
  if (!text) return failed("the server's answer has no template");
  session.out() << pretty(*text) << "\n";
  return {};
}

Outcome<void> list_operations(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  const auto operations = session.api().list(*path + "/operations");
  if (!operations) return tl::unexpected(operations.error());
  session.print_list(*operations, operation_columns);
  return {};
}

Outcome<void> remove_deployment(Session& session, const Call& call) {
  const auto path = path_of(session, call);
  if (!path) return tl::unexpected(path.error());
  if (auto sure = confirm(session, call, "deployment " + call.value("name") + " from the history"); !sure)
    return sure;
  const auto removed = session.api().remove(*path);
  return removed ? Outcome<void>() : tl::unexpected(removed.error());
}

}  // namespace

std::vector<Command> deployment_commands() {
  const OptionSpec group{"--resource-group,-g", "resource group; without it the subscription"};
  const OptionSpec name{"--name,-n", "name of the deployment", OptionKind::text, true};
  const std::vector<OptionSpec> order = {
      group,
      {"--name,-n", "name of the deployment; default: that of the template's file"},
      {"--template-file,-f", "the template, or - for stdin", OptionKind::text, true},
      {"--parameters,-p", "files with parameters, or name=value", OptionKind::list},
      {.names = "--mode",
       .help = "Complete also deletes peerings and connections of the group that the template does not have",
       .fallback = "Incremental",
       .choices = {"Incremental", "Complete"}}};
  return {
      {"deployment create", "Deploy an ARM template (docs/as-code.md).", order, create},
      {"deployment validate", "Say whether a template would be accepted.", order, validate},
      {"deployment what-if", "Show what a template would change.", order, what_if},
      {"deployment list", "List the deployments of a resource group or subscription.", {group}, list},
      {"deployment show", "Show a deployment.", {group, name}, show},
      {"deployment export", "Print the template of a deployment.", {group, name}, export_template},
      {"deployment operation list", "List what a deployment did.", {group, name}, list_operations},
      {"deployment delete",
       "Forget a deployment; what it made stays.",
       {group, name, yes_option()},
       remove_deployment},
  };
}

}  // namespace peering::cli
