#include "latency/blame_causes.h"

#include <algorithm>

#include <fmt/format.h>

namespace peering::latency {

namespace {

// The ASes between PoP and client, each once.
std::vector<net::Asn> between(const Quartet& quartet) {
  std::vector<net::Asn> out;
  for (const net::Asn each : quartet.as_path) {
    const bool known = std::ranges::find(out, each) != out.end();
    if (!known && each != quartet.client_asn) out.push_back(each);
  }
  return out;
}

std::vector<Cause> causes_of(const Quartet& quartet) {
  std::vector<Cause> out;
  out.push_back({CauseScope::edge, quartet.pop, 0, {}, 0});
  const std::vector<net::Asn> ases = between(quartet);
  for (const net::Asn each : ases) {
    out.push_back({CauseScope::middle, "", each, {}, 0});
    out.push_back({CauseScope::link, quartet.pop, each, {}, 0});
  }
  if (ases.size() == 1 && quartet.client_asn != 0) {
    out.push_back({CauseScope::path, quartet.pop, ases.front(), {}, quartet.client_asn});
  }
  if (quartet.client_asn != 0) {
    out.push_back({CauseScope::client_network, "", quartet.client_asn, {}, 0});
  }
  out.push_back({CauseScope::client_prefix, "", quartet.client_asn, quartet.prefix, 0});
  return out;
}

bool is_subject(const Quartet& quartet, const std::optional<BlameSubject>& subject) {
  if (!subject) return true;
  return quartet.prefix == subject->prefix && (subject->pop.empty() || quartet.pop == subject->pop);
}

// What is around the subject: its PoPs where it is bad, its prefix and its client AS.
class Surroundings {
 public:
  Surroundings(const std::vector<const Quartet*>& quartets, const std::optional<BlameSubject>& subject)
      : everything_(!subject) {
    for (const Quartet* each : quartets) {
      if (!is_subject(*each, subject) || !each->bad) continue;
      pops_.insert(each->pop);
      prefixes_.insert(each->prefix);
      if (each->client_asn != 0) client_ases_.insert(each->client_asn);
    }
  }
  bool contain(const Quartet& quartet) const {
    return everything_ || pops_.contains(quartet.pop) || prefixes_.contains(quartet.prefix) ||
           client_ases_.contains(quartet.client_asn);
  }

 private:
  bool everything_;
  std::set<std::string> pops_;
  std::set<net::Prefix> prefixes_;
  std::set<net::Asn> client_ases_;
};

void count(Tally& tally, const Quartet& quartet, bool around, bool subject) {
  ++tally.quartets;
  if (around) ++tally.quartets_around;
  if (!quartet.bad) return;
  ++tally.bad;
  if (around) ++tally.bad_around;
  if (subject) ++tally.subject_bad;
  tally.pops.insert(quartet.pop);
  tally.prefixes.insert(quartet.prefix);
  tally.clients.emplace(quartet.client_asn, quartet.client_asn == 0 ? quartet.prefix : net::Prefix());
}

}  // namespace

model::BlameVerdict verdict_of(const Cause& cause) {
  switch (cause.scope) {
    case CauseScope::edge:
      return model::BlameVerdict::edge;
    case CauseScope::middle:
    case CauseScope::link:
    case CauseScope::path:
      return model::BlameVerdict::middle;
    case CauseScope::client_network:
    case CauseScope::client_prefix:
      return model::BlameVerdict::client;
  }
  return model::BlameVerdict::ambiguous;
}

bool same_culprit(const Cause& a, const Cause& b) {
  if (verdict_of(a) != verdict_of(b)) return false;
  if (verdict_of(a) == model::BlameVerdict::edge) return a.pop == b.pop;
  if (verdict_of(a) == model::BlameVerdict::client && a.asn == 0) return a.prefix == b.prefix;
  return a.asn == b.asn;
}

std::string describe(const Cause& cause) {
  switch (cause.scope) {
    case CauseScope::edge:
      return fmt::format("PoP {}", cause.pop);
    case CauseScope::middle:
      return fmt::format("AS {}", cause.asn);
    case CauseScope::link:
      return fmt::format("AS {} as seen from PoP {}", cause.asn, cause.pop);
    case CauseScope::path:
      return fmt::format("AS {} on the path from PoP {} to AS {}", cause.asn, cause.pop, cause.behind);
    case CauseScope::client_network:
      return fmt::format("client AS {}", cause.asn);
    case CauseScope::client_prefix:
      return fmt::format("client prefix {}", cause.prefix.to_string());
  }
  return "";
}

Tallies tally(const std::vector<const Quartet*>& quartets, const std::optional<BlameSubject>& subject) {
  const Surroundings surroundings(quartets, subject);
  Tallies out;
  for (const Quartet* each : quartets) {
    const bool around = surroundings.contain(*each), mine = is_subject(*each, subject);
    count(out.all, *each, around, mine);
    for (const Cause& cause : causes_of(*each)) count(out.of[cause], *each, around, mine);
  }
  return out;
}

}  // namespace peering::latency
