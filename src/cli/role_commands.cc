// `role definition list`, `role assignment create|list|delete`: who may do what, and where.
#include <algorithm>

#include "base/digest.h"
#include "cli/commands.h"

namespace peering::cli {

namespace {

constexpr std::string_view authorization = "/providers/Microsoft.Authorization/";

const Columns definition_columns = {
    {"Name", "properties.roleName"}, {"Description", "properties.description"}, {"Id", "name"}};
const Columns assignment_columns = {
    {"Principal", "properties.principalId"},         {"Type", "properties.principalType"},
    {"Role", "properties.roleDefinitionName"},       {"Scope", "properties.scope"},
    {"Created", "properties.createdOn", Show::time}, {"Name", "name"},
};

// `--scope`, or the subscription; empty for "/".
Outcome<std::string> scope_of(const Session& session, const Call& call) {
  if (const auto given = call.text("scope")) {
    if (*given == "/") return std::string();
    if (given->starts_with("/subscriptions/")) return *given;
    return usage_error("--scope '{}': / or an id that begins with /subscriptions/", *given);
  }
  const auto subscription = session.subscription();
  if (!subscription) return tl::unexpected(subscription.error());
  return subscription_path(*subscription);
}

std::string path_of(const std::string& scope, std::string_view collection) {
  return scope + std::string(authorization) + std::string(collection);
}

Outcome<json::array> definitions(Session& session, const std::string& scope) {
  return session.api().list(path_of(scope, "roleDefinitions"));
}

bool same_text(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

// The definition that `--role` names, by name, GUID or id.
Outcome<json::value> definition_of(Session& session, const std::string& scope, const std::string& role) {
  const auto all = definitions(session, scope);
  if (!all) return tl::unexpected(all.error());
  for (const json::value& each : *all) {
    const json::value* properties = find(each, "properties");
    for (const auto& name : {properties ? find_string(*properties, "roleName") : std::nullopt,
                             find_string(each, "name"), find_string(each, "id")}) {
      if (name && same_text(*name, role)) return each;
    }
  }
  return usage_error("--role '{}': there is no such role, see `peeringctl role definition list`", role);
}

// An assignment with the name of its role beside the role's id.
json::value named(json::value assignment, const json::array& all) {
  json::value* properties =
      assignment.is_object() ? assignment.get_object().if_contains("properties") : nullptr;
  if (!properties || !properties->is_object()) return assignment;
  const std::string id = find_string(*properties, "roleDefinitionId").value_or("");
  for (const json::value& each : all) {
    if (id.ends_with(find_string(each, "name").value_or("?"))) {
      properties->get_object()["roleDefinitionName"] = each.at("properties").at("roleName");
    }
  }
  return assignment;
}

Outcome<void> list_definitions(Session& session, const Call& call) {
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  auto all = definitions(session, *scope);
  if (!all) return tl::unexpected(all.error());
  json::array wanted;
  for (json::value& each : *all) {
    const json::value* name = find(each, "properties", "roleName");
    if (!call.has("name") || (name && same_text(name->as_string(), call.value("name")))) {
      wanted.push_back(std::move(each));
    }
  }
  session.print_list(wanted, definition_columns);
  return {};
}

Outcome<void> create(Session& session, const Call& call) {
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  const auto definition = definition_of(session, *scope, call.value("role"));
  if (!definition) return tl::unexpected(definition.error());
  json::object properties{{"roleDefinitionId", definition->at("id")},
                          {"principalId", call.value("assignee")}};
  add_text(properties, "principalType", call, "assignee-principal-type");
  add_text(properties, "description", call, "description");
  const std::string name = call.text("name").value_or(random_uuid());
  auto written = session.api().put(path_of(*scope, "roleAssignments/" + name),
                                   json::object{{"properties", std::move(properties)}});
  if (written) written->body = named(std::move(written->body), json::array{*definition});
  return show_written(session, written, assignment_columns);
}

Outcome<json::array> assignments(Session& session, const std::string& scope, const Call& call, bool below) {
  std::string filter = below ? "" : "atScope()";
  if (const auto assignee = call.text("assignee")) {
    filter += (filter.empty() ? "" : " and ") + ("principalId eq " + filter_literal(*assignee));
  }
  Query query;
  if (!filter.empty()) query.add("$filter", filter);
  return session.api().list(path_of(scope, "roleAssignments"), query);
}

Outcome<void> list(Session& session, const Call& call) {
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  const auto found = assignments(session, *scope, call, !call.has("at-scope"));
  if (!found) return tl::unexpected(found.error());
  const auto all = definitions(session, *scope);
  if (!all) return tl::unexpected(all.error());
  json::array out;
  for (const json::value& each : *found) out.push_back(named(each, *all));
  session.print_list(out, assignment_columns);
  return {};
}

// Exactly those of the assignee, the role and the scope.
Outcome<void> remove_matching(Session& session, const Call& call) {
  if (!call.has("assignee") || !call.has("role")) return usage_error("give --assignee and --role, or --ids");
  const auto scope = scope_of(session, call);
  if (!scope) return tl::unexpected(scope.error());
  const auto definition = definition_of(session, *scope, call.value("role"));
  if (!definition) return tl::unexpected(definition.error());
  const auto found = assignments(session, *scope, call, false);
  if (!found) return tl::unexpected(found.error());
  const std::string role = find_string(*definition, "name").value_or("");
  bool any = false;
  for (const json::value& each : *found) {
    const json::value& properties = each.at("properties");
    const std::string at = find_string(properties, "scope").value_or("");
    if (!find_string(properties, "roleDefinitionId").value_or("").ends_with(role)) continue;
    if (!same_text(at, scope->empty() ? "/" : *scope)) continue;
    any = true;
    if (auto done = remove(session, find_string(each, "id").value_or("")); !done) return done;
  }
  if (!any) session.note("there was nothing to delete");
  return {};
}

Outcome<void> remove_assignments(Session& session, const Call& call) {
  if (!call.has("ids")) return remove_matching(session, call);
  for (const std::string& id : call.list("ids")) {
    if (!id.starts_with('/')) return usage_error("--ids '{}': ids of role assignments begin with /", id);
    if (auto done = remove(session, id); !done) return done;
  }
  return {};
}

}  // namespace

std::vector<Command> role_commands() {
  const OptionSpec scope{"--scope",
                         "/, or the id of a subscription, group or resource; default: the subscription"};
  const OptionSpec role{"--role", "name or id of the role"};
  const OptionSpec assignee{"--assignee,--assignee-object-id",
                            "id of a token, or the UUID of an issuer's subject"};
  const auto required = [](OptionSpec option) {
    option.required = true;
    return option;
  };
  return {
      {"role definition list", "List the roles.", {{"--name,-n", "only this role"}, scope}, list_definitions},
      {"role assignment create",
       "Give somebody a role at a scope and below it (owners).",
       {required(assignee),
        required(role),
        scope,
        {.names = "--assignee-principal-type",
         .help = "what the assignee is",
         .choices = {"User", "ServicePrincipal"}},
        {"--description", "why"},
        {"--name,-n", "GUID of the assignment; default: a new one"}},
       create},
      {"role assignment list",
       "List who has which role at a scope, below it and from above.",
       {assignee, scope, {"--at-scope", "nothing below the scope", OptionKind::flag}},
       list},
      {"role assignment delete",
       "Take a role back (owners).",
       {assignee, role, scope, {"--ids", "ids of assignments, instead", OptionKind::list}},
       remove_assignments},
  };
}

}  // namespace peering::cli
