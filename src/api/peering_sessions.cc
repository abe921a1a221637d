#include "api/peering_sessions.h"

#include <algorithm>
#include <array>
#include <set>

#include "api/arm/names.h"
#include "net/prefix.h"

namespace peering::api {

namespace {

constexpr std::int64_t peering_service_mbps_min = 10'000;
constexpr std::string_view peering_service_sku = "Premium_Direct_Free";
// A session prefix names a link or an exchange's network, not a part of the Internet.
constexpr int session_length_min_v4 = 16, session_length_min_v6 = 48;

// One address family of a connection, as it is configured and as it is seen.
struct FamilyNow {
  bool configured = false;
  bool taken = false;  // its address has a session with another AS number
  std::vector<model::BgpSession> sessions;
};

std::string text_of(const json::value& object, std::string_view key) {
  return find_string(object, key).value_or("");
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* number = object.if_contains(key);
  return number ? number->to_number<std::int64_t>() : 0;
}

std::string_view version_of(bool ipv4) { return ipv4 ? "4" : "6"; }

// Where the wire has the connection's peer: its address, or a session prefix that is not too wide.
std::optional<net::Prefix> peers_of(const json::value& session, bool ipv4) {
  const auto address =
      net::Address::parse(text_of(session, fmt::format("peerSessionIPv{}Address", version_of(ipv4))));
  if (address) return net::Prefix(*address, ipv4 ? 32 : 128);
  const auto prefix = net::Prefix::parse(text_of(session, fmt::format("sessionPrefixV{}", version_of(ipv4))));
  const int shortest = ipv4 ? session_length_min_v4 : session_length_min_v6;
  if (!prefix || prefix->length() < shortest) return std::nullopt;
  return *prefix;
}

// What the wire has there, whoever the peer is.
std::span<const model::BgpSession> candidates(const json::value& session, bool ipv4,
                                              const model::BgpSessions& sessions) {
  const auto peers = peers_of(session, ipv4);
  return peers ? sessions.within(*peers) : std::span<const model::BgpSession>{};
}

FamilyNow family_now(const json::object& connection, bool ipv4, net::Asn asn,
                     const model::BgpSessions& sessions) {
  FamilyNow out;
  const json::value* session = connection.if_contains("bgpSession");
  if (!session) return out;
  const std::string peer = text_of(*session, fmt::format("peerSessionIPv{}Address", version_of(ipv4)));
  out.configured =
      !peer.empty() || !text_of(*session, fmt::format("sessionPrefixV{}", version_of(ipv4))).empty();
  const auto own =
      net::Address::parse(text_of(*session, fmt::format("microsoftSessionIPv{}Address", version_of(ipv4))));
  for (const model::BgpSession& each : candidates(*session, ipv4, sessions)) {
    // The same peer on another of our addresses is another connection's.
    if (own && each.local_address && *each.local_address != *own) continue;
    if (each.peer_asn == asn) {
      out.sessions.push_back(each);
    } else if (each.established && !peer.empty()) {
      out.taken = true;
    }
  }
  return out;
}

bool is_established(const std::vector<model::BgpSession>& sessions) {
  return std::ranges::any_of(sessions, &model::BgpSession::established);
}

// Of several sessions with one address the one that is established, else the one that changed last.
std::string_view shown_session_state(const FamilyNow& family) {
  if (!family.configured) return "None";
  if (is_established(family.sessions)) return "Established";
  if (family.sessions.empty()) return "PendingAdd";
  const auto& last = *std::ranges::max_element(family.sessions, {}, &model::BgpSession::since);
  return last.state.empty() ? std::string_view("None") : std::string_view(last.state);
}

struct Seen {
  ConnectionNow now;
  std::string state_v4, state_v6;
};

void decide_state(const FamilyNow& v4, const FamilyNow& v6, ConnectionNow& out) {
  const bool known = std::ranges::any_of(
      out.sessions, [](const model::BgpSession& session) { return !session.state.empty(); });
  if (is_established(out.sessions)) {
    out.state = state_active;
  } else if (v4.taken || v6.taken) {
    out.state = state_failed;
    out.error_message = address_clash(v4.taken);
  } else if (known) {
    out.state = state_completed;
  } else if (v4.configured || v6.configured) {
    out.state = state_started;
  }
}

Seen see(const json::object& connection, net::Asn asn, const model::BgpSessions& sessions) {
  const json::value value(connection);
  Seen out;
  ConnectionNow& now = out.now;
  now.identifier = text_of(value, "connectionIdentifier");
  now.state = text_of(value, "connectionState");
  now.error_message = text_of(value, "errorMessage");
  if (const json::value* used = connection.if_contains("useForPeeringService")) {
    now.for_peering_service = used->as_bool();
  }
  now.bandwidth_mbps = number_of(connection, "bandwidthInMbps");
  // Nothing is configured on a router before the operator has approved.
  if (now.state != state_approved) {
    out.state_v4 = out.state_v6 = now.state == state_failed ? "None" : "PendingAdd";
    return out;
  }
  const FamilyNow v4 = family_now(connection, true, asn, sessions);
  const FamilyNow v6 = family_now(connection, false, asn, sessions);
  now.sessions = v4.sessions;
  now.sessions.insert(now.sessions.end(), v6.sessions.begin(), v6.sessions.end());
  decide_state(v4, v6, now);
  if (now.active()) now.provisioned_mbps = number_of(connection, "provisionedBandwidthInMbps");
  out.state_v4 = shown_session_state(v4);
  out.state_v6 = shown_session_state(v6);
  return out;
}

std::size_t routers_of(const std::vector<model::BgpSession>& sessions) {
  std::set<std::string_view> routers;
  for (const model::BgpSession& session : sessions) routers.insert(session.router);
  return routers.size();
}

PeeringNow frame_of(const json::object& document) {
  PeeringNow out;
  out.kind = std::string(document.at("kind").as_string());
  const json::value& properties = document.at("properties");
  out.location = text_of(properties, "peeringLocation");
  out.asn = peer_asn_of(document);
  out.route_server = text_of(properties.at(block_of(document)), "directPeeringType") == "IxRs";
  return out;
}

}  // namespace

std::string address_clash(bool ipv4) {
  return fmt::format("IPv{} address is already configured with a different ASN", version_of(ipv4));
}

std::vector<SessionPlace> session_places(const json::object& document) {
  std::vector<SessionPlace> out;
  for (const json::value& each : connections_of(document)) {
    const json::value* session = find(each, "bgpSession");
    if (!session || text_of(each, "connectionState") != state_approved) continue;
    for (const bool ipv4 : {true, false}) {
      if (const auto peers = peers_of(*session, ipv4)) {
        out.push_back({text_of(each, "connectionIdentifier"), *peers});
      }
    }
  }
  return out;
}

net::Asn peer_asn_of(const json::object& document) {
  return static_cast<net::Asn>(number_of(document, "peerAsn"));
}

bool PeeringNow::active() const { return std::ranges::any_of(connections, &ConnectionNow::active); }

std::vector<model::BgpSession> PeeringNow::established() const {
  std::vector<model::BgpSession> out;
  for (const ConnectionNow& connection : connections) {
    std::ranges::copy_if(connection.sessions, std::back_inserter(out), &model::BgpSession::established);
  }
  return out;
}

std::string_view block_of(const json::object& document) {
  return document.at("kind").as_string() == "Direct" ? "direct" : "exchange";
}

const json::array& connections_of(const json::object& document) {
  return document.at("properties").at(block_of(document)).at("connections").as_array();
}

json::object* find_connection(json::object& document, std::string_view identifier) {
  json::value& block = document.at("properties").at(block_of(document));
  for (json::value& each : block.at("connections").as_array()) {
    if (arm::same_name(text_of(each, "connectionIdentifier"), identifier)) return &each.get_object();
  }
  return nullptr;
}

PeeringNow peering_now(const json::object& document, const model::BgpSessions& sessions) {
  PeeringNow out = frame_of(document);
  for (const json::value& each : connections_of(document)) {
    out.connections.push_back(see(each.get_object(), out.asn, sessions).now);
  }
  return out;
}

std::string peering_service_fault(const json::object& document, const PeeringNow& now) {
  std::vector<const ConnectionNow*> used;
  for (const ConnectionNow& each : now.connections) {
    if (each.for_peering_service) used.push_back(&each);
  }
  if (used.empty()) return "";
  if (text_of(document.at("sku"), "name") != peering_service_sku) {
    return fmt::format("Peering Service needs the sku {}", peering_service_sku);
  }
  const std::int64_t mbps = used.front()->bandwidth_mbps;
  if (std::ranges::any_of(used, [&](const auto* each) { return each->bandwidth_mbps != mbps; })) {
    return "Peering Service needs the same bandwidth for all its connections";
  }
  if (mbps < peering_service_mbps_min) {
    return fmt::format("Peering Service needs connections of at least {} Mbps", peering_service_mbps_min);
  }
  if (now.route_server) return "";
  if (used.size() < 2) return "Peering Service needs at least two connections";
  std::vector<model::BgpSession> established;
  std::size_t active = 0;
  for (const ConnectionNow* each : used) {
    active += each->active() ? 1 : 0;
    std::ranges::copy_if(each->sessions, std::back_inserter(established), &model::BgpSession::established);
  }
  if (active >= 2 && routers_of(established) < 2) {
    return "Peering Service needs connections on two different routers";
  }
  return "";
}

json::object shown_peering_properties(const json::object& document, const model::BgpSessions& sessions) {
  json::object out = document.at("properties").as_object();
  json::array& connections = out.at(block_of(document)).at("connections").as_array();
  PeeringNow now = frame_of(document);
  for (json::value& each : connections) {
    json::object& shown = each.get_object();
    const Seen seen = see(shown, now.asn, sessions);
    shown["connectionState"] = seen.now.state;
    if (!seen.now.error_message.empty()) shown["errorMessage"] = seen.now.error_message;
    if (now.kind == "Direct") {
      shown["provisionedBandwidthInMbps"] = seen.now.provisioned_mbps;
    }
    if (json::value* session = shown.if_contains("bgpSession")) {
      session->get_object()["sessionStateV4"] = seen.state_v4;
      session->get_object()["sessionStateV6"] = seen.state_v6;
    }
    now.connections.push_back(seen.now);
  }
  const std::string fault = peering_service_fault(document, now);
  for (std::size_t i = 0; !fault.empty() && i < connections.size(); ++i) {
    const ConnectionNow& each = now.connections[i];
    // While it waits for approval the partner may still add what is missing.
    if (!each.for_peering_service || each.state == state_pending_approval || !each.error_message.empty()) {
      continue;
    }
    connections[i].get_object()["errorMessage"] = fault;
  }
  return out;
}

}  // namespace peering::api
