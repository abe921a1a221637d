// Request targets of any bytes: no crash, the limits hold, and what was understood comes back from its own
// text.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/utf8.h"
#include "http/query.h"

using namespace peering::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') == std::string_view::npos && peering::is_utf8(text)) {
    PEERING_CHECK(percent_decode(percent_encode(text)) == text);
    PEERING_CHECK(percent_decode(percent_encode(text), true) == text);
  }
  const auto target = parse_target(text);
  if (!target) return 0;
  PEERING_CHECK(target->segments.size() <= target_parts_max);
  PEERING_CHECK(target->parameters.size() <= target_parts_max);
  std::string again;
  for (const std::string& segment : target->segments) again += "/" + percent_encode(segment);
  again += "?";
  for (const auto& [name, value] : target->parameters) {
    again += percent_encode(name) + "=" + percent_encode(value) + "&";
    PEERING_CHECK(target->parameter(name).has_value());
  }
  const auto same = parse_target(again);
  PEERING_CHECK(same && same->segments == target->segments && same->parameters == target->parameters);
  return 0;
}
