// A peering as it is now: what the operator decided on each connection (stored), and what the wire says of
// its BGP sessions. Nothing of the latter is stored, so it is right after a restart as soon as the routers
// have told of their sessions again, and the same in every answer.
//
// A session is a connection's when the router's peer has the connection's session address (or, where only
// the session prefix is given, one within it) and the AS number of the peering.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/bgp_session.h"
#include "net/prefix.h"

namespace peering::api {

// States of a connection. The first three are decided and stored; the others are seen.
inline constexpr std::string_view state_pending_approval = "PendingApproval";
inline constexpr std::string_view state_approved = "Approved";
inline constexpr std::string_view state_failed = "ProvisioningFailed";
/// Approved and with session addresses, but no router told of a session yet.
inline constexpr std::string_view state_started = "ProvisioningStarted";
/// A router told of the session; it is not established now.
inline constexpr std::string_view state_completed = "ProvisioningCompleted";
/// A session is established.
inline constexpr std::string_view state_active = "Active";

/// A connection as it is now.
struct ConnectionNow {
  std::string identifier;  ///< connectionIdentifier
  std::string state;       ///< connectionState
  std::string error_message;
  bool for_peering_service = false;
  std::int64_t bandwidth_mbps = 0;    ///< asked for
  std::int64_t provisioned_mbps = 0;  ///< approved, while it is Active
  /// Its sessions that the wire tells of, of both families and whatever state; empty unless it is approved.
  std::vector<model::BgpSession> sessions;

  bool active() const { return state == state_active; }
};

/// A peering as it is now.
struct PeeringNow {
  std::string kind;      ///< Direct or Exchange
  std::string location;  ///< the metro: peeringLocation
  net::Asn asn = 0;      ///< of the peer
  bool route_server = false;
  std::vector<ConnectionNow> connections;

  /// Any connection is Active.
  bool active() const;
  /// Every session of every connection that is established now.
  std::vector<model::BgpSession> established() const;
};

/// Reads a stored peering (`Record::document`). `sessions`: `Services::sessions`.
PeeringNow peering_now(const json::object& document, const model::BgpSessions& sessions);

/// `properties` as they are served: states, bandwidth and messages of the connections as they are now.
json::object shown_peering_properties(const json::object& document, const model::BgpSessions& sessions);

/// The block that a peering's kind has ("direct" or "exchange"), and its stored connections.
std::string_view block_of(const json::object& document);
const json::array& connections_of(const json::object& document);
/// The connection with the identifier, compared without case; null: there is none.
json::object* find_connection(json::object& document, std::string_view identifier);

/// What keeps a peering from carrying Peering Service where a connection is used for it; empty: nothing.
/// sku, count and bandwidth of the connections by what is stored; two routers by the sessions that are seen.
std::string peering_service_fault(const json::object& document, const PeeringNow& now);

/// Where an approved connection's sessions of one address family are.
struct SessionPlace {
  std::string connection;  ///< connectionIdentifier
  net::Prefix peers;       ///< the peer's address, or the link or network that it is in
};
/// Of a stored peering; nothing of a connection that the operator has not approved.
std::vector<SessionPlace> session_places(const json::object& document);

/// The AS number of a stored peering's peer.
net::Asn peer_asn_of(const json::object& document);

/// "IPv4 address is already configured with a different ASN".
std::string address_clash(bool ipv4);

}  // namespace peering::api
