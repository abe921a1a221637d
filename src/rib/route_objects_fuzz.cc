// Dumps of registries from anywhere: cut where they may, they say the same, and what is kept is a prefix.
#include <cstdint>
#include <string_view>

#include "rib/route_objects.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peering::rib;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RouteObjectReader whole, pieces;
  whole.feed(text);
  whole.finish();
  for (std::size_t at = 0; at < size; at += 7) pieces.feed(text.substr(at, 7));
  pieces.finish();
  if (whole.read() != pieces.read() || whole.broken() != pieces.broken()) __builtin_trap();
  if (whole.objects().size() != whole.read() || whole.complaints() != pieces.complaints()) __builtin_trap();
  const RouteObjects objects(whole.objects());
  for (const RouteObject& object : whole.objects()) {
    const auto said = objects.registration(object.prefix, object.origin);
    if (said != (object.origin == 0 ? Registration::other_origins : Registration::registered))
      __builtin_trap();
  }
  return 0;
}
