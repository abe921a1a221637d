#include "api/role_definitions.h"

#include <algorithm>
#include <array>

#include "api/arm/filter.h"
#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/handlers.h"
#include "api/role_scope.h"

namespace peering::api {

namespace {

using Texts = std::span<const std::string_view>;

constexpr std::array<std::string_view, 1> everything = {"*"}, reads = {"*/read"};
constexpr std::array<std::string_view, 1> owners_only = {"Open.Peering/auditLog/read"};
constexpr std::array<std::string_view, 8> not_of_contributors = {
    "Microsoft.Authorization/*/write", "Microsoft.Authorization/*/delete",
    "Microsoft.Insights/eventtypes/*", "Microsoft.Resources/subscriptions/write",
    "Open.Peering/alertChannels/*",    "Open.Peering/auditLog/read",
    "Open.Peering/silences/*",         "Open.Peering/tokens/*",
};
constexpr std::array<std::string_view, 3> not_of_owners = {
    "Microsoft.Resources/subscriptions/write", "Open.Peering/approve/action", "Open.Peering/reject/action"};
constexpr std::array<std::string_view, 3> of_partners = {"*/read", "Microsoft.Peering/peerAsns/*",
                                                         "Microsoft.Peering/peerings/*"};

constexpr std::array<RoleDefinition, 5> definitions = {{
    {Role::reader, "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Sees everything, changes nothing.", reads,
     owners_only},
    {Role::contributor, "b24988ac-6180-42a0-ab88-20f7382dd24c",
     "Changes everything but who may do what and where alerts go.", everything, not_of_contributors},
    {Role::owner, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Changes everything, also who may do what.",
     everything, not_of_owners},
    {Role::partner, "4bf7e2b4-5e28-4b84-b863-207d401614a1",
     "Sees everything, changes peer ASNs, peerings and what is registered with them.", of_partners,
     owners_only},
    {Role::operator_, "85e9466c-b83c-4b64-a0e8-a546ff34d75b",
     "Runs the edge network: makes subscriptions, approves what partners ask for.", everything, Texts{}},
}};

json::array texts(Texts given) {
  json::array out;
  for (const std::string_view each : given) out.emplace_back(each);
  return out;
}

json::object shown_definition(const RoleDefinition& definition, std::string_view scope) {
  json::object permission{{"actions", texts(definition.actions)},
                          {"notActions", texts(definition.not_actions)},
                          {"dataActions", json::array()},
                          {"notDataActions", json::array()}};
  return {{"id", role_definition_id(definition, scope)},
          {"name", definition.guid},
          {"type", "Microsoft.Authorization/roleDefinitions"},
          {"properties", json::object{{"roleName", to_string(definition.role)},
                                      {"type", "BuiltInRole"},
                                      {"description", definition.description},
                                      {"assignableScopes", json::array{"/"}},
                                      {"permissions", json::array{std::move(permission)}}}}};
}

// Which definitions a list's filter wants: by name, or by type, of which there is one.
arm::Expected<std::vector<RoleDefinition>> wanted(const Call& call) {
  std::vector<RoleDefinition> out(definitions.begin(), definitions.end());
  const std::string text = call.query.get("$filter").value_or("");
  if (arm::same_name(text, "atScopeAndBelow()") || arm::same_name(text, "atScope()")) return out;
  const auto terms = arm::parse_filter(text);
  if (!terms) return arm::failed(terms.error());
  for (const arm::FilterTerm& term : *terms) {
    const bool by_name = arm::same_name(term.field, "roleName");
    if (term.comparison != arm::Comparison::eq || (!by_name && !arm::same_name(term.field, "type"))) {
      return arm::bad_argument("$filter", text, "roleName eq '…', type eq '…' or atScopeAndBelow()");
    }
    std::erase_if(out, [&](const RoleDefinition& each) {
      return !arm::same_name(term.literal, by_name ? to_string(each.role) : "BuiltInRole");
    });
  }
  return out;
}

}  // namespace

std::span<const RoleDefinition> role_definitions() { return definitions; }

const RoleDefinition* find_role_definition(std::string_view id) {
  const auto found = std::ranges::find_if(
      definitions, [&](const RoleDefinition& each) { return arm::same_name(arm::name_of(id), each.guid); });
  return found == definitions.end() ? nullptr : &*found;
}

const RoleDefinition* find_role_definition_by_name(std::string_view name) {
  const auto found = std::ranges::find_if(
      definitions, [&](const RoleDefinition& each) { return arm::same_name(name, to_string(each.role)); });
  return found == definitions.end() ? nullptr : &*found;
}

std::string role_definition_id(const RoleDefinition& definition, std::string_view scope) {
  constexpr std::string_view start = "/subscriptions/";
  const std::string_view subscription =
      scope.size() > start.size() ? scope.substr(0, scope.find('/', start.size())) : std::string_view();
  return fmt::format("{}/providers/Microsoft.Authorization/roleDefinitions/{}", subscription,
                     definition.guid);
}

arm::Answer list_role_definitions(Call& call) {
  const auto scope = read_role_scope(call);
  if (!scope) return tl::unexpected(scope.error());
  const auto list = wanted(call);
  if (!list) return tl::unexpected(list.error());
  json::array out;
  for (const RoleDefinition& each : *list) out.push_back(shown_definition(each, scope->id));
  return list_values(call, out);
}

arm::Answer get_role_definition(Call& call) {
  const auto scope = read_role_scope(call);
  if (!scope) return tl::unexpected(scope.error());
  const std::string& name = call.parameter("roleDefinitionId");
  const RoleDefinition* found = find_role_definition(name);
  if (found) return arm::json_response(200, shown_definition(*found, scope->id));
  return arm::refuse(404, "RoleDefinitionDoesNotExist",
                     fmt::format("The specified role definition with ID '{}' does not exist.", name));
}

}  // namespace peering::api
