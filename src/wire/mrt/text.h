// One line for every route, withdrawal and session state of an MRT file, in the form of `bgpdump -m`.
//
// `TextStyle::bgpdump` is that program's output byte for byte (`bgpdump_brief`: of `bgpdump -M`), since what
// reads the form was written against it. Where bgpdump departs from the RFCs, it is followed:
//  - an absent MED or LOCAL_PREF is 0; large and extended communities are not shown;
//  - the next hop of an IPv4 route without NEXT_HOP is 255.255.255.255;
//  - withdrawals of the old record type BGP (5) show the peer's address instead of the prefix's, and its
//    communities follow MED without a separator;
//  - messages that the collector sent on a session with add-path have its own address as the peer's;
//  - multicast tables, RIB_GENERIC and everything that is no route has no line;
//  - attributes with a fault are shown as sent: short ones filled up with zeros, long ones cut, a malformed
//    AS_PATH as "! Error !"; bits of a prefix after its length stay; after 8192 prefixes a field ends.
// Not followed: after a lying record length, and in tables that are cut off, nothing is made up.
//
// `TextStyle::readable` has the time as RFC 3339, the prefix in every withdrawal, the collector's messages
// under its peer's name, and multicast tables.
#pragma once

#include <string>
#include <vector>

#include "wire/mrt/record.h"
#include "wire/mrt/route_lines.h"
#include "wire/mrt/table.h"

namespace peering::wire::mrt {

enum class TextStyle : std::uint8_t { bgpdump, bgpdump_brief, readable };

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
  Result<void> append_table_routes(const Record& record, TextBuffer& out);
  Result<void> append_old_table(const Record& record, TextBuffer& out);
  LineStyle line_style() const;
  bool is_bgpdump() const { return style_ != TextStyle::readable; }
  void begin_line(const Record& record, std::string_view type);

  TextStyle style_;
  std::uint64_t left_out_ = 0;
  RouteLines lines_;
  TextBuffer start_, peer_, peer_address_;
  SentUpdate update_;
  SentAttributes attributes_;
  TableRoutes table_;
  std::vector<std::string> peers_;  // "|192.0.2.1|64496|" of the latest PEER_INDEX_TABLE
};

}  // namespace peering::wire::mrt
