// $filter of metrics of any bytes: no crash, and what is accepted has the promised shape.
#include <cstddef>
#include <cstdint>

#include "api/arm/dimension_filter.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto conditions = peering::api::arm::parse_dimension_filter(text);
  if (!conditions) {
    PEERING_CHECK(!conditions.error().message.empty());
    return 0;
  }
  std::size_t terms = 0;
  for (const auto& condition : *conditions) {
    PEERING_CHECK(!condition.dimension.empty() && !condition.any_of.empty());
    terms += condition.any_of.size();
  }
  PEERING_CHECK(terms <= peering::api::arm::dimension_terms_max);
  return 0;
}
