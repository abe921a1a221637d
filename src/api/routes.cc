#include "api/routes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "api/arm/names.h"
#include "api/arm/resource_id.h"
#include "api/handlers.h"

namespace peering::api {

namespace {

using http::Method;

#define SUBSCRIPTION "/subscriptions/{subscriptionId}"
#define GROUP SUBSCRIPTION "/resourceGroups/{resourceGroupName}"
#define PROVIDER "/providers/{resourceProviderNamespace}"
#define SUBSCRIPTION_PEERING SUBSCRIPTION "/providers/Microsoft.Peering"
#define DEPLOYMENTS "/providers/Microsoft.Resources/deployments"
#define DEPLOYMENT DEPLOYMENTS "/{deploymentName}"
#define PEERINGS GROUP "/providers/Microsoft.Peering/peerings"
#define PEERING PEERINGS "/{peeringName}"
#define PEER_ASN SUBSCRIPTION_PEERING "/peerAsns/{peerAsnName}"
#define REGISTERED_ASN PEERING "/registeredAsns/{registeredAsnName}"
#define REGISTERED_PREFIX PEERING "/registeredPrefixes/{registeredPrefixName}"
#define SERVICES GROUP "/providers/Microsoft.Peering/peeringServices"
#define SERVICE SERVICES "/{peeringServiceName}"
#define PREFIX SERVICE "/prefixes/{prefixName}"
#define MONITOR_TEST SERVICE "/connectionMonitorTests/{connectionMonitorTestName}"
#define OPEN "/providers/Open.Peering"
#define INSIGHTS "/providers/Microsoft.Insights"
#define CONNECTION PEERING OPEN "/connections/{connectionIdentifier}"
#define CATALOG_ENTRIES OPEN "/catalog/{catalogKind}"
#define CATALOG_ENTRY CATALOG_ENTRIES "/{catalogName}"
#define CHANNELS SUBSCRIPTION OPEN "/alertChannels"
#define SILENCES SUBSCRIPTION OPEN "/silences"
#define SCOPE "/{scope}"
#define TAGS SCOPE "/providers/Microsoft.Resources/tags/default"
#define AUTHORIZATION "/providers/Microsoft.Authorization"
#define ROLE_ASSIGNMENT SCOPE AUTHORIZATION "/roleAssignments/{roleAssignmentName}"

using P = Permission;
using E = Effect;

constexpr Route table[] = {
    // Outside the ARM tree.
    {Method::get, "/", "StartPage", P::open, E::none, get_start_page},
    {Method::get, "/openapi.json", "OpenApi", P::open, E::none, get_openapi},
    {Method::get, "/healthz", "Health", P::open, E::none, get_health},
    {Method::get, "/readyz", "Readiness", P::open, E::none, get_readiness},
    {Method::get, "/metadata/endpoints", "Metadata_GetEndpoints", P::open, E::none, get_metadata_endpoints},
    {Method::get, "/metrics", "Metrics", P::operate, E::none, get_metrics},
    {Method::post, "/telemetry/samples", "Telemetry_PostSamples", P::telemetry, E::none, post_samples},
    {Method::get, "/telemetry/beacon.js", "Telemetry_GetBeaconScript", P::open, E::none, get_beacon_script},
    {Method::post, "/telemetry/beacon", "Telemetry_PostBeacon", P::open, E::none, post_beacon},
    {Method::post, "/telemetry/network-errors", "Telemetry_PostNetworkErrors", P::open, E::none,
     post_network_errors},
    {Method::options, "/telemetry/network-errors", "Telemetry_NetworkErrorsOptions", P::open, E::none,
     options_network_errors},
    {Method::post, "/telemetry/prometheus/write", "Telemetry_PostRemoteWrite", P::telemetry, E::none,
     post_remote_write},
    {Method::post, "/v1/metrics", "Telemetry_PostOtlpMetrics", P::telemetry, E::none, post_otlp_metrics},

    // Signing in, for clients of Azure.
    {Method::get, "/.well-known/oauth-authorization-server", "Authorization_GetMetadata", P::open, E::none,
     get_authorization_metadata},
    {Method::get, "/adfs/.well-known/openid-configuration", "Authorization_GetAdfsMetadata", P::open, E::none,
     get_authorization_metadata},
    {Method::get, "/{tenantId}/v2.0/.well-known/openid-configuration", "Authorization_GetTenantMetadata",
     P::open, E::none, get_authorization_metadata},
    {Method::get, "/adfs/discovery/keys", "Authorization_GetKeys", P::open, E::none, get_no_keys},
    {Method::get, "/adfs/oauth2/authorize", "Authorization_GetPage", P::open, E::none, refuse_sign_in_page},
    {Method::post, "/adfs/oauth2/token", "Authorization_PostToken", P::open, E::none, post_token_request},

    {Method::get, "/v1.0/servicePrincipals", "ServicePrincipals_List", P::authenticated, E::none,
     list_service_principals},
    {Method::post, "/v1.0/directoryObjects/getByIds", "DirectoryObjects_GetByIds", P::authenticated, E::none,
     get_directory_objects},

    // Azure Resource Manager.
    {Method::get, "/subscriptions", "Subscriptions_List", P::authenticated, E::none, list_subscriptions},
    {Method::get, SUBSCRIPTION, "Subscriptions_Get", P::read, E::none, get_subscription, true},
    {Method::put, SUBSCRIPTION, "Subscriptions_CreateOrUpdate", P::operate, E::writes, put_subscription},
    {Method::get, SUBSCRIPTION "/resourceGroups", "ResourceGroups_List", P::catalogue, E::none,
     list_resource_groups},
    {Method::get, GROUP, "ResourceGroups_Get", P::read, E::none, get_resource_group, true},
    {Method::head, GROUP, "ResourceGroups_CheckExistence", P::read, E::none, head_resource_group},
    {Method::put, GROUP, "ResourceGroups_CreateOrUpdate", P::write, E::writes, put_resource_group},
    {Method::patch, GROUP, "ResourceGroups_Update", P::write, E::writes, patch_resource_group},
    {Method::delete_, GROUP, "ResourceGroups_Delete", P::write, E::applies, delete_resource_group},
    {Method::post, GROUP "/exportTemplate", "ResourceGroups_ExportTemplate", P::read, E::none,
     export_group_template},
    {Method::get, SUBSCRIPTION "/resources", "Resources_List", P::catalogue, E::none, list_resources},
    {Method::get, GROUP "/resources", "Resources_ListByResourceGroup", P::catalogue, E::none, list_resources},
    {Method::get, SUBSCRIPTION "/tagNames", "Tags_List", P::catalogue, E::none, list_tag_names},
    {Method::get, TAGS, "Tags_GetAtScope", P::read, E::none, get_tags},
    {Method::put, TAGS, "Tags_CreateOrUpdateAtScope", P::partner_write, E::writes, put_tags},
    {Method::patch, TAGS, "Tags_UpdateAtScope", P::partner_write, E::writes, patch_tags_at_scope},
    {Method::delete_, TAGS, "Tags_DeleteAtScope", P::partner_write, E::writes, delete_tags},
    {Method::get, "/tenants", "Tenants_List", P::authenticated, E::none, list_tenants},
    {Method::get, SUBSCRIPTION "/locations", "Subscriptions_ListLocations", P::catalogue, E::none,
     list_locations},
    {Method::get, SUBSCRIPTION "/providers", "Providers_List", P::catalogue, E::none, list_providers},
    {Method::get, SUBSCRIPTION PROVIDER, "Providers_Get", P::catalogue, E::none, get_provider},
    {Method::post, SUBSCRIPTION PROVIDER "/register", "Providers_Register", P::catalogue, E::writes,
     register_provider},
    {Method::post, SUBSCRIPTION PROVIDER "/unregister", "Providers_Unregister", P::write, E::writes,
     unregister_provider},
    {Method::get, "/providers", "Providers_ListAtTenantScope", P::authenticated, E::none, list_providers},
    {Method::get, PROVIDER, "Providers_GetAtTenantScope", P::authenticated, E::none, get_provider},

    // Deployments of templates.
    {Method::get, GROUP DEPLOYMENTS, "Deployments_ListByResourceGroup", P::read, E::none, list_deployments},
    {Method::get, GROUP DEPLOYMENT, "Deployments_Get", P::read, E::none, get_deployment},
    {Method::head, GROUP DEPLOYMENT, "Deployments_CheckExistence", P::read, E::none, head_deployment},
    {Method::put, GROUP DEPLOYMENT, "Deployments_CreateOrUpdate", P::partner_write, E::none, put_deployment},
    {Method::delete_, GROUP DEPLOYMENT, "Deployments_Delete", P::partner_write, E::none, delete_deployment},
    {Method::post, GROUP DEPLOYMENT "/validate", "Deployments_Validate", P::partner_write, E::none,
     validate_deployment},
    {Method::post, GROUP DEPLOYMENT "/whatIf", "Deployments_WhatIf", P::partner_write, E::none,
     what_if_deployment},
    {Method::post, GROUP DEPLOYMENT "/exportTemplate", "Deployments_ExportTemplate", P::partner_write,
     E::none, export_deployment_template},
    {Method::get, GROUP DEPLOYMENT "/operations", "DeploymentOperations_List", P::read, E::none,
     list_deployment_operations},
    {Method::get, GROUP DEPLOYMENT "/operations/{operationId}", "DeploymentOperations_Get", P::read, E::none,
     get_deployment_operation},
    {Method::get, SUBSCRIPTION DEPLOYMENTS, "Deployments_ListAtSubscriptionScope", P::read, E::none,
     list_deployments},
    {Method::get, SUBSCRIPTION DEPLOYMENT, "Deployments_GetAtSubscriptionScope", P::read, E::none,
     get_deployment},
    {Method::head, SUBSCRIPTION DEPLOYMENT, "Deployments_CheckExistenceAtSubscriptionScope", P::read, E::none,
     head_deployment},
    {Method::put, SUBSCRIPTION DEPLOYMENT, "Deployments_CreateOrUpdateAtSubscriptionScope", P::partner_write,
     E::none, put_deployment},
    {Method::delete_, SUBSCRIPTION DEPLOYMENT, "Deployments_DeleteAtSubscriptionScope", P::partner_write,
     E::none, delete_deployment},
    {Method::post, SUBSCRIPTION DEPLOYMENT "/validate", "Deployments_ValidateAtSubscriptionScope",
     P::partner_write, E::none, validate_deployment},
    {Method::post, SUBSCRIPTION DEPLOYMENT "/whatIf", "Deployments_WhatIfAtSubscriptionScope",
     P::partner_write, E::none, what_if_deployment},
    {Method::post, SUBSCRIPTION DEPLOYMENT "/exportTemplate", "Deployments_ExportTemplateAtSubscriptionScope",
     P::partner_write, E::none, export_deployment_template},
    {Method::get, SUBSCRIPTION DEPLOYMENT "/operations", "DeploymentOperations_ListAtSubscriptionScope",
     P::read, E::none, list_deployment_operations},
    {Method::get, SUBSCRIPTION DEPLOYMENT "/operations/{operationId}",
     "DeploymentOperations_GetAtSubscriptionScope", P::read, E::none, get_deployment_operation},

    // Microsoft.Peering.
    {Method::get, "/providers/Microsoft.Peering/operations", "Operations_List", P::authenticated, E::none,
     list_operations},
    {Method::get, SUBSCRIPTION_PEERING "/peeringServiceCountries", "PeeringServiceCountries_List",
     P::catalogue, E::none, list_service_countries},
    {Method::get, SUBSCRIPTION_PEERING "/peeringServiceLocations", "PeeringServiceLocations_List",
     P::catalogue, E::none, list_service_locations},
    {Method::get, SUBSCRIPTION_PEERING "/peeringServiceProviders", "PeeringServiceProviders_List",
     P::catalogue, E::none, list_service_providers},
    {Method::get, SUBSCRIPTION_PEERING "/peeringLocations", "PeeringLocations_List", P::catalogue, E::none,
     list_peering_locations},
    {Method::get, SUBSCRIPTION_PEERING "/legacyPeerings", "LegacyPeerings_List", P::catalogue, E::none,
     list_legacy_peerings},
    {Method::get, SUBSCRIPTION_PEERING "/cdnPeeringPrefixes", "CdnPeeringPrefixes_List", P::catalogue,
     E::none, list_cdn_peering_prefixes},
    {Method::post, SUBSCRIPTION_PEERING "/checkServiceProviderAvailability",
     "CheckServiceProviderAvailability", P::catalogue, E::none, check_service_provider_availability},
    {Method::get, SUBSCRIPTION_PEERING "/peerAsns", "PeerAsns_ListBySubscription", P::read, E::none,
     list_peer_asns},
    {Method::get, PEER_ASN, "PeerAsns_Get", P::read, E::none, get_peer_asn, true},
    {Method::put, PEER_ASN, "PeerAsns_CreateOrUpdate", P::partner_write, E::applies, put_peer_asn},
    {Method::delete_, PEER_ASN, "PeerAsns_Delete", P::partner_write, E::applies, delete_peer_asn},
    {Method::get, SUBSCRIPTION_PEERING "/peerings", "Peerings_ListBySubscription", P::catalogue, E::none,
     list_peerings},
    {Method::get, PEERINGS, "Peerings_ListByResourceGroup", P::read, E::none, list_peerings},
    {Method::get, PEERING, "Peerings_Get", P::read, E::none, get_peering},
    {Method::put, PEERING, "Peerings_CreateOrUpdate", P::partner_write, E::applies, put_peering},
    {Method::patch, PEERING, "Peerings_Update", P::partner_write, E::writes, patch_peering},
    {Method::delete_, PEERING, "Peerings_Delete", P::partner_write, E::applies, delete_peering},
    {Method::get, PEERING "/registeredAsns", "RegisteredAsns_ListByPeering", P::read, E::none,
     list_registered_asns},
    {Method::get, REGISTERED_ASN, "RegisteredAsns_Get", P::read, E::none, get_registered_asn, true},
    {Method::put, REGISTERED_ASN, "RegisteredAsns_CreateOrUpdate", P::partner_write, E::applies,
     put_registered_asn},
    {Method::delete_, REGISTERED_ASN, "RegisteredAsns_Delete", P::partner_write, E::applies,
     delete_registered_asn},
    {Method::get, PEERING "/registeredPrefixes", "RegisteredPrefixes_ListByPeering", P::read, E::none,
     list_registered_prefixes},
    {Method::get, REGISTERED_PREFIX, "RegisteredPrefixes_Get", P::read, E::none, get_registered_prefix},
    {Method::put, REGISTERED_PREFIX, "RegisteredPrefixes_CreateOrUpdate", P::partner_write, E::applies,
     put_registered_prefix},
    {Method::delete_, REGISTERED_PREFIX, "RegisteredPrefixes_Delete", P::partner_write, E::applies,
     delete_registered_prefix},
    {Method::post, REGISTERED_PREFIX "/validate", "RegisteredPrefixes_Validate", P::partner_write, E::writes,
     validate_registered_prefix},
    {Method::get, PEERING "/receivedRoutes", "ReceivedRoutes_ListByPeering", P::read, E::none,
     list_received_routes},
    {Method::get, PEERING "/rpUnbilledPrefixes", "RpUnbilledPrefixes_List", P::read, E::none,
     list_rp_unbilled_prefixes},
    {Method::get, SUBSCRIPTION_PEERING "/peeringServices", "PeeringServices_ListBySubscription", P::catalogue,
     E::none, list_peering_services},
    {Method::get, SERVICES, "PeeringServices_ListByResourceGroup", P::read, E::none, list_peering_services},
    {Method::get, SERVICE, "PeeringServices_Get", P::read, E::none, get_peering_service, true},
    {Method::put, SERVICE, "PeeringServices_CreateOrUpdate", P::write, E::applies, put_peering_service},
    {Method::patch, SERVICE, "PeeringServices_Update", P::write, E::writes, patch_peering_service},
    {Method::delete_, SERVICE, "PeeringServices_Delete", P::write, E::applies, delete_peering_service},
    {Method::get, SERVICE "/prefixes", "Prefixes_ListByPeeringService", P::read, E::none, list_prefixes},
    {Method::get, PREFIX, "Prefixes_Get", P::read, E::none, get_prefix},
    {Method::put, PREFIX, "Prefixes_CreateOrUpdate", P::write, E::guarded, put_prefix, false, true},
    {Method::delete_, PREFIX, "Prefixes_Delete", P::write, E::guarded, delete_prefix},
    {Method::get, SERVICE "/connectionMonitorTests", "ConnectionMonitorTests_ListByPeeringService", P::read,
     E::none, list_connection_monitor_tests},
    {Method::get, MONITOR_TEST, "ConnectionMonitorTests_Get", P::read, E::none, get_connection_monitor_test},
    {Method::put, MONITOR_TEST, "ConnectionMonitorTests_CreateOrUpdate", P::write, E::writes,
     put_connection_monitor_test},
    {Method::delete_, MONITOR_TEST, "ConnectionMonitorTests_Delete", P::write, E::writes,
     delete_connection_monitor_test},
    {Method::post, SUBSCRIPTION_PEERING "/initializeConnectionMonitor",
     "PeeringServices_InitializeConnectionMonitor", P::write, E::writes, initialize_connection_monitor},
    {Method::post, SUBSCRIPTION_PEERING "/lookingGlass", "LookingGlass_Invoke", P::read, E::none,
     invoke_looking_glass},

    // Microsoft.Insights.
    {Method::get, SERVICE INSIGHTS "/metrics", "PeeringServiceMetrics_List", P::read, E::none, list_metrics},
    {Method::get, SERVICE INSIGHTS "/metricDefinitions", "PeeringServiceMetricDefinitions_List", P::read,
     E::none, list_metric_definitions},
    {Method::get, SERVICE INSIGHTS "/metricNamespaces", "PeeringServiceMetricNamespaces_List", P::read,
     E::none, list_metric_namespaces},
    {Method::get, PEERING INSIGHTS "/metrics", "PeeringMetrics_List", P::read, E::none, list_metrics},
    {Method::get, PEERING INSIGHTS "/metricDefinitions", "PeeringMetricDefinitions_List", P::read, E::none,
     list_metric_definitions},
    {Method::get, PEERING INSIGHTS "/metricNamespaces", "PeeringMetricNamespaces_List", P::read, E::none,
     list_metric_namespaces},

    // Open.Peering on a connection.
    {Method::get, SERVICE OPEN "/monitoring/default", "ConnectionMonitoring_Get", P::read, E::none,
     get_connection_monitoring},
    {Method::put, SERVICE OPEN "/monitoring/default", "ConnectionMonitoring_CreateOrUpdate", P::write,
     E::applies, put_connection_monitoring},
    {Method::patch, SERVICE OPEN "/monitoring/default", "ConnectionMonitoring_Update", P::write, E::applies,
     patch_connection_monitoring},
    {Method::get, SERVICE OPEN "/monitoring/default/suggestion", "ConnectionSuggestions_List", P::read,
     E::none, list_suggestions},
    {Method::get, SERVICE OPEN "/events", "ConnectionEvents_List", P::read, E::none, list_events},
    {Method::get, SERVICE OPEN "/incidents", "ConnectionIncidents_List", P::read, E::none, list_incidents},
    {Method::get, SERVICE OPEN "/alerts", "ConnectionAlerts_List", P::read, E::none, list_alerts},
    {Method::get, SERVICE OPEN "/routes", "ConnectionRoutes_List", P::read, E::none, list_current_routes},
    {Method::get, SERVICE OPEN "/latency", "ConnectionLatency_Get", P::read, E::none, get_latency_report},
    {Method::get, SERVICE OPEN "/latencyComparison", "ConnectionLatencyComparison_Get", P::read, E::none,
     get_latency_comparison},
    {Method::get, SERVICE OPEN "/validation", "ConnectionValidation_List", P::read, E::none,
     get_connection_validation},
    {Method::get, SERVICE OPEN "/redundancy", "ConnectionRedundancy_Get", P::read, E::none, get_redundancy},

    // Open.Peering on a prefix.
    {Method::get, PREFIX OPEN "/monitoring/default", "PrefixMonitoring_Get", P::read, E::none,
     get_prefix_monitoring},
    {Method::put, PREFIX OPEN "/monitoring/default", "PrefixMonitoring_CreateOrUpdate", P::write, E::guarded,
     put_prefix_monitoring},
    {Method::patch, PREFIX OPEN "/monitoring/default", "PrefixMonitoring_Update", P::write, E::guarded,
     patch_prefix_monitoring},
    {Method::get, PREFIX OPEN "/monitoring/default/suggestion", "PrefixSuggestion_Get", P::read, E::none,
     get_suggestion},
    {Method::post, PREFIX OPEN "/events/{eventId}/learn", "PrefixEvents_Learn", P::read, E::none,
     learn_from_event},
    {Method::get, PREFIX OPEN "/validation", "PrefixValidation_Get", P::read, E::none, get_prefix_validation},
    {Method::get, REGISTERED_PREFIX OPEN "/validation", "RegisteredPrefixValidation_Get", P::read, E::none,
     get_registered_prefix_validation},
    {Method::get, PREFIX OPEN "/events", "PrefixEvents_List", P::read, E::none, list_events},
    {Method::get, PREFIX OPEN "/incidents", "PrefixIncidents_List", P::read, E::none, list_incidents},
    {Method::get, PREFIX OPEN "/alerts", "PrefixAlerts_List", P::read, E::none, list_alerts},
    {Method::get, PREFIX OPEN "/routes", "PrefixRoutes_List", P::read, E::none, list_current_routes},
    {Method::get, PREFIX OPEN "/latency", "PrefixLatency_Get", P::read, E::none, get_latency_report},
    {Method::get, PREFIX OPEN "/reachability", "PrefixReachability_Get", P::read, E::none, get_reachability},
    {Method::get, PREFIX OPEN "/latencyComparison", "PrefixLatencyComparison_Get", P::read, E::none,
     get_latency_comparison},

    // Open.Peering on what partners ask for.
    {Method::post, PEER_ASN OPEN "/approve", "PeerAsns_Approve", P::operate, E::applies, approve_peer_asn},
    {Method::post, PEER_ASN OPEN "/reject", "PeerAsns_Reject", P::operate, E::applies, reject_peer_asn},
    {Method::post, CONNECTION "/approve", "PeeringConnections_Approve", P::operate, E::applies,
     approve_connection},
    {Method::post, CONNECTION "/reject", "PeeringConnections_Reject", P::operate, E::applies,
     reject_connection},

    // Open.Peering on a subscription, a group, and on everything.
    {Method::get, SUBSCRIPTION OPEN "/events", "SubscriptionEvents_List", P::read, E::none, list_events},
    {Method::get, SUBSCRIPTION OPEN "/incidents", "SubscriptionIncidents_List", P::read, E::none,
     list_incidents},
    {Method::get, SUBSCRIPTION OPEN "/alerts", "SubscriptionAlerts_List", P::read, E::none, list_alerts},
    {Method::get, SUBSCRIPTION OPEN "/latencyComparison", "SubscriptionLatencyComparison_Get", P::read,
     E::none, get_latency_comparison},
    {Method::get, GROUP OPEN "/latencyComparison", "ResourceGroupLatencyComparison_Get", P::read, E::none,
     get_latency_comparison},
    {Method::get, GROUP OPEN "/events", "ResourceGroupEvents_List", P::read, E::none, list_events},
    {Method::get, GROUP OPEN "/incidents", "ResourceGroupIncidents_List", P::read, E::none, list_incidents},
    {Method::get, GROUP OPEN "/alerts", "ResourceGroupAlerts_List", P::read, E::none, list_alerts},
    {Method::get, CHANNELS, "AlertChannels_List", P::own, E::none, list_alert_channels},
    {Method::get, CHANNELS "/{channelName}", "AlertChannels_Get", P::own, E::none, get_alert_channel, true},
    {Method::put, CHANNELS "/{channelName}", "AlertChannels_CreateOrUpdate", P::own, E::writes,
     put_alert_channel},
    {Method::delete_, CHANNELS "/{channelName}", "AlertChannels_Delete", P::own, E::writes,
     delete_alert_channel},
    {Method::post, CHANNELS "/{channelName}/test", "AlertChannels_Test", P::own, E::none, test_alert_channel},
    {Method::get, SILENCES, "Silences_List", P::own, E::none, list_silences},
    {Method::get, SILENCES "/{silenceName}", "Silences_Get", P::own, E::none, get_silence},
    {Method::put, SILENCES "/{silenceName}", "Silences_CreateOrUpdate", P::own, E::applies, put_silence},
    {Method::delete_, SILENCES "/{silenceName}", "Silences_Delete", P::own, E::applies, delete_silence},
    {Method::get, OPEN "/routes", "Routes_List", P::read, E::none, search_routes},
    {Method::get, OPEN "/catalog", "Catalog_Get", P::operate, E::none, get_catalog},
    {Method::post, OPEN "/catalog/apply", "Catalog_Apply", P::operate, E::applies, apply_catalog},
    {Method::get, CATALOG_ENTRIES, "CatalogEntries_List", P::operate, E::none, list_catalog_entries},
    {Method::get, CATALOG_ENTRY, "CatalogEntries_Get", P::operate, E::none, get_catalog_entry},
    {Method::put, CATALOG_ENTRY, "CatalogEntries_CreateOrUpdate", P::operate, E::applies, put_catalog_entry},
    {Method::patch, CATALOG_ENTRY, "CatalogEntries_Update", P::operate, E::applies, patch_catalog_entry},
    {Method::delete_, CATALOG_ENTRY, "CatalogEntries_Delete", P::operate, E::applies, delete_catalog_entry},
    {Method::get, OPEN "/tokens", "Tokens_List", P::authenticated, E::none, list_tokens},
    {Method::post, OPEN "/tokens", "Tokens_Create", P::authenticated, E::writes, create_token},
    {Method::delete_, OPEN "/tokens/{tokenId}", "Tokens_Delete", P::authenticated, E::writes, delete_token},

    // What was changed, and by whom.
    {Method::get, SCOPE OPEN "/auditLog", "AuditLog_List", P::own, E::none, list_audit_log},
    {Method::get, SUBSCRIPTION "/providers/Microsoft.Insights/eventtypes/management/values",
     "ActivityLogs_List", P::catalogue, E::none, list_activity_log},

    // Microsoft.Authorization.
    {Method::get, SCOPE AUTHORIZATION "/roleDefinitions", "RoleDefinitions_List", P::read, E::none,
     list_role_definitions},
    {Method::get, SCOPE AUTHORIZATION "/roleDefinitions/{roleDefinitionId}", "RoleDefinitions_Get", P::read,
     E::none, get_role_definition},
    {Method::get, SCOPE AUTHORIZATION "/roleAssignments", "RoleAssignments_ListForScope", P::read, E::none,
     list_role_assignments},
    {Method::get, ROLE_ASSIGNMENT, "RoleAssignments_Get", P::read, E::none, get_role_assignment},
    {Method::put, ROLE_ASSIGNMENT, "RoleAssignments_Create", P::own, E::writes, put_role_assignment},
    {Method::delete_, ROLE_ASSIGNMENT, "RoleAssignments_Delete", P::own, E::writes, delete_role_assignment},
};

// The segments of a template; "/" has none.
std::vector<std::string_view> template_segments(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

constexpr std::string_view scope_parameter = "{scope}";

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// How many segments of the path the row's `{scope}` takes; nothing: the row is for other paths.
std::optional<std::size_t> scope_segments(std::span<const std::string_view> row, std::size_t segments) {
  const bool scoped = !row.empty() && row.front() == scope_parameter;
  if (!scoped) return row.size() == segments ? std::optional<std::size_t>(0) : std::nullopt;
  if (segments + 1 < row.size()) return std::nullopt;
  return segments + 1 - row.size();
}

bool fits(std::span<const std::string_view> row, std::span<const std::string> segments) {
  const auto taken = scope_segments(row, segments.size());
  if (!taken) return false;
  if (!row.empty() && row.front() == scope_parameter) {
    row = row.subspan(1);
    segments = segments.subspan(*taken);
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!is_parameter(row[i]) && !arm::same_name(row[i], segments[i])) return false;
  }
  return true;
}

struct SplitRoute {
  const Route* route;
  std::vector<std::string_view> segments;
};

// More than any row has: from here on only rows with a scope fit, and those fit any number.
constexpr std::size_t segments_max = 24;

// The rows that may fit a path of so many segments, in the table's order.
const std::vector<SplitRoute>& rows_for(std::size_t segments) {
  static const std::vector<std::vector<SplitRoute>> by_length = [] {
    std::vector<std::vector<SplitRoute>> made(segments_max + 1);
    for (const Route& route : table) {
      const auto row = template_segments(route.path);
      for (std::size_t length = 0; length <= segments_max; ++length) {
        if (scope_segments(row, length)) made[length].push_back({&route, row});
      }
    }
    return made;
  }();
  return by_length[std::min(segments, segments_max)];
}

}  // namespace

std::span<const Route> routes() { return table; }

std::string_view verb_of(http::Method method) {
  switch (method) {
    case http::Method::put:
    case http::Method::patch:
      return "write";
    case http::Method::delete_:
      return "delete";
    case http::Method::post:
      return "action";
    default:
      return "read";
  }
}

namespace {

std::string make_action(const Route& route) {
  std::string_view path = route.path;
  if (path.starts_with(SCOPE)) path.remove_prefix(std::string_view(SCOPE).size());
  const auto segments = arm::split_path(path);
  const auto id = segments ? arm::parse_resource_id(*segments) : std::nullopt;
  if (!id) return std::string(route.operation);
  return fmt::format("{}/{}", arm::type_of(*id), verb_of(route.method));
}

}  // namespace

const std::string& action_of(const Route& route) {
  static const std::vector<std::string> actions = [] {
    std::vector<std::string> made;
    for (const Route& each : table) made.push_back(make_action(each));
    return made;
  }();
  return actions.at(static_cast<std::size_t>(&route - std::begin(table)));
}

Match match_route(http::Method method, std::span<const std::string> segments) {
  Match out;
  const SplitRoute* best = nullptr;
  for (const SplitRoute& row : rows_for(segments.size())) {
    if (!fits(row.segments, segments)) continue;
    out.allowed.push_back(row.route->method);
    const bool stands_in = method == Method::head && row.route->method == Method::get && !best;
    if (row.route->method == method || stands_in) best = &row;
  }
  if (!best) return out;
  out.route = best->route;
  std::span<const std::string_view> row = best->segments;
  if (!row.empty() && row.front() == scope_parameter) {
    const std::size_t taken = *scope_segments(row, segments.size());
    out.parameters.emplace("scope", taken == 0 ? "/" : arm::join_path(segments.first(taken)));
    row = row.subspan(1);
    segments = segments.subspan(taken);
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (is_parameter(row[i])) out.parameters.emplace(row[i].substr(1, row[i].size() - 2), segments[i]);
  }
  return out;
}

}  // namespace peering::api
