#include "detect/settings.h"

namespace peering::detect {

std::size_t Thresholds::peers_min_for(model::EventKind kind) const {
  const auto found = peers_min_of.find(kind);
  return found == peers_min_of.end() ? peers_min : found->second;
}

}  // namespace peering::detect
