// Path attributes as one run of bytes, so that a table keeps them in a tenth of the memory and compares them
// at once: equal attributes have equal bytes, whatever session they came from.
//
// The form is that of the wire made canonical: for each attribute that says something its type code, the
// length of its value and the value, in ascending order of codes. AS numbers have four bytes and AS4_PATH and
// AS4_AGGREGATOR are merged in; NEXT_HOP holds the next hop of the routes at hand, 4 or 16 bytes, also when
// it came in MP_REACH_NLRI; ORIGIN IGP and empty lists are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wire/bgp/attributes.h"
#include "wire/bgp/path_attributes.h"

namespace peering::rib {

/// Packed bytes, not owned.
using PackedView = std::span<const std::uint8_t>;

/// Appends the packed form.
void pack_attributes(const wire::bgp::PathAttributes& attributes, std::vector<std::uint8_t>& out);

/// The same bytes as decoding and then packing, without decoding. `next_hop` is that of the routes at hand.
void pack_attributes(const wire::bgp::AttributeScan& scan, const wire::bgp::SessionFacts& facts,
                     const std::optional<net::Address>& next_hop, std::vector<std::uint8_t>& out);

/// Takes the AS off the front of the path, where it is not the path's only one (nor the first of a set).
void strip_first_as(net::Asn asn, std::vector<std::uint8_t>& packed);

/// What was packed. `packed` must come from `pack_attributes`.
wire::bgp::PathAttributes unpack_attributes(PackedView packed);

}  // namespace peering::rib
