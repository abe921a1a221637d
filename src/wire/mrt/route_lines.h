// Lines for the routes of one UPDATE, or for one entry of a table: what all record types have in common.
#pragma once

#include <string_view>

#include "wire/bgp/update.h"
#include "wire/mrt/sent_update.h"
#include "wire/mrt/text_buffer.h"

namespace peering::wire::mrt {

/// What the lines of one message have around their routes, and which of bgpdump's ways they follow.
struct LineStyle {
  std::string_view start;  ///< "BGP4MP|1027377515|", up to the kind of line
  std::string_view peer;   ///< "|192.0.2.1|64496|"
  bool path_ids = false;   ///< the path identifier follows the prefix
  bool brief = false;      ///< nothing after ORIGIN: `bgpdump -M`
  /// The old record type: no communities field when there are none, nothing between MED and communities.
  bool old_type = false;
  /// Written instead of the address of withdrawn prefixes when not empty.
  std::string_view withdrawn_address;
  /// Instead of `peer` for withdrawn IPv6 prefixes when not empty.
  std::string_view withdrawn_ipv6_peer;
  /// AS4_PATH is merged with AS_PATH as bgpdump does it, which takes the first segment again and again.
  bool merge_as_bgpdump = true;
  /// LOCAL_PREF and MED of IPv4 routes in MP_REACH_NLRI above 2^31 are negative.
  bool signed_numbers = true;
};

/// Keeps its memory from one message to the next. Not thread-safe.
class RouteLines {
 public:
  /// The lines of an UPDATE, withdrawals first. They show what was sent: a route whose attributes have a
  /// fault is still an announcement. False when a field of prefixes is damaged; those before are written.
  bool append_update(const SentUpdate& update, const bgp::SessionFacts& facts, const LineStyle& style,
                     TextBuffer& out);

  /// Takes the attributes that the next calls of `append_entry` write, with the next hop of a table's entry:
  /// MP_REACH_NLRI's where it is there.
  void set_entry_attributes(const SentAttributes& sent, const bgp::SessionFacts& facts,
                            const LineStyle& style);
  /// One line with the attributes set before. `address` has 4 or 16 bytes.
  void append_entry(char kind, net::Family family, const std::uint8_t* address, unsigned length,
                    std::uint32_t path_id, const LineStyle& style, TextBuffer& out);

 private:
  struct Hop {
    std::span<const std::uint8_t> address;
    bool multiprotocol = false;
  };

  void set_attributes(const SentAttributes& sent, const bgp::SessionFacts& facts, const Hop& hop,
                      bool is_signed, const LineStyle& style);
  bool append_routes(char kind, net::Family family, bool add_path, std::span<const std::uint8_t> routes,
                     const LineStyle& style, TextBuffer& out);
  bool append_withdrawn(const SentUpdate& update, const bgp::SessionFacts& facts, const LineStyle& style,
                        TextBuffer& out);

  TextBuffer head_;  // what stands before the prefix
  TextBuffer tail_;  // what follows it in an announcement
};

}  // namespace peering::wire::mrt
