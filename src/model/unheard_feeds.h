// Feeds that are not heard: what was seen through them may be otherwise by now.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"

namespace peering::model {

/// A router or collector that says nothing.
struct UnheardFeed {
  TimePoint since{};   ///< when it was heard last
  std::string reason;  ///< a few words for people: "nothing heard, its longest pause was 2 min"
  friend bool operator==(const UnheardFeed&, const UnheardFeed&) = default;
};

/// By the router's name, as in `rib::PeerKey::router`.
struct UnheardFeeds {
  std::map<std::string, UnheardFeed, std::less<>> feeds;
  std::size_t heard = 0;  ///< how many others there are
};
/// Immutable, never null.
using UnheardFeedsPointer = std::shared_ptr<const UnheardFeeds>;

}  // namespace peering::model
