#include "rib/route.h"

namespace peering::rib {

std::string_view to_string(RibKind kind) {
  switch (kind) {
    case RibKind::adj_rib_in_pre_policy:
      return "adjRibInPrePolicy";
    case RibKind::adj_rib_in_post_policy:
      return "adjRibInPostPolicy";
    case RibKind::adj_rib_out_pre_policy:
      return "adjRibOutPrePolicy";
    case RibKind::adj_rib_out_post_policy:
      return "adjRibOutPostPolicy";
    case RibKind::loc_rib:
      return "locRib";
  }
  return "";
}

}  // namespace peering::rib
