#include "cli/analyze_engine.h"

#include <algorithm>
#include <set>

namespace peering::cli {

namespace {

// Kinds that the documented list of `analyze` tells under another name.
std::string_view kind_name(model::EventKind kind) {
  switch (kind) {
    case model::EventKind::active_path:
      return to_string(model::EventKind::path_change);
    case model::EventKind::backup_route_withdrawal:
      return to_string(model::EventKind::backup_route);
    default:
      return to_string(kind);
  }
}

std::size_t distinct_peers(const model::Event& event) {
  const bool by_address =
      event.kind == model::EventKind::withdrawal || event.kind == model::EventKind::visibility_loss;
  std::set<std::string> seen;
  for (const model::EventPeer& peer : event.peers) {
    seen.insert(by_address || peer.asn == 0 ? peer.address : std::to_string(peer.asn));
  }
  return seen.size();
}

constexpr Microseconds tick_interval = std::chrono::seconds(1);
// A step of the input's clock longer than this is walked through in steps, so that what was due in between
// happens in between.
constexpr int ticks_at_once_max = 3;
constexpr std::size_t flush_slice = 10'000;

}  // namespace

std::string EventLines::group_of(const model::Event& event) const {
  if (const auto monitored = model::monitored_of_resource(event.prefix_resource)) {
    return std::string(monitored->second);
  }
  const auto found = registry_->prefixes.find(model::lower(event.prefix_resource));
  return found == registry_->prefixes.end() ? "" : found->second->expectation.group.str();
}

bool EventLines::tells_end_of(const model::Event& event) const {
  const auto found = registry_->prefixes.find(model::lower(event.prefix_resource));
  if (found == registry_->prefixes.end()) return true;
  const auto& excluded = found->second->expectation.exclude_kinds;
  return std::ranges::find(excluded, model::EventKind::resolved) == excluded.end();
}

void EventLines::write(const model::Event& event, std::size_t line) {
  const auto known = open_.find(event.id);
  const bool open = event.state == model::EventState::open;
  if (open && known != open_.end() && known->second >= event.level) return;
  const bool resolves = !open && known != open_.end();
  if (resolves && !tells_end_of(event)) {
    open_.erase(known);
    return;
  }
  json::object out{{"kind", resolves ? std::string_view("resolved") : kind_name(event.kind)}};
  if (resolves) out["resolves"] = kind_name(event.kind);
  if (event.monitored) {
    out["asn"] = *event.monitored;
  } else {
    out["prefix"] = event.prefix.to_string();
  }
  out["observed"] = event.observed.to_string();
  if (event.origin) out["origin"] = *event.origin;
  if (event.neighbor) out["neighbor"] = *event.neighbor;
  if (event.suspect) out["suspect"] = *event.suspect;
  if (const std::string group = group_of(event); !group.empty()) out["group"] = group;
  out["line"] = line;
  out["time"] = format_rfc3339(event.last_seen);
  out["peers"] = distinct_peers(event);
  if (!event.as_path.empty()) {
    json::array path;
    for (const net::Asn asn : event.as_path) path.push_back(asn);
    out["path"] = std::move(path);
  }
  out["severity"] = to_string(event.level);
  out["confidence"] = event.confidence;
  out["state"] = resolves ? "resolved" : known != open_.end() ? "update" : open ? "open" : "resolved";
  if (event.reopened > 0) out["reopened"] = event.reopened;
  out["eventType"] = event.type;
  out["why"] = resolves && !event.evidence.empty() ? event.evidence.back() : event.description;
  taker_(event, std::move(out));
  if (open) {
    open_[event.id] = event.level;
  } else if (known != open_.end()) {
    open_.erase(known);
  }
}

namespace {

net::PrefixSpace space_of(const model::Registry& registry) {
  std::vector<net::Prefix> prefixes;
  for (const auto& [resource, entry] : registry.prefixes) prefixes.push_back(entry->expectation.prefix);
  return net::PrefixSpace(prefixes);
}

}  // namespace

AnalyzeEngine::AnalyzeEngine(detect::WatchFile watch, std::ostream& out)
    : AnalyzeEngine(std::move(watch), [&out](const model::Event&, const json::object& line) {
        out << json::serialize(line) << '\n';
      }) {}

AnalyzeEngine::AnalyzeEngine(detect::WatchFile watch, EventLines::Taker taker)
    : watch_(std::move(watch)),
      detector_(watch_.settings),
      reopening_(watch_.settings.reopen_within),
      lines_(watch_.registry, std::move(taker)),
      knowledge_(watch_.settings),
      space_(space_of(*watch_.registry)) {
  detector_.registry_changed(watch_.registry, table_, now_, events_);
}

rib::PeerPointer AnalyzeEngine::peer(const rib::PeerKey& key, net::Asn asn, rib::PeerRole role) {
  rib::PeerPointer& found = peers_[key];
  const bool says_nothing_new = role == rib::PeerRole::unknown || (found && found->role == role);
  if (found && found->asn == asn && says_nothing_new) return found;
  const auto made = registry_.peer(key, asn, net::Address(), std::nullopt);
  if (!made) return nullptr;
  return found = rib::with_role(**made, role);
}

void AnalyzeEngine::at(std::size_t line, TimePoint time) {
  line_ = line;
  advance(time);
  change_roas();
}

void AnalyzeEngine::advance(TimePoint time) {
  if (time <= now_) return;
  const bool first = now_ == TimePoint{};
  for (int i = 1; i < ticks_at_once_max && !first && time - now_ > tick_interval; ++i) {
    now_ += (time - now_) / 2;
    detector_.tick(table_, now_, events_);
  }
  now_ = time;
  if (now_ - ticked_ >= tick_interval) {
    detector_.tick(table_, now_, events_);
    ticked_ = now_;
  }
  write();
}

// What is due before the present line; held routes are judged again.
void AnalyzeEngine::change_roas() {
  const auto& changes = watch_.roa_changes;
  for (; roa_changes_made_ < changes.size() && changes[roa_changes_made_].before_line <= line_;
       ++roa_changes_made_) {
    const detect::RoaChanges& change = changes[roa_changes_made_];
    const rib::VrpTable before = knowledge_.vrps ? *knowledge_.vrps : rib::VrpTable();
    std::vector<rib::Vrp> vrps = before.vrps();
    for (const rib::Vrp& gone : change.removed) std::erase(vrps, gone);
    vrps.insert(vrps.end(), change.added.begin(), change.added.end());
    knowledge_.vrps = std::make_shared<const rib::VrpTable>(std::move(vrps));
    const rib::VrpDelta delta = rib::difference(before, *knowledge_.vrps);
    detector_.knowledge_changed(knowledge_, &delta, now_, events_);
    while (detector_.judge_waiting(table_, flush_slice, now_, events_)) {
    }
    write();
  }
}

void AnalyzeEngine::judge(const std::vector<rib::RouteChange>& changes) {
  for (const rib::RouteChange& change : changes) detector_.route_changed(change, table_, now_, events_);
  write();
}

bool AnalyzeEngine::concerns(const net::Prefix& prefix) const {
  return !watch_.settings.monitored.empty() || space_.overlaps(prefix);
}

bool AnalyzeEngine::concerns(const net::Prefix& prefix, bool through_monitored) const {
  if (through_monitored || space_.overlaps(prefix)) return true;
  return !watch_.settings.monitored.empty() && !table_.routes(prefix).empty();
}

bool AnalyzeEngine::has_monitored(const wire::bgp::AsPath& path) const {
  return !watch_.settings.monitored.empty() &&
         std::ranges::any_of(path.asns, [this](net::Asn asn) { return watch_.settings.monitored.has(asn); });
}

bool AnalyzeEngine::is_overtaken(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time) const {
  const auto routes = table_.routes(prefix);
  return std::ranges::any_of(
      routes, [&](const rib::Route& route) { return route.peer->id == peer.id && route.received_at > time; });
}

// A withdrawal of what was not seen counts where the watch file says so.
void AnalyzeEngine::withdrawn(const rib::Peer& peer, const net::Prefix& prefix, TimePoint time,
                              const std::vector<rib::RouteChange>& changes) {
  const auto is_it = [&](const rib::RouteChange& change) {
    return change.prefix == prefix && change.peer->id == peer.id;
  };
  if (std::ranges::any_of(changes, is_it)) return;
  detector_.withdrawn_unseen(peer, prefix, time, now_, events_);
}

void AnalyzeEngine::apply(const rib::RouteBatch& batch) {
  std::vector<rib::RouteChange> changes;
  table_.apply(batch, changes);
  if (watch_.settings.thresholds.assume_seen_by_all_peers) {
    for (const net::Prefix& prefix : batch.withdrawn) withdrawn(*batch.peer, prefix, batch.time, changes);
  }
  judge(changes);
}

void AnalyzeEngine::apply(const rib::RouteBurst& burst) {
  std::vector<rib::RouteChange> changes;
  table_.apply(burst, changes);
  if (watch_.settings.thresholds.assume_seen_by_all_peers) {
    burst.for_each([&](const rib::PeerPointer& peer, const rib::PackedRoutes& routes) {
      rib::for_each_bits(routes.withdrawn, routes.family, [&](const rib::PrefixBits& bits) {
        const net::Prefix prefix = rib::to_prefix(bits);
        if (concerns(prefix)) withdrawn(*peer, prefix, routes.time, changes);
      });
    });
  }
  judge(changes);
}

void AnalyzeEngine::flush() {
  for (bool more = true; more;) {
    std::vector<rib::RouteChange> changes;
    more = table_.flush(flush_slice, changes);
    judge(changes);
  }
}

void AnalyzeEngine::peer_state(const rib::PeerPointer& of, bool up) {
  detector_.peer_state_changed(*of, up, now_, now_, events_);
  if (!up) table_.peer_down(of->id, now_);
  flush();
}

void AnalyzeEngine::view_state(const rib::PeerPointer& of, bool up) {
  if (up) return peer_state(of, true);
  detector_.peer_out_of_sight(*of, now_, now_, events_);
  table_.peer_down(of->id, now_);
  flush();
}

void AnalyzeEngine::router_state(std::string_view router, bool up) {
  detector_.router_state_changed(router, up, now_, now_, events_);
  if (!up) table_.mark_stale(router);
  write();
}

void AnalyzeEngine::take(std::size_t line, const feeds::ShardMessage& message) {
  std::visit([&](const auto& said) { at(line, said.time); }, message);
  if (const auto* run = std::get_if<feeds::RouteRun>(&message)) {
    apply(run->burst);
  } else if (const auto* peer_up = std::get_if<feeds::PeerUp>(&message)) {
    peer_state(peer_up->peer, true);
  } else if (const auto* peer_down = std::get_if<feeds::PeerDown>(&message)) {
    peer_state(peer_down->peer, false);
  } else if (const auto* router_up = std::get_if<feeds::RouterUp>(&message)) {
    router_state(router_up->router, true);
  } else if (const auto* router_down = std::get_if<feeds::RouterDown>(&message)) {
    router_state(router_down->router, false);
  } else if (const auto* end = std::get_if<feeds::EndOfRib>(&message); end && end->complete) {
    table_.sweep(end->peer->id, std::nullopt, now_);
    flush();
  }
}

void AnalyzeEngine::write() {
  for (model::Event& event : events_) {
    if (reopening_.apply(event, now_)) lines_.write(event, line_);
  }
  events_.clear();
}

}  // namespace peering::cli
