#include "api/arm/query.h"

#include <algorithm>

#include "api/arm/names.h"
#include "http/query.h"
#include "http/same_name.h"

namespace peering::api::arm {

Result<Query> Query::parse(std::string_view text) {
  auto target = http::parse_target("/?" + std::string(text));
  if (!target) return tl::unexpected(target.error());
  const auto& given = target->parameters;
  for (auto each = given.begin(); each != given.end(); ++each) {
    const auto is_same = [&](const auto& other) { return http::same_name(other.first, each->first); };
    if (std::any_of(given.begin(), each, is_same)) {
      return tl::unexpected(invalid("query", each->first, "a parameter comes once"));
    }
  }
  Query out;
  out.parameters_ = std::move(target->parameters);
  return out;
}

std::optional<std::string> Query::get(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace peering::api::arm
