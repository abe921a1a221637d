// The values of attributes that were found good.
#include <algorithm>

#include "base/byte_cursor.h"
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

// Values of `bytes` bytes each, as `Convert` reads them, for vectors to be filled from: without zeros first,
// and without a branch on how many there were before.
template <class Value, std::size_t bytes, Value (*convert)(const std::uint8_t*)>
struct ValuesAt {
  using iterator_category = std::random_access_iterator_tag;
  using value_type = Value;
  using difference_type = std::ptrdiff_t;
  using pointer = const Value*;
  using reference = Value;

  const std::uint8_t* at;
  Value operator*() const { return convert(at); }
  ValuesAt& operator++() {
    at += bytes;
    return *this;
  }
  ValuesAt& operator--() {
    at -= bytes;
    return *this;
  }
  ValuesAt& operator+=(difference_type count) {
    at += count * static_cast<difference_type>(bytes);
    return *this;
  }
  friend difference_type operator-(const ValuesAt& a, const ValuesAt& b) {
    return (a.at - b.at) / static_cast<difference_type>(bytes);
  }
  friend bool operator==(const ValuesAt&, const ValuesAt&) = default;
};

// Replaces `out` by all of `value`, whose length is a multiple of `bytes`.
template <std::size_t bytes, auto convert, class Value>
void fill(Bytes value, std::vector<Value>& out) {
  using Values = ValuesAt<Value, bytes, convert>;
  out.clear();
  out.insert(out.end(), Values{value.data()}, Values{value.data() + value.size()});
}

LargeCommunity large_community_at(const std::uint8_t* at) {
  return {big_endian_at<std::uint32_t>(at), big_endian_at<std::uint32_t>(at + 4),
          big_endian_at<std::uint32_t>(at + 8)};
}

template <std::size_t asn_bytes>
net::Asn asn_at(const std::uint8_t* at) {
  if constexpr (asn_bytes == 4) return big_endian_at<std::uint32_t>(at);
  return big_endian_at<std::uint16_t>(at);
}

inline std::optional<std::uint32_t> number_at(const AttributeScan& scan, AttributeCode code) {
  if (!scan.has(code)) return std::nullopt;
  return big_endian_at<std::uint32_t>(scan.value(code).data());
}

// RFC 8092 section 5: values that come again are left out. Long lists are sorted to find them.
void remove_repeated(std::vector<LargeCommunity>& values) {
  constexpr std::size_t few = 16;
  if (values.size() <= few) {
    auto end = values.begin();
    for (const LargeCommunity& value : values) {
      if (std::find(values.begin(), end, value) == end) *end++ = value;
    }
    values.erase(end, values.end());
    return;
  }
  std::vector<LargeCommunity> sorted = values;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) == sorted.end()) return;
  std::vector<bool> met(sorted.size());
  std::erase_if(values, [&](const LargeCommunity& value) {
    const auto place = std::ranges::lower_bound(sorted, value) - sorted.begin();
    const bool again = met[static_cast<std::size_t>(place)];
    met[static_cast<std::size_t>(place)] = true;
    return again;
  });
}

void read_large_communities(Bytes value, std::vector<LargeCommunity>& out) {
  fill<12, large_community_at>(value, out);
  if (out.size() > 1) remove_repeated(out);
}

template <std::size_t asn_bytes>
bool append_segments(Bytes value, AsPath& out) {
  const std::uint8_t* at = value.data();
  const std::uint8_t* const end = at + value.size();
  while (at != end) {
    if (end - at < 2) return false;
    const std::uint8_t type = at[0];
    const std::size_t count = at[1];
    at += 2;
    if (type < 1 || type > 4 || count == 0 || static_cast<std::size_t>(end - at) < count * asn_bytes)
      return false;
    out.segments.push_back({static_cast<SegmentType>(type), static_cast<std::uint16_t>(count)});
    using Asns = ValuesAt<net::Asn, asn_bytes, asn_at<asn_bytes>>;
    out.asns.insert(out.asns.end(), Asns{at}, Asns{at + count * asn_bytes});
    at += count * asn_bytes;
  }
  return true;
}

// Replaces `out` by a path that is known to be good. Nearly all have one segment.
template <std::size_t asn_bytes>
void replace_path(Bytes value, AsPath& out) {
  if (value.size() > 2 && value.size() == 2 + value[1] * asn_bytes) {
    const std::size_t count = value[1];
    out.segments.resize(1);
    out.segments[0] = {static_cast<SegmentType>(value[0]), static_cast<std::uint16_t>(count)};
    fill<asn_bytes, asn_at<asn_bytes>>(value.subspan(2), out.asns);
    return;
  }
  out.segments.clear();
  out.asns.clear();
  append_segments<asn_bytes>(value, out);
}

// Attributes that most routes do not have: asked for together first.
constexpr std::uint64_t rare_codes = AttributeScan::bit_of(AttributeCode::multi_exit_disc) |
                                     AttributeScan::bit_of(AttributeCode::local_pref) |
                                     AttributeScan::bit_of(AttributeCode::atomic_aggregate) |
                                     AttributeScan::bit_of(AttributeCode::aggregator) |
                                     AttributeScan::bit_of(AttributeCode::extended_communities) |
                                     AttributeScan::bit_of(AttributeCode::large_communities) |
                                     AttributeScan::bit_of(AttributeCode::only_to_customer);

void read_rare(const AttributeScan& scan, const SessionFacts& facts, PathAttributes& out) {
  out.multi_exit_disc = number_at(scan, AttributeCode::multi_exit_disc);
  out.local_pref = number_at(scan, AttributeCode::local_pref);
  out.atomic_aggregate = scan.has(AttributeCode::atomic_aggregate);
  out.aggregator = read_aggregator(scan, facts);
  fill<8, big_endian_at<std::uint64_t>>(scan.value(AttributeCode::extended_communities),
                                        out.extended_communities);
  read_large_communities(scan.value(AttributeCode::large_communities), out.large_communities);
  out.only_to_customer = number_at(scan, AttributeCode::only_to_customer);
}

void forget_rare(PathAttributes& out) {
  out.multi_exit_disc.reset();
  out.local_pref.reset();
  out.atomic_aggregate = false;
  out.aggregator.reset();
  out.extended_communities.clear();
  out.large_communities.clear();
  out.only_to_customer.reset();
}

}  // namespace

bool append_as_path(Bytes value, std::size_t asn_bytes, AsPath& out) {
  return asn_bytes == 4 ? append_segments<4>(value, out) : append_segments<2>(value, out);
}

void read_as_path(const AttributeScan& scan, const SessionFacts& facts, AsPath& out) {
  const Bytes value = scan.value(AttributeCode::as_path);
  if (facts.four_octet_asn) return replace_path<4>(value, out);
  replace_path<2>(value, out);
  if (!scan.has(AttributeCode::as4_path) || as4_is_stale(scan)) return;
  merge_as4_path(as4_path_of(scan.value(AttributeCode::as4_path)), out);
}

std::optional<net::Asn> first_as(const AttributeScan& scan, const SessionFacts& facts) {
  if (!facts.four_octet_asn) {
    AsPath path;
    read_as_path(scan, facts, path);
    return path.first();
  }
  const Bytes value = scan.value(AttributeCode::as_path);
  if (value.size() < 6) return std::nullopt;
  const auto type = static_cast<SegmentType>(value[0]);
  if (type != SegmentType::as_sequence && type != SegmentType::confed_sequence) return std::nullopt;
  return number_of(value.subspan(2, 4));
}

std::optional<Aggregator> read_aggregator(const AttributeScan& scan, const SessionFacts& facts) {
  if (!scan.has(AttributeCode::aggregator)) return std::nullopt;
  const bool newer = !facts.four_octet_asn && scan.has(AttributeCode::as4_aggregator) && !as4_is_stale(scan);
  return aggregator_of(scan.value(newer ? AttributeCode::as4_aggregator : AttributeCode::aggregator));
}

void read_path_attributes(const AttributeScan& scan, const SessionFacts& facts, PathAttributes& out) {
  const Bytes origin = scan.value(AttributeCode::origin);
  out.origin = origin.empty() ? Origin::igp : static_cast<Origin>(origin[0]);
  read_as_path(scan, facts, out.as_path);
  const Bytes next_hop = scan.value(AttributeCode::next_hop);
  if (next_hop.empty()) {
    out.next_hop.reset();
  } else {
    out.next_hop.emplace(next_hop.first<4>());
  }
  fill<4, big_endian_at<std::uint32_t>>(scan.value(AttributeCode::communities), out.communities);
  if (scan.has_any(rare_codes)) {
    read_rare(scan, facts, out);
  } else {
    forget_rare(out);
  }
}

}  // namespace peering::wire::bgp
