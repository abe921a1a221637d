// Business relationships between ASes, and what a path should look like under them (Gao-Rexford).
//
// Seen from the origin, a route climbs from customers to providers, crosses at most one peering, and then
// only descends: a path that climbs or crosses after it crossed or descended has a valley, and the AS at its
// bottom leaked (RFC 7908 section 3, types 1 to 4).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace peering::detect {

/// What the second AS is to the first.
enum class Relation : std::uint8_t { customer, peer, provider, sibling };

/// The first valley of a path.
struct Valley {
  net::Asn leaker = 0;   ///< sent on what it should have kept
  net::Asn from = 0;     ///< the neighbour it had the route from
  net::Asn to = 0;       ///< the neighbour it sent the route to
  int rfc7908_type = 1;  ///< 1 to 4
};

/// Built once, then read by any number of threads.
class Relationships {
 public:
  void add_provider(net::Asn provider, net::Asn customer);
  void add_peers(net::Asn a, net::Asn b);
  void add_siblings(net::Asn a, net::Asn b);
  /// Takes over every pair of `other`; where both know one, `other` is right.
  void merge(const Relationships& other);

  /// What `b` is to `a`; nothing when not known.
  std::optional<Relation> relation(net::Asn a, net::Asn b) const;
  /// Judges a path as received, the origin last; repeated ASes are one. Pairs that are not known hide a
  /// valley rather than make one.
  std::optional<Valley> valley(std::span<const net::Asn> path) const;
  std::size_t size() const { return relations_.size(); }

  /// Reads CAIDA's serial-1 and serial-2 text: `a|b|-1` (a is a provider of b), `a|b|0` (peers), anything
  /// after a further `|`, `#` comments; also `a|b|1` (a is a customer of b), as graphs made from them have.
  /// The error names the line.
  static Result<Relationships> parse(std::string_view text);
  /// Reads lines of AS numbers that belong together, separated by blanks, commas or `|`; `#` comments. The
  /// error names the line.
  static Result<Relationships> parse_siblings(std::string_view text);

 private:
  void set(net::Asn a, net::Asn b, Relation b_to_a);
  std::unordered_map<std::uint64_t, Relation> relations_;
};

}  // namespace peering::detect
