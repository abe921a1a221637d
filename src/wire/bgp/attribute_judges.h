// What makes the value of a path attribute malformed: one rule for each attribute that is known. The rules
// are those of the RFC that defines the attribute, as revised by RFC 7606 section 7; docs/malformed.md lists
// them.
#pragma once

#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {

/// What is wrong, as static text; nothing (null) is wrong with a good value.
using Fault = const char*;

/// Judges the value of an attribute whose flags are right. Of MP_REACH_NLRI and MP_UNREACH_NLRI the routes go
/// into `out`. A code that is not in `AttributeCode` is always good.
Fault judge_value(AttributeCode code, std::span<const std::uint8_t> value, const SessionFacts& facts,
                  MpReachForm form, AttributeScan& out);

}  // namespace peering::wire::bgp
