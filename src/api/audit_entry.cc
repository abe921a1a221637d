#include "api/audit_entry.h"

#include <algorithm>
#include <array>
#include <memory>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/client_address.h"
#include "api/documents.h"
#include "base/digest.h"
#include "base/log.h"

namespace peering::api {

namespace {

// The roles that she holds there, each once.
json::array roles_at(const Caller& caller, std::string_view key) {
  json::array out;
  for (const Grant& grant : caller.grants) {
    if (!arm::covers(grant.scope, key)) continue;
    const json::value role(to_string(grant.role));
    if (std::ranges::find(out, role) == out.end()) out.push_back(role);
  }
  return out;
}

json::object shown_caller(const Caller& caller, std::string_view key) {
  json::object out{{"principalId", caller.id}};
  if (!caller.name.empty()) out["name"] = caller.name;
  if (!caller.issuer.empty()) {
    out["issuer"] = caller.issuer;
    out["subject"] = caller.subject;
  }
  out["roles"] = roles_at(caller, key);
  return out;
}

// Everything but what differs between the entries of one request.
json::object shown_request(const Call& call, std::string_view key) {
  const Origin& origin = *call.origin;
  json::object out{
      {"timestamp", format_rfc3339(call.at)},    {"caller", shown_caller(call.caller, key)},
      {"operationId", origin.operation},         {"method", http::to_string(call.request.method)},
      {"correlationId", origin.ids.correlation}, {"requestId", origin.ids.request}};
  if (!origin.ids.client.empty()) out["clientRequestId"] = origin.ids.client;
  out["callerIpAddress"] = client_address(call.request).to_string();
  return out;
}

void add_outcome(json::object& entry, std::string_view operation, std::string_view resource, int status) {
  entry["id"] = random_uuid();
  entry["operation"] = operation;
  entry["resourceId"] = resource;
  entry["status"] = status < 400 ? "Succeeded" : "Failed";
  entry["statusCode"] = status;
}

// The id of a resource in the casing of its creation; a token's document has only its name.
std::string resource_id(std::string_view key, const json::object& document) {
  const json::value* id = document.if_contains("id");
  if (!id || !id->is_string()) return std::string(key);
  if (id->get_string().starts_with('/')) return std::string(id->get_string());
  return "/providers/Open.Peering/tokens/" + std::string(id->get_string());
}

constexpr std::array<std::string_view, 3> secret_members = {"hash", "secret", "md5AuthenticationKey"};

// Wherever they are. Documents are as deep as this program makes them.
void erase_secrets(json::value& value) {
  if (json::array* array = value.if_array()) {
    for (json::value& each : *array) erase_secrets(each);
  }
  json::object* object = value.if_object();
  if (!object) return;
  for (const std::string_view name : secret_members) object->erase(name);
  for (auto& member : *object) erase_secrets(member.value());
}

std::string without_secrets(std::string_view type, const json::object& document, std::string_view text) {
  constexpr std::array<std::string_view, 3> with_secrets = {token_type, alert_channel_type, peering_type};
  if (std::ranges::find(with_secrets, type) == with_secrets.end()) return std::string(text);
  json::value out(document);
  const bool has_secret = type == alert_channel_type && find(out, "properties", "secret");
  erase_secrets(out);
  json::value* properties = out.get_object().if_contains("properties");
  if (type == alert_channel_type && properties && properties->is_object()) {
    properties->get_object()["secretSet"] = has_secret;
  }
  return json::serialize(out);
}

// The members that are JSON text already go in as they are.
std::string with_documents(const json::object& entry, std::string_view before, std::string_view after) {
  std::string out = json::serialize(entry);
  out.pop_back();
  if (!before.empty()) out.append(",\"before\":").append(before);
  if (!after.empty()) out.append(",\"after\":").append(after);
  return out + '}';
}

store::Write appended(std::string key, TimePoint at, std::string document) {
  store::Write out;
  out.key = std::move(key);
  out.document = std::move(document);
  out.reach = store::Reach::append;
  out.at = at;
  return out;
}

}  // namespace

std::string audit_key(std::string_view type, std::string_view key, const json::object& document) {
  const json::value* scope = document.if_contains("scope");
  if (type != token_type || !scope || !scope->is_string()) return std::string(key);
  const std::string at = model::lower(std::string_view(scope->get_string()));
  return at.starts_with("/subscriptions/") ? at + std::string(key) : std::string(key);
}

store::Write audit_entry(const Call& call, const AuditedChange& change) {
  const json::object& document = change.after ? *change.after : change.before->document;
  std::string key = audit_key(change.type, change.key, document);
  std::string before, after;
  if (change.before) {
    before = without_secrets(change.type, change.before->document, change.before->stored.document);
  }
  if (change.after) after = without_secrets(change.type, document, change.after_text);
  std::string operation = call.origin->action;
  constexpr std::string_view action = "/action";
  if (!change.before && operation.ends_with(action)) {
    operation.replace(operation.size() - action.size(), action.size(), "/write");
  }
  json::object entry = shown_request(call, key);
  add_outcome(entry, operation, resource_id(change.key, document), change.before ? 200 : 201);
  return appended(std::move(key), call.at, with_documents(entry, before, after));
}

std::string audit_trace(const Call& call) {
  json::object out = shown_request(call, call.key);
  out["deletedWith"] = call.path;
  return json::serialize(out);
}

std::string traced_entry(std::string_view trace, const store::Resource& gone) {
  const auto common = parse_json(trace);
  const auto read = parse_json(gone.document);
  const json::object document = read && read->is_object() ? read->get_object() : json::object();
  const json::value* type = document.if_contains("type");
  const std::string operation =
      (type && type->is_string() ? std::string(type->get_string()) : gone.type) + "/delete";
  json::object entry = common && common->is_object() ? common->get_object() : json::object();
  add_outcome(entry, operation, resource_id(gone.key, document), 200);
  return with_documents(entry, without_secrets(gone.type, document, gone.document), "");
}

void RefusalLog::add(const Call& call) {
  if (!call.origin) return;
  if (!throttle_.take(call.caller.id, http::Method::put, call.at).allowed) return;
  const std::string key = call.refused_at.empty() ? call.key : call.refused_at;
  json::object entry = shown_request(call, key);
  add_outcome(entry, call.origin->action, call.path, 403);
  const store::Write write = appended(key, call.at, with_documents(entry, "", ""));
  if (const auto done = call.services.resources.commit({&write, 1}); !done) {
    log::warning("a refused write is not in the audit log: {}", done.error().message);
  }
}

}  // namespace peering::api
