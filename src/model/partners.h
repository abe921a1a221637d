// What partners have with this network, as one immutable value of the registry: their peerings, peer ASNs,
// and what they registered for customers.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/shared_map.h"
#include "net/address.h"
#include "net/prefix.h"

namespace peering::model {

/// A peer ASN of a subscription.
struct PeerAsn {
  net::Asn asn = 0;
  std::string name;       ///< peerName; may be empty
  bool approved = false;  ///< by the operator
  friend bool operator==(const PeerAsn&, const PeerAsn&) = default;
};

/// A customer's AS number or prefix that a partner registered with a peering: one of the two is there.
struct PartnerRegistration {
  std::string peering;  ///< key of the peering
  std::optional<net::Asn> asn;
  std::optional<net::Prefix> prefix;
  friend bool operator==(const PartnerRegistration&, const PartnerRegistration&) = default;
};

/// Keys of resources are ARM ids in lower case. Copies share what they have in common.
struct Partners {
  /// As they are stored: what they are now depends on their sessions.
  SharedMap<std::string, std::shared_ptr<const json::object>> peerings;
  SharedMap<std::string, std::shared_ptr<const PeerAsn>> peer_asns;
  /// By the prefix key that customers write into their prefixes, in lower case.
  SharedMap<std::string, std::shared_ptr<const PartnerRegistration>> registrations;
  /// The prefix key of each registration's resource.
  SharedMap<std::string, std::string> prefix_keys;
};

}  // namespace peering::model
