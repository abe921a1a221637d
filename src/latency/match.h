// From client addresses to the series of registered prefixes: where samples lose their addresses.
//
// A client is reduced to its /24 (IPv6: /48) first, and that network is matched: it counts for the longest
// registered prefix that covers it, and for every registered prefix inside it, because such a prefix is
// answered at the size of the network ("approximatedAt"). Several registrations of one prefix each get the
// sample.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "latency/raw_samples.h"
#include "model/registry.h"

namespace peering::latency {

struct MatchedSamples {
  /// Each series once, and a sample for each registration matched; without idempotency key.
  model::SampleBatch batch;
  std::uint64_t unmatched = 0;  ///< raw samples in no registered prefix
};

MatchedSamples match_samples(const DecodedSamples& decoded, const model::Registry& registry);

/// The registrations (lower-case ARM ids) that a client's network belongs to, as for its samples.
std::vector<std::string> resources_of_client(const net::Address& client, const model::Registry& registry);

}  // namespace peering::latency
