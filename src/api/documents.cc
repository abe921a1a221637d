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

Result<void> put_registration(const std::string& key, const std::optional<json::object>& document,
                              model::Partners& partners) {
  model::PartnerRegistration entry;
  std::string prefix_key;
  if (document) {
    const json::value value(*document);
    prefix_key = model::lower(property(value, "peeringServicePrefixKey"));
    entry.peering = arm::parent_of(key);
    if (const json::value* asn = find(value, "properties", "asn")) {
      entry.asn = asn->to_number<net::Asn>();
    } else if (const auto prefix = net::Prefix::parse(property(value, "prefix"))) {
      entry.prefix = *prefix;
    } else {
      return fail(ErrorCode::corrupt, "stored {}: {}", key, prefix.error().message);
    }
  }
  if (const auto before = partners.prefix_keys.find(key); before != partners.prefix_keys.end()) {
    partners.registrations.erase(before->second);
    partners.prefix_keys.erase(key);
  }
  if (!document) return {};
  partners.registrations[prefix_key] = std::make_shared<const model::PartnerRegistration>(std::move(entry));
  partners.prefix_keys[key] = prefix_key;
  return {};
}

}  // namespace

Result<void> set_monitoring(model::Connection& connection, const json::value* monitoring) {
  model::AlertOptIn alerts;
  model::MonitoredAsList asns;
  const auto corrupt = [&](const Error& error) {
    return fail(ErrorCode::corrupt, "stored monitoring of {}: {}", connection.resource, error.message);
  };
  if (const json::value* given = monitoring ? find(*monitoring, "properties", "alerts") : nullptr) {
    auto read = model::alert_opt_in_from_json(*given);
    if (!read) return corrupt(read.error());
    alerts = std::move(*read);
  }
  if (const json::value* given = monitoring ? find(*monitoring, "properties", "asns") : nullptr) {
    auto read = model::monitored_ases_from_json(*given);
    if (!read) return corrupt(read.error());
    asns = std::move(*read);
  }
  connection.alerts = std::move(alerts);
  connection.asns = std::move(asns);
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

Result<model::Silence> silence_from_document(const json::value& document) {
  const json::value* properties = find(document, "properties");
  const std::string name = find_string(document, "name").value_or("");
  auto read = model::silence_from_json(name, properties ? *properties : json::value());
  if (!read) return fail(ErrorCode::corrupt, "stored silence {}: {}", name, read.error().message);
  return read;
}

std::string connection_of_prefix(std::string_view prefix_id) {
  return std::string(arm::parent_of(prefix_id));
}

Result<void> apply_partner_change(std::string_view type, const std::string& key,
                                  const std::optional<std::string>& document, model::Partners& partners) {
  const bool registration = type == registered_asn_type || type == registered_prefix_type;
  if (!registration && type != peering_type && type != peer_asn_type) return {};
  std::optional<json::object> read;
  if (document) {
    auto parsed = parse_json(*document);
    if (!parsed) return tl::unexpected(parsed.error());
    if (!parsed->is_object()) return fail(ErrorCode::corrupt, "stored {}: no object", key);
    read = std::move(parsed->get_object());
  }
  if (registration) return put_registration(key, read, partners);
  if (type == peering_type) {
    partners.peerings.erase(key);
    if (read) partners.peerings[key] = std::make_shared<const json::object>(std::move(*read));
    return {};
  }
  partners.peer_asns.erase(key);
  if (!read) return {};
  const json::value value(*read);
  model::PeerAsn out;
  if (const json::value* number = find(value, "properties", "peerAsn"))
    out.asn = number->to_number<net::Asn>();
  out.name = property(value, "peerName");
  out.approved = property(value, "validationState") == "Approved";
  partners.peer_asns[key] = std::make_shared<const model::PeerAsn>(std::move(out));
  return {};
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
  out.key = model::lower(property(prefix, "peeringServicePrefixKey"));
  if (const auto at = parse_rfc3339(find_string(prefix, "changedAt").value_or(""))) out.changed_at = *at;
  if (auto set = set_monitoring(out, monitoring); !set) return tl::unexpected(set.error());
  return out;
}

}  // namespace peering::api
