// Bytes that the map of watched prefixes takes for each, without what is registered under them.
//
// `watch_map_size COUNT` puts COUNT /24 prefixes into the registry's map, one entry each, and prints one JSON
// object.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <malloc.h>

#include "model/registry.h"

namespace {

std::size_t bytes_in_use() {
  const struct mallinfo2 memory = ::mallinfo2();
  return memory.uordblks + memory.hblkhd;
}

}  // namespace

int main(int count, char** arguments) {
  using namespace peering;
  const auto prefixes = static_cast<std::uint32_t>(std::strtoul(count > 1 ? arguments[1] : "0", nullptr, 10));
  if (prefixes == 0) {
    std::fputs("watch_map_size COUNT\n", stderr);
    return 1;
  }
  const auto entry = std::make_shared<const model::RegisteredPrefix>();
  model::Registry registry;
  const std::size_t before = bytes_in_use();
  for (std::uint32_t i = 0; i < prefixes; ++i) {
    registry.watch[net::Prefix(net::Address::v4(0x01000000U + (i << 8)), 24)].push_back(entry);
  }
  std::printf("{\"bytes_a_prefix\":%.1f}\n", double(bytes_in_use() - before) / double(prefixes));
}
