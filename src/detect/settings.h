// What the detectors need to know that does not belong to one registered prefix: thresholds and what is known
// about the topology. `[detection]` and `[topology]` of the configuration, or the top level of a watch file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "detect/monitored_as.h"
#include "detect/relationships.h"
#include "model/event.h"
#include "rib/aspa_table.h"
#include "rib/route.h"
#include "rib/route_objects.h"
#include "rib/rpki_json.h"
#include "rib/vrp_table.h"

namespace peering::detect {

/// When enough peers have lost an exactly watched prefix. Counted by peer addresses.
struct VisibilityThreshold {
  /// Opens when at least so many peers have withdrawn it; absent: not judged by number.
  std::optional<std::size_t> withdrawn_peers_min;
  /// Opens when less than this part of the peers that had it still has it, 0 to 1; absent: not judged so.
  std::optional<double> visible_fraction_min;
};
/// Judged without a configured threshold only when at least so many peers had the prefix.
inline constexpr std::size_t visibility_peers_min = 4;

struct Thresholds {
  std::size_t peers_min = 1;                             ///< distinct peer ASes that must show a finding
  std::map<model::EventKind, std::size_t> peers_min_of;  ///< instead, for one kind
  /// Absent: half of the peers, once at least `visibility_peers_min` had it.
  std::optional<VisibilityThreshold> visibility;
  /// A withdrawal counts also from a peer whose announcement was not seen: the input begins in the middle.
  bool assume_seen_by_all_peers = false;
  /// An event closes when this part of the peers that showed it has withdrawn or replaced the route.
  double resolved_fraction = 0.8;
  /// Withdrawals older than this do not count for visibility; absent: they count until undone.
  std::optional<Microseconds> fade_off;

  std::size_t peers_min_for(model::EventKind kind) const;
};

/// What is known of the world outside, as snapshots that are replaced whole.
struct Knowledge {
  /// Who is whose provider; null: leaks by topology are not judged.
  std::shared_ptr<const Relationships> relationships;
  /// What the RPKI says; null: nothing. A foreign origin that is valid is no hijack; that none is known never
  /// hides one.
  rib::VrpTablePointer vrps;
  /// What customers attest about their providers; null: nothing.
  rib::AspaTablePointer aspas;
  /// ROAs that expire soon; null: none is known to.
  std::shared_ptr<const std::vector<rib::Expiry>> expiring;
  /// Prefixes that nobody should announce on the Internet; null: not known.
  std::shared_ptr<const rib::PrefixSet> bogons;
  /// What registries of routes (IRR) say; null: nothing.
  rib::RouteObjectsPointer route_objects;
};

struct Settings : Knowledge {
  Thresholds thresholds;
  /// ASes whose neighbours and announcements are watched, wherever they stand in a path.
  MonitoredAses monitored;
  /// What peers of these AS numbers are to those who hear them, where the peer itself does not say.
  std::map<net::Asn, rib::PeerRole> local_roles;
  /// Metro of a PoP (`[[network.pops]]`), by the PoP's name. A PoP that is not here is its own metro.
  std::map<std::string, std::string> metro_of_pop;
  /// After a peer or router came back (or we did), how long its routes may take to come again before what is
  /// missing counts as withdrawn.
  Microseconds return_grace = std::chrono::seconds(60);
  /// What comes back so soon after its end is the same event, opened again (reopening.h); 0: never. Longer
  /// than the six minutes after which BGPalerter takes a loss as a new one, and than the five that
  /// Alertmanager waits by default before it calls an alert resolved.
  Microseconds reopen_within = std::chrono::minutes(10);
  /// A finding or a route whose peer has been away longer than this is given up.
  Microseconds absence_max = std::chrono::hours(1);
  /// Whether what concerns the registered prefix alone, not a route, is told here: one of several detectors
  /// does. Null: it is told here.
  std::function<bool(const net::Prefix&)> owns;
  /// Whether routes for the prefix are given to this detector at all. Null: they are. What is registered
  /// elsewhere only is not followed here.
  std::function<bool(const net::Prefix&)> hears;
};

}  // namespace peering::detect
