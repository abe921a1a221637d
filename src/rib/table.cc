#include "rib/table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <unordered_map>

#include "rib/attribute_pool.h"
#include "rib/prefix_tree.h"

namespace peering::rib {

namespace {

// How many prefixes a flush looks at for each route it may remove.
constexpr std::size_t looks_per_removal = 8, looks_min = 4096;

// One peer's route for the prefix in whose list it stands. What a peer's routes of former sessions are
// (stale or doomed) is known from the session's number.
struct Entry {
  static constexpr unsigned peer_bits = 22, session_bits = 22, time_bits = 52;
  static constexpr std::uint32_t session_mask = (1U << session_bits) - 1;
  static constexpr std::int64_t time_max = (std::int64_t{1} << time_bits) - 1;

  std::uint32_t attributes = 0;
  std::uint32_t peer_and_session = 0;  // the peer's index, and above it 10 bits of the session
  std::uint64_t time_and_session = 0;  // microseconds since 1970, and above them 12 bits of the session

  std::uint32_t peer() const { return peer_and_session & ((1U << peer_bits) - 1); }
  std::uint32_t session() const {
    return static_cast<std::uint32_t>(time_and_session >> time_bits) << (32 - peer_bits) |
           peer_and_session >> peer_bits;
  }
  TimePoint received_at() const {
    return time_from_us(static_cast<std::int64_t>(time_and_session & static_cast<std::uint64_t>(time_max)));
  }
  void set(std::uint32_t peer, std::uint32_t session, std::uint64_t time_us) {
    constexpr unsigned low_bits = 32 - peer_bits;
    peer_and_session = peer | session << peer_bits;
    time_and_session = time_us | std::uint64_t{(session & session_mask) >> low_bits} << time_bits;
  }
};
static_assert(sizeof(Entry) == SlabArena::unit_bytes);

std::uint64_t stored_time(TimePoint time) {
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_us(time), 0, Entry::time_max));
}

constexpr std::uint32_t families = 2;
std::uint32_t index_of_family(net::Family family) { return family == net::Family::ipv4 ? 0 : 1; }

// Routes of sessions before `session` go, for this reason.
struct Doom {
  std::uint32_t session = 0;
  TimePoint time;
  ChangeReason reason = ChangeReason::peer_down;
};

// A peer's routes of one family: each is repeated, and swept, on its own.
struct PeerRoutes {
  PeerPointer peer;
  std::uint32_t session = 1;
  std::vector<Doom> dooms;  // by session; emptied when nothing doomed is left
  std::size_t current = 0, stale = 0, doomed = 0;

  // The session of a route, in the count of `session`.
  std::uint32_t session_of(const Entry& entry) const {
    return session - ((session - entry.session()) & Entry::session_mask);
  }
  bool is_doomed(const Entry& entry) const {
    return !dooms.empty() && session_of(entry) < dooms.back().session;
  }
  // The count that a route is in.
  std::size_t& count_of(const Entry& entry) {
    if (entry.session() == (session & Entry::session_mask)) return current;
    return is_doomed(entry) ? doomed : stale;
  }
  void discount(const Entry& entry, std::size_t& all_doomed) {
    std::size_t& count = count_of(entry);
    if (&count == &doomed) --all_doomed;
    if (--count == 0 && &count == &doomed) dooms.clear();
  }
};

// A record of a burst while its prefixes are applied.
struct Record {
  std::uint32_t peer = 0;
  TimePoint time;
  PackedView attributes;
  std::uint32_t hash = 0;
  AttributePool::Id id = 0;  // retained
};

// Prefixes that are applied together: what they need of memory is asked for before any of them waits for it.
struct Group {
  static constexpr std::size_t prefixes_max = PrefixTree::together_max;
  struct Operation {
    std::uint32_t record = 0;
    bool announces = false;
  };
  std::vector<Record> records;  // the last may have prefixes that are yet to come
  std::array<PrefixBits, prefixes_max> prefixes;
  std::array<Operation, prefixes_max> operations;
  std::array<PrefixTree::Slot*, prefixes_max> slots;
  std::size_t count = 0;
};

}  // namespace

struct Table::State {
  PrefixTree prefixes;
  SlabArena lists;
  AttributePool pool;
  std::vector<PeerRoutes> peers;
  std::unordered_map<PeerId, std::uint32_t> index_of;
  std::shared_ptr<const net::PrefixSpace> watched;
  PrefixTree::Cursor cursor;
  std::size_t route_count = 0, doomed_count = 0;
  std::uint64_t change_count = 0;

  Group group;

  std::uint32_t peer_index(const PeerPointer& peer);
  void begin_record(std::uint32_t peer, const PackedRoutes& routes);
  void add(const PrefixBits& prefix, bool announces, std::vector<RouteChange>& out);
  void apply_group(std::vector<RouteChange>& out);
  void look_ahead();
  void forget_records(std::size_t kept);
  void announce(const Record& record, const PrefixBits& prefix, PrefixTree::Slot* known,
                std::vector<RouteChange>& out);
  void withdraw(const Record& record, const PrefixBits& prefix, PrefixTree::Slot* known,
                std::vector<RouteChange>& out);
  Entry* find(const PrefixTree::Slot& slot, std::uint32_t peer) const;
  Entry& append_entry(PrefixTree::Slot& slot);
  void remove(const PrefixBits& prefix, PrefixTree::Slot& slot, Entry* entry);
  void tell(const PrefixBits& prefix, std::uint32_t peer, AttributePool::Id before, AttributePool::Id after,
            TimePoint time, ChangeReason reason, std::vector<RouteChange>& out);
  bool is_watched(const PrefixBits& prefix) const;
  RouteChange removal(const PrefixBits& prefix, const Entry& entry) const;
  std::size_t flush_slot(const PrefixBits& prefix, std::size_t limit, const IsFollowed& is_followed,
                         std::vector<RouteChange>& out);
  void end_session(std::uint32_t index);
  void doom_stale(std::uint32_t peer, TimePoint time, ChangeReason reason);
  template <class Visit>
  void each_family_of(PeerId peer, std::optional<net::Family> family, Visit visit);
  template <class Visit>
  void each_peer_of(std::string_view router, Visit visit);
  void append(const PrefixBits& prefix, const PrefixTree::Slot& slot, std::vector<Route>& out) const;
  bool has_route(const PrefixTree::Slot& slot, const std::optional<net::Address>& of) const;
  void append_found(const PrefixBits& prefix, const PrefixTree::Slot& slot, const RouteSearch& search,
                    FoundRoutes& out) const;
  PrefixBits longest_match(const RouteSearch& search) const;
};

Table::Table() : state_(std::make_unique<State>()) {}
Table::~Table() = default;
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;

void Table::watch(std::shared_ptr<const net::PrefixSpace> space) { state_->watched = std::move(space); }

std::uint32_t Table::State::peer_index(const PeerPointer& peer) {
  const auto [found, made] = index_of.try_emplace(peer->id, static_cast<std::uint32_t>(peers.size()));
  if (made) peers.resize(peers.size() + families);
  PeerRoutes* of = &peers[found->second];
  if (of->peer != peer) of[0].peer = of[1].peer = peer;
  return found->second;
}

Entry* Table::State::find(const PrefixTree::Slot& slot, std::uint32_t peer) const {
  auto* entry = lists.at<Entry>(slot.routes);
  for (Entry* const end = entry + slot.count(); entry != end; ++entry) {
    if (entry->peer() == peer) return entry;
  }
  return nullptr;
}

// One more entry at the end of the list.
Entry& Table::State::append_entry(PrefixTree::Slot& slot) {
  const std::uint32_t count = slot.count();
  if (count == 0) {
    slot.routes = lists.allocate(1);
  } else if (count == SlabArena::capacity(count)) {
    const auto grown = lists.allocate(count + 1);
    std::memcpy(lists.at<Entry>(grown), lists.at<Entry>(slot.routes), count * sizeof(Entry));
    lists.release(slot.routes, count);
    slot.routes = grown;
  }
  slot.set_count(count + 1);
  return lists.at<Entry>(slot.routes)[count];
}

// The last entry takes its place.
void Table::State::remove(const PrefixBits& prefix, PrefixTree::Slot& slot, Entry* entry) {
  const std::uint32_t count = slot.count();
  peers[entry->peer()].discount(*entry, doomed_count);
  pool.release(entry->attributes);
  --route_count;
  *entry = lists.at<Entry>(slot.routes)[count - 1];
  slot.set_count(count - 1);
  if (count == 1) {
    lists.release(slot.routes, 1);
    prefixes.erase(prefix);
  } else if (SlabArena::capacity(count) != SlabArena::capacity(count - 1)) {
    const auto smaller = lists.allocate(count - 1);
    std::memcpy(lists.at<Entry>(smaller), lists.at<Entry>(slot.routes), (count - 1) * sizeof(Entry));
    lists.release(slot.routes, count);
    slot.routes = smaller;
  }
}

bool Table::State::is_watched(const PrefixBits& prefix) const {
  return !watched || watched->overlaps(prefix.family, prefix.high, prefix.low, prefix.length);
}

void Table::State::tell(const PrefixBits& prefix, std::uint32_t peer, AttributePool::Id before,
                        AttributePool::Id after, TimePoint time, ChangeReason reason,
                        std::vector<RouteChange>& out) {
  ++change_count;
  if (!is_watched(prefix)) return;
  out.push_back({to_prefix(prefix), peers[peer].peer, before != 0 ? pool.decoded(before) : nullptr,
                 after != 0 ? pool.decoded(after) : nullptr, time, reason});
}

// `known`: the prefix's slot, where it is at hand.
void Table::State::announce(const Record& record, const PrefixBits& prefix, PrefixTree::Slot* known,
                            std::vector<RouteChange>& out) {
  const std::uint32_t peer = record.peer;
  const AttributePool::Id attributes = record.id;
  const TimePoint time = record.time;
  PeerRoutes& of = peers[peer];
  PrefixTree::Slot& slot = known ? *known : prefixes.insert(prefix);
  Entry* entry = slot.count() == 0 ? nullptr : find(slot, peer);
  if (!entry) {
    entry = &append_entry(slot);
    entry->attributes = attributes;
    entry->set(peer, of.session, stored_time(time));
    pool.retain(attributes);
    ++of.current;
    ++route_count;
    return tell(prefix, peer, 0, attributes, time, ChangeReason::update, out);
  }
  of.discount(*entry, doomed_count);
  ++of.current;
  const AttributePool::Id before = entry->attributes;
  const bool same = before == attributes;
  entry->set(peer, of.session, same ? stored_time(entry->received_at()) : stored_time(time));
  if (same) return;
  entry->attributes = attributes;
  pool.retain(attributes);
  tell(prefix, peer, before, attributes, time, ChangeReason::update, out);
  pool.release(before);
}

void Table::State::withdraw(const Record& record, const PrefixBits& prefix, PrefixTree::Slot* known,
                            std::vector<RouteChange>& out) {
  PrefixTree::Slot* slot = known ? known : prefixes.find(prefix);
  Entry* entry = slot ? find(*slot, record.peer) : nullptr;
  if (!entry) return;
  tell(prefix, record.peer, entry->attributes, 0, record.time, ChangeReason::update, out);
  remove(prefix, *slot, entry);
}

void Table::State::begin_record(std::uint32_t peer, const PackedRoutes& routes) {
  Record record{peer, routes.time, routes.attributes};
  if (!routes.announced.empty()) {
    record.hash = pool.hash(record.attributes);
    pool.prefetch_index(record.hash);
  }
  group.records.push_back(record);
}

void Table::State::add(const PrefixBits& prefix, bool announces, std::vector<RouteChange>& out) {
  if (group.count == Group::prefixes_max) {
    apply_group(out);
    forget_records(1);
  }
  group.prefixes[group.count] = prefix;
  group.operations[group.count] = {static_cast<std::uint32_t>(group.records.size() - 1), announces};
  ++group.count;
}

// Reads what the group's operations will need, all of them a step at a time.
void Table::State::look_ahead() {
  for (const Record& record : group.records) pool.prefetch_block(record.hash);
  prefixes.find_together({group.prefixes.data(), group.count}, group.slots);
  for (std::size_t i = 0; i < group.count; ++i) {
    if (group.slots[i]) __builtin_prefetch(lists.at<Entry>(group.slots[i]->routes));
    const PrefixBits& prefix = group.prefixes[i];
    if (watched) watched->prefetch(prefix.family, prefix.high);
  }
  for (std::size_t i = 0; i < group.count; ++i) {
    const Record& record = group.records[group.operations[i].record];
    const Entry* entry = group.slots[i] ? find(*group.slots[i], record.peer) : nullptr;
    if (entry) pool.prefetch(entry->attributes);
  }
}

void Table::State::apply_group(std::vector<RouteChange>& out) {
  look_ahead();
  const std::uint64_t version = prefixes.version();
  for (std::size_t i = 0; i < group.count; ++i) {
    Record& record = group.records[group.operations[i].record];
    PrefixTree::Slot* const known = prefixes.version() == version ? group.slots[i] : nullptr;
    if (!group.operations[i].announces) {
      withdraw(record, group.prefixes[i], known, out);
      continue;
    }
    if (record.id == 0) {
      // Held while the record is applied: a prefix named twice must not drop the attributes in between.
      record.id = pool.intern(record.attributes, record.hash);
      pool.retain(record.id);
    }
    announce(record, group.prefixes[i], known, out);
  }
  group.count = 0;
}

void Table::State::forget_records(std::size_t kept) {
  auto& records = group.records;
  const auto end = records.end() - static_cast<std::ptrdiff_t>(kept);
  for (auto at = records.begin(); at != end; ++at) {
    if (at->id != 0) pool.release(at->id);
  }
  records.erase(records.begin(), end);
}

void Table::apply(const RouteBatch& batch, std::vector<RouteChange>& out) {
  RouteBurst burst;
  append_batch(batch, burst);
  apply(burst, out);
}

void Table::apply(const RouteBurst& burst, std::vector<RouteChange>& out) {
  State& s = *state_;
  const Peer* last = nullptr;
  std::uint32_t peer = 0;
  burst.for_each([&](const PeerPointer& from, const PackedRoutes& routes) {
    if (from.get() != last) peer = s.peer_index(from);
    last = from.get();
    s.begin_record(peer + index_of_family(routes.family), routes);
    for_each_bits(routes.withdrawn, routes.family,
                  [&](const PrefixBits& prefix) { s.add(prefix, false, out); });
    for_each_bits(routes.announced, routes.family,
                  [&](const PrefixBits& prefix) { s.add(prefix, true, out); });
  });
  s.apply_group(out);
  s.forget_records(0);
}

// Routes of the session that ends become stale.
void Table::State::end_session(std::uint32_t index) {
  PeerRoutes& peer = peers[index];
  if (peer.current == 0) return;
  peer.stale += std::exchange(peer.current, 0);
  ++peer.session;
}

void Table::State::doom_stale(std::uint32_t peer, TimePoint time, ChangeReason reason) {
  PeerRoutes& of = peers[peer];
  if (of.stale == 0) return;
  of.dooms.push_back({of.session, time, reason});
  doomed_count += of.stale;
  of.doomed += std::exchange(of.stale, 0);
}

template <class Visit>
void Table::State::each_peer_of(std::string_view router, Visit visit) {
  for (std::uint32_t i = 0; i < peers.size(); ++i) {
    if (peers[i].peer->key.router == router) visit(i);
  }
}

// Of both families, or the one.
template <class Visit>
void Table::State::each_family_of(PeerId peer, std::optional<net::Family> family, Visit visit) {
  const auto found = index_of.find(peer);
  if (found == index_of.end()) return;
  for (std::uint32_t i = 0; i < families; ++i) {
    if (!family || index_of_family(*family) == i) visit(found->second + i);
  }
}

void Table::peer_down(PeerId peer, TimePoint time) {
  state_->each_family_of(peer, std::nullopt, [&](std::uint32_t index) {
    state_->end_session(index);
    state_->doom_stale(index, time, ChangeReason::peer_down);
  });
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

void Table::mark_stale(PeerId peer, net::Family family) {
  state_->each_family_of(peer, family, [&](std::uint32_t index) { state_->end_session(index); });
}

void Table::sweep(PeerId peer, std::optional<net::Family> family, TimePoint time) {
  state_->each_family_of(
      peer, family, [&](std::uint32_t index) { state_->doom_stale(index, time, ChangeReason::stale_swept); });
}

void Table::forget_stale(std::string_view router, TimePoint time) {
  state_->each_peer_of(
      router, [&](std::uint32_t peer) { state_->doom_stale(peer, time, ChangeReason::router_down); });
}

void Table::sweep_router(std::string_view router, TimePoint time) {
  state_->each_peer_of(
      router, [&](std::uint32_t peer) { state_->doom_stale(peer, time, ChangeReason::stale_swept); });
}

// What becomes of a doomed route.
RouteChange Table::State::removal(const PrefixBits& prefix, const Entry& entry) const {
  const PeerRoutes& of = peers[entry.peer()];
  const std::uint32_t session = of.session_of(entry);
  const auto doom = std::ranges::find_if(of.dooms, [&](const Doom& d) { return session < d.session; });
  return {to_prefix(prefix), of.peer, pool.decoded(entry.attributes), nullptr, doom->time, doom->reason};
}

// Removes doomed routes of one prefix; gives back how many.
std::size_t Table::State::flush_slot(const PrefixBits& prefix, std::size_t limit,
                                     const IsFollowed& is_followed, std::vector<RouteChange>& out) {
  const bool watches = is_watched(prefix);
  std::size_t removed = 0;
  PrefixTree::Slot* slot = prefixes.find(prefix);
  for (std::uint32_t at = 0; at < slot->count() && removed < limit;) {
    Entry* entry = lists.at<Entry>(slot->routes) + at;
    const PeerRoutes& of = peers[entry->peer()];
    if (!of.is_doomed(*entry)) {
      ++at;
      continue;
    }
    if (watches || (is_followed && is_followed(to_prefix(prefix), of.peer->id))) {
      out.push_back(removal(prefix, *entry));
    }
    ++change_count;
    ++removed;
    const bool last = slot->count() == 1;
    remove(prefix, *slot, entry);
    if (last) break;
  }
  return removed;
}

bool Table::flush(std::size_t limit, std::vector<RouteChange>& out, const IsFollowed& is_followed) {
  State& s = *state_;
  PrefixBits prefix;
  for (std::size_t looks = std::max(looks_min, looks_per_removal * limit); looks > 0 && limit > 0; --looks) {
    if (s.doomed_count == 0) return false;
    const PrefixTree::Cursor before = s.cursor;
    const PrefixTree::Slot* slot = s.prefixes.next(s.cursor, prefix);
    if (!slot) continue;
    limit -= s.flush_slot(prefix, limit, is_followed, out);
    // It may have more of them than the limit allowed.
    if (limit == 0) s.cursor = before;
  }
  return s.doomed_count > 0;
}

void Table::State::append(const PrefixBits& prefix, const PrefixTree::Slot& slot,
                          std::vector<Route>& out) const {
  const auto* entry = lists.at<Entry>(slot.routes);
  for (const auto* const end = entry + slot.count(); entry != end; ++entry) {
    out.push_back({to_prefix(prefix), peers[entry->peer()].peer, pool.decoded(entry->attributes),
                   entry->received_at()});
  }
}

std::vector<Route> Table::routes(const net::Prefix& prefix) const {
  std::vector<Route> out;
  const PrefixBits bits = prefix_bits(prefix);
  if (const auto* slot = state_->prefixes.find(bits)) state_->append(bits, *slot, out);
  return out;
}

std::vector<Route> Table::covered(const net::Prefix& prefix, std::size_t limit) const {
  std::vector<Route> out;
  state_->prefixes.for_covered(prefix_bits(prefix), [&](const PrefixBits& at, const PrefixTree::Slot& slot) {
    state_->append(at, slot, out);
    return out.size() < limit;
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

std::vector<Route> Table::covering(const net::Prefix& prefix) const {
  std::vector<Route> out;
  state_->prefixes.for_covering(prefix_bits(prefix), [&](const PrefixBits& at, const PrefixTree::Slot& slot) {
    state_->append(at, slot, out);
  });
  return out;
}

bool Table::State::has_route(const PrefixTree::Slot& slot, const std::optional<net::Address>& of) const {
  const std::span entries(lists.at<Entry>(slot.routes), slot.count());
  return std::ranges::any_of(
      entries, [&](const Entry& entry) { return !of || peers[entry.peer()].peer->key.address == *of; });
}

void Table::State::append_found(const PrefixBits& prefix, const PrefixTree::Slot& slot,
                                const RouteSearch& search, FoundRoutes& out) const {
  for (const Entry& entry : std::span(lists.at<Entry>(slot.routes), slot.count())) {
    const PeerPointer& peer = peers[entry.peer()].peer;
    if (search.peer && peer->key.address != *search.peer) continue;
    if (out.routes.size() == search.limit) {
      out.truncated = true;
      return;
    }
    out.routes.push_back({to_prefix(prefix), peer, pool.decoded(entry.attributes), entry.received_at()});
  }
}

PrefixBits Table::State::longest_match(const RouteSearch& search) const {
  PrefixBits out = prefix_bits(search.prefix);
  const auto* slot = prefixes.find(out);
  if (slot && has_route(*slot, search.peer)) return out;
  prefixes.for_covering(prefix_bits(search.prefix), [&](const PrefixBits& at, const PrefixTree::Slot& found) {
    if (has_route(found, search.peer)) out = at;
  });
  return out;
}

FoundRoutes Table::search(const RouteSearch& search) const {
  const State& s = *state_;
  const PrefixBits bits = search.longest_match ? s.longest_match(search) : prefix_bits(search.prefix);
  FoundRoutes out{to_prefix(bits), {}, false};
  const auto* own = search.exact ? s.prefixes.find(bits) : nullptr;
  if (own) s.append_found(bits, *own, search, out);
  if (search.covering) {
    s.prefixes.for_covering(bits, [&](const PrefixBits& at, const PrefixTree::Slot& slot) {
      s.append_found(at, slot, search, out);
    });
  }
  if (!search.more_specific) return out;
  std::size_t looks = 0;
  s.prefixes.for_covered(bits, [&](const PrefixBits& at, const PrefixTree::Slot& slot) {
    if (at == bits) return true;
    if (++looks > searched_prefixes_max) out.truncated = true;
    if (!out.truncated) s.append_found(at, slot, search, out);
    return !out.truncated;
  });
  return out;
}

bool Table::walk(TableWalk& at, std::size_t prefixes, std::size_t limit,
                 const std::function<bool(PackedView)>& concerns, std::vector<Route>& out) const {
  State& s = *state_;  // what it walks over stays as it is
  PrefixTree::Cursor cursor{at.block, at.key};
  PrefixBits prefix;
  bool more = true;
  for (; more && prefixes > 0 && out.size() < limit; --prefixes) {
    const PrefixTree::Slot* slot = s.prefixes.next(cursor, prefix);
    more = slot != nullptr;
    if (!slot) break;
    for (const Entry& entry : std::span(s.lists.at<Entry>(slot->routes), slot->count())) {
      if (!concerns(s.pool.packed(entry.attributes))) continue;
      out.push_back({to_prefix(prefix), s.peers[entry.peer()].peer, s.pool.decoded(entry.attributes),
                     entry.received_at()});
    }
  }
  at = {cursor.block, cursor.key};
  return more;
}

TableSize Table::size() const {
  return {state_->prefixes.size(), state_->route_count, state_->pool.size(), state_->index_of.size(),
          state_->doomed_count};
}

std::uint64_t Table::changes() const { return state_->change_count; }

std::size_t Table::bytes() const {
  return state_->prefixes.bytes() + state_->lists.bytes() + state_->pool.bytes();
}

std::size_t Table::attribute_bytes() const { return state_->pool.bytes(); }

}  // namespace peering::rib
