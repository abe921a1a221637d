// `Open.Peering/auditLog` of a scope: every change at and below it, with the documents before and after.
#include "api/audit_filter.h"
#include "api/handlers.h"
#include "api/role_scope.h"

namespace peering::api {

namespace {

// What was deleted has its log still; what was never there looks like every resource that is not there.
arm::Expected<void> check_known(const Call& call, const std::string& scope) {
  if (scope.empty()) return {};
  const auto stored = call.services.resources.get(scope);
  if (!stored) return arm::failed(stored.error());
  if (*stored) return {};
  const auto entries = call.services.resources.log({.scope = scope, .from = {}, .to = {}, .limit = 1});
  if (!entries) return arm::failed(entries.error());
  if (!entries->entries.empty()) return {};
  return not_found(call.parameter("scope"));
}

}  // namespace

arm::Answer list_audit_log(Call& call) {
  const auto scope = read_scope_key(call);
  if (!scope) return tl::unexpected(scope.error());
  const auto filter = read_audit_filter(call.query.get("$filter").value_or(""));
  if (!filter) return arm::failed(filter.error());
  if (auto known = check_known(call, *scope); !known) return tl::unexpected(known.error());
  std::string below = *scope;
  if (!filter->resource_group.empty()) {
    if (below.empty() || store::log_root(below) != below) {
      return arm::bad_argument("$filter resourceGroupName", filter->resource_group,
                               "only in the log of a subscription");
    }
    below += "/resourcegroups/" + filter->resource_group;
  }
  return audit_page(call, below, *filter, [](json::value entry) { return entry; });
}

}  // namespace peering::api
