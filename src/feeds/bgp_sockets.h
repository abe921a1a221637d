// What the kernel does for BGP sessions: TCP-MD5 (RFC 2385) and GTSM (RFC 5082). Errors are `io` and name the
// option; a container may refuse TCP-MD5.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "net/address.h"

namespace peering::feeds {

/// Segments from and to `peer` carry the digest. On a listening socket (`on_ipv6`: of IPv6, also when the
/// peer is IPv4) or one that is not connected yet. 1 to 80 bytes.
Result<void> set_tcp_md5(int socket, bool on_ipv6, const net::Address& peer, const std::string& password);

/// Segments go out with a TTL of 255. A listening socket of neighbours with GTSM must do so already: its
/// first answer to a connection is not taken otherwise. `on_ipv6`: also its IPv4 segments.
Result<void> set_longest_ttl(int socket, bool on_ipv6);

/// The kernel keeps the first segment of each connection that this listening socket takes: what comes before
/// set_ttl_security() on the accepted socket has no limit, so the request itself must be looked at.
Result<void> keep_connection_requests(int listening);

/// TTL (hop limit) that the first segment of an accepted connection came with; once, then it is forgotten.
/// Nothing when the listening socket did not keep it.
std::optional<int> ttl_of_connection_request(int socket);

/// Segments from and to `peer` carry no digest any more. Nothing where they carried none.
void clear_tcp_md5(int socket, bool on_ipv6, const net::Address& peer);

/// The TTL that a segment over `hops` hops (1 to 255) still has when it was sent with 255.
int least_ttl(int hops);

/// Segments that came over more hops are dropped by the kernel; ours go out with 255. 1 to 255 hops.
Result<void> set_ttl_security(int socket, bool on_ipv6, int hops);

/// Reads a password file: regular, readable by its owner only (mode 0600 or less), one line. Errors:
/// `invalid_argument`, without the content.
Result<std::string> read_password(const std::string& file, std::size_t bytes_max = 80);

}  // namespace peering::feeds
