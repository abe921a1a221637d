#include "feeds/session_book.h"

namespace peering::feeds {

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
    entries_.emplace(std::move(key), Entry{source, std::move(session)});
  } else {
    Entry& entry = found->second;
    if (entry.source > source) return;
    if (entry.session.state == session.state) session.since = entry.session.since;
    // Where a session's end had no socket, the last one is its address still.
    if (!session.local_address) session.local_address = entry.session.local_address;
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
    session.established = false;
    session.state.clear();
    session.since = at;
    // Whoever speaks of it next is believed.
    each->second.source = 0;
  }
  snapshot_.reset();
}

void SessionBook::forget(std::uint64_t source, const std::string& router) {
  const std::lock_guard lock(mutex_);
  auto each = entries_.lower_bound(Key{router, 0, {}});
  while (each != entries_.end() && each->first.router == router) {
    each = each->second.source == source ? entries_.erase(each) : std::next(each);
  }
  snapshot_.reset();
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
