// Which messages are asked of RIS Live: the subscriptions that a filter comes to.
//
// A subscription of the service names at most one collector, one peer and one prefix, so a filter becomes one
// for each combination. A session's state has no prefix: where prefixes are named, the states of the peers
// are asked for beside them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "net/prefix.h"

namespace peering::feeds {

struct RisFilter {
  std::vector<std::string> collectors;  ///< "rrc00"; empty: all
  std::vector<net::Address> peers;      ///< empty: all
  /// Updates of these prefixes, of what covers them and what they cover.
  std::vector<net::Prefix> prefixes;
  bool every_prefix = false;  ///< whatever `prefixes` says
};

/// More than so many are no filter any more: every prefix of the collectors and peers is asked for then.
inline constexpr std::size_t ris_subscriptions_max = 5'000;

/// The `data` of each ris_subscribe, as JSON. Prefixes covered by another one of the list need none.
std::set<std::string> ris_subscriptions(const RisFilter& filter);

}  // namespace peering::feeds
