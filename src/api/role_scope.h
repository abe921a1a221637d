// The scope in the path of what may be asked of any scope: role definitions and assignments, the audit log.
#pragma once

#include <optional>
#include <string>

#include "api/call.h"

namespace peering::api {

struct RoleScope {
  std::string id;                ///< "/", or the id of what is there in the casing of its creation
  std::string key;               ///< in lower case; empty for "/"
  std::optional<Record> record;  ///< of everything but "/"
};

/// The scope in lower case, empty for "/", whether it is there or not; 404 for what is no scope at all.
arm::Expected<std::string> read_scope_key(const Call& call);

/// The scope that the path names; 404 when it is no scope or not there. Subscriptions, groups and resources
/// of theirs are scopes, what is about them (monitoring settings, assignments) is none.
arm::Expected<RoleScope> read_role_scope(const Call& call);

}  // namespace peering::api
