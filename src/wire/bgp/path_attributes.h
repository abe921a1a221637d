// The path attributes of one or many routes, decoded (RFC 4271 section 4.3 and the RFCs named below).
// Values: a decoder builds one, the RIB interns it, everyone else reads it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"

namespace peering::wire::bgp {

/// RFC 4271 section 5.1.1.
enum class Origin : std::uint8_t { igp = 0, egp = 1, incomplete = 2 };

/// RFC 4271 section 4.3 and RFC 5065.
enum class SegmentType : std::uint8_t { as_set = 1, as_sequence = 2, confed_sequence = 3, confed_set = 4 };

/// An AS_PATH, already merged with AS4_PATH where both came (RFC 6793 section 4.2.3). Segments lie one
/// after the other in `asns`; `segments` says how many belong to each.
struct AsPath {
  struct Segment {
    SegmentType type = SegmentType::as_sequence;
    std::uint16_t count = 0;
    friend auto operator<=>(const Segment&, const Segment&) = default;
  };
  std::vector<Segment> segments;
  std::vector<net::Asn> asns;

  /// A path of one AS_SEQUENCE (empty input: an empty path).
  static AsPath sequence(std::vector<net::Asn> asns);
  bool empty() const { return asns.empty(); }
  /// The leftmost AS: the neighbour that sent the route. Nothing for an empty path or one starting with a
  /// set.
  std::optional<net::Asn> first() const;
  /// The origin AS: the last of a final AS_SEQUENCE. Nothing when the path is empty or ends in an AS_SET.
  std::optional<net::Asn> origin() const;
  /// All possible origins: the one of `origin()`, or every member of the final AS_SET.
  std::vector<net::Asn> origins() const;
  /// The AS left of the origin, prepends skipped; nothing when the path has one distinct AS or ends in a set.
  std::optional<net::Asn> neighbor_of_origin() const;
  /// Length as in the decision process: an AS_SET counts one, confederations none (RFC 4271 9.1.2.2, RFC
  /// 5065 5.3).
  int length() const;
  /// "64500 64501 {64502,64503}", as routers and bgpdump print it.
  std::string to_string() const;

  friend auto operator<=>(const AsPath&, const AsPath&) = default;
};

/// RFC 8092.
struct LargeCommunity {
  std::uint32_t global = 0, local1 = 0, local2 = 0;
  friend auto operator<=>(const LargeCommunity&, const LargeCommunity&) = default;
};

/// RFC 4271 section 5.1.7; `asn` already taken from AS4_AGGREGATOR where that came.
struct Aggregator {
  net::Asn asn = 0;
  net::Address address;
  friend auto operator<=>(const Aggregator&, const Aggregator&) = default;
};

struct PathAttributes {
  Origin origin = Origin::igp;
  AsPath as_path;
  /// NEXT_HOP, or the next hop of MP_REACH_NLRI for the routes that came in it.
  std::optional<net::Address> next_hop;
  std::optional<std::uint32_t> multi_exit_disc;
  std::optional<std::uint32_t> local_pref;
  bool atomic_aggregate = false;
  std::optional<Aggregator> aggregator;
  /// RFC 1997, as sent.
  std::vector<std::uint32_t> communities;
  /// RFC 4360, 8 bytes each as a number.
  std::vector<std::uint64_t> extended_communities;
  std::vector<LargeCommunity> large_communities;
  /// OTC (RFC 9234).
  std::optional<net::Asn> only_to_customer;

  friend auto operator<=>(const PathAttributes&, const PathAttributes&) = default;
};

/// A hash over every field, for interning.
std::size_t hash_value(const PathAttributes& attributes);

/// RFC 1997 values with a meaning.
inline constexpr std::uint32_t community_no_export = 0xFFFFFF01;
inline constexpr std::uint32_t community_blackhole = 0xFFFF029A;  // RFC 7999

}  // namespace peering::wire::bgp
