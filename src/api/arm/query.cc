#include "api/arm/query.h"

#include "api/arm/names.h"
#include "http/query.h"

namespace peering::api::arm {

std::optional<Query> Query::parse(std::string_view text) {
  auto target = http::parse_target("/?" + std::string(text));
  if (!target) return std::nullopt;
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
