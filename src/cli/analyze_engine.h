// What a shard of the server does with updates, on one thread and in the time of the input: table, detector,
// and one line of output for each event worth a line.
#pragma once

#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "detect/detector.h"
#include "detect/reopening.h"
#include "detect/watch_file.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"
#include "net/prefix_space.h"
#include "rib/table.h"

namespace peering::cli {

/// Turns versions of events into lines: opened, worse, resolved. That more peers see an incident is no line.
class EventLines {
 public:
  /// Takes one line of output and the version of the event that it is about.
  using Taker = std::function<void(const model::Event&, json::object line)>;

  EventLines(model::RegistryPointer registry, Taker taker)
      : registry_(std::move(registry)), taker_(std::move(taker)) {}

  /// `line`: the input line or record that brought it about, from 1.
  void write(const model::Event& event, std::size_t line);

 private:
  std::string group_of(const model::Event& event) const;
  bool tells_end_of(const model::Event& event) const;

  model::RegistryPointer registry_;
  Taker taker_;
  std::map<model::EventId, model::Level> open_;
};

class AnalyzeEngine {
 public:
  AnalyzeEngine(detect::WatchFile watch, EventLines::Taker taker);
  /// Writes the lines.
  AnalyzeEngine(detect::WatchFile watch, std::ostream& out);

  /// The peer of this key, made when new; null when there are too many. A role that is known stays.
  rib::PeerPointer peer(const rib::PeerKey& key, net::Asn asn, rib::PeerRole role = rib::PeerRole::unknown);
  feeds::PeerRegistry& peers() { return registry_; }
  /// What follows belongs to this line and moment. Moments that go back do not turn back time.
  void at(std::size_t line, TimePoint time);
  /// Whether anything can follow from a route of the prefix. What does not concern us need not be applied:
  /// so a stream of all the world's routes takes no more memory than those of watched space.
  bool concerns(const net::Prefix& prefix) const;
  /// Whether it overlaps a prefix of the watch file.
  bool watches(const net::Prefix& prefix) const { return space_.overlaps(prefix); }
  /// The same once everything before is applied: of what concerns us at all, a path with a monitored AS does
  /// (`through_monitored`), and what may replace or take back such a route.
  bool concerns(const net::Prefix& prefix, bool through_monitored) const;
  /// Whether a monitored AS stands in the path.
  bool has_monitored(const wire::bgp::AsPath& path) const;
  bool monitors_any() const { return !watch_.settings.monitored.empty(); }
  /// The table has what the peer said of the prefix after `time`.
  bool is_overtaken(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time) const;
  void apply(const rib::RouteBatch& batch);
  void apply(const rib::RouteBurst& burst);
  /// The session to a peer of one of our routers went down or came up.
  void peer_state(const rib::PeerPointer& peer, bool up);
  /// The same of a peer of others' collectors: what it showed is out of sight, and nobody's session is down.
  void view_state(const rib::PeerPointer& peer, bool up);
  /// What a feed would tell a shard, from input line or record `line`.
  void take(std::size_t line, const feeds::ShardMessage& message);
  /// The latest moment of the input.
  TimePoint now() const { return now_; }

 private:
  void router_state(std::string_view router, bool up);
  void withdrawn(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time,
                 const std::vector<rib::RouteChange>& changes);
  void advance(TimePoint time);
  void change_roas();
  void flush();
  void judge(const std::vector<rib::RouteChange>& changes);
  void write();

  detect::WatchFile watch_;
  rib::Table table_;
  detect::Detector detector_;
  detect::Reopening reopening_;
  EventLines lines_;
  feeds::PeerRegistry registry_;
  std::map<rib::PeerKey, rib::PeerPointer> peers_;
  std::vector<model::Event> events_;
  detect::Knowledge knowledge_;
  net::PrefixSpace space_;
  std::size_t roa_changes_made_ = 0;
  std::size_t line_ = 0;
  TimePoint now_{}, ticked_{};
};

}  // namespace peering::cli
