#include "detect/rpki_state.h"

namespace peering::detect {

rib::Validity validity_of(const rib::VrpTable& vrps, const net::Prefix& prefix, const PathView& view) {
  return vrps.validity(prefix, view.origin.value_or(0));
}

std::string_view rpki_state(const Knowledge& knowledge, const net::Prefix& prefix, const PathView& view) {
  if (!knowledge.vrps || view.origins.empty()) return "unknown";
  return to_string(validity_of(*knowledge.vrps, prefix, view));
}

bool is_about_rpki(model::EventKind kind) {
  return kind == model::EventKind::rpki_invalid || kind == model::EventKind::rpki_not_found ||
         kind == model::EventKind::rpki_roa_lost;
}

}  // namespace peering::detect
