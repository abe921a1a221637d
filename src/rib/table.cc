#include "rib/table.h"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "net/prefix_map.h"
#include "rib/attribute_pool.h"

namespace peering::rib {

namespace {

// One peer's route for the prefix whose list it stands in.
struct Entry {
  const InternedAttributes* attributes = nullptr;
  TimePoint received_at;
  std::uint32_t peer = 0;     // index into State::peers
  std::uint32_t session = 0;  // older than its peer's: stale or doomed
  std::uint32_t slot = 0;     // where its peer's `prefixes` names it; without meaning when stale or doomed
};

struct PeerRoutes {
  PeerPointer peer;
  std::uint32_t session = 1;
  std::vector<net::Prefix> prefixes;  // of routes of this session
  std::vector<net::Prefix> stale;     // of routes of former sessions; may name routes that are gone
};

// Routes that `flush` removes: those of `peer` under `prefixes` that are still of a session before `session`.
struct Doomed {
  std::uint32_t peer = 0;
  std::uint32_t session = 0;
  std::vector<net::Prefix> prefixes;
  TimePoint time;
  ChangeReason reason = ChangeReason::peer_down;
};

}  // namespace

struct Table::State {
  net::PrefixMap<std::vector<Entry>> routes;
  AttributePool pool;
  std::vector<PeerRoutes> peers;
  std::unordered_map<PeerId, std::uint32_t> index_of;
  std::deque<Doomed> doomed;
  std::size_t route_count = 0;

  std::uint32_t peer_index(const PeerPointer& peer);
  void announce(std::uint32_t peer, const RouteBatch& batch, const InternedAttributes* attributes,
                const net::Prefix& prefix, std::vector<RouteChange>& out);
  void withdraw(std::uint32_t peer, const net::Prefix& prefix, TimePoint time, std::vector<RouteChange>& out);
  void remove(const net::Prefix& prefix, std::vector<Entry>& entries, std::size_t at);
  void enlist(Entry& entry, const net::Prefix& prefix);
  void unlist(const Entry& entry);
  void end_session(std::uint32_t index);
  void doom_stale(std::uint32_t peer, TimePoint time, ChangeReason reason);
  template <class Visit>
  void each_peer_of(std::string_view router, Visit visit);
  void append(const net::Prefix& prefix, const std::vector<Entry>& entries, std::vector<Route>& out) const;
};

Table::Table() : state_(std::make_unique<State>()) {}
Table::~Table() = default;
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;

std::uint32_t Table::State::peer_index(const PeerPointer& peer) {
  const auto [found, made] = index_of.try_emplace(peer->id, static_cast<std::uint32_t>(peers.size()));
  if (made) {
    peers.emplace_back().peer = peer;
  } else {
    peers[found->second].peer = peer;
  }
  return found->second;
}

void Table::State::enlist(Entry& entry, const net::Prefix& prefix) {
  PeerRoutes& peer = peers[entry.peer];
  entry.session = peer.session;
  entry.slot = static_cast<std::uint32_t>(peer.prefixes.size());
  peer.prefixes.push_back(prefix);
}

// Takes the entry off its peer's list; the last of the list moves into the gap.
void Table::State::unlist(const Entry& entry) {
  PeerRoutes& peer = peers[entry.peer];
  if (entry.session != peer.session) return;
  const net::Prefix moved = peer.prefixes.back();
  peer.prefixes[entry.slot] = moved;
  peer.prefixes.pop_back();
  if (entry.slot == peer.prefixes.size()) return;
  for (Entry& other : *routes.exact(moved)) {
    if (other.peer == entry.peer) other.slot = entry.slot;
  }
}

void Table::State::announce(std::uint32_t peer, const RouteBatch& batch, const InternedAttributes* attributes,
                            const net::Prefix& prefix, std::vector<RouteChange>& out) {
  std::vector<Entry>& entries = routes[prefix];
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.peer == peer; });
  RouteChange change{prefix, batch.peer, nullptr, attributes->attributes, batch.time, ChangeReason::update};
  if (found == entries.end()) {
    Entry& made = entries.emplace_back(Entry{attributes, batch.time, peer});
    enlist(made, prefix);
    pool.retain(attributes);
    ++route_count;
    out.push_back(std::move(change));
    return;
  }
  if (found->session != peers[peer].session) enlist(*found, prefix);
  if (found->attributes == attributes) return;
  change.before = found->attributes->attributes;
  pool.retain(attributes);
  pool.release(found->attributes);
  found->attributes = attributes;
  found->received_at = batch.time;
  out.push_back(std::move(change));
}

void Table::State::remove(const net::Prefix& prefix, std::vector<Entry>& entries, std::size_t at) {
  unlist(entries[at]);
  pool.release(entries[at].attributes);
  --route_count;
  if (entries.size() == 1) {
    routes.erase(prefix);
    return;
  }
  entries[at] = entries.back();
  entries.pop_back();
}

void Table::State::withdraw(std::uint32_t peer, const net::Prefix& prefix, TimePoint time,
                            std::vector<RouteChange>& out) {
  std::vector<Entry>* entries = routes.exact(prefix);
  if (!entries) return;
  for (std::size_t at = 0; at < entries->size(); ++at) {
    if ((*entries)[at].peer != peer) continue;
    out.push_back({prefix, peers[peer].peer, (*entries)[at].attributes->attributes, nullptr, time,
                   ChangeReason::update});
    remove(prefix, *entries, at);
    return;
  }
}

void Table::apply(const RouteBatch& batch, std::vector<RouteChange>& out) {
  State& s = *state_;
  const std::uint32_t peer = s.peer_index(batch.peer);
  std::vector<net::Prefix> announced;
  if (!batch.withdrawn.empty() && batch.attributes) announced = batch.announced;
  std::sort(announced.begin(), announced.end());
  for (const net::Prefix& prefix : batch.withdrawn) {
    const bool announced_too = std::binary_search(announced.begin(), announced.end(), prefix);
    if (!announced_too) s.withdraw(peer, prefix, batch.time, out);
  }
  if (!batch.attributes || batch.announced.empty()) return;
  const InternedAttributes* attributes = s.pool.intern(batch.attributes);
  // Held while the batch is applied: a prefix named twice must not drop the attributes in between.
  s.pool.retain(attributes);
  for (const net::Prefix& prefix : batch.announced) s.announce(peer, batch, attributes, prefix, out);
  s.pool.release(attributes);
}

// Routes of the session that ends become stale. What was stale before and came again is named once only, so
// that a session that flaps does not grow the list.
void Table::State::end_session(std::uint32_t index) {
  PeerRoutes& peer = peers[index];
  const auto is_stale = [&](const net::Prefix& prefix) {
    const std::vector<Entry>* entries = std::as_const(routes).exact(prefix);
    return entries && std::any_of(entries->begin(), entries->end(), [&](const Entry& e) {
             return e.peer == index && e.session < peer.session;
           });
  };
  for (const net::Prefix& prefix : peer.stale) {
    if (is_stale(prefix)) peer.prefixes.push_back(prefix);
  }
  peer.stale = std::move(peer.prefixes);
  peer.prefixes.clear();
  ++peer.session;
}

void Table::State::doom_stale(std::uint32_t peer, TimePoint time, ChangeReason reason) {
  PeerRoutes& of = peers[peer];
  if (of.stale.empty()) return;
  doomed.push_back({peer, of.session, std::move(of.stale), time, reason});
  of.stale.clear();
}

template <class Visit>
void Table::State::each_peer_of(std::string_view router, Visit visit) {
  for (std::uint32_t i = 0; i < peers.size(); ++i) {
    if (peers[i].peer->key.router == router) visit(i);
  }
}

void Table::peer_down(PeerId peer, TimePoint time) {
  const auto found = state_->index_of.find(peer);
  if (found == state_->index_of.end()) return;
  state_->end_session(found->second);
  state_->doom_stale(found->second, time, ChangeReason::peer_down);
}

void Table::router_down(std::string_view router, TimePoint time) {
  state_->each_peer_of(router, [&](std::uint32_t peer) {
    state_->end_session(peer);
    state_->doom_stale(peer, time, ChangeReason::router_down);
  });
}

void Table::mark_stale(std::string_view router) {
  state_->each_peer_of(router, [&](std::uint32_t peer) { state_->end_session(peer); });
}

void Table::sweep(PeerId peer, TimePoint time) {
  const auto found = state_->index_of.find(peer);
  if (found == state_->index_of.end()) return;
  state_->doom_stale(found->second, time, ChangeReason::stale_swept);
}

void Table::sweep_router(std::string_view router, TimePoint time) {
  state_->each_peer_of(
      router, [&](std::uint32_t peer) { state_->doom_stale(peer, time, ChangeReason::stale_swept); });
}

bool Table::flush(std::size_t limit, std::vector<RouteChange>& out) {
  State& s = *state_;
  for (; limit > 0 && !s.doomed.empty(); --limit) {
    Doomed& job = s.doomed.front();
    if (job.prefixes.empty()) {
      s.doomed.pop_front();
      continue;
    }
    const net::Prefix prefix = job.prefixes.back();
    job.prefixes.pop_back();
    std::vector<Entry>* entries = s.routes.exact(prefix);
    if (!entries) continue;
    for (std::size_t at = 0; at < entries->size(); ++at) {
      const Entry& entry = (*entries)[at];
      if (entry.peer != job.peer || entry.session >= job.session) continue;
      out.push_back(
          {prefix, s.peers[job.peer].peer, entry.attributes->attributes, nullptr, job.time, job.reason});
      s.remove(prefix, *entries, at);
      break;
    }
  }
  return !s.doomed.empty();
}

void Table::State::append(const net::Prefix& prefix, const std::vector<Entry>& entries,
                          std::vector<Route>& out) const {
  for (const Entry& entry : entries) {
    out.push_back({prefix, peers[entry.peer].peer, entry.attributes->attributes, entry.received_at});
  }
}

std::vector<Route> Table::routes(const net::Prefix& prefix) const {
  std::vector<Route> out;
  if (const auto* entries = std::as_const(state_->routes).exact(prefix)) {
    state_->append(prefix, *entries, out);
  }
  return out;
}

std::vector<Route> Table::covered(const net::Prefix& prefix, std::size_t limit) const {
  std::vector<Route> out;
  state_->routes.for_covered(prefix, [&](const net::Prefix& at, const std::vector<Entry>& entries) {
    if (out.size() < limit) state_->append(at, entries, out);
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

std::vector<Route> Table::covering(const net::Prefix& prefix) const {
  std::vector<Route> out;
  state_->routes.for_covering(prefix, [&](const net::Prefix& at, const std::vector<Entry>& entries) {
    if (at != prefix) state_->append(at, entries, out);
  });
  return out;
}

TableSize Table::size() const {
  TableSize out{state_->routes.size(), state_->route_count, state_->pool.size(), state_->peers.size(), 0};
  for (const Doomed& job : state_->doomed) out.doomed += job.prefixes.size();
  return out;
}

}  // namespace peering::rib
