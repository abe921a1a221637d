// A cache that says anything: the first byte chooses how the bytes are cut, the rest is what it says. Time
// passes between pieces. What decodes must encode to what decodes the same.
#include <cstdlib>

#include "wire/rtr/client.h"

namespace rtr = peering::wire::rtr;

namespace {

void round_trip(std::span<const std::uint8_t> bytes) {
  const auto pdu = rtr::decode_pdu(bytes);
  if (!pdu) return;
  const auto again = rtr::decode_pdu(rtr::encode_pdu(pdu->version, pdu->pdu));
  // A report may come in a version that nothing else exists in.
  if (!again || again->pdu.index() != pdu->pdu.index()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] == 0 ? size : data[0];
  std::span<const std::uint8_t> rest(data + 1, size - 1);
  for (auto whole = rest; true;) {
    const auto length = rtr::split_pdu(whole);
    if (!length || *length == 0) break;
    round_trip(whole.first(*length));
    whole = whole.subspan(*length);
  }
  rtr::ClientLimits limits;
  limits.records_max = 1000;
  rtr::Client client(limits);
  rtr::Instant now{};
  client.connected(now);
  while (!rest.empty()) {
    const auto part = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(part.size());
    now += std::chrono::seconds(part[0]);
    const bool close = client.received(part, now).close || client.tick(now).close;
    if (client.vrps().size() > limits.records_max) std::abort();
    if (close) {
      client.disconnected(now);
      client.connected(now);
    }
  }
  (void)client.aspas();
  return 0;
}
