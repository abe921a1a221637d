#include "app/heard_feeds.h"

namespace peering::app {

HeardFeed* HeardFeeds::find(const std::string& router) const {
  for (std::size_t slot = slot_of(router);; slot = (slot + 1) % slots) {
    HeardFeed* const feed = (*table_)[slot].load(std::memory_order_acquire);
    if (!feed || feed->router == router) return feed;
  }
}

HeardFeed* HeardFeeds::find_or_make(const std::string& router) {
  if (HeardFeed* const known = find(router)) return known;
  if (feeds_.size() >= feeds_max) return nullptr;
  HeardFeed* const made = feeds_.emplace_back(std::make_unique<HeardFeed>(router)).get();
  std::size_t slot = slot_of(router);
  while ((*table_)[slot].load(std::memory_order_relaxed)) slot = (slot + 1) % slots;
  (*table_)[slot].store(made, std::memory_order_release);
  return made;
}

}  // namespace peering::app
