// When BGP sessions came up and went down: what is remembered of `BgpSession`.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "net/address.h"
#include "net/prefix.h"

namespace peering::model {

/// What is known of a session. `unknown`: nobody tells of it, as while its router's BMP session is down.
enum class SessionState : std::uint8_t { unknown, down, established };

/// A session's state from `at` on.
struct SessionChange {
  net::Address peer_address;
  std::string router;               ///< as `BgpSession::router`
  std::uint64_t distinguisher = 0;  ///< of the routing instance (RFC 7854 section 4.2)
  TimePoint at{};
  SessionState state = SessionState::unknown;
  net::Asn peer_asn = 0;
  friend auto operator<=>(const SessionChange&, const SessionChange&) = default;
  friend bool operator==(const SessionChange&, const SessionChange&) = default;

  /// Two changes of one session.
  bool same_session(const SessionChange& other) const {
    return peer_address == other.peer_address && router == other.router &&
           distinguisher == other.distinguisher;
  }
};

}  // namespace peering::model
