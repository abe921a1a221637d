// Lines for the routes of one UPDATE, or for one entry of a table: what all record types have in common.
#pragma once

#include <string_view>

#include "wire/bgp/prefixes.h"
#include "wire/bgp/update_scan.h"
#include "wire/mrt/text_buffer.h"

namespace peering::wire::mrt {

/// What the lines of one message have around their routes.
struct LineStyle {
  std::string_view start;  ///< "BGP4MP|1027377515|", up to the kind of line
  std::string_view peer;   ///< "|192.0.2.1|64496|"
  bool path_ids = false;   ///< the path identifier follows the prefix
  /// The old record type: no communities field when there are none.
  bool communities_optional = false;
  /// Written instead of the address of withdrawn prefixes when not empty.
  std::string_view withdrawn_address;
};

/// Keeps its memory from one message to the next. Not thread-safe.
class RouteLines {
 public:
  /// The lines of an UPDATE, withdrawals first. They show what was sent: a route whose attributes have a
  /// fault is still an announcement. After `reset_session` (RFC 7606) nothing is written.
  void append_update(const bgp::UpdateScan& scan, const bgp::SessionFacts& facts, const LineStyle& style,
                     TextBuffer& out);

  /// Takes the attributes that the next calls of `append_entry` write.
  void set_attributes(const bgp::AttributeScan& scan, const bgp::SessionFacts& facts,
                      const net::Address& next_hop, const LineStyle& style);
  /// One line with the attributes set before.
  void append_entry(char kind, net::Family family, const bgp::RawPrefix& prefix, const LineStyle& style,
                    TextBuffer& out);

 private:
  void append_routes(char kind, net::Family family, bool add_path, std::span<const std::uint8_t> routes,
                     const LineStyle& style, TextBuffer& out);
  void append_mp_routes(char kind, const std::optional<bgp::MpRoutes>& routes, const bgp::SessionFacts& facts,
                        const LineStyle& style, TextBuffer& out);

  TextBuffer head_;  // what stands before the prefix
  TextBuffer tail_;  // what follows it in an announcement
  bgp::AsPath path_;
};

}  // namespace peering::wire::mrt
