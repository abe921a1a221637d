// Longest match beside DPDK's tables, in turns in one process: one JSON object a line, in nanoseconds for a
// lookup. Every table answers every address before it is timed; where two differ, the program fails.
//
// rte_lpm takes minutes to add a million rules (each add walks those of its length), so what its adds up to
// /24 would have written is written here; longer ones it adds itself, and its lookups are its own. All tables
// lie on huge pages where the kernel gives them: DPDK runs without hugetlbfs, and its memory is collapsed by
// madvise.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_lpm.h>
#include <rte_lpm6.h>
#include <sys/mman.h>

#include "net/lookup_table.h"

namespace {

using peering::net::Address;
using peering::net::LookupTable;
using peering::net::Prefix;
using peering::net::PrefixMap;

constexpr std::size_t prefixes_v4 = 1'000'000, prefixes_v6 = 200'000, asked = 1 << 21;
constexpr int rounds = 15, builds = 5;
constexpr std::uint32_t no_match = 0xFFFFFF;

// What this thread spent: others on the machine take turns at will, and lengthen what they interrupt.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> of) {
  std::ranges::sort(of);
  return of[of.size() / 2];
}

void on_huge_pages(void* memory, std::size_t bytes) {
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const auto first = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const auto last = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
  constexpr int madv_collapse = 25;  // Linux 6.1, not in the headers of Debian 12
  if (last <= first) return;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  madvise(reinterpret_cast<void*>(first), last - first, madv_collapse);
}

// Something that answers all addresses at once.
struct Contender {
  std::string name;
  std::function<void(std::vector<std::uint32_t>& answers)> run;
};

bool same(const std::vector<std::uint32_t>& ours, const std::vector<std::uint32_t>& theirs) {
  return std::ranges::equal(ours, theirs, [](std::uint32_t a, std::uint32_t b) {
    return (a == LookupTable::none ? no_match : a) == b;
  });
}

// Medians, the ratio that of the pairs.
void report(const std::string& what, const std::vector<double>& ours, const std::string& peer,
            const std::vector<double>& theirs) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(theirs[i] / ours[i]);
  std::printf("{\"case\": \"%s\", \"ours\": %.4g, \"peer\": \"%s\", \"theirs\": %.4g, \"ratio\": %.3f}\n",
              what.c_str(), median(ours), peer.c_str(), median(theirs), median(ratios));
  std::fflush(stdout);
}

// In turns: what disturbs one disturbs the other.
bool compare(const std::string& what, const Contender& ours, const Contender& theirs) {
  std::vector<std::uint32_t> mine(asked), other(asked);
  ours.run(mine);
  theirs.run(other);
  if (!same(mine, other)) {
    std::fprintf(stderr, "%s: %s and %s answer differently\n", what.c_str(), ours.name.c_str(),
                 theirs.name.c_str());
    return false;
  }
  std::vector<double> ours_ns, theirs_ns;
  for (int round = 0; round < rounds; ++round) {
    double start = cpu_seconds();
    ours.run(mine);
    ours_ns.push_back((cpu_seconds() - start) * 1e9 / asked);
    start = cpu_seconds();
    theirs.run(other);
    theirs_ns.push_back((cpu_seconds() - start) * 1e9 / asked);
  }
  report(what, ours_ns, theirs.name, theirs_ns);
  return true;
}

// Which prefix each address is of: all alike, or few of them most of the time.
std::vector<std::size_t> picks(std::size_t of, bool zipf, std::mt19937& random) {
  std::vector<std::size_t> out(asked);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<std::size_t> order(of);
  for (std::size_t i = 0; i < of; ++i) order[i] = i;
  std::ranges::shuffle(order, random);
  // The rank of a Zipf(1) draw is distributed as n to the power of a uniform one.
  for (std::size_t& pick : out) {
    const double u = unit(random);
    const double rank = zipf ? std::pow(static_cast<double>(of), u) - 1 : u * static_cast<double>(of);
    pick = order[std::min(of - 1, static_cast<std::size_t>(rank))];
  }
  return out;
}

// As in full tables: most /24, a few longer than that.
int length_v4(std::mt19937& random) {
  if (random() % 256 == 0) return 25 + static_cast<int>(random() % 8);
  const auto dice = random() % 10;
  if (dice < 6) return 24;
  return dice < 8 ? 22 + static_cast<int>(random() % 2) : 16 + static_cast<int>(random() % 6);
}

std::uint32_t number(const Prefix& prefix) {
  return static_cast<std::uint32_t>(prefix.address().high64() >> 32);
}

rte_fib* make_fib(const std::vector<Prefix>& known) {
  rte_fib_conf conf{};
  conf.type = RTE_FIB_DIR24_8;
  conf.default_nh = no_match;
  conf.max_routes = 1 << 21;
  conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
  conf.dir24_8.num_tbl8 = 1 << 13;
  rte_fib* fib = rte_fib_create("fib", SOCKET_ID_ANY, &conf);
  if (!fib) return nullptr;
  for (std::uint32_t i = 0; i < known.size(); ++i) {
    if (rte_fib_add(fib, number(known[i]), static_cast<std::uint8_t>(known[i].length()), i) != 0)
      return nullptr;
  }
  return fib;
}

rte_lpm* make_lpm(const std::vector<Prefix>& known) {
  rte_lpm_config conf{};
  conf.max_rules = 1 << 14;
  conf.number_tbl8s = 1 << 13;
  rte_lpm* lpm = rte_lpm_create("lpm", SOCKET_ID_ANY, &conf);
  if (!lpm) return nullptr;
  on_huge_pages(lpm->tbl24, sizeof lpm->tbl24);
  for (std::uint32_t i = 0; i < known.size(); ++i) {
    const auto length = static_cast<std::uint8_t>(known[i].length());
    if (length > 24) {
      if (rte_lpm_add(lpm, number(known[i]), length, i) != 0) return nullptr;
      continue;
    }
    rte_lpm_tbl_entry entry{};
    entry.next_hop = i & no_match;
    entry.valid = 1;
    entry.depth = length & 0x3f;
    std::fill_n(lpm->tbl24 + (number(known[i]) >> 8), std::size_t{1} << (24 - length), entry);
  }
  return lpm;
}

// From the prefixes in order, as rte_fib gets them: ours alone, and with the map that it is kept in step
// with.
rte_fib* compare_build(const std::vector<Prefix>& known) {
  std::vector<std::pair<Prefix, std::uint32_t>> prefixes;
  for (std::uint32_t i = 0; i < known.size(); ++i) prefixes.emplace_back(known[i], i);
  std::vector<double> alone, with_map, theirs;
  rte_fib* fib = nullptr;
  for (int round = 0; round < builds; ++round) {
    rte_fib_free(fib);
    double start = cpu_seconds();
    fib = make_fib(known);
    theirs.push_back(cpu_seconds() - start);
    if (!fib) return nullptr;
    start = cpu_seconds();
    const LookupTable table(prefixes);
    alone.push_back(cpu_seconds() - start);
    start = cpu_seconds();
    PrefixMap<std::uint32_t> map;
    for (const auto& [prefix, value] : prefixes) map[prefix] = value;
    const LookupTable from_map(map);
    with_map.push_back(cpu_seconds() - start);
  }
  report("ipv4 build", alone, "rte_fib", theirs);
  report("ipv4 build with a map", with_map, "rte_fib", theirs);
  return fib;
}

// One prefix taken away and put back, in the map too: rte_fib has its own inside.
void compare_updates(LookupTable& table, PrefixMap<std::uint32_t>& map, rte_fib* fib,
                     const std::vector<Prefix>& known) {
  constexpr std::size_t updates = 100'000;
  std::vector<double> ours, theirs;
  for (std::size_t round = 0; round < rounds; ++round) {
    double start = cpu_seconds();
    for (std::size_t i = 0; i < updates; ++i) {
      const std::size_t which = (i * 7919 + round) % known.size();
      map.erase(known[which]);
      table.changed(map, known[which]);
      map[known[which]] = static_cast<std::uint32_t>(which);
      table.changed(map, known[which]);
    }
    ours.push_back((cpu_seconds() - start) * 1e6 / updates / 2);
    start = cpu_seconds();
    for (std::size_t i = 0; i < updates; ++i) {
      const std::size_t which = (i * 7919 + round) % known.size();
      const auto length = static_cast<std::uint8_t>(known[which].length());
      rte_fib_delete(fib, number(known[which]), length);
      rte_fib_add(fib, number(known[which]), length, which);
    }
    theirs.push_back((cpu_seconds() - start) * 1e6 / updates / 2);
  }
  report("ipv4 update, us", ours, "rte_fib", theirs);
}

bool compare_lookups(const LookupTable& table, rte_lpm* lpm, rte_fib* fib, const std::vector<Prefix>& known,
                     std::mt19937& random) {
  std::vector<std::uint32_t> addresses(asked);
  const Contender single{"ours", [&](auto& answers) {
                           const auto& ours = table.ipv4();
                           for (std::size_t i = 0; i < asked; ++i) answers[i] = ours.lookup(addresses[i]);
                         }};
  const Contender bulk{"ours", [&](auto& answers) { table.ipv4().lookup(addresses, answers); }};
  const Contender lpm_single{"rte_lpm", [&](auto& answers) {
                               for (std::size_t i = 0; i < asked; ++i) {
                                 std::uint32_t hop = no_match;
                                 answers[i] = rte_lpm_lookup(lpm, addresses[i], &hop) == 0 ? hop : no_match;
                               }
                             }};
  const Contender lpm_x4{"rte_lpm x4", [&](auto& answers) {
                           for (std::size_t i = 0; i < asked; i += 4) {
                             const auto four =
                                 _mm_loadu_si128(reinterpret_cast<const __m128i*>(&addresses[i]));
                             rte_lpm_lookupx4(lpm, four, &answers[i], no_match);
                           }
                         }};
  std::vector<std::uint64_t> hops(32);
  const Contender fib_bulk{"rte_fib AVX-512", [&](auto& answers) {
                             for (std::size_t i = 0; i < asked; i += 32) {
                               rte_fib_lookup_bulk(fib, &addresses[i], hops.data(), 32);
                               for (std::size_t at = 0; at < 32; ++at)
                                 answers[i + at] = static_cast<std::uint32_t>(hops[at]);
                             }
                           }};
  if (rte_fib_select_lookup(fib, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512) != 0) {
    std::fprintf(stderr, "rte_fib without AVX-512\n");
  }
  bool good = true;
  for (const char* how : {"uniform addresses", "uniform prefixes", "Zipf prefixes"}) {
    const auto chosen = picks(known.size(), how[0] == 'Z', random);
    for (std::size_t i = 0; i < asked; ++i) {
      const auto bits = static_cast<std::uint32_t>(random());
      const Prefix& prefix = known[chosen[i]];
      addresses[i] =
          how[8] == 'a'
              ? bits
              : number(prefix) | (bits & static_cast<std::uint32_t>(0xffffffffULL >> prefix.length()));
    }
    good &= compare(std::string("ipv4 single, ") + how, single, lpm_single);
    good &= compare(std::string("ipv4 bulk, ") + how, bulk, lpm_x4);
    good &= compare(std::string("ipv4 bulk, ") + how, bulk, fib_bulk);
  }
  return good;
}

// After all those changes it still answers as rte_lpm, which saw none.
bool agrees(const LookupTable& table, rte_lpm* lpm, const std::vector<Prefix>& known, std::mt19937& random) {
  for (const Prefix& prefix : known) {
    const auto inside = static_cast<std::uint32_t>(0xffffffffULL >> prefix.length());
    const std::uint32_t address = number(prefix) | (static_cast<std::uint32_t>(random()) & inside);
    std::uint32_t hop = no_match;
    if (rte_lpm_lookup(lpm, address, &hop) != 0) hop = no_match;
    const std::uint32_t ours = table.ipv4().lookup(address);
    if ((ours == LookupTable::none ? no_match : ours) == hop) continue;
    std::fprintf(stderr, "after updates: %x is %u here and %u there\n", address, ours, hop);
    return false;
  }
  return true;
}

bool ipv4(std::mt19937& random) {
  std::set<Prefix> made;
  while (made.size() < prefixes_v4)
    made.emplace(Address::v4(static_cast<std::uint32_t>(random())), length_v4(random));
  const std::vector<Prefix> known(made.begin(), made.end());
  PrefixMap<std::uint32_t> map;
  for (std::uint32_t i = 0; i < known.size(); ++i) map[known[i]] = i;
  LookupTable table(map);
  rte_fib* const fib = compare_build(known);
  rte_lpm* const lpm = make_lpm(known);
  if (!fib || !lpm) return false;
  on_huge_pages(rte_fib_get_dp(fib), std::size_t{4} << 24);
  if (!compare_lookups(table, lpm, fib, known, random)) return false;
  compare_updates(table, map, fib, known);
  return agrees(table, lpm, known, random);
}

bool ipv6(std::mt19937& random) {
  std::set<Prefix> made;
  while (made.size() < prefixes_v6) {
    // As allocated: a few /12s, /29s and /32s in them, most routes /48s.
    constexpr std::array<std::array<std::uint8_t, 2>, 6> tops{
        {{0x20, 1}, {0x24, 0}, {0x26, 0}, {0x28, 0}, {0x2a, 0}, {0x2c, 0}}};
    std::array<std::uint8_t, 16> bytes{};
    const auto& top = tops[random() % tops.size()];
    bytes[0] = top[0];
    bytes[1] = static_cast<std::uint8_t>(top[1] | (random() & 0x0f));
    for (std::size_t i = 2; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(random());
    if (random() % 4 != 0) bytes[2] &= 0x0f;
    const auto dice = random() % 10;
    made.emplace(Address::v6(bytes), dice < 5   ? 48
                                     : dice < 7 ? 32
                                     : dice < 8 ? 44
                                                : 29 + static_cast<int>(random() % 19));
  }
  const std::vector<Prefix> known(made.begin(), made.end());
  PrefixMap<std::uint32_t> map;
  for (std::uint32_t i = 0; i < known.size(); ++i) map[known[i]] = i;
  auto start = cpu_seconds();
  const LookupTable table(map);
  const double ours = cpu_seconds() - start;
  start = cpu_seconds();
  rte_lpm6_config config{};
  config.max_rules = 1 << 18;
  config.number_tbl8s = 1 << 19;
  rte_lpm6* lpm = rte_lpm6_create("lpm6", SOCKET_ID_ANY, &config);
  if (!lpm) return false;
  for (std::uint32_t i = 0; i < known.size(); ++i) {
    if (rte_lpm6_add(lpm, known[i].address().bytes().data(), static_cast<std::uint8_t>(known[i].length()),
                     i) != 0)
      return false;
  }
  report("ipv6 build", {ours}, "rte_lpm6", {cpu_seconds() - start});
  on_huge_pages(lpm, (std::size_t{4} << 24) + (std::size_t{4} << 27));

  std::vector<std::uint64_t> high(asked), low(asked);
  std::vector<std::array<std::uint8_t, 16>> bytes(asked);
  std::vector<std::int32_t> hops(32);
  const Contender single{"ours", [&](auto& answers) {
                           for (std::size_t i = 0; i < asked; ++i)
                             answers[i] = table.ipv6().lookup(high[i], low[i]);
                         }};
  const Contender bulk{"ours", [&](auto& answers) { table.ipv6().lookup(high, low, answers); }};
  const Contender lpm_single{"rte_lpm6", [&](auto& answers) {
                               for (std::size_t i = 0; i < asked; ++i) {
                                 std::uint32_t hop = no_match;
                                 answers[i] =
                                     rte_lpm6_lookup(lpm, bytes[i].data(), &hop) == 0 ? hop : no_match;
                               }
                             }};
  const Contender lpm_bulk{
      "rte_lpm6 bulk", [&](auto& answers) {
        for (std::size_t i = 0; i < asked; i += 32) {
          rte_lpm6_lookup_bulk_func(lpm, reinterpret_cast<std::uint8_t(*)[16]>(bytes[i].data()), hops.data(),
                                    32);
          for (std::size_t at = 0; at < 32; ++at)
            answers[i + at] = hops[at] < 0 ? no_match : static_cast<std::uint32_t>(hops[at]);
        }
      }};
  bool good = true;
  for (const bool zipf : {false, true}) {
    const auto chosen = picks(known.size(), zipf, random);
    for (std::size_t i = 0; i < asked; ++i) {
      const Prefix& prefix = known[chosen[i]];
      high[i] = prefix.address().high64() |
                ((std::uint64_t{random()} << 32 | random()) & ~std::uint64_t{0} >> prefix.length());
      low[i] = std::uint64_t{random()} << 32 | random();
      const std::uint64_t ends[2] = {__builtin_bswap64(high[i]), __builtin_bswap64(low[i])};
      std::memcpy(bytes[i].data(), ends, 16);
    }
    const std::string how = zipf ? "Zipf prefixes" : "uniform prefixes";
    good &= compare("ipv6 single, " + how, single, lpm_single);
    good &= compare("ipv6 bulk, " + how, bulk, lpm_bulk);
  }
  return good;
}

}  // namespace

int main(int, char** argv) {
  std::vector<std::string> arguments{
      argv[0],
      "--no-huge",
      "-m",
      "4000",
      "--no-pci",
      "--no-shconf",
      "--no-telemetry",
      "--log-level=3",
      "--force-max-simd-bitwidth=512",
      "-l",
      "0",
  };
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(raw.size()), raw.data()) < 0) return 1;
  std::mt19937 random(3);
  const bool good = ipv4(random);
  return ipv6(random) && good ? 0 : 1;
}
