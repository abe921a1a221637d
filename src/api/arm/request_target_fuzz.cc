// A request's path and query of any bytes: no crash, and what is accepted can be a name, comes back whole
// from its own text, and fits the tokens of paging.
#include <cstddef>
#include <cstdint>

#include "api/arm/api_version.h"
#include "api/arm/paging.h"
#include "api/arm/query.h"
#include "api/arm/resource_id.h"
#include "base/check.h"
#include "http/query.h"

using namespace peering::api;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  const std::size_t mark = target.find('?');
  const auto segments = arm::split_path(target.substr(0, mark));
  if (segments) {
    for (const auto& segment : *segments) {
      PEERING_CHECK(!segment.empty() && segment.find('/') == std::string::npos);
    }
    const std::string path = arm::join_path(*segments);
    std::string encoded;
    for (const auto& segment : *segments) encoded += "/" + peering::http::percent_encode(segment);
    PEERING_CHECK(path.empty() || *arm::split_path(encoded) == *segments);
    PEERING_CHECK(arm::parent_of(path).size() <= path.size());
    PEERING_CHECK(arm::covers(path, path));
    if (const auto id = arm::parse_resource_id(*segments)) {
      for (const auto& provider : id->providers) {
        PEERING_CHECK(provider.names.size() <= provider.types.size() &&
                      provider.types.size() <= provider.names.size() + 1);
      }
    }
    PEERING_CHECK(arm::read_skip_token(arm::make_skip_token(path)) == path);
  }
  const auto query = arm::Query::parse(mark == std::string_view::npos ? target : target.substr(mark + 1));
  if (query) {
    (void)arm::read_page(*query);
    (void)arm::check_api_version("Microsoft.Peering", query->get("api-version"));
  }
  return 0;
}
