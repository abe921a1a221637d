// What two OPENs agree on, for the reader of the updates that follow.
#pragma once

#include "wire/bgp/message.h"
#include "wire/bgp/update.h"

namespace peering::wire::bgp {

/// The facts of what `sender` sends to `receiver`: four-octet AS numbers when both speak them (RFC 6793),
/// path identifiers where one offers to send and the other to receive them (RFC 7911 section 4).
SessionFacts agreed_facts(const Open& sender, const Open& receiver);

}  // namespace peering::wire::bgp
