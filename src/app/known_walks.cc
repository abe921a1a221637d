#include "app/known_walks.h"

#include <utility>

namespace peering::app {

namespace {

// Those of the time in which a degradation is not told yet must not push out all from before it: but for the
// latest, walks that are kept are so far apart.
constexpr std::size_t walks_of_destination_max = 6;
constexpr std::chrono::minutes apart_min{5};

}  // namespace

void KnownWalks::add(KnownWalk walk) {
  if (!latency::reaches(walk.walk, walk.destination)) return;
  const std::lock_guard lock(mutex_);
  if (walks_.size() >= destinations_max_ && !walks_.contains(walk.destination)) return;
  std::deque<KnownWalk>& kept = walks_[walk.destination];
  const bool takes_the_place_of_the_last =
      kept.size() >= 2 && kept.back().at - kept[kept.size() - 2].at < apart_min;
  if (takes_the_place_of_the_last) kept.pop_back();
  kept.push_back(std::move(walk));
  if (kept.size() > walks_of_destination_max) kept.pop_front();
}

std::optional<KnownWalk> KnownWalks::before(const net::Prefix& prefix, TimePoint at) const {
  std::optional<KnownWalk> out;
  const std::lock_guard lock(mutex_);
  for (auto each = walks_.lower_bound(prefix.address()); each != walks_.end() && prefix.contains(each->first);
       ++each) {
    for (const KnownWalk& walk : each->second) {
      if (walk.at < at && (!out || walk.at > out->at)) out = walk;
    }
  }
  return out;
}

}  // namespace peering::app
