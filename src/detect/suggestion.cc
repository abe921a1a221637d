#include "detect/suggestion.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "detect/judgement.h"
#include "detect/rpki_state.h"
#include "detect/witnesses.h"

namespace peering::detect {

namespace {

using WitnessesOf = std::map<net::Asn, Witnesses>;

// Prepends are proposed only while they are few enough to be a habit of the origin's.
constexpr std::size_t sequences_max = 4;
constexpr std::size_t sequence_peers_min = 2;
// A neighbour whose paths are longer by so many prepends is the one for when the others fail.
constexpr std::size_t backup_prepends_min = 2;
// With so many peers, what only one of them shows is remarkable.
constexpr std::size_t many_peers = 10;

struct Seen {
  const rib::Route& route;
  PathView view;
};

// What is judged: Loc-RIB counts only where there is nothing else.
std::vector<Seen> seen_routes(std::span<const rib::Route> routes) {
  std::vector<Seen> out;
  for (const rib::Route& route : routes) {
    if (!route.peer || !route.attributes || !is_judged(route.peer->key.rib_kind)) continue;
    out.push_back({route, view_of(*route.peer, *route.attributes)});
  }
  const auto local = [](const Seen& seen) { return seen.route.peer->key.rib_kind == rib::RibKind::loc_rib; };
  if (!std::ranges::all_of(out, local)) {
    std::vector<Seen> received;
    for (Seen& seen : out) {
      if (!local(seen)) received.push_back({seen.route, std::move(seen.view)});
    }
    return received;
  }
  return out;
}

bool has(std::span<const net::Asn> asns, net::Asn asn) { return std::ranges::find(asns, asn) != asns.end(); }

bool is_hijack(model::EventKind kind) {
  return kind == model::EventKind::origin_hijack || kind == model::EventKind::subprefix_hijack ||
         kind == model::EventKind::squatting;
}

// How often the origin stands at the end of the path.
std::size_t origin_count(const PathView& view) {
  std::size_t out = 0;
  for (auto at = view.path.rbegin(); at != view.path.rend() && *at == *view.origin; ++at) ++out;
  return out;
}

class Proposal {
 public:
  explicit Proposal(const Evidence& evidence)
      : evidence_(evidence), prefix_(evidence.current.prefix), seen_(seen_routes(evidence.routes)) {
    out_.expectation = evidence.current;
  }

  Suggestion make() {
    propose_origins();
    propose_neighbors();
    propose_lengths();
    propose_prepends();
    return std::move(out_);
  }

 private:
  template <class... Words>
  void warn(fmt::format_string<Words...> format, Words&&... words) {
    out_.warnings.push_back(fmt::format(format, std::forward<Words>(words)...));
  }
  void reason(std::string_view field, json::value value, std::string why) {
    out_.reasons.push_back({std::string(field), std::move(value), std::move(why)});
  }

  // The open event that speaks against an origin; null: none does.
  const model::Event* open_hijack(net::Asn origin) const {
    for (const model::Event& event : evidence_.events) {
      const bool open = event.state == model::EventState::open;
      if (open && is_hijack(event.kind) && (event.origin == origin || event.suspect == origin)) return &event;
    }
    return nullptr;
  }
  const model::Event* open_about_neighbor(net::Asn neighbor) const {
    for (const model::Event& event : evidence_.events) {
      if (event.state == model::EventState::open && event.neighbor == neighbor &&
          event.kind == model::EventKind::path_forged_first_hop) {
        return &event;
      }
    }
    return nullptr;
  }
  // Since when the prefix is known to have been announced by the origin, as events say.
  std::optional<TimePoint> announced_since(net::Asn origin) const {
    std::optional<TimePoint> out;
    for (const model::Event& event : evidence_.events) {
      if (event.kind != model::EventKind::announcement || event.origin != origin) continue;
      out = out ? std::min(*out, event.first_seen) : event.first_seen;
    }
    return out;
  }
  // The ROA that makes a route valid, in words; empty: none does.
  std::string roa_text(const net::Prefix& prefix, net::Asn origin) const {
    if (!evidence_.vrps) return "";
    for (const rib::Vrp& vrp : evidence_.vrps->covering(prefix)) {
      if (vrp.asn == origin && prefix.length() <= vrp.length_max) return "ROA " + to_string(vrp);
    }
    return "";
  }
  rib::Validity validity(const net::Prefix& prefix, const PathView& view) const {
    return evidence_.vrps ? validity_of(*evidence_.vrps, prefix, view) : rib::Validity::not_found;
  }
  std::string with_roa(std::string text, const net::Prefix& prefix, net::Asn origin) const {
    const std::string roa = roa_text(prefix, origin);
    if (!roa.empty()) return text + "; " + roa;
    return evidence_.vrps ? text + "; no ROA speaks of it" : text;
  }

  WitnessesOf seen_origins() {
    WitnessesOf out;
    for (const Seen& seen : seen_) {
      if (seen.route.prefix != prefix_) continue;
      if (!seen.view.origin) {
        set_seen_ = set_seen_ || !seen.view.origins.empty();
        continue;
      }
      if (validity(prefix_, seen.view) == rib::Validity::invalid) invalid_.insert(*seen.view.origin);
      out[*seen.view.origin].add(seen.route.peer->key, seen.route.received_at);
    }
    for (auto& [origin, witnesses] : out) {
      if (const auto earlier = announced_since(origin)) witnesses.since(*earlier);
    }
    return out;
  }

  // Says why not, when something speaks against it.
  bool refused(net::Asn origin, const std::string& text) {
    if (const model::Event* event = open_hijack(origin)) {
      warn("AS{} is not suggested as an origin although it is {}: the {} event {} is open", origin, text,
           to_string(event->kind), event->id.value);
      return true;
    }
    if (!invalid_.contains(origin)) return false;
    warn("AS{} is not suggested as an origin although it is {}: that is RPKI invalid, the ROAs allow {}",
         origin, text, allowed_by_roas());
    return true;
  }
  std::string allowed_by_roas() const {
    std::string out;
    for (const rib::Vrp& vrp : evidence_.vrps->covering(prefix_)) {
      out += (out.empty() ? "" : ", ") + to_string(vrp);
    }
    return out;
  }

  void propose_origins() {
    const WitnessesOf seen = seen_origins();
    std::vector<net::Asn> accepted;
    for (const auto& [origin, witnesses] : seen) {
      if (refused(origin, witnesses.text())) continue;
      accepted.push_back(origin);
      reason("asn", origin, with_roa(witnesses.text(), prefix_, origin));
    }
    if (set_seen_) warn("some paths for {} end in an AS_SET, which is not suggested", prefix_.to_string());
    add_origins_of_roas(seen, accepted);
    warn_of_former_origins(seen, accepted);
    take_origins(seen, accepted);
  }

  void add_origins_of_roas(const WitnessesOf& seen, std::vector<net::Asn>& accepted) {
    if (!evidence_.vrps) return;
    for (const rib::Vrp& vrp : evidence_.vrps->covering(prefix_)) {
      if (seen.empty() && vrp.asn == 0) {
        warn("ROA {} says that nobody may announce it", to_string(vrp));
      }
      if (vrp.asn == 0 || vrp.length_max < prefix_.length() || seen.contains(vrp.asn)) continue;
      if (has(accepted, vrp.asn) || refused(vrp.asn, "allowed by ROA " + to_string(vrp))) continue;
      accepted.push_back(vrp.asn);
      reason("asn", vrp.asn, fmt::format("ROA {} allows it; it is not seen now", to_string(vrp)));
    }
  }

  void warn_of_former_origins(const WitnessesOf& seen, const std::vector<net::Asn>& accepted) {
    std::set<net::Asn> told;
    for (const model::Event& event : evidence_.events) {
      if (event.kind != model::EventKind::announcement || !event.origin) continue;
      const net::Asn origin = *event.origin;
      if (seen.contains(origin) || has(accepted, origin) || !told.insert(origin).second) continue;
      warn("AS{} announced it at {} and does not now: it is not suggested", origin,
           format_rfc3339(event.first_seen));
    }
  }

  void take_origins(const WitnessesOf& seen, const std::vector<net::Asn>& accepted) {
    model::Expectation& expected = out_.expectation;
    if (accepted.empty() && expected.any_origin) {
      warn("no origin is known for {}: anybody stays allowed", prefix_.to_string());
      return;
    }
    for (const net::Asn origin : accepted) {
      if (!expected.any_origin && expected.allows_origin(origin)) continue;
      if (std::exchange(expected.any_origin, false)) expected.origins.clear();
      expected.origins.push_back({origin, origin});
    }
    for (const model::AsnRange& range : evidence_.current.origins) {
      if (evidence_.current.any_origin || range.from != range.to || seen.contains(range.from)) continue;
      if (!roa_text(prefix_, range.from).empty()) continue;
      warn("AS{} is expected, but it is not seen and no ROA allows it", range.from);
    }
  }

  // Routes of the prefix from an origin that nothing speaks against.
  bool is_good(const Seen& seen) const {
    return seen.view.origin && !out_.expectation.any_origin &&
           out_.expectation.allows_origin(*seen.view.origin) && !open_hijack(*seen.view.origin) &&
           validity(seen.route.prefix, seen.view) != rib::Validity::invalid;
  }

  void propose_neighbors() {
    WitnessesOf found;
    std::map<net::Asn, std::size_t> prepends;
    std::set<SessionKey> peers;
    for (const Seen& seen : seen_) {
      if (seen.route.prefix != prefix_ || !is_good(seen)) continue;
      peers.insert(session_of(seen.route.peer->key));
      if (!seen.view.neighbor) continue;
      const net::Asn neighbor = *seen.view.neighbor;
      found[neighbor].add(seen.route.peer->key, seen.route.received_at);
      const std::size_t count = origin_count(seen.view);
      const auto [at, first] = prepends.emplace(neighbor, count);
      if (!first) at->second = std::min(at->second, count);
    }
    const std::map<net::Asn, std::string> backup = backup_neighbors(found, prepends);
    for (const auto& [neighbor, witnesses] : found) {
      if (const model::Event* event = open_about_neighbor(neighbor)) {
        warn("AS{} is not suggested as an upstream although it is {}: the {} event {} is open", neighbor,
             witnesses.text(), to_string(event->kind), event->id.value);
        continue;
      }
      if (witnesses.peers() == 1 && peers.size() >= many_peers) {
        warn("only one of {} peers shows AS{} next to the origin", peers.size(), neighbor);
      }
      take_neighbor(neighbor, witnesses, backup);
    }
  }

  void take_neighbor(net::Asn neighbor, const Witnesses& witnesses,
                     const std::map<net::Asn, std::string>& backup) {
    model::Expectation& expected = out_.expectation;
    const auto as_backup = backup.find(neighbor);
    if (as_backup != backup.end()) {
      reason("backup_upstreams", neighbor, witnesses.text() + "; " + as_backup->second);
      if (!has(expected.backup_upstreams, neighbor)) expected.backup_upstreams.push_back(neighbor);
    } else {
      reason("upstreams", neighbor, "next to the origin " + witnesses.text());
      if (!expected.upstreams) expected.upstreams.emplace();
      if (!has(*expected.upstreams, neighbor)) expected.upstreams->push_back(neighbor);
    }
  }

  // Neighbours that are only used when others fail, with how that is known.
  std::map<net::Asn, std::string> backup_neighbors(const WitnessesOf& found,
                                                   const std::map<net::Asn, std::size_t>& prepends) const {
    std::map<net::Asn, std::string> out;
    const model::Expectation& current = evidence_.current;
    std::size_t fewest = SIZE_MAX;
    for (const auto& [neighbor, count] : prepends) fewest = std::min(fewest, count);
    for (const auto& [neighbor, witnesses] : found) {
      if (current.upstreams && has(*current.upstreams, neighbor)) continue;
      const std::size_t count = prepends.at(neighbor);
      if (has(current.backup_upstreams, neighbor)) {
        out[neighbor] = "it is a backup upstream already";
      } else if (count >= fewest + backup_prepends_min) {
        out[neighbor] = fmt::format("its paths have the origin {} times, others {}", count, fewest);
      }
    }
    return out;
  }

  void propose_lengths() {
    std::map<int, Witnesses> lengths;
    std::map<int, std::string> roas;
    for (const Seen& seen : seen_) {
      const net::Prefix& observed = seen.route.prefix;
      if (observed == prefix_ || !prefix_.covers(observed) || !is_good(seen)) continue;
      if (evidence_.registered && evidence_.registered(observed)) continue;
      const std::string roa = roa_text(observed, *seen.view.origin);
      if (is_undecided(observed, !roa.empty())) continue;
      lengths[observed.length()].add(seen.route.peer->key, seen.route.received_at);
      if (!roa.empty()) roas[observed.length()] = "; " + roa;
    }
    for (const auto& [length, witnesses] : lengths) {
      reason("lengths", length,
             fmt::format("more-specifics of this length are {}", witnesses.text()) + roas[length]);
      auto& range = out_.expectation.lengths;
      if (!range) range = {length, length};
      range->min = std::min(range->min, length);
      range->max = std::max(range->max, length);
    }
    if (lengths.empty()) warn_of_loose_roas();
  }

  // Somebody has not said yet whether this more-specific is meant to be; a ROA says so.
  bool is_undecided(const net::Prefix& observed, bool valid) {
    for (const model::Event& event : evidence_.events) {
      if (event.state != model::EventState::open || event.kind != model::EventKind::new_prefix ||
          event.observed != observed) {
        continue;
      }
      if (undecided_.insert(observed).second) {
        warn("{} is {}suggested although the new-prefix event {} is open{}", observed.to_string(),
             valid ? "" : "not ", event.id.value, valid ? ": a ROA allows it" : "");
      }
      return !valid;
    }
    return false;
  }

  void warn_of_loose_roas() {
    if (!evidence_.vrps) return;
    for (const rib::Vrp& vrp : evidence_.vrps->covering(prefix_)) {
      if (vrp.asn == 0 || vrp.length_max <= prefix_.length()) continue;
      warn(
          "ROA {} allows more-specifics, and none is seen: whoever forges the origin can announce one that "
          "is RPKI valid (RFC 9319)",
          to_string(vrp));
      return;
    }
  }

  void propose_prepends() {
    std::map<std::vector<net::Asn>, Witnesses> sequences;
    bool prepended = false;
    for (const Seen& seen : seen_) {
      if (seen.route.prefix != prefix_ || !is_good(seen) || !seen.view.neighbor || !seen.view.origin)
        continue;
      const std::size_t count = origin_count(seen.view);
      std::vector<net::Asn> sequence{*seen.view.neighbor};
      sequence.insert(sequence.end(), count - 1, *seen.view.origin);
      prepended = prepended || count > 1;
      sequences[std::move(sequence)].add(seen.route.peer->key, seen.route.received_at);
    }
    const bool often = std::ranges::all_of(
        sequences, [](const auto& each) { return each.second.peers() >= sequence_peers_min; });
    if (!prepended || !often || sequences.size() > sequences_max) return;
    for (const auto& [sequence, witnesses] : sequences) {
      const net::Asn neighbor = sequence.front();
      const auto& expected = out_.expectation;
      const bool trusted = (expected.upstreams && has(*expected.upstreams, neighbor)) ||
                           has(expected.backup_upstreams, neighbor);
      if (!trusted) continue;
      json::array value;
      for (const net::Asn asn : sequence) value.push_back(asn);
      reason("prepend_seq", std::move(value), witnesses.text());
      auto& known = out_.expectation.prepend_sequences;
      if (std::ranges::find(known, sequence) == known.end()) known.push_back(sequence);
    }
  }

  const Evidence& evidence_;
  const net::Prefix prefix_;
  const std::vector<Seen> seen_;
  Suggestion out_;
  std::set<net::Asn> invalid_;  // origins whose routes for the prefix are RPKI invalid
  std::set<net::Prefix> undecided_;
  bool set_seen_ = false;
};

}  // namespace

Suggestion suggest(const Evidence& evidence) { return Proposal(evidence).make(); }

}  // namespace peering::detect
