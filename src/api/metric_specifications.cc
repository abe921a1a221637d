#include "api/metric_specifications.h"

#include "api/documents.h"

namespace peering::api {

namespace {

constexpr MetricTexts hourly = {"PT1H"};
constexpr MetricTexts minutes_to_hour = {"PT1M", "PT5M", "PT1H"};
constexpr MetricTexts minutes_to_day = {"PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"};
constexpr MetricTexts session = {"ConnectionId", "SessionIp"};
constexpr MetricTexts traffic = {"ConnectionId", "SessionIp", "TrafficClass"};
constexpr MetricTexts connection = {"ConnectionId"};
constexpr MetricTexts protocol = {"Protocol"};

constexpr MetricSpecification peering_metrics[] = {
    {"AverageCustomerPrefixLatency",
     "Average Customer Prefix Latency",
     "Average of median Customer prefix latency",
     "Milliseconds",
     "Average",
     hourly,
     {"RegisteredAsnName"}},
    {"RegisteredPrefixLatency",
     "Prefix Latency",
     "Median prefix latency",
     "Milliseconds",
     "Average",
     hourly,
     {"RegisteredPrefixName"}},
    {"SessionAvailability",
     "Session Availability",
     "Availability of the peering session",
     "Count",
     "Average",
     {"PT5M", "PT1H"},
     session},
    {"SessionAvailabilityV4", "Session Availability V4", "Availability of the V4 peering session", "Percent",
     "Average", hourly, connection},
    {"SessionAvailabilityV6", "Session Availability V6", "Availability of the V6 peering session", "Percent",
     "Average", hourly, connection},
    {"IngressTrafficRate", "Ingress Traffic Rate", "Ingress traffic rate in bits per second", "BitsPerSecond",
     "Average", minutes_to_hour, traffic},
    {"EgressTrafficRate", "Egress Traffic Rate", "Egress traffic rate in bits per second", "BitsPerSecond",
     "Average", minutes_to_hour, traffic},
    {"PacketDropRate", "Packets Drop Rate", "Packets Drop rate in bits per second", "BitsPerSecond",
     "Average", minutes_to_hour, traffic},
    {"FlapCounts", "Connection Flap Events Count", "Flap Events Count in all the connection", "Count",
     "Total", minutes_to_hour, session},
    {"ConnectivityProbeAvailability", "Connectivity Probe Availability",
     "Availability of the connectivity probe", "Percent", "Average", minutes_to_day, protocol},
    {"ConnectivityProbeJitter", "Connectivity Probe Jitter", "Jitter of the connectivity probe",
     "Milliseconds", "Average", minutes_to_day, protocol},
    {"ConnectivityProbeLatency", "Connectivity Probe Latency", "Latency of the connectivity probe",
     "Milliseconds", "Average", minutes_to_day, protocol},
};

constexpr MetricSpecification service_metrics[] = {
    {"RoundTripTime",
     "Round Trip Time",
     "Average round trip time",
     "Milliseconds",
     "Average",
     {"PT1M"},
     {"ConnectionMonitorTestName"}},
    {"PrefixLatency",
     "Prefix Latency",
     "Median prefix latency",
     "Milliseconds",
     "Average",
     hourly,
     {"PrefixName"}},
};

}  // namespace

std::span<const MetricSpecification> metric_specifications(std::string_view type) {
  if (type == peering_type) return peering_metrics;
  if (type == peering_service_type) return service_metrics;
  return {};
}

}  // namespace peering::api
