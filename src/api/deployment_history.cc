#include "api/deployment_history.h"

#include <algorithm>

#include "api/arm/resource_id.h"
#include "api/audit_entry.h"
#include "api/documents.h"
#include "api/template/expression.h"

namespace peering::api {

namespace {

constexpr int attempts_max = 8;
constexpr std::string_view hidden_secret = "(not kept)";

store::Write write_of(std::string key, std::string_view type, const json::object& document) {
  store::Write out;
  out.key = std::move(key);
  out.type = type;
  out.document = json::serialize(document);
  return out;
}

std::string time_of(const Record& record) {
  return find_string(record.document.at("properties"), "timestamp").value_or("");
}

arm::Expected<void> forget_oldest(Call& call) {
  const std::string start = call.key.substr(0, call.key.rfind('/') + 1);
  auto all = load_all(call, deployment_type, start, 2 * deployments_max);
  if (!all) return tl::unexpected(all.error());
  if (all->size() <= deployments_max) return {};
  std::ranges::sort(*all, {}, time_of);
  std::vector<store::Write> writes;
  for (std::size_t i = 0; i + deployments_max < all->size(); ++i) {
    if ((*all)[i].stored.key == call.key) continue;
    store::Write gone;
    gone.key = (*all)[i].stored.key;
    gone.type = deployment_type;
    gone.reach = store::Reach::subtree;
    writes.push_back(std::move(gone));
  }
  const auto revision = call.services.resources.commit(writes);
  if (!revision) return arm::failed(revision.error());
  return {};
}

}  // namespace

json::value without_secrets(const json::value& text) {
  if (const json::array* items = text.if_array()) {
    json::array out;
    for (const json::value& each : *items) out.push_back(without_secrets(each));
    return out;
  }
  if (!text.is_object()) return text;
  const bool secure = model::lower(find_string(text, "type").value_or("")).starts_with("secure");
  json::object out;
  for (const auto& member : text.get_object()) {
    const json::value& value = member.value();
    const bool named = member.key() == "secret" || member.key() == "md5AuthenticationKey";
    const bool plain = value.is_string() && !tmpl::is_expression(std::string(value.get_string()));
    const bool hidden = (named && plain) || (secure && member.key() == "defaultValue");
    out[member.key()] = hidden ? json::value(hidden_secret) : without_secrets(value);
  }
  return out;
}

arm::Expected<bool> keep_deployment(Call& call, const json::object& document, const json::object& details) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto before = load(call, call.key);
    if (!before) return tl::unexpected(before.error());
    std::vector<store::Write> writes;
    writes.push_back(write_of(call.key, deployment_type, document));
    writes.back().condition = *before ? store::Condition::etag : store::Condition::absent;
    if (*before) writes.back().etag = (*before)->stored.etag;
    writes.push_back(write_of(call.key + std::string(details_suffix), deployment_details_type, details));
    writes.push_back(audit_entry(call, {call.key, deployment_type, *before ? &**before : nullptr, &document,
                                        *writes.front().document}));
    const auto revision = call.services.resources.commit(writes);
    if (!revision && revision.error().code == ErrorCode::conflict) continue;
    if (!revision) return arm::failed(revision.error());
    call.committed = *revision;
    call.changed_key = call.key;
    if (auto done = forget_oldest(call); !done) return tl::unexpected(done.error());
    return !before->has_value();
  }
  return arm::refuse(
      409, "DeploymentActive",
      "The deployment with this name is being written by other requests; its resources were deployed.");
}

arm::Expected<Record> load_deployment(const Call& call, std::string_view key) {
  auto record = load(call, key);
  if (!record) return tl::unexpected(record.error());
  if (*record) return std::move(**record);
  return arm::refuse(404, "DeploymentNotFound",
                     fmt::format("Deployment '{}' could not be found.", call.parameter("deploymentName")));
}

arm::Expected<json::object> load_details(const Call& call, const Record& deployment) {
  auto record = load(call, deployment.stored.key + std::string(details_suffix));
  if (!record) return tl::unexpected(record.error());
  if (*record) return std::move((*record)->document);
  return json::object{{"template", json::object()}, {"operations", json::array()}};
}

}  // namespace peering::api
