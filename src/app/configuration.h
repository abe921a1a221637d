// The configuration of peeringd: one strict TOML file. Every key has a default, a text and a rule; the same
// table parses files, prints what is in force and writes docs/configuration.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace peering::app {

/// `[[network.pops]]`: an edge point of presence.
struct Pop {
  std::string name, metro;
  double latitude = 0, longitude = 0;
};

/// `[[detection.asns]]`: an AS that is watched wherever it stands in a path.
struct MonitoredAsEntry {
  std::int64_t asn = 0;
  /// AS numbers that may stand next to it; "any": not checked.
  std::vector<std::string> upstreams{"any"}, downstreams{"any"};
  std::string connection;  ///< ARM id of the peering service whose events these are
};

/// `[[network.routers]]`: which PoP a monitored router belongs to; by BMP sysName or by address.
struct Router {
  std::string name, address, pop;
};

/// `[[feeds.mrt]]`: update files played through once, in order of their names.
struct MrtFeed {
  std::string path;  ///< a file, or a folder whose new files are picked up
  std::string collector = "mrt";
};

/// `[[feeds.ris]]`: RIPE's RIS Live over WebSocket.
struct RisFeed {
  std::string url = "wss://ris-live.ripe.net/v1/ws/?client=peeringd";
  std::vector<std::string> hosts;                   ///< "rrc00"; empty: all collectors
  std::vector<std::string> prefixes{"registered"};  ///< or "all", or prefixes
  std::vector<std::string> peers;                   ///< addresses; empty: all
  std::chrono::seconds stale_after{60};
  std::chrono::seconds keep_after_loss{86400};
  bool own_view = false;
  std::string ca_file;
};

/// `[[feeds.bgp.neighbors]]`: a router that the collector speaks BGP with.
struct BgpNeighborEntry {
  std::string name, address;
  std::int64_t port = 179;
  std::int64_t asn = 0;
  bool passive = true;
  std::string password_file;
  std::vector<std::string> families{"ipv4", "ipv6"};
  bool add_path = false;
  std::string role;
  bool role_strict = false;
  std::int64_t hold_time_s = 90;
  std::int64_t ttl_security = 0;
  std::int64_t max_prefixes = 0;
  std::int64_t local_asn = 0;
  std::string local_address;
};

/// `[[feeds.kafka]]`: BMP in OpenBMP's envelope from Kafka topics.
struct KafkaFeed {
  std::string brokers;              ///< "host:port,host:port"
  std::vector<std::string> topics;  ///< one that begins with ^ is a regular expression
  std::string group = "peeringd";
  bool from_beginning = true;
  std::string security = "plaintext";
  std::string ca_file, certificate_file, key_file;
  std::string sasl_mechanism, sasl_user, sasl_password_file;
};

/// `[[latency.files]]`: an access log that is followed as it grows.
struct LatencyFile {
  std::string path;
  std::string format = "json";  ///< or "trafficserver"
  std::string pop;              ///< empty: the only one of `network.pops`
  std::string source;           ///< empty: the name of the file
  std::string time_zone = "UTC";
  bool from_beginning = true;
};

/// `[[latency.metrics]]`: a metric of remote-write or OTLP that is a round-trip time.
struct LatencyMetric {
  std::string metric;
  std::vector<std::string> labels;  ///< "name=value"
  std::string client, pop, source;  ///< "{label}" is a label's value
  std::string kind = "icmp";
  std::string unit = "s";
};

/// `[[rpki.caches]]`: an RPKI-to-Router cache.
struct RpkiCache {
  std::string address;  ///< "host:port"
  std::int64_t preference = 1;
};

/// `[[auth.issuers]]`: an OpenID Connect issuer whose tokens are accepted.
struct AuthIssuer {
  std::string issuer, audience;
  std::string jwks_file, jwks_uri, ca_file;
  std::vector<std::string> algorithms{"RS256", "ES256"};
  std::chrono::seconds clock_skew{60};
  std::string subject_claim = "sub";
  std::string roles_claim = "roles";
  std::vector<std::string> grants;  ///< "VALUE ROLE SCOPE"
};

struct Configuration {
  std::string data_dir;  ///< empty: $STATE_DIRECTORY, $XDG_STATE_HOME/peeringd, ~/.local/state/peeringd

  struct Http {
    std::string listen = "127.0.0.1:8470";
    std::string listen_tls = "127.0.0.1:8471";
    std::string certificate_file, private_key_file;
    std::int64_t head_bytes_max = 32 * 1024;
    std::chrono::seconds head_time{10};
    std::int64_t body_bytes_max = 4 * 1024 * 1024;
    std::int64_t samples_body_bytes_max = 64 * 1024 * 1024;
    std::chrono::seconds body_gap{30};
    std::chrono::seconds body_mebibyte_time{60};
    std::int64_t bodies_bytes_max = 512 * 1024 * 1024;
    std::int64_t answers_bytes_max = 256 * 1024 * 1024;
    std::int64_t connections_max = 1024;
    std::int64_t connections_per_client_max = 256;
    std::int64_t subscription_reads = 10'000'000, subscription_writes = 10'000'000,
                 subscription_deletes = 10'000'000;
    std::chrono::seconds keep_alive{60};
    std::int64_t workers = 4;
  } http;

  struct Auth {
    std::vector<AuthIssuer> issuers;
  } auth;

  struct Storage {
    std::chrono::seconds keep_events{400L * 86400};
    std::chrono::seconds keep_latency{1826L * 86400};  ///< of all levels of sketches
    std::chrono::seconds keep_audit{400L * 86400};
    std::int64_t audit_entries_max = 1'000'000;  ///< of each subscription
  } storage;

  struct Network {
    std::int64_t asn = 0;
    std::string peering_service_community = "8075:8007";
    std::int64_t max_as_path_length = 3;
    bool ipv6_prefixes = true;
    std::string approve = "manual";  ///< or "automatic"
    std::vector<Pop> pops;
    std::vector<Router> routers;
  } network;

  struct Feeds {
    std::string bmp_listen = "127.0.0.1:11019";
    bool bmp_allow_remote = false;
    std::int64_t bmp_sessions_max = 1000;
    std::chrono::seconds bmp_partial_message_time{60};
    std::chrono::seconds bmp_reconnect_grace{60};
    std::vector<MrtFeed> mrt;
    std::vector<RisFeed> ris;
    std::string bgp_listen;
    std::string bgp_router_id;
    std::int64_t bgp_asn = 0;
    std::chrono::seconds bgp_connect_retry{30};
    std::chrono::seconds bgp_hold_off_longest{60};
    std::chrono::seconds bgp_max_prefixes_pause{1800};
    std::vector<BgpNeighborEntry> bgp_neighbors;
    std::vector<KafkaFeed> kafka;
  } feeds;

  struct Rpki {
    std::string vrp_file;
    bool shrink_guard = true;
    std::chrono::seconds expiry_notice{7200};
    std::vector<RpkiCache> caches;
  } rpki;

  struct Topology {
    std::string as_relationships, siblings, aspa, bogons, irr;
  } topology;

  struct Archive {
    std::string dir;  ///< empty: nothing is archived
    std::chrono::seconds every{900};
    bool compress = true;
    std::chrono::seconds keep{0};
  } archive;

  struct Detection {
    std::int64_t shards = 0;  ///< 0: one for each core
    std::int64_t mailbox_messages_max = 65536;
    std::vector<MonitoredAsEntry> asns;
    std::chrono::seconds silence_min{1800};
    std::vector<std::string> beacons;
    std::chrono::seconds beacon_every{7200};
    std::chrono::seconds reopen_within{600};
  } detection;

  struct Latency {
    std::chrono::seconds accept_age{30L * 86400};
    std::chrono::seconds settle_every{5};
    std::int64_t samples_min = 10;
    std::int64_t degraded_by_ms = 5;
    std::int64_t degraded_by_percent = 10;
    std::int64_t degraded_bins = 2;
    std::int64_t degraded_of_bins = 3;
    std::int64_t recovered_bins = 3;
    std::int64_t baseline_weeks = 4;
    std::chrono::seconds keep_5m{30L * 86400}, keep_15m{90L * 86400}, keep_1h{396L * 86400},
        keep_1d{1826L * 86400};
    std::string syslog_listen;
    bool syslog_allow_remote = false;
    std::string syslog_pop;  ///< empty: the only one of `network.pops`
    std::int64_t syslog_connections_max = 1000;
    std::vector<LatencyFile> files;
    std::vector<LatencyMetric> metrics;
    bool beacon_enabled = false;
    std::string beacon_pop;  ///< empty: the only one of `network.pops`
    std::int64_t beacon_network_per_minute_max = 300;
  } latency;

  struct Probe {
    bool enabled = true;
    std::string pop;  ///< empty: the only one of `network.pops`
    std::vector<std::string> allowed, denied;
    std::int64_t per_second_max = 500;
    std::int64_t subscription_per_second_max = 400;
    std::int64_t destination_per_second_max = 20;
    std::int64_t pending_max = 2048;
    std::int64_t orders_max = 8;
    std::int64_t tests_max = 10'000;
    std::chrono::seconds test_frequency_min{30};
    std::chrono::seconds connectivity_every{15};
    std::chrono::seconds trace_every{600};
    std::chrono::seconds keep_results{6L * 3600};
    bool thin_prefixes = false;
    std::int64_t budget_per_second_max = 10;
    std::int64_t budget_destinations_max = 200;
    std::chrono::seconds thin_every{25};
    std::chrono::seconds thin_window{900};
    std::vector<std::string> thin_addresses;
    bool incident_traces = false;
    std::string stamp_listen;
    std::vector<std::string> stamp_clients;
    std::int64_t stamp_per_second_max = 1000;
  } probe;

  struct Alerts {
    std::chrono::seconds retry_first{1};
    std::chrono::seconds retry_longest{300};
    std::chrono::seconds give_up_after{86400};
    bool allow_loopback = true;
    std::int64_t flap_after = 3;
    std::chrono::seconds flap_window{600};
    std::chrono::seconds flap_quiet{300};
    std::chrono::seconds flap_standing{60};
    std::int64_t group_after = 0;
    std::chrono::seconds group_window{10};
  } alerts;

  struct Catalog {
    std::string file;  ///< empty: the one built in
  } catalog;
};

/// Reads a file over the defaults. The error names file, line, key and rule; an unknown key names the nearest
/// known one.
Result<Configuration> read_configuration(const std::filesystem::path& file);
/// The same for text; `name` stands for the file in messages.
Result<Configuration> parse_configuration(std::string_view text, std::string_view name);

/// A complete TOML file with every key, its value in force and its text: `peeringd --print-config`.
std::string print_configuration(const Configuration& configuration);
/// The keys (and `[[arrays]]`) whose values differ, in order of the reference.
std::vector<std::string> changed_keys(const Configuration& before, const Configuration& after);
/// The reference of every key: docs/configuration.md.
std::string configuration_reference();

/// Where state lives when nothing says otherwise.
std::filesystem::path default_data_dir();

}  // namespace peering::app
