#include "wire/openbmp/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = peering::wire::openbmp::decode_message({data, size});
  if (!message && message.error().message.empty()) __builtin_trap();
  // The body is the end of the input, never something beside it.
  if (message && message->body.data() + message->body.size() != data + size) __builtin_trap();
  return 0;
}
