// How sure we are of a finding: one formula (docs/events.md), points of 100.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rib/route_objects.h"

namespace peering::detect {

/// What the suspected AS is to the ASes that are expected.
enum class Kinship : std::uint8_t { none, neighbors, siblings };

/// What speaks for and against a finding.
struct Indications {
  std::size_t peers = 0;  ///< distinct peer ASes that showed it
  std::size_t ways = 0;   ///< distinct ASes behind those peers
  std::string_view rpki;  ///< `model::Event::rpki`
  Kinship kinship = Kinship::none;
  bool seen_before = false;  ///< the same was found more than a day before
  bool new_link = false;     ///< the AS next to the origin was never seen there (`LearnedLinks`)
  /// What registries say of the prefix and its origin; unknown where the finding is not about the origin.
  rib::Registration registration = rib::Registration::unknown;
};

struct Confidence {
  double value = 0;  ///< 0.01 to 0.99
  std::string text;  ///< how it comes about, as a line of evidence that begins with `confidence_words`
};
inline constexpr std::string_view confidence_words = "confidence ";

Confidence confidence_of(const Indications& indications);
/// Puts the line that says how the confidence comes about where the former one is, else at the end.
void tell_confidence(const Confidence& confidence, std::vector<std::string>& evidence);

}  // namespace peering::detect
