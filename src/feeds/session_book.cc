#include "feeds/session_book.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace peering::feeds {

namespace {

model::SessionState state_of(const model::BgpSession& session) {
  if (session.established) return model::SessionState::established;
  return session.state.empty() ? model::SessionState::unknown : model::SessionState::down;
}

// Leaves the latest change of each session.
void keep_latest(std::vector<model::SessionChange>& changes) {
  std::set<std::tuple<net::Address, std::string, std::uint64_t>> seen;
  std::ranges::reverse(changes);
  std::erase_if(changes, [&](const model::SessionChange& each) {
    return !seen.emplace(each.peer_address, each.router, each.distinguisher).second;
  });
  std::ranges::reverse(changes);
}

}  // namespace

std::uint64_t SessionBook::new_source() {
  const std::lock_guard lock(mutex_);
  return ++sources_;
}

void SessionBook::tell(std::uint64_t source, model::BgpSession session) {
  Key key{session.router, session.distinguisher, session.peer_address};
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= sessions_max_) return;
    note(key, session, model::SessionState::unknown);
    entries_.emplace(std::move(key), Entry{source, std::move(session)});
  } else {
    Entry& entry = found->second;
    if (entry.source > source) return;
    if (entry.session.state == session.state) session.since = entry.session.since;
    // Where a session's end had no socket, the last one is its address still.
    if (!session.local_address) session.local_address = entry.session.local_address;
    note(key, session, state_of(entry.session));
    entry = Entry{source, std::move(session)};
  }
  snapshot_.reset();
}

void SessionBook::lose(std::uint64_t source, const std::string& router, TimePoint at) {
  const std::lock_guard lock(mutex_);
  for (auto each = entries_.lower_bound(Key{router, 0, {}});
       each != entries_.end() && each->first.router == router; ++each) {
    model::BgpSession& session = each->second.session;
    if (each->second.source != source || session.state.empty()) continue;
    const model::SessionState before = state_of(session);
    session.established = false;
    session.state.clear();
    session.since = at;
    note(each->first, session, before);
    // Whoever speaks of it next is believed.
    each->second.source = 0;
  }
  snapshot_.reset();
}

void SessionBook::forget(std::uint64_t source, const std::string& router, TimePoint at) {
  const std::lock_guard lock(mutex_);
  auto each = entries_.lower_bound(Key{router, 0, {}});
  while (each != entries_.end() && each->first.router == router) {
    if (each->second.source != source) {
      ++each;
      continue;
    }
    model::BgpSession& session = each->second.session;
    const model::SessionState before = state_of(session);
    session.established = false;
    session.state.clear();
    session.since = at;
    note(each->first, session, before);
    each = entries_.erase(each);
  }
  snapshot_.reset();
}

void SessionBook::note(const Key& key, const model::BgpSession& session, model::SessionState before) {
  if (state_of(session) == before) return;
  // Nobody takes them: as much as four of each session is history enough.
  if (changes_.size() >= 4 * sessions_max_) keep_latest(changes_);
  changes_.push_back(
      {key.peer_address, key.router, key.distinguisher, session.since, state_of(session), session.peer_asn});
}

std::vector<model::SessionChange> SessionBook::take_changes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(changes_, {});
}

model::BgpSessionsPointer SessionBook::snapshot() const {
  const std::lock_guard lock(mutex_);
  if (!snapshot_) {
    std::vector<model::BgpSession> all;
    all.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) all.push_back(entry.session);
    snapshot_ = std::make_shared<const model::BgpSessions>(std::move(all));
  }
  return snapshot_;
}

}  // namespace peering::feeds
