// Every handler, by the file it lives in. `routes.cc` binds them to methods and paths.
#pragma once

#include "api/call.h"

namespace peering::api {

// audit_log.cc
arm::Answer list_audit_log(Call& call);

// activity_log.cc
arm::Answer list_activity_log(Call& call);

// authorization_server.cc
arm::Answer get_authorization_metadata(Call& call);
arm::Answer get_no_keys(Call& call);
arm::Answer refuse_sign_in_page(Call& call);
arm::Answer post_token_request(Call& call);

// beacon.cc
arm::Answer get_beacon_script(Call& call);
arm::Answer post_beacon(Call& call);

// network_errors.cc
arm::Answer options_network_errors(Call& call);
arm::Answer post_network_errors(Call& call);
arm::Answer get_reachability(Call& call);

// metric_ingest.cc
arm::Answer post_remote_write(Call& call);
arm::Answer post_otlp_metrics(Call& call);

// directory.cc
arm::Answer list_service_principals(Call& call);
arm::Answer get_directory_objects(Call& call);

// role_definitions.cc
arm::Answer list_role_definitions(Call& call);
arm::Answer get_role_definition(Call& call);

// role_assignments.cc
arm::Answer list_role_assignments(Call& call);
arm::Answer get_role_assignment(Call& call);
arm::Answer put_role_assignment(Call& call);
arm::Answer delete_role_assignment(Call& call);

// subscriptions.cc
arm::Answer list_subscriptions(Call& call);
arm::Answer get_subscription(Call& call);
arm::Answer put_subscription(Call& call);

// resource_manager.cc
arm::Answer get_provider(Call& call);
arm::Answer register_provider(Call& call);
arm::Answer unregister_provider(Call& call);
arm::Answer list_providers(Call& call);
arm::Answer list_locations(Call& call);
arm::Answer list_tenants(Call& call);
arm::Answer get_metadata_endpoints(Call& call);

// resource_groups.cc
arm::Answer list_resource_groups(Call& call);
arm::Answer get_resource_group(Call& call);
arm::Answer head_resource_group(Call& call);
arm::Answer put_resource_group(Call& call);
arm::Answer patch_resource_group(Call& call);
arm::Answer delete_resource_group(Call& call);

// resources.cc
arm::Answer list_resources(Call& call);

// resource_tags.cc
arm::Answer get_tags(Call& call);
arm::Answer put_tags(Call& call);
arm::Answer patch_tags_at_scope(Call& call);
arm::Answer delete_tags(Call& call);
arm::Answer list_tag_names(Call& call);

// group_template.cc
arm::Answer export_group_template(Call& call);

// deployments.cc
arm::Answer list_deployments(Call& call);
arm::Answer get_deployment(Call& call);
arm::Answer head_deployment(Call& call);
arm::Answer put_deployment(Call& call);
arm::Answer delete_deployment(Call& call);
arm::Answer validate_deployment(Call& call);
arm::Answer what_if_deployment(Call& call);
arm::Answer export_deployment_template(Call& call);
arm::Answer list_deployment_operations(Call& call);
arm::Answer get_deployment_operation(Call& call);

// peering_services.cc
arm::Answer list_peering_services(Call& call);
arm::Answer get_peering_service(Call& call);
arm::Answer put_peering_service(Call& call);
arm::Answer patch_peering_service(Call& call);
arm::Answer delete_peering_service(Call& call);

// prefixes.cc
arm::Answer list_prefixes(Call& call);
arm::Answer get_prefix(Call& call);
arm::Answer put_prefix(Call& call);
arm::Answer delete_prefix(Call& call);

// received_routes.cc
arm::Answer list_received_routes(Call& call);

// rp_unbilled_prefixes.cc
arm::Answer list_rp_unbilled_prefixes(Call& call);

// peering_approvals.cc
arm::Answer approve_peer_asn(Call& call);
arm::Answer reject_peer_asn(Call& call);
arm::Answer approve_connection(Call& call);
arm::Answer reject_connection(Call& call);

// catalogue.cc
arm::Answer list_service_countries(Call& call);
arm::Answer list_service_locations(Call& call);
arm::Answer list_service_providers(Call& call);
arm::Answer check_service_provider_availability(Call& call);

// catalog_admin.cc
arm::Answer get_catalog(Call& call);
arm::Answer apply_catalog(Call& call);
arm::Answer list_catalog_entries(Call& call);
arm::Answer get_catalog_entry(Call& call);
arm::Answer put_catalog_entry(Call& call);
arm::Answer patch_catalog_entry(Call& call);
arm::Answer delete_catalog_entry(Call& call);

// peering_locations.cc
arm::Answer list_peering_locations(Call& call);
arm::Answer list_legacy_peerings(Call& call);
arm::Answer list_peerings(Call& call);
arm::Answer get_peering(Call& call);
arm::Answer put_peering(Call& call);
arm::Answer patch_peering(Call& call);
arm::Answer delete_peering(Call& call);
arm::Answer list_cdn_peering_prefixes(Call& call);

// registered_asns.cc
arm::Answer list_registered_asns(Call& call);
arm::Answer get_registered_asn(Call& call);
arm::Answer put_registered_asn(Call& call);
arm::Answer delete_registered_asn(Call& call);

// registered_prefixes.cc
arm::Answer list_registered_prefixes(Call& call);
arm::Answer get_registered_prefix(Call& call);
arm::Answer put_registered_prefix(Call& call);
arm::Answer delete_registered_prefix(Call& call);
arm::Answer validate_registered_prefix(Call& call);

// validation.cc
arm::Answer get_prefix_validation(Call& call);
arm::Answer get_connection_validation(Call& call);
arm::Answer get_registered_prefix_validation(Call& call);

// redundancy.cc
arm::Answer get_redundancy(Call& call);

// operations.cc
arm::Answer list_operations(Call& call);

// insights.cc
arm::Answer list_metrics(Call& call);
arm::Answer list_metric_definitions(Call& call);
arm::Answer list_metric_namespaces(Call& call);

// connection_monitor_tests.cc
arm::Answer list_connection_monitor_tests(Call& call);
arm::Answer get_connection_monitor_test(Call& call);
arm::Answer put_connection_monitor_test(Call& call);
arm::Answer delete_connection_monitor_test(Call& call);
arm::Answer initialize_connection_monitor(Call& call);

// looking_glass.cc
arm::Answer invoke_looking_glass(Call& call);

// peer_asns.cc
arm::Answer list_peer_asns(Call& call);
arm::Answer get_peer_asn(Call& call);
arm::Answer put_peer_asn(Call& call);
arm::Answer delete_peer_asn(Call& call);

// monitoring.cc
arm::Answer get_connection_monitoring(Call& call);
arm::Answer put_connection_monitoring(Call& call);
arm::Answer patch_connection_monitoring(Call& call);
arm::Answer get_prefix_monitoring(Call& call);
arm::Answer put_prefix_monitoring(Call& call);
arm::Answer patch_prefix_monitoring(Call& call);

// suggestions.cc
arm::Answer get_suggestion(Call& call);
arm::Answer list_suggestions(Call& call);
arm::Answer learn_from_event(Call& call);

// events.cc
arm::Answer list_events(Call& call);
arm::Answer list_alerts(Call& call);

// incidents.cc
arm::Answer list_incidents(Call& call);

// current_routes.cc
arm::Answer list_current_routes(Call& call);

// route_search.cc
arm::Answer search_routes(Call& call);

// alert_channels.cc
arm::Answer list_alert_channels(Call& call);
arm::Answer get_alert_channel(Call& call);
arm::Answer put_alert_channel(Call& call);
arm::Answer delete_alert_channel(Call& call);
arm::Answer test_alert_channel(Call& call);

// silences.cc
arm::Answer list_silences(Call& call);
arm::Answer get_silence(Call& call);
arm::Answer put_silence(Call& call);
arm::Answer delete_silence(Call& call);

// token_resources.cc
arm::Answer list_tokens(Call& call);
arm::Answer create_token(Call& call);
arm::Answer delete_token(Call& call);

// latency_report.cc, latency_comparison.cc, latency_ingest.cc
arm::Answer get_latency_report(Call& call);
arm::Answer get_latency_comparison(Call& call);
arm::Answer post_samples(Call& call);

// system.cc
arm::Answer get_start_page(Call& call);
arm::Answer get_openapi(Call& call);
arm::Answer get_health(Call& call);
arm::Answer get_readiness(Call& call);
arm::Answer get_metrics(Call& call);

}  // namespace peering::api
