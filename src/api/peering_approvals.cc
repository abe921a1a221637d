#include "api/peering_approvals.h"

#include <algorithm>
#include <array>
#include <set>

#include "api/arm/body.h"
#include "api/arm/names.h"
#include "api/documents.h"
#include "api/handlers.h"
#include "api/peering_body.h"
#include "api/peering_sessions.h"

namespace peering::api {

namespace {

constexpr std::size_t peerings_max = 1'000'000, reason_bytes_max = 1024;
constexpr std::array<std::string_view, 2> approval_members = {"reason", "bgpSession"};
constexpr std::array<std::string_view, 1> rejection_members = {"reason"};

struct Decision {
  std::string reason;
  json::object session;  // addresses that we give the peer
};

arm::Expected<Decision> read_decision(const Call& call, std::span<const std::string_view> members) {
  const auto body = arm::read_object_or_nothing(call.request);
  if (!body) return tl::unexpected(body.error());
  if (auto known = arm::only_members(body->get_object(), "", members); !known) {
    return tl::unexpected(known.error());
  }
  const auto reason = arm::text_member(*body, "reason", "reason", reason_bytes_max);
  if (!reason) return tl::unexpected(reason.error());
  const auto session = arm::object_member(*body, "bgpSession", "bgpSession");
  if (!session) return tl::unexpected(session.error());
  auto addresses = read_session_addresses(json::value(*session), "bgpSession");
  if (!addresses) return tl::unexpected(addresses.error());
  return Decision{reason->value_or(""), std::move(*addresses)};
}

bool is_approved(const Record& peer_asn) {
  return find_string(peer_asn.document.at("properties"), "validationState") == "Approved";
}

std::string address_of(const json::value& connection, bool ipv4) {
  const json::value* address =
      find(connection, "bgpSession", ipv4 ? "peerSessionIPv4Address" : "peerSessionIPv6Address");
  const auto parsed = address ? net::Address::parse(std::string(address->as_string())) : net::Address();
  return address && parsed ? parsed->to_string() : std::string();
}

using Taken = std::set<std::string>;

// The addresses of approved connections of other AS numbers, of whatever subscription.
arm::Expected<Taken> addresses_of_others(const Call& call, const json::object& own) {
  Taken out;
  const auto peerings = load_all(call, peering_type, "/subscriptions/", peerings_max);
  if (!peerings) return tl::unexpected(peerings.error());
  for (const Record& each : *peerings) {
    const json::value* asn = each.document.if_contains("peerAsn");
    if (!asn || *asn == own.at("peerAsn")) continue;
    for (const json::value& connection : connections_of(each.document)) {
      if (find_string(connection, "connectionState") != state_approved) continue;
      for (const bool ipv4 : {true, false}) {
        if (auto address = address_of(connection, ipv4); !address.empty()) out.insert(std::move(address));
      }
    }
  }
  return out;
}

// The message of an address that is another one's; empty: it is free.
std::string clash_of(const json::object& connection, const Taken& taken) {
  for (const bool ipv4 : {true, false}) {
    if (taken.contains(address_of(json::value(connection), ipv4))) return address_clash(ipv4);
  }
  return "";
}

bool is_clash(const json::object& connection) {
  const auto message = find_string(json::value(connection), "errorMessage");
  return message == address_clash(true) || message == address_clash(false);
}

void set_state(json::object& connection, std::string_view state, std::string message) {
  connection["connectionState"] = state;
  connection.erase("errorMessage");
  if (!message.empty()) connection["errorMessage"] = std::move(message);
}

std::string rejection_message(const Decision& decision) {
  return decision.reason.empty() ? "Rejected by the operator" : decision.reason;
}

// With the bandwidth that is asked for now: another one needs another approval.
void set_approved(json::object& connection) {
  set_state(connection, state_approved, "");
  connection.erase("provisionedBandwidthInMbps");
  const json::value* bandwidth = connection.if_contains("bandwidthInMbps");
  if (bandwidth) connection["provisionedBandwidthInMbps"] = *bandwidth;
}

arm::Answer decide_on_asn(Call& call, bool approves) {
  const std::string key = call.base_key();
  const auto record = load_existing(call, key);
  if (!record) return tl::unexpected(record.error());
  const auto decision = read_decision(call, rejection_members);
  if (!decision) return tl::unexpected(decision.error());
  json::object document = record->document;
  json::object& properties = document.at("properties").as_object();
  properties["validationState"] = approves ? "Approved" : "Failed";
  properties.erase("errorMessage");
  if (!approves) properties["errorMessage"] = rejection_message(*decision);
  if (auto saved = save(call, {key, peer_asn_type, "", ""}, document, *record); !saved) {
    return tl::unexpected(saved.error());
  }
  return arm::json_response(200, shown_peer_asn(call, Record{{}, std::move(document)}));
}

arm::Expected<void> check_approvable(const Call& call, const json::object& document,
                                     const json::object& connection) {
  const json::value& block = document.at("properties").at(block_of(document));
  const std::string id(block.at("peerAsn").at("id").as_string());
  const auto peer_asn = load(call, model::lower(id));
  if (!peer_asn) return tl::unexpected(peer_asn.error());
  if (!*peer_asn || !is_approved(**peer_asn)) {
    return arm::refuse(409, "Conflict", fmt::format("The peer ASN '{}' is not approved.", id));
  }
  const auto taken = addresses_of_others(call, document);
  if (!taken) return tl::unexpected(taken.error());
  std::string clash = clash_of(connection, *taken);
  if (!clash.empty()) return arm::refuse(409, "Conflict", std::move(clash));
  return {};
}

// Where we choose the addresses they come with the approval.
arm::Expected<void> give_addresses(const json::object& addresses, json::object& connection) {
  if (addresses.empty()) return {};
  if (find_string(json::value(connection), "sessionAddressProvider") != "Microsoft") {
    return arm::bad_argument("bgpSession", json::serialize(addresses),
                             "absent, as the peer gives the addresses of this connection");
  }
  json::value& session = connection["bgpSession"];
  if (!session.is_object()) session = json::object();
  for (const auto& member : addresses) session.get_object()[member.key()] = member.value();
  return {};
}

// `decide` changes the connection that the path names.
template <class Decide>
arm::Answer decide_on_connection(Call& call, std::span<const std::string_view> members, Decide decide) {
  const std::string key = call.base_key();
  const auto record = load_parent(call, key);
  if (!record) return tl::unexpected(record.error());
  json::object document = record->document;
  json::object* connection = find_connection(document, call.parameter("connectionIdentifier"));
  if (!connection) return not_found(call.path.substr(0, call.path.rfind('/')));
  const auto decision = read_decision(call, members);
  if (!decision) return tl::unexpected(decision.error());
  if (auto done = decide(*decision, document, *connection); !done) return tl::unexpected(done.error());
  if (auto saved = save(call, {key, peering_type, "", ""}, document, *record); !saved) {
    return tl::unexpected(saved.error());
  }
  return arm::json_response(200, shown_peering(call, Record{{}, std::move(document)}));
}

}  // namespace

std::string_view initial_asn_state(const Settings& settings) {
  return settings.approves_automatically ? "Approved" : "Pending";
}

arm::Expected<void> settle_connections(const Call& call, const Record& peer_asn, json::object& document) {
  const bool approves = call.services.settings.approves_automatically && is_approved(peer_asn);
  std::vector<json::object*> open;
  json::value& block = document.at("properties").at(block_of(document));
  for (json::value& each : block.at("connections").as_array()) {
    json::object& connection = each.get_object();
    const std::string state(connection.at("connectionState").as_string());
    // Where nobody approves, neither does anybody another bandwidth.
    if (approves && state == state_approved) set_approved(connection);
    if (state == state_pending_approval || is_clash(connection)) open.push_back(&connection);
  }
  // All peerings are looked through only where there is an address to look for.
  const auto has_address = [](const json::object* connection) {
    const json::value value(*connection);
    return !address_of(value, true).empty() || !address_of(value, false).empty();
  };
  const arm::Expected<Taken> taken =
      std::ranges::any_of(open, has_address) ? addresses_of_others(call, document) : Taken();
  if (!taken) return tl::unexpected(taken.error());
  for (json::object* connection : open) {
    std::string clash = clash_of(*connection, *taken);
    if (!clash.empty()) {
      set_state(*connection, state_failed, std::move(clash));
    } else if (approves) {
      set_approved(*connection);
    } else {
      set_state(*connection, state_pending_approval, "");
    }
  }
  return {};
}

arm::Answer approve_peer_asn(Call& call) { return decide_on_asn(call, true); }

arm::Answer reject_peer_asn(Call& call) { return decide_on_asn(call, false); }

arm::Answer approve_connection(Call& call) {
  return decide_on_connection(
      call, approval_members,
      [&](const Decision& decision, const json::object& document, json::object& connection) {
        if (auto given = give_addresses(decision.session, connection); !given) return given;
        auto fits = check_approvable(call, document, connection);
        if (fits) set_approved(connection);
        return fits;
      });
}

arm::Answer reject_connection(Call& call) {
  return decide_on_connection(call, rejection_members,
                              [](const Decision& decision, const json::object&, json::object& connection) {
                                set_state(connection, state_failed, rejection_message(decision));
                                return arm::Expected<void>();
                              });
}

}  // namespace peering::api
