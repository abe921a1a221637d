// A BMP stream from any bytes: frames are split and decoded as a station does.
#include "wire/bgp/update.h"
#include "wire/bmp/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace bmp = peering::wire::bmp;
  std::span<const std::uint8_t> rest(data, size);
  while (true) {
    const auto length = bmp::split_frame(rest);
    if (!length || *length == 0) return 0;
    const auto message = bmp::decode_message(rest.first(*length));
    rest = rest.subspan(*length);
    if (!message) continue;
    if (const auto* monitoring = std::get_if<bmp::RouteMonitoring>(&*message)) {
      const auto inner = peering::wire::bgp::decode_message(monitoring->update);
      if (inner) (void)peering::wire::bgp::decode_update(inner->body, {});
    }
    if (const auto* initiation = std::get_if<bmp::Initiation>(&*message)) (void)initiation->system_name();
    if (const auto* down = std::get_if<bmp::PeerDown>(&*message)) {
      (void)down->notification();
      (void)down->event();
      (void)down->table_name();
    }
    if (const auto* up = std::get_if<bmp::PeerUp>(&*message)) (void)up->table_name();
    if (const auto* mirroring = std::get_if<bmp::RouteMirroring>(&*message)) {
      for (const bmp::Bytes one : mirroring->messages()) {
        const auto inner = peering::wire::bgp::decode_message(one);
        if (inner) (void)peering::wire::bgp::decode_update(inner->body, {});
      }
      (void)mirroring->messages_lost();
    }
    (void)bmp::unknown_values(*message);
  }
}
