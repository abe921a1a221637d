#include "app/route_lookup.h"

#include <algorithm>
#include <iterator>

#include "feeds/shard_router.h"

namespace peering::app {

namespace {

constexpr std::size_t routes_served_max = 1000;

}  // namespace

Result<std::vector<rib::Route>> routes_around(const Shards& shards, const net::Prefix& prefix) {
  const auto owner = feeds::shard_of(prefix, shards.size());
  if (owner) return shards[*owner]->routes(prefix, routes_served_max);
  std::vector<rib::Route> all;
  for (const auto& shard : shards) {
    auto part = shard->routes(prefix, routes_served_max);
    if (!part) return part;
    // What no shard owns alone is in each of them.
    const bool first = shard == shards.front();
    std::erase_if(*part, [&](const rib::Route& route) {
      return !first && !feeds::shard_of(route.prefix, shards.size());
    });
    all.insert(all.end(), part->begin(), part->end());
  }
  return all;
}

// A short prefix is asked of all shards; what is as short is in each of them, and taken from the first.
Result<rib::FoundRoutes> search_routes(const Shards& shards, const rib::RouteSearch& search) {
  const auto owner = feeds::shard_of(search.prefix, shards.size());
  if (owner && search.longest_match && search.more_specific) {
    // The longest match may be so short that other shards have the more specific ones.
    rib::RouteSearch match = search;
    match.more_specific = false;
    const auto found = shards[*owner]->search(match);
    if (!found) return found;
    match = search;
    match.prefix = found->prefix;
    match.longest_match = false;
    return search_routes(shards, match);
  }
  if (owner) return shards[*owner]->search(search);
  auto out = shards.front()->search(search);
  for (std::size_t i = 1; out && i < shards.size(); ++i) {
    auto part = shards[i]->search(search);
    if (!part) return part;
    out->truncated |= part->truncated;
    std::ranges::copy_if(part->routes, std::back_inserter(out->routes), [&](const rib::Route& route) {
      return feeds::shard_of(route.prefix, shards.size()).has_value();
    });
  }
  if (!out) return out;
  const auto order = [&](const rib::Route& route) {
    const int nearness = route.prefix == search.prefix ? 0 : route.prefix.covers(search.prefix) ? 1 : 2;
    return std::pair(nearness, route.prefix);
  };
  std::ranges::stable_sort(out->routes, {}, order);
  if (out->routes.size() > search.limit) {
    out->routes.resize(search.limit);
    out->truncated = true;
  }
  return out;
}

}  // namespace peering::app
