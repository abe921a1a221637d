// `bmp-decode`: a stream of Route Monitoring messages in memory to values, one thread: frames split, headers
// read, every attribute of the UPDATE found, checked (RFC 7606) and decoded, every prefix a value. Beside it
// memcpy of the same bytes.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "wire/bgp/generated_routes.h"
#include "wire/bgp/update_digest.h"
#include "wire/bmp/encode.h"

namespace peering::wire::bmp {
namespace {

constexpr std::size_t stream_bytes = 96 << 20;

const Frame& stream() {
  static const Frame out = [] {
    Frame bytes;
    bgp::GeneratedRoutes routes(3);
    PerPeerHeader peer;
    peer.time = time_from_us(1'700'000'000'000'000);
    while (bytes.size() < stream_bytes) {
      const std::uint32_t number = routes.below(30);
      peer.address = peer.bgp_identifier = net::Address::v4(0xC6336400 + number);
      peer.asn = 1000 + number;
      const Frame frame = encode_route_monitoring(peer, routes.update(number));
      bytes.insert(bytes.end(), frame.begin(), frame.end());
    }
    return bytes;
  }();
  return out;
}

void decode_stream(benchmark::State& state) {
  const Frame& bytes = stream();
  std::uint64_t digest = 0;
  std::int64_t messages = 0;
  bgp::Update update;
  for (auto _ : state) {
    for (Bytes rest(bytes); !rest.empty();) {
      const std::size_t length = split_frame(rest).value();
      const auto message = decode_message(rest.first(length));
      PEERING_CHECK(message);
      const auto& monitoring = std::get<RouteMonitoring>(*message);
      const auto inner = bgp::decode_message(monitoring.update);
      PEERING_CHECK(inner);
      bgp::decode_update_into(inner->body, {}, update);
      PEERING_CHECK(update.issues.empty());
      bgp::add_to_digest(update, digest);
      bgp::add_to_digest(monitoring.peer.asn, digest);
      rest = rest.subspan(length);
      ++messages;
    }
    benchmark::DoNotOptimize(digest);
  }
  state.SetItemsProcessed(messages);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}

void copy_stream(benchmark::State& state) {
  const Frame& bytes = stream();
  Frame to(bytes.size());
  for (auto _ : state) {
    std::copy(bytes.begin(), bytes.end(), to.begin());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}

BENCHMARK(decode_stream)->Name("bmp-decode/route-monitoring")->Unit(benchmark::kMillisecond);
BENCHMARK(copy_stream)->Name("bmp-decode/route-monitoring/memcpy")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace peering::wire::bmp
