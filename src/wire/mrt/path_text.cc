#include "wire/mrt/path_text.h"

#include <algorithm>
#include <vector>

namespace peering::wire::mrt {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t as_set = 1, as_sequence = 2, confed_set = 4;
constexpr std::size_t header_bytes = 2;
constexpr std::size_t path_text_max = 7900;
// A segment, and what may stand around it.
constexpr std::size_t segment_text_max = 255 * (number_text_max + 1) + 8;

bool is_set(std::uint8_t type) { return type == as_set || type == confed_set; }

char opening(std::uint8_t type) { return type == as_set ? '{' : type == confed_set ? '[' : '('; }
char closing(std::uint8_t type) { return type == as_set ? '}' : type == confed_set ? ']' : ')'; }

std::uint32_t number_at(const std::uint8_t* at, std::size_t bytes) {
  if (bytes == 2) return static_cast<std::uint32_t>(at[0]) << 8 | at[1];
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

bool is_segment(Bytes rest, std::size_t asn_bytes) {
  return rest.size() >= header_bytes && rest[0] >= as_set && rest[0] <= confed_set &&
         header_bytes + rest[1] * asn_bytes <= rest.size();
}

// How many AS numbers the path counts; none when it is malformed.
std::size_t count_of(Bytes path, std::size_t asn_bytes) {
  std::size_t count = 0;
  while (!path.empty()) {
    if (!is_segment(path, asn_bytes)) return 0;
    count += is_set(path[0]) ? 1 : path[1];
    path = path.subspan(header_bytes + path[1] * asn_bytes);
  }
  return count;
}

// Appends the first `kept` numbers of a segment with two-octet ones to a path with four-octet ones.
void append_widened(Bytes segment, std::size_t kept, std::vector<std::uint8_t>& out) {
  out.push_back(segment[0]);
  out.push_back(static_cast<std::uint8_t>(kept));
  for (std::size_t i = 0; i < kept; ++i) {
    out.insert(out.end(), {0, 0, segment[header_bytes + 2 * i], segment[header_bytes + 2 * i + 1]});
  }
}

}  // namespace

void append_path_text(Bytes path, std::size_t asn_bytes, TextBuffer& out) {
  const std::size_t before = out.size();
  std::uint8_t last = as_sequence;
  bool space = false;
  while (!path.empty()) {
    char* to = out.room(segment_text_max);
    if (!is_segment(path, asn_bytes)) {
      out.cut_to(before);
      return out.append("! Error !");
    }
    const std::uint8_t type = path[0];
    if (last != as_sequence) *to++ = closing(last);
    if (space) *to++ = ' ';
    if (type != as_sequence) *to++ = opening(type);
    space = false;
    const char between = is_set(type) ? ',' : ' ';
    for (std::size_t i = 0; i < path[1]; ++i) {
      if (space) *to++ = between;
      space = true;
      to = put_number(to, number_at(&path[header_bytes + i * asn_bytes], asn_bytes));
      out.end_at(to);
      if (out.size() - before > path_text_max) return out.append("...");
    }
    out.end_at(to);
    last = type;
    path = path.subspan(header_bytes + path[1] * asn_bytes);
  }
  if (last != as_sequence) {
    const char end = closing(last);
    out.append({&end, 1});
  }
}

void append_merged_path_text(Bytes path, Bytes as4_path, bool as_bgpdump, TextBuffer& out) {
  const std::size_t count = count_of(path, 2), as4_count = count_of(as4_path, 4);
  if (count < as4_count || path.empty()) return append_path_text(path, 2, out);
  const std::size_t wanted = count - as4_count;
  std::vector<std::uint8_t> merged;
  Bytes segment = path;
  for (std::size_t kept = 0; kept < wanted;) {
    std::size_t numbers = segment[1];
    if (is_set(segment[0])) {
      ++kept;
    } else {
      numbers = std::min(numbers, wanted - kept);
      kept += numbers;
      if (as_bgpdump && segment[1] == 0) break;  // there it would go on for ever
    }
    append_widened(segment, numbers, merged);
    if (!as_bgpdump) segment = segment.subspan(header_bytes + segment[1] * 2U);
  }
  merged.insert(merged.end(), as4_path.begin(), as4_path.end());
  append_path_text(merged, 4, out);
}

}  // namespace peering::wire::mrt
