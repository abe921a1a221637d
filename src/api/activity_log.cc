// The audit log of a subscription as Azure Monitor's Activity Log serves it (Microsoft.Insights, event
// category Administrative).
#include <set>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/audit_filter.h"
#include "api/documents.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

// Ticks of .NET: 100 ns since the year 1; so many at 1970.
constexpr std::int64_t ticks_at_epoch = 621'355'968'000'000'000;

json::object localizable(std::string_view value) { return {{"value", value}, {"localizedValue", value}}; }

std::string text_of(const json::value& value, std::string_view member) {
  return find_string(value, member).value_or("");
}

json::object sub_status(std::int64_t status) {
  const std::string_view name = status == 201 ? "Created" : status == 403 ? "Forbidden" : "OK";
  return {{"value", name}, {"localizedValue", fmt::format("{} (HTTP Status Code: {})", name, status)}};
}

json::object claims_of(const json::value& caller) {
  json::object out{
      {"http://schemas.microsoft.com/identity/claims/objectidentifier", text_of(caller, "principalId")}};
  if (const auto name = find_string(caller, "name")) out["name"] = *name;
  if (const auto issuer = find_string(caller, "issuer")) {
    out["iss"] = *issuer;
    out["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"] = text_of(caller, "subject");
  }
  return out;
}

json::object authorization_of(const json::value& entry, const std::string& resource) {
  std::string roles;
  if (const json::value* list = find(entry, "caller", "roles"); list && list->is_array()) {
    for (const json::value& role : list->get_array()) {
      if (!roles.empty()) roles += ", ";
      roles += role.as_string();
    }
  }
  return {{"action", text_of(entry, "operation")}, {"role", roles}, {"scope", resource}};
}

json::object http_request_of(const json::value& entry) {
  json::object out{{"clientIpAddress", text_of(entry, "callerIpAddress")},
                   {"method", text_of(entry, "method")}};
  if (const auto id = find_string(entry, "clientRequestId")) out["clientRequestId"] = *id;
  return out;
}

// Texts only, as Azure has them.
json::object properties_of(const json::value& entry, const std::string& resource) {
  json::object out{{"eventCategory", "Administrative"},
                   {"entity", resource},
                   {"message", text_of(entry, "operation")},
                   {"operationId", text_of(entry, "operationId")}};
  if (const json::value* status = find(entry, "statusCode")) out["statusCode"] = json::serialize(*status);
  if (const auto path = find_string(entry, "deletedWith")) out["deletedWith"] = *path;
  return out;
}

void add_place(json::object& out, const std::string& resource, const std::string& operation) {
  const auto segments = arm::split_path(resource);
  const auto id = segments ? arm::parse_resource_id(*segments) : std::nullopt;
  out["resourceId"] = resource;
  out["resourceProviderName"] = localizable(operation.substr(0, operation.find('/')));
  if (!id) return;
  out["resourceType"] = localizable(arm::type_of(*id));
  if (!id->resource_group.empty()) out["resourceGroupName"] = id->resource_group;
}

json::value shown_event(const Call& call, const json::value& entry) {
  const std::string resource = text_of(entry, "resourceId"), id = text_of(entry, "id");
  const std::string operation = text_of(entry, "operation"), timestamp = text_of(entry, "timestamp");
  const json::value* status = find(entry, "statusCode");
  const json::value* caller = find(entry, "caller");
  const auto at = parse_rfc3339(timestamp);
  const std::int64_t ticks = at ? to_us(*at) * 10 + ticks_at_epoch : 0;
  const bool failed = text_of(entry, "status") == "Failed";
  json::object out{{"authorization", authorization_of(entry, resource)},
                   {"caller", caller ? text_of(*caller, "principalId") : std::string()},
                   {"channels", "Operation"},
                   {"claims", caller ? claims_of(*caller) : json::object()},
                   {"correlationId", text_of(entry, "correlationId")},
                   {"description", ""},
                   {"eventDataId", id},
                   {"eventName", localizable("EndRequest")},
                   {"category", localizable("Administrative")},
                   {"eventTimestamp", timestamp},
                   {"httpRequest", http_request_of(entry)},
                   {"id", fmt::format("{}/events/{}/ticks/{}", resource, id, ticks)},
                   {"level", failed ? "Error" : "Informational"},
                   {"operationId", text_of(entry, "requestId")},
                   {"operationName", localizable(operation)},
                   {"properties", properties_of(entry, resource)},
                   {"status", localizable(failed ? "Failed" : "Succeeded")},
                   {"subStatus", sub_status(status && status->is_int64() ? status->get_int64() : 200)},
                   {"submissionTimestamp", timestamp},
                   {"subscriptionId", call.parameter("subscriptionId")},
                   {"tenantId", tenant_id}};
  add_place(out, resource, operation);
  return out;
}

// The members that `$select` names, in lower case; empty: all.
std::set<std::string> selected(const Call& call) {
  std::set<std::string> out;
  std::string text = model::lower(call.query.get("$select").value_or(""));
  std::erase(text, ' ');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (comma > at) out.insert(text.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

json::value narrowed(json::value event, const std::set<std::string>& members) {
  if (members.empty()) return event;
  json::object out;
  for (auto& [key, value] : event.get_object()) {
    if (members.contains(model::lower(key))) out[key] = std::move(value);
  }
  return out;
}

// The subscription, or the group or resource that the filter names.
arm::Expected<std::string> scope_of(const Call& call, const AuditFilter& filter) {
  const std::string subscription = "/subscriptions/" + model::lower(call.parameter("subscriptionId"));
  if (!filter.resource.empty()) {
    if (arm::covers(subscription, filter.resource)) return filter.resource;
    // Tokens are in no subscription; what was done with those of this one is in its log.
    if (filter.resource.starts_with(token_key(""))) return subscription;
    return arm::bad_argument("$filter resourceUri", filter.resource, "a resource of this subscription");
  }
  if (filter.resource_group.empty()) return subscription;
  return subscription + "/resourcegroups/" + filter.resource_group;
}

}  // namespace

arm::Answer list_activity_log(Call& call) {
  const auto filter = read_audit_filter(call.query.get("$filter").value_or(""));
  if (!filter) return arm::failed(filter.error());
  const auto scope = scope_of(call, *filter);
  if (!scope) return tl::unexpected(scope.error());
  if (!allows(call.caller, Permission::own, *scope)) {
    return arm::refuse(
        403, "AuthorizationFailed",
        fmt::format("The client '{0}' with object id '{0}' does not have authorization to perform action "
                    "'Microsoft.Insights/eventtypes/values/read' over scope '{1}'.",
                    call.caller.id, *scope));
  }
  const std::set<std::string> members = selected(call);
  return audit_page(call, *scope, *filter,
                    [&](const json::value& entry) { return narrowed(shown_event(call, entry), members); });
}

}  // namespace peering::api
