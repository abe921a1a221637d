#include "cli/as_code/field_table.h"

#include <algorithm>
#include <array>

namespace peering::cli::as_code {

namespace {

using F = Form;

constexpr Field location{"location", F::region}, tags{"tags", F::tags};
constexpr std::array<Field, 1> sku_name = {{{"name", F::word}}};
constexpr Field sku{"sku", F::object, sku_name};

constexpr std::array<Field, 2> group_fields = {location, tags};

constexpr std::array<Field, 3> channel_properties = {
    {{"type", F::word}, {"url", F::text}, {"secret", F::secret}}};
constexpr std::array<Field, 1> channel_fields = {{{"properties", F::object, channel_properties}}};

constexpr std::array<Field, 1> silence_fields = {{{"properties", F::silence}}};

constexpr std::array<Field, 3> contact = {{{"role", F::word}, {"email", F::text}, {"phone", F::text}}};
constexpr std::array<Field, 3> peer_asn_properties = {
    {{"peerAsn", F::number}, {"peerName", F::text}, {"peerContactDetail", F::objects, contact}}};
constexpr std::array<Field, 1> peer_asn_fields = {{{"properties", F::object, peer_asn_properties}}};

constexpr std::array<Field, 9> session = {{{"sessionPrefixV4", F::prefix},
                                           {"sessionPrefixV6", F::prefix},
                                           {"microsoftSessionIPv4Address", F::text},
                                           {"peerSessionIPv4Address", F::text},
                                           {"microsoftSessionIPv6Address", F::text},
                                           {"peerSessionIPv6Address", F::text},
                                           {"maxPrefixesAdvertisedV4", F::number},
                                           {"maxPrefixesAdvertisedV6", F::number},
                                           {"md5AuthenticationKey", F::secret}}};
constexpr std::array<Field, 6> direct_connection = {{{"connectionIdentifier", F::word},
                                                     {"bandwidthInMbps", F::number},
                                                     {"peeringDBFacilityId", F::number},
                                                     {"sessionAddressProvider", F::word},
                                                     {"useForPeeringService", F::boolean, {}, "false"},
                                                     {"bgpSession", F::object, session}}};
constexpr std::array<Field, 3> exchange_connection = {{{"connectionIdentifier", F::word},
                                                       {"peeringDBFacilityId", F::number},
                                                       {"bgpSession", F::object, session}}};
constexpr std::array<Field, 1> sub_resource = {{{"id", F::reference}}};
constexpr std::array<Field, 3> direct = {{{"peerAsn", F::object, sub_resource},
                                          {"directPeeringType", F::word, {}, "\"Edge\""},
                                          {"connections", F::objects, direct_connection}}};
constexpr std::array<Field, 2> exchange = {
    {{"peerAsn", F::object, sub_resource}, {"connections", F::objects, exchange_connection}}};
constexpr std::array<Field, 3> probe = {
    {{"endpoint", F::text}, {"azureRegion", F::text}, {"protocol", F::word}}};
constexpr std::array<Field, 4> peering_properties = {{{"peeringLocation", F::text},
                                                      {"direct", F::object, direct},
                                                      {"exchange", F::object, exchange},
                                                      {"connectivityProbes", F::objects, probe}}};
constexpr std::array<Field, 5> peering_fields = {
    {location, tags, sku, {"kind", F::word}, {"properties", F::object, peering_properties}}};

constexpr std::array<Field, 1> registered_asn_properties = {{{"asn", F::number}}};
constexpr std::array<Field, 1> registered_asn_fields = {
    {{"properties", F::object, registered_asn_properties}}};
constexpr std::array<Field, 1> registered_prefix_properties = {{{"prefix", F::prefix}}};
constexpr std::array<Field, 1> registered_prefix_fields = {
    {{"properties", F::object, registered_prefix_properties}}};

constexpr std::array<Field, 4> service_properties = {{{"peeringServiceLocation", F::text},
                                                      {"peeringServiceProvider", F::text},
                                                      {"providerPrimaryPeeringLocation", F::text},
                                                      {"providerBackupPeeringLocation", F::text}}};
constexpr std::array<Field, 4> service_fields = {
    {location, tags, sku, {"properties", F::object, service_properties}}};

constexpr std::array<Field, 2> connection_monitoring_properties = {
    {{"alerts", F::opt_in}, {"asns", F::monitored}}};
constexpr std::array<Field, 1> connection_monitoring_fields = {
    {{"properties", F::object, connection_monitoring_properties}}};

constexpr std::array<Field, 2> prefix_properties = {
    {{"prefix", F::prefix}, {"peeringServicePrefixKey", F::text}}};
constexpr std::array<Field, 1> prefix_fields = {{{"properties", F::object, prefix_properties}}};
constexpr std::array<Field, 1> prefix_monitoring_fields = {{{"properties", F::expectation}}};

constexpr std::array<Field, 4> test_properties = {{{"sourceAgent", F::text},
                                                   {"destination", F::text},
                                                   {"destinationPort", F::number},
                                                   {"testFrequencyInSec", F::number}}};
constexpr std::array<Field, 1> test_fields = {{{"properties", F::object, test_properties}}};

// What the server shows beside it; some of it is written in another place.
constexpr std::array<std::string_view, 24> read_only = {"id",
                                                        "name",
                                                        "type",
                                                        "etag",
                                                        "systemData",
                                                        "tier",
                                                        "family",
                                                        "size",
                                                        "secretSet",
                                                        "events",
                                                        "path",
                                                        "suggestedAsn",
                                                        "learnedType",
                                                        "errorMessage",
                                                        "provisioningState",
                                                        "validationState",
                                                        "isTestSuccessful",
                                                        "connectionState",
                                                        "sessionStateV4",
                                                        "sessionStateV6",
                                                        "microsoftTrackingId",
                                                        "provisionedBandwidthInMbps",
                                                        "prefixValidationState",
                                                        "peeringServicePrefixKey"};

}  // namespace

std::span<const Field> fields_of(Kind kind) {
  switch (kind) {
    case Kind::resource_group:
      return group_fields;
    case Kind::alert_channel:
      return channel_fields;
    case Kind::silence:
      return silence_fields;
    case Kind::peer_asn:
      return peer_asn_fields;
    case Kind::peering:
      return peering_fields;
    case Kind::registered_asn:
      return registered_asn_fields;
    case Kind::registered_prefix:
      return registered_prefix_fields;
    case Kind::peering_service:
      return service_fields;
    case Kind::connection_monitoring:
      return connection_monitoring_fields;
    case Kind::prefix:
      return prefix_fields;
    case Kind::prefix_monitoring:
      return prefix_monitoring_fields;
    case Kind::connection_monitor_test:
      return test_fields;
  }
  return {};
}

bool is_read_only(std::string_view name) { return std::ranges::find(read_only, name) != read_only.end(); }

}  // namespace peering::cli::as_code
