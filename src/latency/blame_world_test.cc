// 500 faults in generated worlds of 20 PoPs and 200 client ASes, with noise: how often blame is right where
// the fault can be told, and how often it accuses somebody else.
#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "latency/blame.h"
#include "latency/blame_causes.h"

namespace peering::latency {
namespace {

constexpr int world_pops = 20, world_clients = 200, injected_faults = 500;
constexpr net::Asn first_client_asn = 65000, first_transit_asn = 64000, first_regional_asn = 64500;
constexpr double looks_bad = 0.02, looks_good = 0.06;  // without, and in spite of a fault

class BlameWorld {
 public:
  // In every second world many clients are seen at few PoPs, so that less can be told.
  explicit BlameWorld(unsigned seed) : random_(seed), pops_min_(seed % 2 == 0 ? 1 : 4) {
    for (int client = 0; client < world_clients; ++client) add_client(client);
  }

  // One fault that at least some of what is seen touches.
  Cause random_fault() {
    const Quartet& at = quartets_[pick(quartets_.size())];
    switch (pick(4)) {
      case 0:
        return {CauseScope::edge, at.pop, 0, {}, 0};
      case 1:
        return {CauseScope::client_network, "", at.client_asn, {}, 0};
      case 2:
        return {CauseScope::client_prefix, "", at.client_asn, at.prefix, 0};
      default:
        return {CauseScope::middle, "", at.as_path[pick(at.as_path.size() - 1)], {}, 0};
    }
  }

  static bool touches(const Cause& cause, const Quartet& at) {
    switch (cause.scope) {
      case CauseScope::edge:
        return at.pop == cause.pop;
      case CauseScope::client_network:
        return at.client_asn == cause.asn;
      case CauseScope::client_prefix:
        return at.prefix == cause.prefix;
      default:
        return at.client_asn != cause.asn && std::ranges::find(at.as_path, cause.asn) != at.as_path.end();
    }
  }

  void inject(const Cause& fault) {
    for (Quartet& each : quartets_) each.bad = touches(fault, each) != chance(touches(fault, each));
  }
  const Quartet* someone_hit(const Cause& fault) {
    std::vector<const Quartet*> hit;
    for (const Quartet& each : quartets_) {
      if (each.bad && touches(fault, each)) hit.push_back(&each);
    }
    return hit.empty() ? nullptr : hit[pick(hit.size())];
  }

  // Nobody else can be meant: no other cause touches the same quartets, give or take three.
  bool can_be_told(const Cause& fault) const {
    std::map<Cause, int> others;
    std::set<std::string> pops;
    int mine = 0;
    for (const Quartet& each : quartets_) mine += touches(fault, each) ? 1 : 0;
    for (const Quartet& each : quartets_) {
      const bool hit = touches(fault, each);
      if (hit) pops.insert(each.pop);
      for (const Cause& other : simple_causes(each)) {
        if (!same_culprit(other, fault)) others[other] += hit ? 1 : -1;
      }
    }
    for (const auto& [other, common] : others) {
      if (mine - common <= 3) return false;
    }
    const bool edge = fault.scope == CauseScope::edge;
    return mine >= 4 && (edge || pops.size() >= 2);
  }
  const std::vector<Quartet>& quartets() const { return quartets_; }

 private:
  std::size_t pick(std::size_t n) { return random_() % n; }
  bool chance(bool in_fault) {
    return std::uniform_real_distribution<>(0, 1)(random_) < (in_fault ? looks_good : looks_bad);
  }

  // One to three prefixes, at up to eight PoPs; regional providers have one or two transits.
  void add_client(int client) {
    const auto regional = first_regional_asn + static_cast<net::Asn>(pick(40));
    const std::size_t prefixes = 1 + pick(3), pops = pops_min_ + pick(5), first = pick(world_pops);
    for (std::size_t i = 0; i < pops; ++i) {
      const std::size_t pop = (first + i * 3) % world_pops;
      const auto transit = first_transit_asn + static_cast<net::Asn>((pop + regional % 7) % 12);
      std::vector<net::Asn> path{transit};
      if (pick(10) < 8) path.push_back(regional);
      path.push_back(first_client_asn + static_cast<net::Asn>(client));
      for (std::size_t prefix = 0; prefix < prefixes; ++prefix) add_quartet(client, prefix, pop, path);
    }
  }
  void add_quartet(int client, std::size_t prefix, std::size_t pop, const std::vector<net::Asn>& path) {
    Quartet out;
    out.prefix = out.client = *net::Prefix::parse(fmt::format("10.{}.{}.0/24", client, prefix));
    out.client_asn = path.back();
    out.pop = fmt::format("POP{}", pop);
    out.as_path = path;
    out.samples = 10 + pick(200);
    quartets_.push_back(std::move(out));
  }
  static std::vector<Cause> simple_causes(const Quartet& at) {
    std::vector<Cause> out{{CauseScope::edge, at.pop, 0, {}, 0},
                           {CauseScope::client_network, "", at.client_asn, {}, 0},
                           {CauseScope::client_prefix, "", at.client_asn, at.prefix, 0}};
    for (std::size_t i = 0; i + 1 < at.as_path.size(); ++i) {
      out.push_back({CauseScope::middle, "", at.as_path[i], {}, 0});
      out.push_back({CauseScope::link, at.pop, at.as_path[i], {}, 0});
    }
    return out;
  }

  std::mt19937 random_;
  const std::size_t pops_min_;
  std::vector<Quartet> quartets_;
};

bool is_right(const model::Blame& blame, const Cause& fault) {
  if (blame.verdict != verdict_of(fault)) return false;
  return fault.scope == CauseScope::edge ? blame.pop == fault.pop : blame.asn == fault.asn;
}
bool accuses(const model::Blame& blame) {
  return blame.verdict != model::BlameVerdict::ambiguous &&
         blame.verdict != model::BlameVerdict::insufficient;
}

TEST(BlameInGeneratedWorlds, IsRightWhereTheFaultCanBeToldAndAccusesNobodyElse) {
  int told = 0, right = 0, wrong = 0, all = 0, right_of_all = 0;
  std::string misses;
  for (unsigned seed = 1; all < injected_faults; ++seed) {
    BlameWorld world(seed);
    for (int round = 0; round < 10 && all < injected_faults; ++round) {
      const Cause fault = world.random_fault();
      world.inject(fault);
      const Quartet* hit = world.someone_hit(fault);
      if (!hit) continue;
      const auto answer = blame({world.quartets(), BlameSubject{hit->prefix, hit->pop}, TimePoint{}, {}});
      const bool good = is_right(answer, fault), can_be_told = world.can_be_told(fault);
      ++all;
      told += can_be_told ? 1 : 0;
      right += can_be_told && good ? 1 : 0;
      right_of_all += good ? 1 : 0;
      wrong += accuses(answer) && !good ? 1 : 0;
      if (good || (!accuses(answer) && !can_be_told)) continue;
      misses += fmt::format("{}: {} instead: {}\n", describe(fault), to_string(answer.verdict),
                            answer.evidence.front().text);
    }
  }
  const std::string figures = fmt::format(
      "{} faults, {} can be told: {} of them right ({:.1f} %); {} right in all; {} confidently wrong\n", all,
      told, right, 100.0 * right / told, right_of_all, wrong);
  RecordProperty("figures", figures);
  EXPECT_GE(told, injected_faults / 2) << figures << "the worlds are too poor";
  EXPECT_GE(right, told * 95 / 100) << figures << misses;
  EXPECT_LE(wrong, injected_faults / 100) << figures << misses;
}

}  // namespace
}  // namespace peering::latency
