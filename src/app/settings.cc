#include "app/settings.h"

#include <algorithm>
#include <charconv>

#include "api/identity_providers.h"
#include "api/json_web_token.h"
#include "app/latency_settings.h"
#include "app/source_settings.h"
#include "app/thin_prefix_settings.h"
#include "base/json.h"
#include "feeds/rtr_client.h"
#include "http/server.h"
#include "http/url.h"
#include "model/registry.h"
#include "net/prefix.h"

namespace peering::app {

namespace {

std::string positive(const Target& value) {
  const auto* number = std::get_if<std::int64_t*>(&value);
  if (number && **number < 1) return "a whole number above 0";
  const auto* duration = std::get_if<std::chrono::seconds*>(&value);
  if (duration && (*duration)->count() < 1) return "at least 1s";
  return {};
}

std::string not_negative(const Target& value) {
  return *std::get<std::int64_t*>(value) < 0 ? "a whole number, 0 or above" : "";
}

std::string asn(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number < 0 || number > 4294967295 ? "an AS number from 0 to 4294967295 (0: not set)" : "";
}

std::string endpoint(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  if (text.empty()) return {};
  const auto parsed = http::parse_endpoint(text);
  return parsed ? "" : "HOST:PORT such as 127.0.0.1:8470 or [::1]:0, or empty for off";
}

std::string filled(const Target& value) {
  return std::get<std::string*>(value)->empty() ? "a text that is not empty" : "";
}

std::string identifier(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  const auto parsed = net::Address::parse(text);
  const bool good = text.empty() || (parsed && parsed->is_v4() && *parsed != net::Address::v4(0));
  return good ? "" : "an IPv4 address other than 0.0.0.0";
}

std::string address(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  return text.empty() || net::Address::parse(text) ? "" : "an IPv4 or IPv6 address";
}

std::string port(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number < 1 || number > 65535 ? "a port from 1 to 65535" : "";
}

std::string hold_time(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number != 0 && (number < 3 || number > 65535) ? "0 (never) or 3 to 65535 seconds" : "";
}

std::string hops(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number < 0 || number > 255 ? "a number of hops from 1 to 255, or 0 for off" : "";
}

std::string bgp_families(const Target& value) {
  const auto& families = *std::get<std::vector<std::string>*>(value);
  const bool good = !families.empty() && std::ranges::all_of(families, [](const std::string& family) {
    return family == "ipv4" || family == "ipv6";
  });
  return good ? "" : "[\"ipv4\"], [\"ipv6\"] or both";
}

std::string bgp_role(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  for (const std::string_view known : {"", "provider", "rs", "rs-client", "customer", "peer"}) {
    if (text == known) return {};
  }
  return "one of provider, rs, rs-client, customer, peer (RFC 9234), or empty";
}

std::string real_asn(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number < 1 || number > 4294967295 ? "an AS number from 1 to 4294967295" : "";
}

std::string approval(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  return text == "manual" || text == "automatic" ? "" : "manual or automatic";
}

std::string community(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  unsigned high = 0, low = 0;
  char rest = 0;
  const bool good =
      std::sscanf(text.c_str(), "%5u:%5u%c", &high, &low, &rest) == 2 && high <= 65535 && low <= 65535;
  return good ? "" : "a community such as 8075:8007 (RFC 1997)";
}

std::string prefix_list(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  const bool good =
      std::ranges::all_of(list, [](const std::string& text) { return net::Prefix::parse(text).has_value(); });
  return good ? "" : "a list of prefixes such as 203.0.113.0/24";
}

std::string probe_rate(const Target& value) {
  const std::int64_t number = *std::get<std::int64_t*>(value);
  return number < 1 || number > 100'000 ? "a number from 1 to 100000" : "";
}

std::string test_frequency(const Target& value) {
  const auto time = *std::get<std::chrono::seconds*>(value);
  return time < std::chrono::seconds(1) || time > std::chrono::hours(1) ? "1s to 1h" : "";
}

void add_probe(std::vector<Setting>& out, Configuration::Probe& probe) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"probe", key, target, text, rule});
  };
  row("enabled", &probe.enabled,
      "Whether this server sends probes: looking glass, connection monitor tests, connectivity probes.",
      nullptr);
  row("pop", &probe.pop, "Name of the PoP that this server stands at; empty: the only one of network.pops.",
      nullptr);
  row("allowed", &probe.allowed,
      "Prefixes that may be probed although they are denied, private, loopback or this server's own.",
      prefix_list);
  row("denied", &probe.denied, "Prefixes that are not probed, beside those that never are (docs/probes.md).",
      prefix_list);
  row("per_second_max", &probe.per_second_max, "Probes sent in a second by all together.", probe_rate);
  row("subscription_per_second_max", &probe.subscription_per_second_max,
      "Probes sent in a second for one subscription.", probe_rate);
  row("destination_per_second_max", &probe.destination_per_second_max,
      "Probes sent in a second to one address.", probe_rate);
  row("pending_max", &probe.pending_max, "Probes that wait to be sent or answered.", probe_rate);
  row("looking_glass_max", &probe.orders_max,
      "Pings and traceroutes of the looking glass that are under way at once.", probe_rate);
  row("tests_max", &probe.tests_max, "Connection monitor tests and connectivity probes that are run.",
      positive);
  row("test_frequency_min", &probe.test_frequency_min, "A test that asks for more is run this often.",
      test_frequency);
  row("connectivity_every", &probe.connectivity_every, "How often connectivity probes of peerings are run.",
      test_frequency);
  row("trace_every", &probe.trace_every, "How often the path of a test is walked.", positive);
  row("keep_results", &probe.keep_results, "How long results of tests are kept in memory.", positive);
  row("stamp_listen", &probe.stamp_listen,
      "Address of the STAMP reflector (UDP, RFC 8762), such as 0.0.0.0:862; empty: off.", endpoint);
  row("stamp_clients", &probe.stamp_clients, "Prefixes that the reflector answers; empty: everybody.",
      prefix_list);
  row("stamp_per_second_max", &probe.stamp_per_second_max, "Packets that the reflector answers in a second.",
      probe_rate);
}

void add_http(std::vector<Setting>& out, Configuration::Http& http) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"http", key, target, text, rule});
  };
  row("listen", &http.listen, "Address of the plain HTTP listener; empty: off.", endpoint);
  row("listen_tls", &http.listen_tls, "Address of the HTTPS listener; empty: off.", endpoint);
  row("certificate_file", &http.certificate_file,
      "PEM chain for HTTPS; empty: one signed by the local authority in <data-dir>/tls.", nullptr);
  row("private_key_file", &http.private_key_file, "PEM key that belongs to certificate_file.", nullptr);
  row("head_bytes_max", &http.head_bytes_max, "Largest request head in bytes.", positive);
  row("head_time", &http.head_time, "Longest time for a request head.", positive);
  row("body_bytes_max", &http.body_bytes_max, "Largest request body in bytes.", positive);
  row("samples_body_bytes_max", &http.samples_body_bytes_max,
      "Largest body of POST /telemetry/samples in bytes.", positive);
  row("body_gap", &http.body_gap, "Longest pause between bytes of a body.", positive);
  row("body_mebibyte_time", &http.body_mebibyte_time, "Longest time for each begun MiB of a body.", positive);
  row("bodies_bytes_max", &http.bodies_bytes_max,
      "Bytes of all bodies that are being received or worked on; at least twice the largest body.", positive);
  row("answers_bytes_max", &http.answers_bytes_max,
      "Bytes of all answers over 64 KiB that clients have not taken yet.", positive);
  row("connections_max", &http.connections_max, "Connections in all.", positive);
  row("connections_per_client_max", &http.connections_per_client_max, "Connections of one client address.",
      positive);
  row("keep_alive", &http.keep_alive, "How long an idle connection stays open.", positive);
  row("subscription_reads", &http.subscription_reads, "Reads of one subscription in an hour; 0: no limit.",
      not_negative);
  row("subscription_writes", &http.subscription_writes, "Writes and actions likewise.", not_negative);
  row("subscription_deletes", &http.subscription_deletes, "Deletes likewise.", not_negative);
  row("workers", &http.workers, "Threads that run requests.", positive);
}

std::string rtr_cache(const Target& value) {
  return feeds::parse_rtr_cache(*std::get<std::string*>(value)) ? "" : "HOST:PORT such as 127.0.0.1:8282";
}

void add_knowledge(std::vector<Setting>& out, Configuration& c) {
  out.push_back({"rpki", "vrp_file", &c.rpki.vrp_file,
                 "JSON of a validator (`roas`, `aspas`); read again on SIGHUP and when it changes.",
                 nullptr});
  out.push_back(
      {"rpki", "shrink_guard", &c.rpki.shrink_guard,
       "Whether a data set that shrinks by more than half, as a whole or of one trust anchor, is used "
       "only when it is said twice.",
       nullptr});
  out.push_back({"rpki", "expiry_notice", &c.rpki.expiry_notice,
                 "ROAs of vrp_file that expire within this time are told; \"0s\": none.", nullptr});
  const auto row = [&](std::string_view key, Target target, std::string_view text) {
    out.push_back({"topology", key, target, text, nullptr});
  };
  row("as_relationships", &c.topology.as_relationships,
      "CAIDA AS relationships, serial-1 or serial-2, plain or compressed; read again on SIGHUP.");
  row("siblings", &c.topology.siblings, "Lines of AS numbers that belong together; read again on SIGHUP.");
  row("aspa", &c.topology.aspa, "JSON with a list `aspas`; read again on SIGHUP.");
  row("bogons", &c.topology.bogons, "Lines of one prefix that nobody should announce; read again on SIGHUP.");
  row("irr", &c.topology.irr,
      "Dump of an IRR database (RPSL with `route:` and `route6:`), plain or compressed; read again on "
      "SIGHUP.");
}

void add_levels(std::vector<Setting>& out, Configuration::Latency& latency) {
  out.push_back(
      {"latency", "keep_5m", &latency.keep_5m,
       "How long sketches of five minutes are kept, in whole days; what is older is answered by coarser "
       "ones.",
       positive});
  out.push_back({"latency", "keep_15m", &latency.keep_15m, "The same for those of 15 minutes.", positive});
  out.push_back({"latency", "keep_1h", &latency.keep_1h, "The same for those of an hour.", positive});
  out.push_back({"latency", "keep_1d", &latency.keep_1d, "The same for those of a day (UTC).", positive});
}

void add_feeds(std::vector<Setting>& out, Configuration::Feeds& feeds) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"feeds.bmp", key, target, text, rule});
  };
  row("listen", &feeds.bmp_listen, "Address of the BMP station; empty: off.", endpoint);
  row("allow_remote", &feeds.bmp_allow_remote,
      "BMP has no authentication: an address that is not loopback is refused unless this is true "
      "(a firewall then decides who may speak).",
      nullptr);
  row("sessions_max", &feeds.bmp_sessions_max, "Routers connected at once.", positive);
  row("partial_message_time", &feeds.bmp_partial_message_time, "Longest time for one BMP message to arrive.",
      positive);
  row("reconnect_grace", &feeds.bmp_reconnect_grace,
      "How long the routes of a router that went away are kept, waiting for its return.", positive);
}

void add_bgp(std::vector<Setting>& out, Configuration::Feeds& feeds) {
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"feeds.bgp", key, target, text, rule});
  };
  row("listen", &feeds.bgp_listen, "Address of the BGP collector; empty: no neighbor can connect.", endpoint);
  row("router_id", &feeds.bgp_router_id,
      "BGP identifier of the collector, an IPv4 address; needed with neighbors.", identifier);
  row("asn", &feeds.bgp_asn, "AS number of the collector; 0: that of the network.", asn);
  row("connect_retry", &feeds.bgp_connect_retry, "Longest pause between attempts to connect to a neighbor.",
      positive);
  row("hold_off_longest", &feeds.bgp_hold_off_longest,
      "Longest time for which a neighbor whose sessions fail again and again is refused.", positive);
  row("max_prefixes_pause", &feeds.bgp_max_prefixes_pause,
      "After too many prefixes a neighbor is refused for this time; \"0s\": until the next start.", nullptr);
}

}  // namespace

std::vector<Setting> settings_of(Configuration& c) {
  std::vector<Setting> out;
  out.push_back({"", "data_dir", &c.data_dir,
                 "Folder of all state; empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/peeringd, else "
                 "~/.local/state/peeringd."});
  add_http(out, c.http);
  out.push_back({"storage", "keep_events", &c.storage.keep_events, "How long events are kept.", positive});
  out.push_back({"storage", "keep_latency", &c.storage.keep_latency,
                 "Nothing of latency is kept longer than this, whatever `[latency]` says of its levels.",
                 positive});
  out.push_back({"storage", "keep_audit", &c.storage.keep_audit,
                 "How long the audit log keeps what was changed, and by whom.", positive});
  out.push_back({"storage", "audit_entries_max", &c.storage.audit_entries_max,
                 "Entries that the audit log keeps of each subscription; the oldest beyond it go.",
                 positive});
  out.push_back({"network", "asn", &c.network.asn, "AS number of this edge network.", asn});
  out.push_back({"network", "peering_service_community", &c.network.peering_service_community,
                 "Community that marks the service's routes.", community});
  out.push_back({"network", "max_as_path_length", &c.network.max_as_path_length,
                 "Longest AS path of a valid service route, in hops.", positive});
  out.push_back({"network", "approve", &c.network.approve,
                 "What partners ask for (peer ASNs, connections of peerings) is approved by an Operator "
                 "(manual) or at once (automatic).",
                 approval});
  out.push_back({"network", "ipv6_prefixes", &c.network.ipv6_prefixes,
                 "IPv6 prefixes may be registered, and are validated like those of IPv4; false: they are "
                 "refused, as Azure refuses them.",
                 nullptr});
  add_feeds(out, c.feeds);
  add_bgp(out, c.feeds);
  add_knowledge(out, c);
  out.push_back({"archive", "dir", &c.archive.dir,
                 "Folder for what routers say over BMP and BGP, and RIS Live, as MRT files; empty: none.",
                 nullptr});
  out.push_back({"archive", "every", &c.archive.every, "The stretch of time of one file.", positive});
  out.push_back(
      {"archive", "compress", &c.archive.compress, "Whether files are compressed (gzip).", nullptr});
  out.push_back({"archive", "keep", &c.archive.keep, "How long files are kept; 0s: for ever.", nullptr});
  out.push_back({"detection", "shards", &c.detection.shards,
                 "Threads that own routes and judge changes; 0: one for each core.", not_negative});
  out.push_back(
      {"detection", "silence_min", &c.detection.silence_min,
       "A connected router or collector is silent that says nothing for three times its longest pause "
       "of late, and for so long at least; 0s: silence is not watched.",
       nullptr});
  out.push_back(
      {"detection", "beacons", &c.detection.beacons,
       "Prefixes that are announced and withdrawn on a schedule: when a change is not seen in time, "
       "what is seen is not what there is.",
       prefix_list});
  out.push_back({"detection", "beacon_every", &c.detection.beacon_every,
                 "Time between two changes of a beacon.", positive});
  out.push_back({"detection", "reopen_within", &c.detection.reopen_within,
                 "What comes back so soon after it was over is the same event, opened again; 0s: never, and "
                 "nothing flaps.",
                 nullptr});
  out.push_back({"detection", "mailbox_messages_max", &c.detection.mailbox_messages_max,
                 "Messages that may wait for a shard before its readers wait.", positive});
  out.push_back(
      {"latency", "accept_age", &c.latency.accept_age, "Oldest sample that is accepted.", positive});
  out.push_back({"latency", "settle_every", &c.latency.settle_every,
                 "How often accepted samples are folded into stored sketches.", positive});
  add_judgement_settings(out, c.latency);
  add_levels(out, c.latency);
  add_source_settings(out, c.latency);
  add_probe(out, c.probe);
  add_thin_prefix_settings(out, c.probe);
  out.push_back({"alerts", "retry_first", &c.alerts.retry_first,
                 "Pause before the second attempt of a delivery; doubles with each.", positive});
  out.push_back(
      {"alerts", "retry_longest", &c.alerts.retry_longest, "Longest pause between attempts.", positive});
  out.push_back({"alerts", "give_up_after", &c.alerts.give_up_after,
                 "A delivery that fails for this long is given up and counted.", positive});
  out.push_back({"alerts", "allow_loopback", &c.alerts.allow_loopback,
                 "Whether webhooks may point to this machine.", nullptr});
  out.push_back({"alerts", "flap_after", &c.alerts.flap_after,
                 "An event that comes back so many times within flap_window flaps: that is told once, its "
                 "turns are not; 0: every turn is told.",
                 not_negative});
  out.push_back({"alerts", "flap_window", &c.alerts.flap_window,
                 "The time in which returns of an event are counted.", positive});
  out.push_back({"alerts", "flap_quiet", &c.alerts.flap_quiet,
                 "What has not turned for so long flaps no more; it is told when it is open then.",
                 positive});
  out.push_back({"alerts", "flap_standing", &c.alerts.flap_standing,
                 "A Critical event that flaps and then stands for so long is told before that.", positive});
  out.push_back(
      {"alerts", "group_after", &c.alerts.group_after,
       "So many events of one connection, incident and type are told one by one within group_window; "
       "more are told together; 0: all are told one by one.",
       not_negative});
  out.push_back({"alerts", "group_window", &c.alerts.group_window,
                 "How long events are gathered that are told together.", positive});
  out.push_back(
      {"catalog", "file", &c.catalog.file,
       "JSON file with countries, locations and providers; empty: the one built in. Read again on SIGHUP.",
       nullptr});
  return out;
}

namespace {

std::string signature_algorithms(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  const bool good = !list.empty() && std::ranges::all_of(list, api::is_signature_algorithm);
  return good ? "" : "a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512";
}

std::string claim_grants(const Target& value) {
  for (const std::string& text : *std::get<std::vector<std::string>*>(value)) {
    if (!api::parse_claim_grant(text)) {
      return fmt::format("a list of \"VALUE ROLE SCOPE\", such as \"net-team Contributor /\"; not \"{}\"",
                         text);
    }
  }
  return {};
}

std::string as_number(const Target& value) {
  const std::int64_t asn = *std::get<std::int64_t*>(value);
  return asn > 0 && asn <= 4294967295 ? "" : "an AS number from 1 to 4294967295";
}

std::string neighbor_asns(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  if (list == std::vector<std::string>{"any"}) return {};
  const bool good = std::ranges::all_of(list, [](const std::string& text) {
    std::uint32_t asn = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), asn);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() && asn > 0;
  });
  return good ? "" : "[\"any\"] or a list of AS numbers as texts";
}

std::string connection_id(const Target& value) {
  const std::string id = model::lower(*std::get<std::string*>(value));
  constexpr std::string_view type = "/providers/microsoft.peering/peeringservices/";
  const std::size_t at = id.find(type);
  const bool good = id.starts_with("/subscriptions/") && at != std::string::npos &&
                    id.size() > at + type.size() && id.find('/', at + type.size()) == std::string::npos;
  return good ? "" : "the id of a peering service";
}

std::string keys_address(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  return text.empty() || api::check_keys_address(text) ? "" : "a URL with https, or http on this machine";
}

std::string skew(const Target& value) {
  const auto duration = *std::get<std::chrono::seconds*>(value);
  return duration > std::chrono::minutes(10) ? "at most 10m" : "";
}

}  // namespace

std::vector<Setting> settings_of(AuthIssuer& issuer) {
  std::vector<Setting> out;
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule = nullptr,
                       bool required = false) {
    out.push_back({"auth.issuers", key, target, text, rule, required});
  };
  row("issuer", &issuer.issuer, "The issuer, to the letter as its tokens say it (`iss`).", filled, true);
  row("audience", &issuer.audience, "What its tokens must be for (`aud`).", filled, true);
  row("jwks_file", &issuer.jwks_file, "File with its keys, a JWK set.");
  row("jwks_uri", &issuer.jwks_uri,
      "Or where they are; neither: as the issuer's `/.well-known/openid-configuration` says.", keys_address);
  row("ca_file", &issuer.ca_file,
      "PEM file of the authority that signed its certificate; empty: the system's.");
  row("algorithms", &issuer.algorithms, "Algorithms of signatures that are accepted.", signature_algorithms);
  row("clock_skew", &issuer.clock_skew, "How far its clock may be from ours.", skew);
  row("subject_claim", &issuer.subject_claim, "The claim that says who the caller is.", filled);
  row("roles_claim", &issuer.roles_claim,
      "The claim, a text or a list of texts, that `grants` look at; with dots into objects.", filled);
  row("grants", &issuer.grants,
      "\"VALUE ROLE SCOPE\" each: who has VALUE in that claim has ROLE at SCOPE (`/`, a subscription, a "
      "group or a resource).",
      claim_grants);
  return out;
}

std::vector<Setting> settings_of(Pop& pop) {
  return {{"network.pops", "name", &pop.name, "Name, as samples carry it.", filled, true},
          {"network.pops", "metro", &pop.metro, "City."},
          {"network.pops", "latitude", &pop.latitude, "Degrees north."},
          {"network.pops", "longitude", &pop.longitude, "Degrees east."}};
}

std::vector<Setting> settings_of(MonitoredAsEntry& as) {
  std::vector<Setting> out;
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule) {
    out.push_back({"detection.asns", key, target, text, rule, key == "asn" || key == "connection"});
  };
  row("asn", &as.asn, "AS that is watched wherever it stands in a path.", as_number);
  row("upstreams", &as.upstreams,
      "AS numbers that may stand next to it on the side of who shows us the path; [\"any\"]: not checked, "
      "[]: "
      "none.",
      neighbor_asns);
  row("downstreams", &as.downstreams, "The same on the side of the origin.", neighbor_asns);
  row("connection", &as.connection,
      "Id of the peering service that is told: `/subscriptions/…/peeringServices/NAME`.", connection_id);
  return out;
}

std::vector<Setting> settings_of(Router& router) {
  return {{"network.routers", "name", &router.name, "The router's BMP sysName."},
          {"network.routers", "address", &router.address, "Or its address."},
          {"network.routers", "pop", &router.pop, "The PoP it belongs to.", filled, true}};
}

std::vector<Setting> settings_of(RpkiCache& cache) {
  return {{"rpki.caches", "address", &cache.address,
           "HOST:PORT of an RPKI-to-Router cache (StayRTR, Routinator, FORT).", rtr_cache, true},
          {"rpki.caches", "preference", &cache.preference,
           "The connected cache with the lowest number is used.", not_negative}};
}

std::vector<Setting> settings_of(MrtFeed& feed) {
  return {
      {"feeds.mrt", "path", &feed.path, "A file, or a folder whose new files are picked up.", filled, true},
      {"feeds.mrt", "collector", &feed.collector, "Name of the collector that wrote it.", filled}};
}

std::vector<Setting> settings_of(BgpNeighborEntry& n) {
  std::vector<Setting> out;
  const auto row = [&](std::string_view key, Target target, std::string_view text, Rule rule = nullptr,
                       bool required = false) {
    out.push_back({"feeds.bgp.neighbors", key, target, text, rule, required});
  };
  row("name", &n.name, "Name of the router in routes and events; empty: its address.");
  row("address", &n.address, "Address of its session with us.", address, true);
  row("port", &n.port, "Port to connect to when `passive` is false.", port);
  row("asn", &n.asn, "Its AS number.", real_asn, true);
  row("passive", &n.passive, "We wait for it; false: we connect too.");
  row("password_file", &n.password_file,
      "File with the password of TCP-MD5 (RFC 2385), one line, mode 0600; empty: none.");
  row("families", &n.families, "Routes that are asked for.", bgp_families);
  row("add_path", &n.add_path, "Ask for several paths a prefix (RFC 7911).");
  row("role", &n.role, "What we are to it: `provider`, `rs`, `rs-client`, `customer`, `peer` (RFC 9234).",
      bgp_role);
  row("role_strict", &n.role_strict, "Refuse it when it names no role.");
  row("hold_time_s", &n.hold_time_s, "Hold time that we offer, in seconds; 0: never give up.", hold_time);
  row("ttl_security", &n.ttl_security, "GTSM (RFC 5082): how many hops it may be away; 0: off.", hops);
  row("max_prefixes", &n.max_prefixes, "Prefixes of each family before the session is closed; 0: any number.",
      not_negative);
  row("local_asn", &n.local_asn, "Our AS number towards it; 0: `feeds.bgp.asn`.", asn);
  row("local_address", &n.local_address, "Our address of the session; empty: any.", address);
  return out;
}

namespace {

std::string web_socket_url(const Target& value) {
  return http::parse_url(*std::get<std::string*>(value), "ws") ? ""
                                                               : "a URL that begins with ws:// or wss://";
}

std::string addresses(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  const bool good = std::all_of(list.begin(), list.end(), [](const std::string& text) {
    return net::Address::parse(text).has_value();
  });
  return good ? "" : "a list of IP addresses";
}

std::string ris_prefixes(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  if (list.size() == 1 && (list[0] == "registered" || list[0] == "all")) return {};
  const bool good = !list.empty() && std::all_of(list.begin(), list.end(), [](const std::string& text) {
    return net::Prefix::parse(text).has_value();
  });
  return good ? "" : R"(["registered"], ["all"], or a list of prefixes such as 203.0.113.0/24)";
}

std::string ris_hosts(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  const bool good = std::all_of(list.begin(), list.end(), [](const std::string& text) {
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               std::string::npos;
  });
  return good ? "" : "a list of collectors such as rrc00";
}

}  // namespace

namespace {

std::string kafka_topics(const Target& value) {
  const auto& list = *std::get<std::vector<std::string>*>(value);
  const bool good = !list.empty() && std::all_of(list.begin(), list.end(), [](const std::string& topic) {
    return !topic.empty() && topic.size() <= 249;
  });
  return good ? "" : "a list of topics, at least one";
}

std::string kafka_security(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  const bool known = text == "plaintext" || text == "ssl" || text == "sasl_plaintext" || text == "sasl_ssl";
  return known ? "" : "plaintext, ssl, sasl_plaintext or sasl_ssl";
}

std::string kafka_mechanism(const Target& value) {
  const std::string& text = *std::get<std::string*>(value);
  const bool known = text.empty() || text == "PLAIN" || text == "SCRAM-SHA-256" || text == "SCRAM-SHA-512" ||
                     text == "GSSAPI";
  return known ? "" : "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or GSSAPI";
}

}  // namespace

std::vector<Setting> settings_of(KafkaFeed& feed) {
  return {{"feeds.kafka", "brokers", &feed.brokers, "Kafka brokers, host:port,host:port.", filled, true},
          {"feeds.kafka", "topics", &feed.topics,
           "Topics of raw BMP in OpenBMP's envelope; one that begins with ^ is a regular expression.",
           kafka_topics, true},
          {"feeds.kafka", "group", &feed.group, "Consumer group that keeps our place.", filled},
          {"feeds.kafka", "from_beginning", &feed.from_beginning,
           "Where the group has no place yet: from the beginning, or only what is new.", nullptr},
          {"feeds.kafka", "security", &feed.security, "plaintext, ssl, sasl_plaintext or sasl_ssl.",
           kafka_security},
          {"feeds.kafka", "ca_file", &feed.ca_file,
           "PEM file of the authority that signed the brokers' certificates; empty: the system's.", nullptr},
          {"feeds.kafka", "certificate_file", &feed.certificate_file,
           "PEM file of our own certificate, where brokers ask for one; empty: none.", nullptr},
          {"feeds.kafka", "key_file", &feed.key_file, "PEM file of its private key, without a passphrase.",
           nullptr},
          {"feeds.kafka", "sasl_mechanism", &feed.sasl_mechanism,
           "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or GSSAPI; required with sasl_plaintext and sasl_ssl.",
           kafka_mechanism},
          {"feeds.kafka", "sasl_user", &feed.sasl_user, "User name for SASL.", nullptr},
          {"feeds.kafka", "sasl_password_file", &feed.sasl_password_file,
           "File whose first line is the password for SASL, mode 0600.", nullptr}};
}

std::vector<Setting> settings_of(RisFeed& feed) {
  return {
      {"feeds.ris", "url", &feed.url, "Where RIS Live is; `client` in the query tells RIPE who asks.",
       web_socket_url},
      {"feeds.ris", "hosts", &feed.hosts, "Collectors such as \"rrc00\"; empty: all.", ris_hosts},
      {"feeds.ris", "prefixes", &feed.prefixes,
       "Updates of which prefixes, with what covers them and what they cover: [\"registered\"], [\"all\"] or "
       "a list.",
       ris_prefixes},
      {"feeds.ris", "peers", &feed.peers, "Addresses of collectors' peers; empty: all.", addresses},
      {"feeds.ris", "stale_after", &feed.stale_after,
       "The feed is stale when its messages are later than this, or do not come for so long.", positive},
      {"feeds.ris", "keep_after_loss", &feed.keep_after_loss,
       "How long routes are kept that are not announced again after the connection was lost.", positive},
      {"feeds.ris", "own_view", &feed.own_view,
       "Whether the collectors' peers are routers of this network: then a session of theirs that ends is an "
       "outage. Else they are views of others: what they see counts, how they fare does not.",
       nullptr},
      {"feeds.ris", "ca_file", &feed.ca_file,
       "PEM file of the authority that signed the service's certificate; empty: the system's.", nullptr}};
}

namespace {

std::string duration_text(std::chrono::seconds value) {
  const auto s = value.count();
  if (s != 0 && s % 86400 == 0) return fmt::format("{}d", s / 86400);
  if (s != 0 && s % 3600 == 0) return fmt::format("{}h", s / 3600);
  if (s != 0 && s % 60 == 0) return fmt::format("{}m", s / 60);
  return fmt::format("{}s", s);
}

}  // namespace

std::string toml_value(const Target& target) {
  return std::visit(
      [](auto* value) -> std::string {
        using T = std::decay_t<decltype(*value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return json::serialize(json::string(*value));  // a JSON text is a TOML basic string
        } else if constexpr (std::is_same_v<T, bool>) {
          return *value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::string out;
          for (const std::string& item : *value) {
            out += (out.empty() ? "" : ", ") + json::serialize(json::string(item));
          }
          return "[" + out + "]";
        } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
          return "\"" + duration_text(*value) + "\"";
        } else if constexpr (std::is_same_v<T, double>) {
          return fmt::format("{:.6}", *value);
        } else {
          return fmt::format("{}", *value);
        }
      },
      target);
}

}  // namespace peering::app
