// Anything on the UDP port of a sender or a reflector. What decodes encodes to its own first bytes but for
// those that must be zero, and no round trip is below zero or above what passed.
#include <cstdlib>

#include "wire/stamp/packet.h"

namespace stamp = peering::wire::stamp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  if (const auto sent = stamp::decode_sender(bytes)) {
    if (stamp::decode_sender(stamp::encode(*sent)) != sent) std::abort();
    if (stamp::encode(stamp::reflect(*sent, 1, 2)).size() > size) std::abort();
  }
  const auto answer = stamp::decode_reflector(bytes);
  if (!answer) return 0;
  if (stamp::decode_reflector(stamp::encode(*answer)) != answer) std::abort();
  const std::chrono::nanoseconds elapsed = std::chrono::seconds(1);
  const auto rtt = stamp::round_trip(*answer, elapsed);
  if (rtt && (rtt->count() < 0 || *rtt > elapsed)) std::abort();
  return 0;
}
