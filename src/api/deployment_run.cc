#include "api/deployment_run.h"

#include <algorithm>
#include <array>

#include "api/arm/api_version.h"
#include "api/arm/query.h"
#include "api/template/resource_ids.h"
#include "http/query.h"

namespace peering::api {

namespace {

constexpr int pages_max = 1000;

// What a deployment in the mode Complete deletes in its group, as Azure lists it for these types: not what
// lies in resources that stay.
constexpr std::array<std::string_view, 2> complete_types = {"peerings", "peeringServices"};

std::string name_space_of(std::string_view id) {
  const std::size_t at = id.rfind("/providers/");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = id.substr(at + std::string_view("/providers/").size());
  return std::string(rest.substr(0, rest.find('/')));
}

std::string encoded(std::string_view id) {
  std::string out;
  for (const std::string& segment : tmpl::split_names(id.substr(1)))
    out += "/" + http::percent_encode(segment);
  return out;
}

json::value error_of(const http::Response& response) {
  const auto body = parse_json(response.body);
  const json::value* error = body ? find(*body, "error") : nullptr;
  if (error && error->is_object()) return *error;
  return json::object{{"code", "InternalServerError"},
                      {"message", fmt::format("the answer was {} without a reason", response.status)}};
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

bool DeploymentRun::succeeded() const {
  return !template_failure && std::ranges::all_of(operations, &DeploymentOperation::succeeded);
}

int DeploymentRun::status() const {
  for (const DeploymentOperation& each : operations) {
    if (!each.succeeded) return each.status;
  }
  return template_failure ? template_failure->status : 200;
}

json::array DeploymentRun::details() const {
  json::array out;
  for (const DeploymentOperation& each : operations) {
    if (each.succeeded) continue;
    json::object detail = each.error.is_object() ? each.error.get_object() : json::object();
    detail["target"] = each.id;
    out.push_back(std::move(detail));
  }
  if (template_failure) {
    out.push_back(json::object{{"code", template_failure->code}, {"message", template_failure->message}});
  }
  return out;
}

http::Response DeploymentRunner::send(http::Method method, const std::string& id,
                                      const std::string& api_version, const std::string& query,
                                      std::string body) {
  http::Request out;
  out.method = method;
  out.target = encoded(id) + "?api-version=" + http::percent_encode(api_version) + query;
  for (const std::string_view name : {"Host", "X-Forwarded-Proto"}) {
    if (const auto value = request_.headers.get(name)) out.headers.set(name, *value);
  }
  if (!body.empty()) out.headers.set("Content-Type", "application/json");
  out.body = std::move(body);
  out.remote = request_.remote;
  out.secure = request_.secure;
  return asker_(out);
}

void DeploymentRunner::finish(const http::Response& response, DeploymentOperation& operation) const {
  operation.status = response.status;
  operation.succeeded = is_success(response.status);
  if (!operation.succeeded) operation.error = error_of(response);
  if (const auto wait = response.headers.get("Retry-After"))
    operation.headers.emplace_back("Retry-After", *wait);
  operation.ended = clock_();
}

DeploymentOperation DeploymentRunner::make(const tmpl::Planned& planned, const json::object& body) {
  DeploymentOperation out{"Create", planned.id, planned.type, planned.name, false, 0, {}, {}, clock_(), {}};
  finish(send(http::Method::put, planned.id, planned.api_version, "", json::serialize(body)), out);
  return out;
}

arm::Expected<json::value> DeploymentRunner::read(const std::string& id, const std::string& api_version) {
  const http::Response response = send(http::Method::get, id, api_version, "", "");
  if (response.status == 404) return json::value();
  auto body = parse_json(response.body);
  if (is_success(response.status) && body) return std::move(*body);
  const json::value error = error_of(response);
  return arm::refuse(response.status, find_string(error, "code").value_or(""),
                     find_string(error, "message").value_or(""));
}

DeploymentRun DeploymentRunner::run(tmpl::Template& from) {
  DeploymentRun out;
  const tmpl::ReferenceReader reader = [&](const std::string& name, bool full) -> Result<json::value> {
    const std::string id = from.id_of(name);
    const tmpl::Planned* planned = from.find(id);
    const auto versions = arm::api_versions(name_space_of(id));
    if (!planned && (!id.starts_with('/') || versions.empty())) {
      return fail(ErrorCode::invalid_argument, "the resource '{}' is not defined in the template", name);
    }
    const auto body = read(id, planned ? planned->api_version : std::string(versions.front()));
    if (!body) return fail(ErrorCode::invalid_argument, "the resource '{}': {}", id, body.error().message);
    if (body->is_null()) return fail(ErrorCode::not_found, "the resource '{}' is not there", id);
    const json::value* properties = find(*body, "properties");
    return full ? *body : properties ? *properties : json::value(json::object());
  };
  std::vector<bool> made(from.plan().size());
  for (const std::size_t index : from.order()) {
    const tmpl::Planned& planned = from.plan()[index];
    if (!std::ranges::all_of(planned.needs, [&](std::size_t each) { return made[each]; })) continue;
    if (planned.exists) {
      made[index] = true;
      continue;
    }
    const auto body = from.body_of(planned, reader);
    if (!body) {
      out.template_failure = body.error();
      return out;
    }
    out.operations.push_back(make(planned, *body));
    made[index] = out.operations.back().succeeded;
  }
  if (!out.succeeded()) return out;
  auto outputs = from.outputs(reader);
  if (outputs) {
    out.outputs = std::move(*outputs);
  } else {
    out.template_failure = outputs.error();
  }
  return out;
}

arm::Expected<json::array> DeploymentRunner::list(const std::string& collection,
                                                  const std::string& api_version) {
  json::array out;
  std::string more = "&%24top=1000";
  for (int page = 0; page < pages_max && !more.empty(); ++page) {
    const http::Response response = send(http::Method::get, collection, api_version, more, "");
    auto body = parse_json(response.body);
    json::value* items = body && body->is_object() ? body->get_object().if_contains("value") : nullptr;
    if (!is_success(response.status) || !items || !items->is_array()) {
      const json::value error = error_of(response);
      return arm::refuse(response.status, find_string(error, "code").value_or(""),
                         find_string(error, "message").value_or(""));
    }
    for (json::value& each : items->get_array()) out.push_back(std::move(each));
    const std::string link = find_string(*body, "nextLink").value_or("");
    const auto query = arm::Query::parse(link.substr(std::min(link.size(), link.find('?') + 1)));
    const auto token = query && !link.empty() ? query->get("$skipToken") : std::nullopt;
    more = token ? "&%24top=1000&%24skipToken=" + http::percent_encode(*token) : "";
  }
  return out;
}

arm::Expected<std::vector<std::string>> DeploymentRunner::others(const tmpl::Template& from,
                                                                 const std::string& group) {
  std::vector<std::string> out;
  const std::string version(arm::api_versions("Microsoft.Peering").front());
  for (const std::string_view type : complete_types) {
    const auto items = list(fmt::format("{}/providers/Microsoft.Peering/{}", group, type), version);
    if (!items) return tl::unexpected(items.error());
    for (const json::value& each : *items) {
      std::string id = find_string(each, "id").value_or("");
      if (!from.find(id)) out.push_back(std::move(id));
    }
  }
  return out;
}

void DeploymentRunner::remove_others(const tmpl::Template& from, const std::string& group,
                                     DeploymentRun& run) {
  const auto ids = others(from, group);
  if (!ids) {
    run.template_failure = ids.error();
    return;
  }
  const std::string version(arm::api_versions("Microsoft.Peering").front());
  for (const std::string& id : *ids) {
    const std::string rest = id.substr(id.rfind("/providers/") + std::string_view("/providers/").size());
    const std::size_t slash = rest.rfind('/');
    DeploymentOperation operation{
        "Delete", id, rest.substr(0, slash), rest.substr(slash + 1), false, 0, {}, {}, clock_(), {}};
    finish(send(http::Method::delete_, id, version, "", ""), operation);
    run.operations.push_back(std::move(operation));
  }
}

}  // namespace peering::api
