// A number made of every value of decoded routes, so that a benchmark cannot leave one undecoded. Cheap: it
// is no hash to look something up with.
#pragma once

#include "wire/bgp/update.h"

namespace peering::wire::bgp {

inline void add_to_digest(std::uint64_t value, std::uint64_t& digest) {
  digest = (digest << 7 | digest >> 57) ^ value;
}

inline void add_to_digest(const net::Address& address, std::uint64_t& digest) {
  std::uint64_t first = 0;
  std::memcpy(&first, address.bytes().data(), sizeof first);  // of IPv4 the others are there, and zero
  add_to_digest(first, digest);
}

inline void add_to_digest(const net::Prefix& prefix, std::uint64_t& digest) {
  add_to_digest(prefix.address(), digest);
  add_to_digest(static_cast<std::uint64_t>(prefix.length()), digest);
}

/// Of a list its size and its ends: the decoder cannot know which will be asked for. Without a branch: which
/// lists are empty has no pattern.
template <class Value>
std::uint64_t ends_of(const std::vector<Value>& list) {
  static constexpr Value none{};
  const Value* const first = list.empty() ? &none : list.data();
  const Value* const last = list.empty() ? &none : list.data() + list.size() - 1;
  return *first + *last + list.size();
}

inline void add_to_digest(const PathAttributes& a, std::uint64_t& digest) {
  std::uint64_t sum = static_cast<std::uint64_t>(a.origin) + a.atomic_aggregate + a.local_pref.value_or(1) +
                      a.multi_exit_disc.value_or(1) + a.only_to_customer.value_or(1);
  sum += a.as_path.segments.size() + ends_of(a.as_path.asns) + ends_of(a.communities);
  sum += ends_of(a.extended_communities) + a.large_communities.size();
  if (a.aggregator) sum += a.aggregator->asn;
  add_to_digest(sum, digest);
  if (a.next_hop) add_to_digest(*a.next_hop, digest);
}

/// How many routes there were.
inline std::size_t add_to_digest(const Update& update, std::uint64_t& digest) {
  std::size_t count = 0;
  for (const std::vector<Nlri>* routes :
       {&update.announced, &update.withdrawn, &update.mp_announced, &update.mp_withdrawn}) {
    for (const Nlri& route : *routes) add_to_digest(route.prefix, digest);
    count += routes->size();
  }
  add_to_digest(update.attributes, digest);
  return count;
}

}  // namespace peering::wire::bgp
