// What an UPDATE says, as the table takes it: from the bytes of the message to records of a burst, without
// values in between. Every feed that gets UPDATEs as bytes (BGP, BMP, MRT) goes this way.
//
// RFC 7606 as `scan_update` judged it: after `treat_as_withdraw` all routes of the message are withdrawals,
// after `reset_session` there are none. Where the session uses add-path a `PathSet` makes one route of the
// paths for a prefix. A prefix that a message both withdraws and announces is announced (RFC 4271 section
// 3.1).
#pragma once

#include <optional>

#include "rib/path_set.h"
#include "rib/route_burst.h"
#include "wire/bgp/update_scan.h"

namespace peering::rib {

/// Whose UPDATE it is and how it is to be taken.
struct UpdateSource {
  PeerPointer peer;
  TimePoint time;  ///< as in `RouteBatch`
  /// The session's paths where it uses add-path; may be null where it does not.
  PathSet* paths = nullptr;
  /// Taken off the front of the AS path. Some routers (FRR) put their own AS there in what they report of an
  /// Adj-RIB-In; the peer did not send it. Nothing changes when it is the path's only AS.
  std::optional<net::Asn> strip_asn;
};

/// Appends what the UPDATE says; nothing when it says nothing about unicast routes.
void append_update(const wire::bgp::UpdateScan& update, const wire::bgp::SessionFacts& facts,
                   const UpdateSource& from, RouteBurst& out);

}  // namespace peering::rib
