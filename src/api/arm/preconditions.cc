#include "api/arm/preconditions.h"

#include <string_view>

namespace peering::api::arm {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Our tags have no commas, so that those of others cannot be taken for them.
bool names(std::string_view field, const std::optional<std::string>& etag) {
  if (!etag) return false;
  if (trimmed(field) == "*") return true;
  const std::string wanted = etag_field(*etag);
  while (!field.empty()) {
    const std::size_t comma = field.find(',');
    if (trimmed(field.substr(0, comma)) == wanted) return true;
    if (comma == std::string_view::npos) break;
    field.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

std::string etag_field(const std::string& etag) { return "\"" + etag + "\""; }

Expected<void> check_preconditions(const http::Request& request, const std::optional<std::string>& etag) {
  const auto if_match = request.headers.get("If-Match");
  const auto if_none_match = request.headers.get("If-None-Match");
  if (if_match && !names(*if_match, etag)) {
    return refuse(412, "PreconditionFailed",
                  invalid("If-Match", *if_match,
                          etag ? "the etag of the resource as it is now" : "absent: there is no resource yet")
                      .message);
  }
  if (if_none_match && names(*if_none_match, etag)) {
    return refuse(412, "PreconditionFailed",
                  invalid("If-None-Match", *if_none_match, "no etag of the resource as it is now").message);
  }
  return {};
}

}  // namespace peering::api::arm
