#include "latency/blame.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "latency/blame_causes.h"

namespace peering::latency {

namespace {

using model::BlameEvidence;
using model::BlameVerdict;

constexpr double bad_inside_min = 0.8;
constexpr double explained_min = 0.8;
constexpr double bad_outside_max = 0.2;
constexpr double chance = 0.1;  // part of good networks that look bad in one moment
constexpr std::ptrdiff_t told_apart_by = 2;
constexpr std::size_t causes_shown_max = 12;
constexpr std::size_t route_events_shown_max = 10;

using Entry = std::pair<const Cause, Tally>;

// Three decimals are what is stored and served.
double part(std::size_t some, std::size_t all) {
  return all == 0 ? 0 : std::round(1000 * static_cast<double>(some) / static_cast<double>(all)) / 1000;
}

// One quartet that speaks against a cause may be chance, also where few speak for it.
bool mostly_bad(const Tally& cause) {
  const std::size_t good = cause.quartets - cause.bad;
  return part(cause.bad, cause.quartets) >= bad_inside_min || (good == 1 && cause.bad > 2);
}

bool explains_most(const Tally& cause, const Tally& all) {
  return part(cause.bad_around, all.bad_around) >= explained_min;
}

bool explains(const Tally& cause, const Tally& all) {
  if (cause.subject_bad == 0 || !mostly_bad(cause)) return false;
  const std::size_t left = all.bad_around - cause.bad_around;
  const double rate = part(left, all.quartets_around - cause.quartets_around);
  const bool enough = explains_most(cause, all) || rate <= chance;
  return enough && (rate < bad_outside_max || left <= 1);
}

// A client that is bad elsewhere, too, may be what is bad here.
bool client_is_bad_elsewhere(const Entry& middle, const Tallies& tallies) {
  const auto [asn, prefix] = *middle.second.clients.begin();
  const CauseScope scope = asn == 0 ? CauseScope::client_prefix : CauseScope::client_network;
  const auto client = tallies.of.find({scope, "", asn, prefix, 0});
  return client != tallies.of.end() && client->second.bad > middle.second.bad;
}

// Why what is seen cannot accuse the cause, however well it explains it; empty: it can.
std::string why_not_provable(const Entry& entry, const Tallies& tallies) {
  const auto& [cause, tally] = entry;
  if (tally.prefixes.size() == 1 && tally.pops.size() == 1) {
    return fmt::format(
        "only prefix {} shows it, at PoP {} only: edge, middle and client cannot be told apart",
        tally.prefixes.begin()->to_string(), *tally.pops.begin());
  }
  const BlameVerdict verdict = verdict_of(cause);
  if (verdict == BlameVerdict::edge && tally.clients.size() < 2) {
    return fmt::format("PoP {} is bad for one client AS only, and was not seen by others", cause.pop);
  }
  if (verdict == BlameVerdict::client && tally.pops.size() < 2) {
    return fmt::format("{} is bad at PoP {} only", describe(cause), *tally.pops.begin());
  }
  if (verdict == BlameVerdict::middle && tally.clients.size() < 2 &&
      client_is_bad_elsewhere(entry, tallies)) {
    return fmt::format("{} is bad for one client AS only, which is bad elsewhere, too", describe(cause));
  }
  return "";
}

// Of what explains equally well the higher level of the hierarchy comes first.
bool better(const Entry* a, const Entry* b) {
  if (a->second.gain() != b->second.gain()) return a->second.gain() > b->second.gain();
  return a->first < b->first;
}

// The edge's port and the link behind it are one, as long as nothing speaks for the link.
bool is_port_of(const Entry& link, const Entry& edge) {
  const bool of_pop = link.first.scope == CauseScope::link || link.first.scope == CauseScope::path;
  return edge.first.scope == CauseScope::edge && of_pop && link.first.pop == edge.first.pop &&
         link.second.gain() <= edge.second.gain();
}

BlameEvidence line_of(const Entry& entry, const Tally& all) {
  const auto& [cause, tally] = entry;
  BlameEvidence out;
  out.candidate = verdict_of(cause);
  if (cause.asn != 0) out.asn = cause.asn;
  out.pop = cause.pop;
  if (cause.scope == CauseScope::client_prefix) out.prefix = cause.prefix;
  out.quartets = tally.quartets;
  out.bad = tally.bad;
  out.quartets_outside = all.quartets - tally.quartets;
  out.bad_outside = all.bad - tally.bad;
  out.explains = part(tally.bad_around, all.bad_around);
  out.fits = explains(tally, all);
  out.text = fmt::format(
      "{}: {} of {} quartets bad, {} of {} others; explains {:.0f} % of what is bad around", describe(cause),
      out.bad, out.quartets, out.bad_outside, out.quartets_outside, out.explains * 100);
  return out;
}

BlameEvidence remark(std::string text) {
  BlameEvidence out;
  out.text = std::move(text);
  return out;
}

// Causes of the subject, best first.
std::vector<const Entry*> ranked(const Tallies& tallies) {
  std::vector<const Entry*> out;
  for (const Entry& each : tallies.of) {
    if (each.second.subject_bad > 0) out.push_back(&each);
  }
  std::ranges::sort(out, better);
  std::ranges::stable_partition(out, [&](const Entry* each) { return explains(each->second, tallies.all); });
  return out;
}

// Other culprits that explain it nearly as well as the best, each once. Half an explanation is no rival of a
// whole one.
std::vector<const Entry*> rivals_of(const Entry& best, const std::vector<const Entry*>& fitting,
                                    const Tally& all) {
  const bool best_is_whole = explains_most(best.second, all);
  std::vector<const Entry*> out;
  for (const Entry* each : fitting) {
    const bool close = each->second.gain() + told_apart_by > best.second.gain();
    if (!close || (best_is_whole && !explains_most(each->second, all))) continue;
    if (same_culprit(each->first, best.first) || is_port_of(*each, best)) continue;
    const bool known =
        std::ranges::any_of(out, [&](const Entry* other) { return same_culprit(each->first, other->first); });
    if (!known) out.push_back(each);
  }
  return out;
}

// What the verdict is, with the remarks that say why it is none.
void decide(model::Blame& out, const std::vector<const Entry*>& causes, const Tallies& tallies) {
  const Tally& all = tallies.all;
  out.verdict = BlameVerdict::ambiguous;
  if (causes.empty() || !explains(causes.front()->second, all)) {
    out.evidence.push_back(remark("no single cause explains what is bad"));
    return;
  }
  const auto not_fitting =
      std::ranges::find_if(causes, [&](const Entry* each) { return !explains(each->second, all); });
  const std::vector<const Entry*> fitting(causes.begin(), not_fitting);
  const Entry& best = *causes.front();
  out.share = part(best.second.bad_around, all.bad_around);
  if (std::string why = why_not_provable(best, tallies); !why.empty()) {
    out.evidence.push_back(remark(std::move(why)));
    return;
  }
  if (const auto rivals = rivals_of(best, fitting, all); !rivals.empty()) {
    std::string names = describe(best.first);
    for (const Entry* each : rivals) names += ", " + describe(each->first);
    out.evidence.push_back(remark(names + ": cannot be told apart by what was seen"));
    return;
  }
  out.verdict = verdict_of(best.first);
  if (best.first.asn != 0) out.asn = best.first.asn;
  out.pop = best.first.pop;
}

std::string distance(Microseconds from_event) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(from_event).count();
  if (seconds == 0) return "at the same time";
  const auto size = std::abs(seconds);
  const std::string length = size < 120 ? fmt::format("{} s", size) : fmt::format("{} min", size / 60);
  return length + (seconds > 0 ? " before" : " after");
}

void add_route_events(model::Blame& out, const BlameQuestion& question, const std::set<net::Prefix>& bad) {
  std::vector<const RouteEvent*> close;
  for (const RouteEvent& each : question.route_events) {
    const bool in_time = std::chrono::abs(question.at - each.at) <= route_events_within;
    if (in_time && bad.contains(each.prefix)) close.push_back(&each);
  }
  const auto order = [&](const RouteEvent* each) {
    return std::tuple(std::chrono::abs(question.at - each->at), each->at, each->prefix, each->pop,
                      each->what);
  };
  std::ranges::sort(close, {}, order);
  if (close.size() > route_events_shown_max) close.resize(route_events_shown_max);
  for (const RouteEvent* each : close) {
    BlameEvidence line;
    line.at = each->at;
    line.prefix = each->prefix;
    line.pop = each->pop;
    line.text =
        fmt::format("{}: {} {}", each->prefix.to_string(), each->what, distance(question.at - each->at));
    out.evidence.push_back(std::move(line));
  }
}

void add_table(model::Blame& out, const std::vector<const Entry*>& causes, const Tally& all) {
  for (const Entry* each : causes) {
    if (out.evidence.size() >= causes_shown_max) break;
    out.evidence.push_back(line_of(*each, all));
  }
}

}  // namespace

model::Blame blame(const BlameQuestion& question) {
  std::vector<const Quartet*> counted;
  std::size_t unknown_paths = 0;
  for (const Quartet& each : question.quartets) {
    if (each.samples < quartet_samples_min) continue;
    counted.push_back(&each);
    unknown_paths += each.as_path.empty() ? 1 : 0;
  }
  const Tallies tallies = tally(counted, question.subject);
  const std::vector<const Entry*> causes = ranked(tallies);
  model::Blame out;
  if (counted.size() < quartets_min || causes.empty()) {
    out.evidence.push_back(remark(fmt::format("{} quartets with at least {} samples, {} of them bad",
                                              counted.size(), quartet_samples_min, tallies.all.bad)));
  } else {
    decide(out, causes, tallies);
  }
  add_table(out, causes, tallies.all);
  if (unknown_paths > 0 && out.verdict != BlameVerdict::insufficient) {
    out.evidence.push_back(
        remark(fmt::format("the AS path of {} of {} quartets is unknown: what lies between is not "
                           "judged there",
                           unknown_paths, counted.size())));
  }
  add_route_events(out, question, tallies.all.prefixes);
  return out;
}

}  // namespace peering::latency
