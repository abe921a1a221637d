#include <cstdint>
#include <string_view>

#include "wire/ris/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static peering::wire::ris::Decoder decoder;
  const auto message = decoder.decode({reinterpret_cast<const char*>(data), size});
  if (!message && message.error().message.empty()) __builtin_trap();
  return 0;
}
