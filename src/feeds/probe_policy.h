// Where probes may go: a server that sends packets for strangers must not become their way into networks that
// only it can reach.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "net/prefix.h"

namespace peering::feeds {

struct ProbePolicy {
  std::vector<net::Prefix> allowed;  ///< whatever else is said of them
  std::vector<net::Prefix> denied;   ///< beside those that always are
};

/// `permission_denied` says why: loopback, private, link-local, shared, multicast and other special
/// addresses, tunnels into IPv4, addresses of this machine (`own`), and what `policy` denies.
Result<void> check_destination(const ProbePolicy& policy, const net::Address& destination,
                               std::span<const net::Address> own);

/// The addresses of this machine's interfaces.
std::vector<net::Address> own_addresses();

}  // namespace peering::feeds
