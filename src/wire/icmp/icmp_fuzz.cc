// Anything that a raw or datagram socket for ICMP may give: the first byte chooses the family and whether an
// IPv4 header comes first. What is an echo encodes to what decodes the same.
#include <algorithm>
#include <cstdlib>

#include "wire/icmp/message.h"

namespace icmp = peering::wire::icmp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto family = (data[0] & 1) != 0 ? peering::net::Family::ipv6 : peering::net::Family::ipv4;
  std::span<const std::uint8_t> bytes(data + 1, size - 1);
  (void)icmp::problem_of(family, bytes[0], bytes[1]);
  if ((data[0] & 2) != 0) bytes = icmp::ipv4_payload(bytes);
  const auto echo = icmp::decode_echo(family, bytes);
  if (!echo) return 0;
  (void)icmp::is_balanced(echo->sequence, 1, echo->data);
  const auto encoded = icmp::encode_echo(family, *echo);
  const auto again = icmp::decode_echo(family, encoded);
  if (!again || again->reply != echo->reply || again->identifier != echo->identifier ||
      again->sequence != echo->sequence || !std::ranges::equal(again->data, echo->data)) {
    std::abort();
  }
  return 0;
}
