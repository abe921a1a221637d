// What the RPKI says of a route, in the words that are served.
#pragma once

#include <string_view>

#include "detect/path_view.h"
#include "detect/settings.h"
#include "model/event.h"

namespace peering::detect {

/// RFC 6811 section 2 of a route with this path: a path that ends in an AS_SET has no origin and is never
/// valid; an empty one has nothing to check.
rib::Validity validity_of(const rib::VrpTable& vrps, const net::Prefix& prefix, const PathView& view);
/// "valid", "invalid", "not-found"; "unknown" when there is no RPKI data or the path is empty.
std::string_view rpki_state(const Knowledge& knowledge, const net::Prefix& prefix, const PathView& view);
/// The kinds whose findings only RPKI data can make or end.
bool is_about_rpki(model::EventKind kind);

}  // namespace peering::detect
