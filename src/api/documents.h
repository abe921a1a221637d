// The stored form of resources: one place that knows it, for handlers that write and for the registry watcher
// that reads.
//
// A document is the ARM resource without what is derived when it is served: `id`, `name`, `type`, `location`,
// `tags`, `sku`, `properties`, and what is never served: `createdAt`, `changedAt`, of peerings the number
// `peerAsn`. Its key is the id in lower case.
// What is watched lies beside it, under `<key>/providers/open.peering/monitoring/default`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "model/registry.h"

namespace peering::api {

// Types as the store lists them.
inline constexpr std::string_view subscription_type = "microsoft.resources/subscriptions";
inline constexpr std::string_view resource_group_type = "microsoft.resources/resourcegroups";
inline constexpr std::string_view peering_service_type = "microsoft.peering/peeringservices";
inline constexpr std::string_view prefix_type = "microsoft.peering/peeringservices/prefixes";
inline constexpr std::string_view connection_monitor_test_type =
    "microsoft.peering/peeringservices/connectionmonitortests";
inline constexpr std::string_view peering_type = "microsoft.peering/peerings";
inline constexpr std::string_view registered_asn_type = "microsoft.peering/peerings/registeredasns";
inline constexpr std::string_view registered_prefix_type = "microsoft.peering/peerings/registeredprefixes";
inline constexpr std::string_view peer_asn_type = "microsoft.peering/peerasns";
inline constexpr std::string_view monitoring_type = "open.peering/monitoring";
inline constexpr std::string_view alert_channel_type = "open.peering/alertchannels";
inline constexpr std::string_view silence_type = "open.peering/silences";
inline constexpr std::string_view deployment_type = "microsoft.resources/deployments";
inline constexpr std::string_view deployment_details_type = "microsoft.resources/deployments/details";
inline constexpr std::string_view token_type = "open.peering/tokens";
inline constexpr std::string_view role_assignment_type = "microsoft.authorization/roleassignments";

/// The one tenant of this server: who may do what is decided by scopes.
inline constexpr std::string_view tenant_id = "00000000-0000-0000-0000-000000000000";

/// What follows a connection's or prefix's key in the key of its monitoring settings.
inline constexpr std::string_view monitoring_suffix = "/providers/open.peering/monitoring/default";

/// A connection of its document and that of its monitoring settings (null: none, no alerts). `corrupt` when
/// they are not what this program writes.
Result<model::Connection> connection_from_documents(const json::value& service,
                                                    const json::value* monitoring);

/// A registered prefix likewise. Without monitoring settings every origin is expected: nothing is learned
/// silently.
Result<model::RegisteredPrefix> registered_prefix_from_documents(const json::value& prefix,
                                                                 const json::value* monitoring);

/// Puts monitoring settings (null: there are none) in the place of those that it has. Errors as above;
/// nothing is changed then.
Result<void> set_monitoring(model::Connection& connection, const json::value* monitoring);
Result<void> set_monitoring(model::RegisteredPrefix& prefix, const json::value* monitoring);

/// Takes over a change of a peering, a peer ASN or what a partner registered; no document: it is gone. Other
/// types change nothing. `corrupt` when it is not what this program writes; nothing is changed then.
Result<void> apply_partner_change(std::string_view type, const std::string& key,
                                  const std::optional<std::string>& document, model::Partners& partners);

/// A silence of its document. `corrupt` when it is not what this program writes.
Result<model::Silence> silence_from_document(const json::value& document);

/// `/subscriptions/…/peeringServices/<n>` of a prefix's id.
std::string connection_of_prefix(std::string_view prefix_id);

}  // namespace peering::api
