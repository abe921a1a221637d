// $filter of any bytes: no crash, and what is accepted has the promised shape.
#include <cstddef>
#include <cstdint>

#include "api/arm/filter.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto terms = peering::api::arm::parse_filter(text);
  if (!terms) {
    PEERING_CHECK(!terms.error().message.empty());
    return 0;
  }
  PEERING_CHECK(terms->size() <= peering::api::arm::filter_terms_max);
  for (const auto& term : *terms) PEERING_CHECK(!term.field.empty());
  return 0;
}
