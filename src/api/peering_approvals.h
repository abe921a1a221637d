// The operator's decisions on what partners ask for: peer ASNs and the connections of peerings.
#pragma once

#include <string_view>

#include "api/call.h"

namespace peering::api {

/// What a new peer ASN begins with: Pending, or Approved where nobody needs to approve.
std::string_view initial_asn_state(const Settings& settings);

/// Decides what can be decided at once on the connections of a peering that is about to be stored: those
/// whose address another peering has under another AS number fail; where nobody needs to approve, the others
/// are approved once the peer ASN is.
arm::Expected<void> settle_connections(const Call& call, const Record& peer_asn, json::object& document);

/// As the resources are served (peer_asns.cc, peerings.cc).
json::object shown_peer_asn(const Call& call, const Record& record);
json::object shown_peering(const Call& call, const Record& record);

}  // namespace peering::api
