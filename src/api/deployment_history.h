// Deployments as they are kept: what each did, and its template, in a document beside it.
#pragma once

#include "api/call.h"

namespace peering::api {

inline constexpr std::size_t deployments_max = 800;  ///< of a scope, as Azure keeps them

/// What follows a deployment's key in the key of its `details`.
inline constexpr std::string_view details_suffix = "/details";

/// The template without the secrets that are written into it: channels' secrets, MD5 keys, and default values
/// of secure parameters.
json::value without_secrets(const json::value& text);

/// Stores a deployment where the call's path says; `details` is `{"template", "operations"}`. The oldest ones
/// of the scope beyond `deployments_max` go. True when there was none of the name.
arm::Expected<bool> keep_deployment(Call& call, const json::object& document, const json::object& details);

/// The deployment of a key, or 404 `DeploymentNotFound`.
arm::Expected<Record> load_deployment(const Call& call, std::string_view key);

/// Its template and operations.
arm::Expected<json::object> load_details(const Call& call, const Record& deployment);

}  // namespace peering::api
