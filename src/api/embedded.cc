#include "api/embedded.h"

// The assembler finds the files beside `src`, which is on the include path. The section is read-only and the
// program never needs an executable stack.
__asm__(
    ".pushsection .rodata\n"
    "peering_embedded_catalog_begin:\n"
    ".incbin \"../catalog/default.json\"\n"
    "peering_embedded_catalog_end:\n"
    "peering_embedded_openapi_begin:\n"
    ".incbin \"../api/openapi.json\"\n"
    "peering_embedded_openapi_end:\n"
    "peering_embedded_beacon_begin:\n"
    ".incbin \"api/beacon.js\"\n"
    "peering_embedded_beacon_end:\n"
    ".popsection\n");

extern "C" {
extern const char peering_embedded_catalog_begin[];
extern const char peering_embedded_catalog_end[];
extern const char peering_embedded_openapi_begin[];
extern const char peering_embedded_openapi_end[];
extern const char peering_embedded_beacon_begin[];
extern const char peering_embedded_beacon_end[];
}

namespace peering::api {

std::string_view embedded_catalog() {
  return {peering_embedded_catalog_begin,
          static_cast<std::size_t>(peering_embedded_catalog_end - peering_embedded_catalog_begin)};
}

std::string_view embedded_openapi() {
  return {peering_embedded_openapi_begin,
          static_cast<std::size_t>(peering_embedded_openapi_end - peering_embedded_openapi_begin)};
}

std::string_view embedded_beacon_script() {
  return {peering_embedded_beacon_begin,
          static_cast<std::size_t>(peering_embedded_beacon_end - peering_embedded_beacon_begin)};
}

}  // namespace peering::api
