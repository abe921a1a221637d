#include "feeds/ris_filter.h"

#include <algorithm>
#include <optional>

#include "base/json.h"

namespace peering::feeds {

namespace {

template <class T>
std::vector<std::optional<T>> each_or_all(const std::vector<T>& items) {
  if (items.empty()) return {std::nullopt};
  return {items.begin(), items.end()};
}

// Without those that another one covers. Sorted, what covers stands before what is covered.
std::vector<net::Prefix> outermost(std::vector<net::Prefix> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<net::Prefix> out;
  for (const net::Prefix& prefix : prefixes) {
    if (out.empty() || !out.back().covers(prefix)) out.push_back(prefix);
  }
  return out;
}

std::string subscription(json::object data) {
  data["socketOptions"] = json::object{{"includeRaw", false}, {"acknowledge", true}};
  return json::serialize(data);
}

}  // namespace

std::set<std::string> ris_subscriptions(const RisFilter& filter) {
  const auto collectors = each_or_all(filter.collectors);
  const auto peers = each_or_all(filter.peers);
  std::vector<net::Prefix> prefixes = outermost(filter.prefixes);
  const std::size_t places = collectors.size() * peers.size();
  const bool every_prefix = filter.every_prefix || prefixes.size() * places > ris_subscriptions_max;
  std::set<std::string> out;
  if (!every_prefix && prefixes.empty()) return out;
  for (const auto& collector : collectors) {
    for (const auto& peer : peers) {
      json::object place;
      if (collector) place["host"] = *collector;
      if (peer) place["peer"] = peer->to_string();
      if (every_prefix) {
        out.insert(subscription(place));
        continue;
      }
      json::object states = place;
      states["type"] = "RIS_PEER_STATE";
      out.insert(subscription(std::move(states)));
      for (const net::Prefix& prefix : prefixes) {
        json::object updates = place;
        updates["type"] = "UPDATE";
        updates["prefix"] = prefix.to_string();
        updates["moreSpecific"] = updates["lessSpecific"] = true;
        out.insert(subscription(std::move(updates)));
      }
    }
  }
  return out;
}

}  // namespace peering::feeds
