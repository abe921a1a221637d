// The values of attributes that were found good.
#include <algorithm>

#include "wire/bgp/attributes.h"

namespace peering::wire::bgp {

namespace {

using Bytes = std::span<const std::uint8_t>;

bool is_confederation(SegmentType type) {
  return type == SegmentType::confed_sequence || type == SegmentType::confed_set;
}

// RFC 6793 section 6: confederation segments have no place in AS4_PATH and are left out.
AsPath as4_path_of(Bytes value) {
  AsPath whole, out;
  append_as_path(value, 4, whole);
  auto asns = whole.asns.begin();
  for (const AsPath::Segment& segment : whole.segments) {
    if (!is_confederation(segment.type)) {
      out.segments.push_back(segment);
      out.asns.insert(out.asns.end(), asns, asns + segment.count);
    }
    asns += segment.count;
  }
  return out;
}

std::size_t path_entries(const AsPath& path) {
  std::size_t total = 0;
  for (const AsPath::Segment& segment : path.segments) {
    if (segment.type == SegmentType::as_sequence) total += segment.count;
    if (segment.type == SegmentType::as_set) total += 1;
  }
  return total;
}

// The front of `path` that has `left` entries; confederation segments among them come along.
AsPath leading_entries(const AsPath& path, std::size_t left) {
  AsPath out;
  auto asns = path.asns.begin();
  for (const AsPath::Segment& segment : path.segments) {
    const bool confederation = is_confederation(segment.type);
    if (!confederation && left == 0) break;
    const bool sequence = segment.type == SegmentType::as_sequence;
    const std::size_t take = sequence ? std::min<std::size_t>(left, segment.count) : segment.count;
    out.segments.push_back({segment.type, static_cast<std::uint16_t>(take)});
    out.asns.insert(out.asns.end(), asns, asns + static_cast<std::ptrdiff_t>(take));
    asns += segment.count;
    if (!confederation) left -= sequence ? take : 1;
  }
  return out;
}

// RFC 6793 section 4.2.3: the leading ASes that AS4_PATH lacks come from AS_PATH.
void merge_as4_path(const AsPath& as4_path, AsPath& path) {
  const std::size_t whole = path_entries(path), known = path_entries(as4_path);
  if (as4_path.empty() || whole < known) return;
  AsPath merged = leading_entries(path, whole - known);
  auto rest = as4_path.segments.begin();
  const bool joins = !merged.segments.empty() && merged.segments.back().type == SegmentType::as_sequence &&
                     rest->type == SegmentType::as_sequence;
  if (joins) {
    AsPath::Segment& last = merged.segments.back();
    last.count = static_cast<std::uint16_t>(last.count + rest->count);
    ++rest;
  }
  merged.segments.insert(merged.segments.end(), rest, as4_path.segments.end());
  merged.asns.insert(merged.asns.end(), as4_path.asns.begin(), as4_path.asns.end());
  path = std::move(merged);
}

Aggregator aggregator_of(Bytes value) {
  const std::size_t asn_bytes = value.size() - 4;
  return {number_of(value.first(asn_bytes)), net::Address::v4(value.last<4>())};
}

// An AGGREGATOR that is not AS_TRANS beside an AS4_AGGREGATOR: an old speaker aggregated afterwards, and both
// AS4 attributes are stale (RFC 6793 section 4.2.3).
bool as4_is_stale(const AttributeScan& scan) {
  return scan.has(AttributeCode::aggregator) && scan.has(AttributeCode::as4_aggregator) &&
         aggregator_of(scan.value(AttributeCode::aggregator)).asn != net::as_trans;
}

std::optional<std::uint32_t> number_at(const AttributeScan& scan, AttributeCode code) {
  if (!scan.has(code)) return std::nullopt;
  return number_of(scan.value(code));
}

void read_communities(const AttributeScan& scan, PathAttributes& out) {
  const Bytes plain = scan.value(AttributeCode::communities);
  out.communities.reserve(plain.size() / 4);
  for (std::size_t at = 0; at < plain.size(); at += 4) {
    out.communities.push_back(number_of(plain.subspan(at, 4)));
  }
  const Bytes extended = scan.value(AttributeCode::extended_communities);
  out.extended_communities.reserve(extended.size() / 8);
  for (std::size_t at = 0; at < extended.size(); at += 8) {
    const std::uint64_t high = number_of(extended.subspan(at, 4));
    out.extended_communities.push_back(high << 32 | number_of(extended.subspan(at + 4, 4)));
  }
  const Bytes large = scan.value(AttributeCode::large_communities);
  out.large_communities.reserve(large.size() / 12);
  for (std::size_t at = 0; at < large.size(); at += 12) {
    out.large_communities.push_back({number_of(large.subspan(at, 4)), number_of(large.subspan(at + 4, 4)),
                                     number_of(large.subspan(at + 8, 4))});
  }
}

}  // namespace

bool append_as_path(Bytes value, std::size_t asn_bytes, AsPath& out) {
  for (std::size_t at = 0; at < value.size();) {
    if (value.size() - at < 2) return false;
    const std::uint8_t type = value[at], count = value[at + 1];
    at += 2;
    if (type < 1 || type > 4 || count == 0 || value.size() - at < count * asn_bytes) return false;
    out.segments.push_back({static_cast<SegmentType>(type), count});
    for (std::size_t i = 0; i < count; ++i, at += asn_bytes) {
      out.asns.push_back(number_of(value.subspan(at, asn_bytes)));
    }
  }
  return true;
}

void read_as_path(const AttributeScan& scan, const SessionFacts& facts, AsPath& out) {
  out.segments.clear();
  out.asns.clear();
  const Bytes value = scan.value(AttributeCode::as_path);
  const std::size_t asn_bytes = facts.four_octet_asn ? 4 : 2;
  out.asns.reserve(value.size() / asn_bytes);
  append_as_path(value, asn_bytes, out);
  if (facts.four_octet_asn || !scan.has(AttributeCode::as4_path) || as4_is_stale(scan)) return;
  merge_as4_path(as4_path_of(scan.value(AttributeCode::as4_path)), out);
}

std::optional<Aggregator> read_aggregator(const AttributeScan& scan, const SessionFacts& facts) {
  if (!scan.has(AttributeCode::aggregator)) return std::nullopt;
  const bool newer = !facts.four_octet_asn && scan.has(AttributeCode::as4_aggregator) && !as4_is_stale(scan);
  return aggregator_of(scan.value(newer ? AttributeCode::as4_aggregator : AttributeCode::aggregator));
}

void read_path_attributes(const AttributeScan& scan, const SessionFacts& facts, PathAttributes& out) {
  if (scan.has(AttributeCode::origin)) {
    out.origin = static_cast<Origin>(scan.value(AttributeCode::origin)[0]);
  }
  read_as_path(scan, facts, out.as_path);
  if (scan.has(AttributeCode::next_hop)) {
    out.next_hop = net::Address::v4(scan.value(AttributeCode::next_hop).first<4>());
  }
  out.multi_exit_disc = number_at(scan, AttributeCode::multi_exit_disc);
  out.local_pref = number_at(scan, AttributeCode::local_pref);
  out.atomic_aggregate = scan.has(AttributeCode::atomic_aggregate);
  out.aggregator = read_aggregator(scan, facts);
  read_communities(scan, out);
  out.only_to_customer = number_at(scan, AttributeCode::only_to_customer);
}

}  // namespace peering::wire::bgp
