#include "latency/degradation.h"

#include <array>
#include <utility>

namespace peering::latency {

namespace {

constexpr std::array<std::pair<Basis, std::string_view>, 3> basis_names{{
    {Basis::best_state, "best-state"},
    {Basis::hour_of_day, "hour-of-day"},
    {Basis::hour_of_week, "hour-of-week"},
}};

}  // namespace

std::string_view to_string(Basis basis) { return basis_names[static_cast<std::size_t>(basis)].second; }

std::optional<Basis> parse_basis(std::string_view text) {
  for (const auto& [basis, name] : basis_names) {
    if (name == text) return basis;
  }
  return std::nullopt;
}

std::string_view to_string(TemporalClass temporal_class) {
  switch (temporal_class) {
    case TemporalClass::insufficient:
      return "insufficient";
    case TemporalClass::uneventful:
      return "uneventful";
    case TemporalClass::diurnal:
      return "diurnal";
    case TemporalClass::episodic:
      return "episodic";
    case TemporalClass::continuous:
      return "continuous";
  }
  return "";
}

}  // namespace peering::latency
