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

Result<void> set_monitoring(model::Connection& connection, const json::value* monitoring) {
  model::AlertOptIn alerts;
  if (const json::value* given = monitoring ? find(*monitoring, "properties", "alerts") : nullptr) {
    auto read = model::alert_opt_in_from_json(*given);
    if (!read) {
      return fail(ErrorCode::corrupt, "stored monitoring of {}: {}", connection.resource,
                  read.error().message);
    }
    alerts = std::move(*read);
  }
  connection.alerts = std::move(alerts);
  return {};
}

Result<void> set_monitoring(model::RegisteredPrefix& prefix, const json::value* monitoring) {
  model::Expectation expectation;
  expectation.any_origin = true;
  if (const json::value* properties = monitoring ? find(*monitoring, "properties") : nullptr) {
    auto read = model::expectation_from_json(*properties, false);
    if (!read) {
      return fail(ErrorCode::corrupt, "stored monitoring of {}: {}", prefix.resource, read.error().message);
    }
    expectation = std::move(*read);
  }
  expectation.prefix = prefix.expectation.prefix;
  prefix.expectation = std::move(expectation);
  return {};
}

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
  if (auto set = set_monitoring(out, monitoring); !set) return tl::unexpected(set.error());
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
  out.expectation.prefix = *parsed;
  if (auto set = set_monitoring(out, monitoring); !set) return tl::unexpected(set.error());
  return out;
}

}  // namespace peering::api
