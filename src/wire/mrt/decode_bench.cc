// `mrt-decode`: MRT records in memory to values, one thread. Every attribute is found and checked (RFC 7606)
// and decoded, every prefix becomes a value; a digest of all of them is the proof that nothing was left out.
// Beside it memcpy of the same bytes, in turns.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "wire/bgp/attributes.h"
#include "wire/bgp/generated_routes.h"
#include "wire/bgp/update.h"
#include "wire/bgp/update_digest.h"
#include "wire/mrt/table.h"

namespace peering::wire::mrt {
namespace {

using File = std::vector<std::uint8_t>;

constexpr std::size_t file_bytes = 96 << 20;
constexpr std::uint32_t peer_count = 10;

void record(File& file, RecordType type, std::uint16_t subtype, const ByteWriter& body) {
  ByteWriter header;
  header.u32(1'700'000'000);
  header.u16(static_cast<std::uint16_t>(type));
  header.u16(subtype);
  header.u32(static_cast<std::uint32_t>(body.size()));
  file.insert(file.end(), header.data().begin(), header.data().end());
  file.insert(file.end(), body.data().begin(), body.data().end());
}

const File& updates() {
  static const File file = [] {
    File out;
    bgp::GeneratedRoutes routes(1);
    while (out.size() < file_bytes) {
      const std::uint32_t peer = routes.below(30);
      ByteWriter body;
      body.u32(1000 + peer);
      body.u32(64496);
      body.u16(0);
      body.u16(1);
      body.u32(0xC6336400 + peer);
      body.u32(0xC63364FE);
      body.bytes(routes.update(peer));
      record(out, RecordType::bgp4mp, 4, body);
    }
    return out;
  }();
  return file;
}

// The attributes field of an announcement.
std::vector<std::uint8_t> attributes_field(bgp::GeneratedRoutes& routes, std::uint32_t peer, bool ipv6) {
  bgp::Update update;
  update.attributes = routes.attributes(peer);
  std::vector<std::uint8_t> out;
  if (ipv6) {
    update.attributes.next_hop.reset();
    const net::Address next_hop = routes.ipv6_address();
    out = {0x80, 14, 17, 16};
    out.insert(out.end(), next_hop.bytes().begin(), next_hop.bytes().end());
  }
  update.announced = {{net::Prefix(), 0}};
  const auto message = bgp::encode_update(update, {}).value();
  out.insert(out.end(), message.begin() + bgp::header_bytes + 4, message.end() - 1);
  return out;
}

const File& table() {
  static const File file = [] {
    File out;
    bgp::GeneratedRoutes routes(2);
    for (std::uint32_t sequence = 0; out.size() < file_bytes; ++sequence) {
      const bool ipv6 = sequence % 6 == 5;
      const net::Prefix prefix = ipv6 ? routes.ipv6_prefix() : routes.ipv4_prefix();
      ByteWriter body;
      body.u32(sequence);
      body.u8(static_cast<std::uint8_t>(prefix.length()));
      body.bytes(prefix.address().bytes().first(static_cast<std::size_t>(prefix.length() + 7) / 8));
      body.u16(peer_count);
      for (std::uint16_t peer = 0; peer < peer_count; ++peer) {
        const auto field = attributes_field(routes, peer, ipv6);
        body.u16(peer);
        body.u32(1'700'000'000);
        body.u16(static_cast<std::uint16_t>(field.size()));
        body.bytes(field);
      }
      record(out, RecordType::table_dump_v2, ipv6 ? 4 : 2, body);
    }
    return out;
  }();
  return file;
}

struct Totals {
  std::uint64_t records = 0, routes = 0, digest = 0;
};

// Calls `visit(const Record&)` for every record.
template <class Visit>
void for_each_record(Bytes rest, Visit&& visit) {
  while (!rest.empty()) {
    const std::size_t length = split_record(rest).value();
    const auto header = decode_header(rest.first(length));
    visit(header.value());
    rest = rest.subspan(length);
  }
}

Totals decode_updates(Bytes bytes) {
  Totals out;
  bgp::Update update;
  for_each_record(bytes, [&](const Record& one) {
    const auto content = decode_record(one);
    const auto& message = std::get<BgpMessage>(content.value());
    bgp::decode_update_into(message.body, message.facts, update);
    PEERING_CHECK(update.issues.empty());
    ++out.records;
    out.routes += bgp::add_to_digest(update, out.digest);
  });
  return out;
}

Totals decode_table(Bytes bytes) {
  Totals out;
  TableRoutes routes;
  bgp::PathAttributes attributes;
  for_each_record(bytes, [&](const Record& one) {
    PEERING_CHECK(decode_table_routes(one, routes));
    ++out.records;
    bgp::add_to_digest(routes.prefix.prefix(routes.family), out.digest);
    for (const TableEntry& entry : routes.entries) {
      bgp::AttributeScan scan;
      bgp::scan_attributes(entry.attributes, {}, bgp::MpReachForm::next_hop, scan);
      PEERING_CHECK(scan.issues.empty());
      bgp::read_path_attributes(scan, {}, attributes);
      if (scan.reach) attributes.next_hop = scan.reach->next_hop;
      ++out.routes;
      bgp::add_to_digest(attributes, out.digest);
    }
  });
  return out;
}

void decode(benchmark::State& state, const File& file, Totals (*decoder)(Bytes)) {
  Totals totals;
  for (auto _ : state) {
    totals = decoder(file);
    benchmark::DoNotOptimize(totals);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * file.size()));
  state.counters["records"] = static_cast<double>(totals.records);
  state.counters["routes"] = static_cast<double>(totals.routes);
}

void copy(benchmark::State& state, const File& file) {
  File to(file.size());
  for (auto _ : state) {
    std::memcpy(to.data(), file.data(), file.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * file.size()));
}

void decode_updates_bench(benchmark::State& state) { decode(state, updates(), decode_updates); }
void copy_updates(benchmark::State& state) { copy(state, updates()); }
void decode_table_bench(benchmark::State& state) { decode(state, table(), decode_table); }
void copy_table(benchmark::State& state) { copy(state, table()); }

BENCHMARK(decode_table_bench)->Name("mrt-decode/table")->Unit(benchmark::kMillisecond);
BENCHMARK(copy_table)->Name("mrt-decode/table/memcpy")->Unit(benchmark::kMillisecond);
BENCHMARK(decode_updates_bench)->Name("mrt-decode/updates")->Unit(benchmark::kMillisecond);
BENCHMARK(copy_updates)->Name("mrt-decode/updates/memcpy")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace peering::wire::mrt
