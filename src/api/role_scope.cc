#include "api/role_scope.h"

#include "api/documents.h"

namespace peering::api {

arm::Expected<std::string> read_scope_key(const Call& call) {
  const std::string& given = call.parameter("scope");
  if (given == "/") return std::string();
  const auto scope = parse_scope(given);
  if (!scope || *scope == telemetry_scope) return not_found(given);
  return model::lower(*scope);
}

arm::Expected<RoleScope> read_role_scope(const Call& call) {
  auto key = read_scope_key(call);
  if (!key) return tl::unexpected(key.error());
  if (key->empty()) return RoleScope{"/", "", {}};
  auto record = load_parent(call, *key);
  if (!record) return tl::unexpected(record.error());
  const std::string& type = record->stored.type;
  const json::value* id = record->document.if_contains("id");
  if (type == monitoring_type || type == role_assignment_type || !id || !id->is_string()) {
    return not_found(call.parameter("scope"));
  }
  return RoleScope{std::string(id->get_string()), std::move(*key), std::move(*record)};
}

}  // namespace peering::api
