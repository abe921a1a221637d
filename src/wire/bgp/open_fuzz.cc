// A whole BGP message, or the body of an OPEN or NOTIFICATION, from any bytes. An OPEN that can be read is
// written again and must read the same.
#include "base/check.h"
#include "wire/bgp/message.h"
#include "wire/bgp/notification.h"

namespace bgp = peering::wire::bgp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  (void)bgp::decode_message(bytes);
  (void)bgp::decode_message(bytes, true);
  if (const auto notification = bgp::decode_notification(bytes)) {
    (void)bgp::to_text(*notification);
    const auto written = bgp::encode_notification(*notification);
    const auto framed = bgp::decode_message(written);
    PEERING_CHECK(framed && framed->type == bgp::MessageType::notification);
  }
  (void)bgp::message_length(bytes, false);
  (void)bgp::message_length(bytes, true);
  (void)bgp::decode_route_refresh(bytes);
  const auto open = bgp::decode_open(bytes);
  if (!open) return 0;
  const std::vector<std::uint8_t> encoded = bgp::encode_open(*open);
  const auto message = bgp::decode_message(encoded);
  PEERING_CHECK(message);
  const auto again = bgp::decode_open(message->body);
  PEERING_CHECK(again && *again == *open);
  return 0;
}
