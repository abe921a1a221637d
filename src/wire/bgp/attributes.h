// Decoding of path attributes: a table of what is known about each, RFC 7606 for what is wrong with it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wire/bgp/update.h"

namespace peering::wire::bgp {

/// Attribute type codes (IANA registry).
enum class AttributeCode : std::uint8_t {
  origin = 1,
  as_path = 2,
  next_hop = 3,
  multi_exit_disc = 4,
  local_pref = 5,
  atomic_aggregate = 6,
  aggregator = 7,
  communities = 8,
  mp_reach_nlri = 14,
  mp_unreach_nlri = 15,
  extended_communities = 16,
  as4_path = 17,
  as4_aggregator = 18,
  large_communities = 32,
  only_to_customer = 35,
};

/// Decodes the path attributes field into `out`: attributes, MP routes and issues. What must be there for
/// announced routes is checked by `decode_update`, which knows whether there are any. `seen` has bit N set
/// for every attribute of code N < 64 that was read without fault.
void decode_attributes(std::span<const std::uint8_t> field, const SessionFacts& facts, Update& out,
                       std::uint64_t& seen);

/// Decodes a field of prefixes (RFC 4271 section 4.3, RFC 7911 section 3). False when it is malformed; what
/// was read until then is in `out`.
bool decode_prefixes(std::span<const std::uint8_t> field, net::Family family, bool add_path,
                     std::vector<Nlri>& out);

/// Decodes an AS_PATH value; false when it is malformed.
bool decode_as_path(std::span<const std::uint8_t> value, bool four_octet_asn, AsPath& out);

}  // namespace peering::wire::bgp
