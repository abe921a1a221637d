// Findings over time and over peers.
//
// Whatever route a peer has for an observed prefix now, the findings about it are given here as a whole; what
// the peer showed before and does not show any more is dropped. An incident opens when enough distinct peer
// ASes show it, is updated when more do, and closes when 80 % of those that ever showed it do not any more.
// A peer whose session went away still counts as showing it: we do not know better. It is asked again when
// it is back (`settle`).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/event_shape.h"
#include "detect/judgement.h"
#include "detect/learned_links.h"
#include "rib/table.h"

namespace peering::detect {

/// A peer's route with what was found in it.
struct Shown {
  const rib::PeerPointer& peer;
  const net::Prefix& observed;
  const PathView& view;
  Role role = Role::primary;
  TimePoint time;
  bool withdrawn = false;  ///< there is no route any more
};

/// Most findings about monitored ASes that are followed at once for one connection, in one detector: a list
/// without half the Internet's neighbours must not fill the store. What is beyond is not told.
inline constexpr std::size_t monitored_findings_max = 10'000;

class Incidents {
 public:
  Incidents(const Settings& settings, const LearnedLinks& links) : settings_(settings), links_(links) {}

  /// What was found before a restart; what began first comes first.
  void recall(const model::Event& event) { seen_before(event); }
  /// An event that was open before a restart.
  void restore(const model::Event& event);
  /// What the peer's route for `shown.observed` gives now.
  void show(const Shown& shown, const std::vector<Finding>& findings, TimePoint now,
            std::vector<model::Event>& out);
  /// The network took the peer's route back.
  void withdraw(const rib::PeerPointer& peer, const net::Prefix& observed, TimePoint time, TimePoint now,
                std::vector<model::Event>& out);
  /// Findings about monitored ASes that had no place among `monitored_findings_max`, each time a route showed
  /// one.
  std::uint64_t left_out() const { return left_out_; }
  /// Whether something is found in the peer's route for `observed` that is more than information.
  bool finds_fault(const net::Prefix& observed, rib::PeerId peer) const;
  /// The peers for which `gone` holds are out of sight since `time`.
  void lose(const std::function<bool(const rib::PeerKey&)>& gone, TimePoint now);
  /// One peer's route is out of sight since `now`.
  void lose_one(const net::Prefix& observed, rib::PeerId peer, TimePoint now);
  /// Drops peers that are back since long enough without the route, or away for too long. `is_back` says
  /// whether the grace after a peer's (or, without an address, a router's) return is over.
  void settle(const rib::Table& table, const std::function<bool(const rib::PeerKey&)>& is_back, TimePoint now,
              std::vector<model::Event>& out);
  /// Resolves and forgets everything about entries for which `gone` holds.
  void forget(const std::function<bool(const std::string& resource)>& gone, std::string_view reason,
              TimePoint now, std::vector<model::Event>& out);

 private:
  struct Showing {
    rib::PeerPointer peer;
    net::Asn asn = 0;
    Role role = Role::primary;
    std::optional<TimePoint> lost_at;
  };
  struct GiveBack {
    void operator()(std::size_t* taken) const { --*taken; }
  };
  using Place = std::unique_ptr<std::size_t, GiveBack>;
  struct Incident {
    model::EventKind kind;
    std::string resource, discriminator;
    model::Event event;  // meaningful once `told`
    bool told = false, closed = false;
    bool seen_before = false, new_link = false;
    std::vector<Showing> showing;
    std::set<net::Asn> ways;                // the ASes behind them
    std::vector<model::EventPeer> seen;     // every peer that ever showed it, each once
    std::vector<model::EventPeer> awaited;  // restored, not seen since
    TimePoint first_seen;
    Place place;  // among those of its connection, if it is about a monitored AS
  };
  using List = std::vector<std::unique_ptr<Incident>>;

  // Null when there is no place for another one.
  Incident* find_or_make(List& list, const Finding& finding, TimePoint time);
  bool take_place(Incident& incident, const std::string& connection);
  void add(Incident& incident, const Finding& finding, const Shown& shown, TimePoint now,
           std::vector<model::Event>& out);
  void open(Incident& incident, const Finding& finding, const Shown& shown, TimePoint now,
            std::vector<model::Event>& out);
  void note_link(Incident& incident, const Shown& shown, TimePoint now) const;
  void weigh(Incident& incident) const;
  bool seen_before(const model::Event& event);
  void reviewed(Incident& incident, TimePoint time, std::string_view reason, std::vector<model::Event>& out);
  static Role role_of(const Incident& incident);

  const Settings& settings_;
  const LearnedLinks& links_;
  std::uint64_t left_out_ = 0;
  std::unordered_map<std::string, std::size_t> monitored_of_;  // places taken, by connection
  std::unordered_map<net::Prefix, List> by_observed_;
  // When what was told began the first time, by cause; what began first is forgotten first.
  std::unordered_map<std::string, TimePoint> began_;
  std::deque<std::string> began_in_order_;
};

}  // namespace peering::detect
