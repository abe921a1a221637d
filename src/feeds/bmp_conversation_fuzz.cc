// A whole BMP session of hostile bytes: whatever frames it holds, the conversation goes on and its memory is
// bounded by what the bytes say.
#include <cstdint>
#include <span>

#include "base/log.h"
#include "feeds/bmp_conversation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace peering;
  log::set_level(log::Level::error);
  static Metrics metrics;
  static feeds::BmpMetrics bmp_metrics(metrics);
  feeds::PeerRegistry peers;
  feeds::BmpConversation conversation(net::Address(), 100, peers, bmp_metrics);
  std::vector<feeds::ShardMessage> out;
  auto rest = std::span(data, size);
  while (!rest.empty()) {
    const auto length = wire::bmp::split_frame(rest);
    if (!length || *length == 0 || *length > rest.size()) break;
    conversation.take(rest.first(*length), time_from_us(1'795'600'000'000'000), out);
    rest = rest.subspan(*length);
  }
  conversation.end(TimePoint{}, "end", feeds::BmpConversation::Others::speaking, out);
  for (const auto& message : out) {
    const auto* run = std::get_if<feeds::RouteRun>(&message);
    if (!run) continue;
    if (run->burst.empty()) __builtin_trap();
    run->burst.for_each([](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
      if (!peer || (routes.announced.empty() && routes.withdrawn.empty())) __builtin_trap();
      rib::for_each_bits(routes.announced, routes.family, [](const rib::PrefixBits&) {});
      if (routes.announced.empty() && !routes.attributes.empty()) __builtin_trap();
    });
  }
  return 0;
}
