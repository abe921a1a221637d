// AS Provider Authorizations (draft-ietf-sidrops-aspa-verification): who may be whose provider, as the
// customers themselves say, and what a path shows under them.
//
// Where the relation of the peer to those who hear it is not known, a path is judged by the rules for what
// comes from a provider: from the origin it may climb to providers, and then only descend. A path that not
// even these allow was leaked, whoever sent it. What comes from a customer, or from a peer, may only climb.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "net/address.h"
#include "wire/rtr/pdu.h"

namespace peering::rib {

/// What a customer's ASPA says of another AS.
enum class Provider : std::uint8_t {
  no_attestation,  ///< the customer has no ASPA
  provider,
  not_provider,
};

/// Where a path breaks what customers attest.
struct AspaBreak {
  net::Asn leaker = 0;  ///< sent up or sideways what it had not from a customer
  net::Asn from = 0;    ///< it had the route from here
  net::Asn to = 0;      ///< and sent it here, who is no provider of it; the leaker itself: to us
};

/// Immutable after construction; any number of threads may read.
class AspaTable {
 public:
  AspaTable() = default;
  /// Several of one customer are one with all their providers.
  explicit AspaTable(std::span<const wire::rtr::Aspa> aspas);

  Provider provider(net::Asn customer, net::Asn of) const;
  /// The break of a path as received, origin last, prepends collapsed and without sets; nothing when the path
  /// is valid or not enough is attested.
  std::optional<AspaBreak> broken(std::span<const net::Asn> path) const;
  /// The same of a path that came from a customer, a peer or a client of a route server.
  std::optional<AspaBreak> broken_from_below(std::span<const net::Asn> path) const;
  /// Every customer once.
  std::vector<wire::rtr::Aspa> aspas() const;
  std::size_t size() const { return providers_.size(); }
  bool operator==(const AspaTable& other) const { return providers_ == other.providers_; }

 private:
  std::unordered_map<net::Asn, std::vector<net::Asn>> providers_;  // sorted
};
using AspaTablePointer = std::shared_ptr<const AspaTable>;

}  // namespace peering::rib
