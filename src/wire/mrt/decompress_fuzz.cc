// Compressed streams from any bytes: bounded output, no crash, no endless loop.
#include "base/check.h"
#include "wire/mrt/decompress.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace mrt = peering::wire::mrt;
  constexpr std::size_t piece_bytes = 4096;
  constexpr int pieces_max = 64;
  std::span<const std::uint8_t> input(data, size);
  const auto decompressor = mrt::make_decompressor(mrt::detect_compression(input));
  std::vector<std::uint8_t> out;
  for (int piece = 0; piece < pieces_max; ++piece) {
    out.clear();
    const std::size_t before = input.size();
    if (!decompressor->feed(input, out, piece_bytes)) return 0;
    PEERING_CHECK(out.size() <= piece_bytes);
    if (out.empty() && input.size() == before) return 0;
  }
  return 0;
}
