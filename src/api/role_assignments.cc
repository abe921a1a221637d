// Role assignments: who has which role where, beside the roles that tokens are made with. They lie below
// their scope in the store, so that they go with it.
#include <algorithm>
#include <set>

#include "api/arm/body.h"
#include "api/arm/filter.h"
#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/role_definitions.h"
#include "api/role_directory.h"
#include "api/role_scope.h"

namespace peering::api {

namespace {

constexpr std::size_t assignments_of_scope_max = 4000, assignments_shown_max = 100'000;
constexpr std::size_t tokens_max = 100'000;
constexpr std::size_t id_bytes_max = 2048, principal_bytes_max = 128, description_bytes_max = 1024;

// What a PUT asks for.
struct Wanted {
  const RoleDefinition* definition = nullptr;
  std::string principal, principal_type;
  std::optional<std::string> description;
};

tl::unexpected<arm::Failure> forbidden(const Call& call, std::string_view why) {
  return arm::refuse(403, "AuthorizationFailed",
                     fmt::format("The client '{0}' with object id '{0}' does not have authorization to "
                                 "perform action '{1}' over scope '{2}': {3}.",
                                 call.caller.id, call.origin->action, call.parameter("scope"), why));
}

std::string_view at(const RoleScope& scope) { return scope.key.empty() ? "/" : std::string_view(scope.key); }

// Nobody gives or takes what she has not. That she is an Owner there the route has asked already.
arm::Expected<void> check_deals_in(const Call& call, const RoleScope& scope, Role role) {
  if (role != Role::operator_ || allows(call.caller, Permission::operate, at(scope))) return {};
  return forbidden(call, "only an Operator can assign the role Operator");
}

// Tokens of ours must be there; callers of an issuer are known by the UUID that stands for them.
arm::Expected<std::string> read_principal(const Call& call, const json::value& properties) {
  auto principal =
      arm::required_text(properties, "principalId", "properties.principalId", principal_bytes_max);
  if (!principal) return principal;
  if (arm::is_guid(*principal)) return "User";
  const bool may_be_token = arm::is_resource_name(*principal);
  const auto token = may_be_token ? load(call, token_key(*principal)) : std::optional<Record>{};
  if (!token) return tl::unexpected(token.error());
  if (*token) return "ServicePrincipal";
  return arm::refuse(400, "PrincipalNotFound",
                     fmt::format("Principal {} does not exist in the directory {}: it is neither the id of a "
                                 "token nor the UUID of an issuer's subject.",
                                 *principal, tenant_id));
}

arm::Expected<std::string> read_principal_type(const json::value& properties, std::string usual) {
  const auto given = arm::text_member(properties, "principalType", "properties.principalType", 64);
  if (!given) return tl::unexpected(given.error());
  if (!*given) return usual;
  for (const std::string_view known : {"User", "ServicePrincipal"}) {
    if (arm::same_name(**given, known)) return std::string(known);
  }
  return arm::bad_argument("properties.principalType", **given, "User or ServicePrincipal");
}

arm::Expected<const RoleDefinition*> read_definition(const json::value& properties) {
  const auto id =
      arm::required_text(properties, "roleDefinitionId", "properties.roleDefinitionId", id_bytes_max);
  if (!id) return tl::unexpected(id.error());
  if (const RoleDefinition* found = find_role_definition(*id)) return found;
  return arm::refuse(400, "RoleDefinitionDoesNotExist",
                     fmt::format("The specified role definition with ID '{}' does not exist.", *id));
}

arm::Expected<Wanted> read_wanted(const Call& call) {
  const auto body = arm::read_object(call.request);
  if (!body) return tl::unexpected(body.error());
  const auto given = arm::object_member(*body, "properties", "properties");
  if (!given) return tl::unexpected(given.error());
  const json::value properties(*given);
  for (const std::string_view name : {"condition", "delegatedManagedIdentityResourceId"}) {
    const json::value* value = find(properties, name);
    if (value && !value->is_null()) {
      return arm::bad_argument(fmt::format("properties.{}", name), json::serialize(*value),
                               "assignments have no conditions and no delegation");
    }
  }
  const auto definition = read_definition(properties);
  if (!definition) return tl::unexpected(definition.error());
  const auto usual = read_principal(call, properties);
  if (!usual) return tl::unexpected(usual.error());
  auto type = read_principal_type(properties, *usual);
  if (!type) return tl::unexpected(type.error());
  auto description =
      arm::text_member(properties, "description", "properties.description", description_bytes_max);
  if (!description) return tl::unexpected(description.error());
  return Wanted{*definition, model::lower(*find_string(properties, "principalId")), std::move(*type),
                std::move(*description)};
}

std::string part_of(const RoleScope& scope) { return scope.key + std::string(role_assignments_part); }

json::object new_document(const Call& call, const RoleScope& scope, const Wanted& wanted) {
  const std::string now = format_rfc3339(call.at);
  json::object properties{{"roleDefinitionId", role_definition_id(*wanted.definition, scope.id)},
                          {"principalId", wanted.principal},
                          {"principalType", wanted.principal_type},
                          {"scope", scope.id},
                          {"condition", nullptr},
                          {"conditionVersion", nullptr},
                          {"createdOn", now},
                          {"updatedOn", now},
                          {"createdBy", call.caller.id},
                          {"updatedBy", call.caller.id},
                          {"delegatedManagedIdentityResourceId", nullptr},
                          {"description", nullptr}};
  const std::string name = model::lower(call.parameter("roleAssignmentName"));
  return {{"id", fmt::format("{}/providers/Microsoft.Authorization/roleAssignments/{}",
                             scope.key.empty() ? "" : scope.id, name)},
          {"name", name},
          {"type", "Microsoft.Authorization/roleAssignments"},
          {"properties", std::move(properties)}};
}

// Whether there is room for another one, and none says the same.
arm::Expected<void> check_new(const Call& call, const RoleScope& scope, const Wanted& wanted) {
  const auto others = load_all(call, role_assignment_type, part_of(scope), assignments_of_scope_max);
  if (!others) return tl::unexpected(others.error());
  if (others->size() == assignments_of_scope_max) {
    return arm::refuse(400, "RoleAssignmentLimitExceeded",
                       fmt::format("The number of role assignments of the scope '{}' is at its limit ({}).",
                                   scope.id, assignments_of_scope_max));
  }
  for (const Record& each : *others) {
    const auto there = role_assignment_from(each.stored.key, each.stored.document);
    if (!there || there->principal != wanted.principal) continue;
    if (there->grant.role != wanted.definition->role) continue;
    return arm::refuse(409, "RoleAssignmentExists",
                       fmt::format("The role assignment already exists. The ID of the existing role "
                                   "assignment is {}.",
                                   std::string(each.document.at("name").as_string())));
  }
  return {};
}

arm::Expected<void> check_same(const Record& before, const Wanted& wanted) {
  const auto there = role_assignment_from(before.stored.key, before.stored.document);
  if (!there) return arm::failed(there.error());
  if (there->principal == wanted.principal && there->grant.role == wanted.definition->role) return {};
  return arm::refuse(400, "RoleAssignmentUpdateNotPermitted",
                     "Principal ID, role definition and scope are not allowed to be updated.");
}

arm::Expected<void> check_name(const Call& call) {
  const std::string& name = call.parameter("roleAssignmentName");
  if (arm::is_guid(name)) return {};
  return arm::refuse(400, "InvalidRoleAssignmentId",
                     fmt::format("The role assignment ID '{}' is not valid. The role assignment ID must be a "
                                 "GUID.",
                                 name));
}

bool owns(Role role) { return role == Role::owner || role == Role::operator_; }

// Whether somebody else owns the subscription by an assignment or a token of its own.
arm::Expected<bool> has_another_owner(const Call& call, const RoleScope& scope, std::string_view without) {
  const auto assignments = load_all(call, role_assignment_type, part_of(scope), assignments_of_scope_max);
  if (!assignments) return tl::unexpected(assignments.error());
  for (const Record& each : *assignments) {
    const auto there = role_assignment_from(each.stored.key, each.stored.document);
    if (there && each.stored.key != without && owns(there->grant.role)) return true;
  }
  const auto tokens = load_all(call, token_type, token_key(""), tokens_max);
  if (!tokens) return tl::unexpected(tokens.error());
  return std::ranges::any_of(*tokens, [&](const Record& record) {
    const auto token = token_from_json(json::value(record.document));
    return token && owns(token->role) && model::lower(token->scope) == scope.key &&
           (!token->expires || *token->expires > call.at);
  });
}

// An Owner could lock herself and everybody else out of the subscription; an Operator could help.
arm::Expected<void> check_not_last_owner(const Call& call, const RoleScope& scope, Role role) {
  const bool subscription = scope.record && scope.record->stored.type == subscription_type;
  if (!subscription || !owns(role) || allows(call.caller, Permission::operate, at(scope))) return {};
  const auto another = has_another_owner(call, scope, call.key);
  if (!another) return tl::unexpected(another.error());
  if (*another) return {};
  return arm::refuse(412, "CannotDeleteLastRbacAdminAssignment",
                     "Cannot delete the last RBAC admin assignment of the subscription.");
}

// What a list is asked for.
struct Selection {
  bool below = true;
  std::string principal;  ///< empty: everybody
};

arm::Expected<Selection> read_selection(const Call& call) {
  const std::string text = call.query.get("$filter").value_or("");
  Selection out;
  std::string_view rest = text;
  constexpr std::string_view at_scope = "atScope()", joined = " and ", assigned = "assignedTo('";
  const auto starts = [&](std::string_view word) {
    return arm::same_name(rest.substr(0, word.size()), word);
  };
  if (starts(at_scope)) {
    out.below = false;
    rest.remove_prefix(at_scope.size());
    if (starts(joined)) rest.remove_prefix(joined.size());
  }
  if (starts(assigned) && rest.ends_with("')") && rest.size() > assigned.size() + 2) {
    out.principal = model::lower(rest.substr(assigned.size(), rest.size() - assigned.size() - 2));
    return out;
  }
  const auto terms = arm::parse_filter(rest);
  const bool one = terms && terms->size() == 1 && arm::same_name(terms->front().field, "principalId") &&
                   terms->front().comparison == arm::Comparison::eq;
  if (!terms || (!terms->empty() && !one)) {
    return arm::bad_argument("$filter", text, "atScope(), principalId eq '…', assignedTo('…')");
  }
  if (one) out.principal = model::lower(terms->front().literal);
  return out;
}

// Scopes above whose assignments hold here too, as far as she may read there.
std::vector<std::string> readable_above(const Call& call, const std::string& key) {
  std::vector<std::string> out;
  std::string_view above = key;
  while (!above.empty()) {
    above = arm::parent_of(above);
    if (allows(call.caller, Permission::read, above.empty() ? "/" : above)) out.emplace_back(above);
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace

arm::Answer list_role_assignments(Call& call) {
  const auto scope = read_role_scope(call);
  if (!scope) return tl::unexpected(scope.error());
  const auto selection = read_selection(call);
  if (!selection) return tl::unexpected(selection.error());
  json::array out;
  const auto take = [&](const std::string& prefix) -> arm::Expected<void> {
    const auto records = load_all(call, role_assignment_type, prefix, assignments_shown_max);
    if (!records) return tl::unexpected(records.error());
    for (const Record& each : *records) {
      const auto there = role_assignment_from(each.stored.key, each.stored.document);
      if (!there || (!selection->principal.empty() && there->principal != selection->principal)) continue;
      out.emplace_back(each.document);
    }
    return {};
  };
  for (const std::string& above : readable_above(call, scope->key)) {
    if (auto ok = take(above + std::string(role_assignments_part)); !ok) return tl::unexpected(ok.error());
  }
  if (auto ok = take(selection->below ? scope->key + "/" : part_of(*scope)); !ok) {
    return tl::unexpected(ok.error());
  }
  return list_values(call, out);
}

arm::Answer get_role_assignment(Call& call) {
  const auto scope = read_role_scope(call);
  if (!scope) return tl::unexpected(scope.error());
  const auto record = load(call, call.key);
  if (!record) return tl::unexpected(record.error());
  if (*record) return arm::json_response(200, (*record)->document);
  return arm::refuse(
      404, "RoleAssignmentNotFound",
      fmt::format("The role assignment '{}' is not found.", call.parameter("roleAssignmentName")));
}

arm::Answer put_role_assignment(Call& call) {
  if (auto ok = check_name(call); !ok) return tl::unexpected(ok.error());
  const auto scope = read_role_scope(call);
  if (!scope) return tl::unexpected(scope.error());
  const auto wanted = read_wanted(call);
  if (!wanted) return tl::unexpected(wanted.error());
  if (auto ok = check_deals_in(call, *scope, wanted->definition->role); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto before = load(call, call.key);
  if (!before) return tl::unexpected(before.error());
  if (auto ok = *before ? check_same(**before, *wanted) : check_new(call, *scope, *wanted); !ok) {
    return tl::unexpected(ok.error());
  }
  json::object document = *before ? (*before)->document : new_document(call, *scope, *wanted);
  json::object& properties = document.at("properties").as_object();
  properties["updatedOn"] = format_rfc3339(call.at);
  properties["updatedBy"] = call.caller.id;
  properties["principalType"] = wanted->principal_type;
  if (wanted->description) properties["description"] = *wanted->description;
  const Saving saving{
      call.key, role_assignment_type,
      fmt::format("{} {} {}", scope->key, wanted->principal, to_string(wanted->definition->role)),
      "The role assignment already exists.", scope->record ? &scope->record->stored : nullptr};
  if (auto saved = save(call, saving, document, *before); !saved) return tl::unexpected(saved.error());
  return created_or_replaced(*before, document);
}

arm::Answer delete_role_assignment(Call& call) {
  const auto scope = read_role_scope(call);
  if (!scope) return tl::unexpected(scope.error());
  const auto record = load(call, call.key);
  if (!record) return tl::unexpected(record.error());
  if (!*record) return deleted(false);
  const auto there = role_assignment_from(call.key, (*record)->stored.document);
  if (!there) return arm::failed(there.error());
  if (auto ok = check_deals_in(call, *scope, there->grant.role); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_not_last_owner(call, *scope, there->grant.role); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto existed = remove_with_children(call, call.key);
  if (!existed) return tl::unexpected(existed.error());
  if (!*existed) return deleted(false);
  return arm::json_response(200, (*record)->document);
}

}  // namespace peering::api
