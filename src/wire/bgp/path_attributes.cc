#include "wire/bgp/path_attributes.h"

#include <fmt/format.h>

namespace peering::wire::bgp {

namespace {

bool is_set(SegmentType type) { return type == SegmentType::as_set || type == SegmentType::confed_set; }

bool is_confederation(SegmentType type) {
  return type == SegmentType::confed_sequence || type == SegmentType::confed_set;
}

void mix(std::size_t& seed, std::uint64_t value) {
  seed ^= value + 0x9E3779B97F4A7C15ULL + (seed << 6) + (seed >> 2);
}

}  // namespace

AsPath AsPath::sequence(std::vector<net::Asn> asns) {
  AsPath out;
  for (std::size_t at = 0; at < asns.size(); at += 255) {
    const std::size_t count = std::min<std::size_t>(255, asns.size() - at);
    out.segments.push_back({SegmentType::as_sequence, static_cast<std::uint16_t>(count)});
  }
  out.asns = std::move(asns);
  return out;
}

std::optional<net::Asn> AsPath::first() const {
  if (asns.empty() || is_set(segments.front().type)) return std::nullopt;
  return asns.front();
}

std::optional<net::Asn> AsPath::origin() const {
  if (asns.empty() || is_set(segments.back().type)) return std::nullopt;
  return asns.back();
}

std::vector<net::Asn> AsPath::origins() const {
  if (asns.empty()) return {};
  if (!is_set(segments.back().type)) return {asns.back()};
  return {asns.end() - segments.back().count, asns.end()};
}

std::optional<net::Asn> AsPath::neighbor_of_origin() const {
  const auto last = origin();
  if (!last) return std::nullopt;
  std::size_t end = asns.size();
  for (std::size_t s = segments.size(); s-- > 0;) {
    if (is_set(segments[s].type)) return std::nullopt;
    for (std::size_t left = segments[s].count; left-- > 0;) {
      --end;
      if (asns[end] != *last) return asns[end];
    }
  }
  return std::nullopt;
}

int AsPath::length() const {
  int total = 0;
  for (const Segment& segment : segments) {
    if (is_confederation(segment.type)) continue;
    total += segment.type == SegmentType::as_set ? 1 : segment.count;
  }
  return total;
}

std::string AsPath::to_string() const {
  fmt::memory_buffer out;
  std::size_t at = 0;
  for (const Segment& segment : segments) {
    const bool set = is_set(segment.type), confederation = is_confederation(segment.type);
    if (at > 0 && out.size() > 0) out.push_back(' ');
    if (confederation) out.push_back(set ? '[' : '(');
    if (segment.type == SegmentType::as_set) out.push_back('{');
    for (std::size_t i = 0; i < segment.count; ++i, ++at) {
      if (i > 0) out.push_back(set ? ',' : ' ');
      fmt::format_to(std::back_inserter(out), "{}", asns[at]);
    }
    if (segment.type == SegmentType::as_set) out.push_back('}');
    if (confederation) out.push_back(set ? ']' : ')');
  }
  return fmt::to_string(out);
}

std::size_t hash_value(const PathAttributes& a) {
  std::size_t seed = static_cast<std::size_t>(a.origin);
  for (const auto& s : a.as_path.segments) mix(seed, static_cast<std::uint64_t>(s.type) << 16 | s.count);
  for (const net::Asn asn : a.as_path.asns) mix(seed, asn);
  mix(seed, a.next_hop ? std::hash<net::Address>{}(*a.next_hop) : 1);
  mix(seed, a.multi_exit_disc ? *a.multi_exit_disc + 2ULL : 1);
  mix(seed, a.local_pref ? *a.local_pref + 3ULL : 1);
  mix(seed, a.atomic_aggregate ? 5 : 4);
  if (a.aggregator) mix(seed, std::hash<net::Address>{}(a.aggregator->address) ^ a.aggregator->asn);
  for (const auto c : a.communities) mix(seed, c);
  for (const auto c : a.extended_communities) mix(seed, c);
  for (const auto& c : a.large_communities) {
    mix(seed, static_cast<std::uint64_t>(c.global) << 32 | c.local1);
    mix(seed, c.local2);
  }
  mix(seed, a.only_to_customer ? *a.only_to_customer + 7ULL : 1);
  return seed;
}

}  // namespace peering::wire::bgp
