// RIS Live messages a second from JSON to values, on one thread: generated ones shaped like the service's,
// and the recorded ones where the shared data is.
#include <cstdlib>
#include <fstream>
#include <random>

#include <benchmark/benchmark.h>

#include "wire/ris/message.h"

namespace peering::wire::ris {
namespace {

constexpr int messages = 20'000;

std::string prefix_text(std::mt19937& random, bool ipv6) {
  const unsigned a = random() % 0xFFFF, b = random() % 0xFFFF;
  if (ipv6) return fmt::format("\"2a{:02x}:{:x}:{:x}::/48\"", a % 256, b, a);
  return fmt::format("\"{}.{}.{}.0/24\"", 1 + a % 222, b % 256, b / 256);
}

// 2.2 prefixes a message, paths of 3 to 7, 0 to 5 communities, a fifth IPv6, a tenth withdrawals only.
std::string generated_message(std::mt19937& random) {
  const bool ipv6 = random() % 5 == 0, withdrawal = random() % 10 == 0;
  const std::string peer = ipv6 ? fmt::format("2001:7f8:{:x}::{:x}:1", random() % 255, random() % 65535)
                                : fmt::format("195.66.{}.{}", random() % 256, random() % 256);
  const unsigned asn = 1000 + random() % 60'000;
  std::string path = std::to_string(asn), communities, prefixes;
  for (unsigned i = 0, n = 2 + random() % 5; i < n; ++i) path += fmt::format(",{}", 1 + random() % 270'000);
  for (unsigned i = 0, n = random() % 6; i < n; ++i) {
    communities += fmt::format("{}[{},{}]", i ? "," : "", random() % 65536, random() % 65536);
  }
  for (unsigned i = 0, n = 1 + random() % 3 + (random() % 10 == 0); i < n; ++i) {
    prefixes += (i ? "," : "") + prefix_text(random, ipv6);
  }
  const std::string head =
      fmt::format(R"({{"type":"ris_message","data":{{"timestamp":{}.{:03},"peer":"{}","peer_asn":"{}",)"
                  R"("id":"{}-01a019f5{:08x}",)"
                  R"("host":"rrc{:02}.ripe.net","type":"UPDATE",)",
                  1'787'141'000 + random() % 900, random() % 1000, peer, asn, peer, random(), random() % 27);
  if (withdrawal) {
    return head +
           fmt::format(R"("path":[],"community":[],"announcements":[],"withdrawals":[{}]}}}})", prefixes);
  }
  return head +
         fmt::format(R"("path":[{}],"community":[{}],"origin":"IGP","announcements":[{{"next_hop":"{}",)"
                     R"("prefixes":[{}]}}],"withdrawals":[]}}}})",
                     path, communities, peer, prefixes);
}

std::vector<std::string> generated_stream() {
  std::mt19937 random(1);
  std::vector<std::string> out;
  for (int i = 0; i < messages; ++i) out.push_back(generated_message(random));
  return out;
}

std::vector<std::string> recorded_stream() {
  const char* given = std::getenv("PEERING_SHARED");
  const std::string shared = given ? given : PEERING_SOURCE_DIR "/../shared";
  std::vector<std::string> out;
  Decoder decoder;
  for (const char* name : {"/data/json/ris-live-2026-08.jsonl", "/data/json/ris-live-stream.json"}) {
    std::ifstream file(shared + name);
    for (std::string line; std::getline(file, line);) {
      if (decoder.decode(line)) out.push_back(line);
    }
  }
  return out;
}

void decode(benchmark::State& state, const std::vector<std::string>& lines) {
  if (lines.empty()) return state.SkipWithError("no shared data");
  Decoder decoder;
  Message message;
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const std::string& line : lines) {
      if (!decoder.decode_into(line, message)) return state.SkipWithError("a message was refused");
      benchmark::DoNotOptimize(message);
      bytes += line.size();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(lines.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void decode_generated(benchmark::State& state) { decode(state, generated_stream()); }
BENCHMARK(decode_generated)->Name("ris-decode/generated");
void decode_recorded(benchmark::State& state) { decode(state, recorded_stream()); }
BENCHMARK(decode_recorded)->Name("ris-decode/recorded");

}  // namespace
}  // namespace peering::wire::ris
