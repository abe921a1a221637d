#include "api/documents.h"

#include "api/arm/resource_id.h"

namespace peering::api {

namespace {

std::string property(const json::value& document, std::string_view key) {
  const json::value* properties = find(document, "properties");
  return properties ? find_string(*properties, key).value_or("") : std::string();
}

Result<std::string> id_of(const json::value& document) {
  auto id = find_string(document, "id");
  if (!id || id->empty()) return fail(ErrorCode::corrupt, "a stored resource has no id");
  return std::move(*id);
}

std::string subscription_of(std::string_view id) {
  constexpr std::string_view start = "/subscriptions/";
  if (id.size() <= start.size()) return {};
  id.remove_prefix(start.size());
  return std::string(id.substr(0, id.find('/')));
}

}  // namespace

std::string connection_of_prefix(std::string_view prefix_id) {
  return std::string(arm::parent_of(prefix_id));
}

Result<model::Connection> connection_from_documents(const json::value& service,
                                                    const json::value* monitoring) {
  auto id = id_of(service);
  if (!id) return tl::unexpected(id.error());
  model::Connection out;
  out.subscription = subscription_of(*id);
  out.resource = std::move(*id);
  out.provider = property(service, "peeringServiceProvider");
  out.location = property(service, "peeringServiceLocation");
  out.primary_metro = property(service, "providerPrimaryPeeringLocation");
  out.backup_metro = property(service, "providerBackupPeeringLocation");
  const json::value* alerts = monitoring ? find(*monitoring, "properties", "alerts") : nullptr;
  if (!alerts) return out;
  auto opt_in = model::alert_opt_in_from_json(*alerts);
  if (!opt_in) {
    return fail(ErrorCode::corrupt, "stored monitoring of {}: {}", out.resource, opt_in.error().message);
  }
  out.alerts = std::move(*opt_in);
  return out;
}

Result<model::RegisteredPrefix> registered_prefix_from_documents(const json::value& prefix,
                                                                 const json::value* monitoring) {
  auto id = id_of(prefix);
  if (!id) return tl::unexpected(id.error());
  model::RegisteredPrefix out;
  out.connection = connection_of_prefix(*id);
  out.resource = std::move(*id);
  const auto parsed = net::Prefix::parse(property(prefix, "prefix"));
  if (!parsed) return fail(ErrorCode::corrupt, "stored {}: {}", out.resource, parsed.error().message);
  out.expectation.any_origin = true;
  if (const json::value* properties = monitoring ? find(*monitoring, "properties") : nullptr) {
    auto expectation = model::expectation_from_json(*properties, false);
    if (!expectation) {
      return fail(ErrorCode::corrupt, "stored monitoring of {}: {}", out.resource,
                  expectation.error().message);
    }
    out.expectation = std::move(*expectation);
  }
  out.expectation.prefix = *parsed;
  return out;
}

}  // namespace peering::api
