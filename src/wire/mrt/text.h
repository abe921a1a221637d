// One line for every route, withdrawal and session state of an MRT file, in the form of `bgpdump -m`.
//
// `TextStyle::bgpdump` is that program's output byte for byte, since what reads the form was written against
// it. Where bgpdump departs from the RFCs, it is followed:
//  - an absent MED or LOCAL_PREF is 0; large and extended communities are not shown;
//  - the next hop of an IPv4 route without NEXT_HOP is 255.255.255.255;
//  - withdrawals of the old record type BGP (5) show the peer's address instead of the prefix's, and its
//    announcements lack the communities field when there are none;
//  - routes whose attributes have a fault (RFC 7606: treat_as_withdraw) are shown as announced, and an
//    AGGREGATOR that is too long is cut.
// Not followed: bytes after a lying record length are not searched for records, and an UPDATE whose prefixes
// do not fit their field (RFC 7606: reset_session) gives an error instead of prefixes that nobody announced.
//
// `TextStyle::readable` has the time as RFC 3339 and the prefix in every withdrawal.
#pragma once

#include <string>
#include <vector>

#include "wire/mrt/record.h"
#include "wire/mrt/route_lines.h"
#include "wire/mrt/table.h"

namespace peering::wire::mrt {

enum class TextStyle : std::uint8_t { bgpdump, readable };

/// Takes the records of one file in their order: a table's entries need the peers that came before. Not
/// thread-safe.
class TextWriter {
 public:
  explicit TextWriter(TextStyle style) : style_(style) {}

  /// Appends the record's lines to `out`. Errors name the record and what is damaged; what was appended
  /// before stays, and the next record can be given.
  Result<void> append(const Record& record, TextBuffer& out);
  /// Records so far of types and subtypes that have no text: RIB_GENERIC, GEO_PEER_TABLE, unknown ones.
  std::uint64_t left_out() const { return left_out_; }

 private:
  Result<void> append_message(const Record& record, const BgpMessage& message, TextBuffer& out);
  void append_state(const Record& record, const StateChange& change, TextBuffer& out);
  Result<void> append_table(const Record& record, TextBuffer& out);
  Result<void> take_peers(const Record& record);
  Result<void> append_old_table(const Record& record, TextBuffer& out);
  void begin_line(const Record& record, std::string_view type);

  TextStyle style_;
  std::uint64_t left_out_ = 0;
  RouteLines lines_;
  TextBuffer start_, peer_, peer_address_;
  TableRoutes table_;
  std::vector<std::string> peers_;  // "|192.0.2.1|64496|" of the latest PEER_INDEX_TABLE
};

}  // namespace peering::wire::mrt
