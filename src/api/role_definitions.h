// The roles as Azure's role definitions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/access.h"

namespace peering::api {

/// One of our roles. Reader, Contributor and Owner have the GUIDs of Azure's built-in roles.
struct RoleDefinition {
  Role role;
  std::string_view guid;
  std::string_view description;
  std::span<const std::string_view> actions, not_actions;
};

std::span<const RoleDefinition> role_definitions();

/// By the last segment of a definition's id, a GUID, without case; null: there is none.
const RoleDefinition* find_role_definition(std::string_view id);
/// By its name, without case.
const RoleDefinition* find_role_definition_by_name(std::string_view name);

/// The definition's id as it is served at a scope.
std::string role_definition_id(const RoleDefinition& definition, std::string_view scope);

}  // namespace peering::api
