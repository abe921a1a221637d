// More-specifics of lengths that an entry watches as if they were listed (`lengths`): followed while somebody
// has them, or while it is told that too few have.
#include <algorithm>

#include "detect/presence.h"

namespace peering::detect {

namespace {

bool is_listed(const PrefixPresence& prefix) { return prefix.observed == prefix.entry->expectation.prefix; }

}  // namespace

std::vector<net::Prefix> Presence::followed_in(const net::Prefix& space) const {
  std::vector<net::Prefix> out;
  for (auto at = followed_.lower_bound(space); at != followed_.end() && space.covers(*at); ++at) {
    out.push_back(*at);
  }
  return out;
}

void Presence::follow(const net::Prefix& observed, std::span<const Follower> followers,
                      std::span<const rib::Route> routes, TimePoint now, std::vector<model::Event>& out) {
  const auto follows = [&](const model::RegisteredPrefix& entry) {
    return std::any_of(followers.begin(), followers.end(),
                       [&](const Follower& f) { return f.entry->resource == entry.resource; });
  };
  if (const auto list = by_prefix_.find(observed); list != by_prefix_.end()) {
    std::vector<model::RegisteredPrefixPointer> gone;
    for (const auto& prefix : list->second) {
      if (!is_listed(*prefix) && !follows(*prefix->entry)) gone.push_back(prefix->entry);
    }
    for (const auto& entry : gone) unwatch_at(observed, entry->resource, now, out);
  }
  for (const Follower& follower : followers) {
    const PrefixPresence* known = find(observed, follower.entry->resource);
    if (known && known->entry == follower.entry && known->connection == follower.connection) continue;
    if (!known && followed_.size() >= followed_max) continue;
    watch_at(observed, follower, routes, {}, now, out);
    followed_.insert(observed);
  }
  if (followers.empty()) drop_idle_followed(observed);
}

// Nobody has it and nothing is open about it.
void Presence::drop_idle_followed(const net::Prefix& observed) {
  if (!followed_.contains(observed)) return;
  const auto list = by_prefix_.find(observed);
  if (list != by_prefix_.end() && !settings_.thresholds.assume_seen_by_all_peers) {
    erase_if(list->second, [&](const auto& prefix) {
      const bool idle = !is_listed(*prefix) && prefix->sightings.empty() && !prefix->beside().visibility &&
                        prefix->beside().required_missing.empty();
      if (idle) unsettled_.erase(prefix.get());
      return idle;
    });
    if (list->second.empty()) by_prefix_.erase(list);
  }
  const auto left = by_prefix_.find(observed);
  const bool followed =
      left != by_prefix_.end() && std::any_of(left->second.begin(), left->second.end(),
                                              [](const auto& prefix) { return !is_listed(*prefix); });
  if (!followed) followed_.erase(observed);
}

}  // namespace peering::detect
