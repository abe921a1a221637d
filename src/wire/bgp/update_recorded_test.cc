// UPDATEs that others wrote, against what others read in them: ExaBGP's wire tests (bytes and the JSON that
// ExaBGP prints for them) and captured sessions (counts of tshark).
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "wire/bgp/update.h"

namespace peering::wire::bgp {
namespace {

namespace json = boost::json;
using Bytes = std::vector<std::uint8_t>;

std::filesystem::path shared_data() {
  const char* given = std::getenv("PEERING_SHARED");
  return std::filesystem::path(given ? given : PEERING_SOURCE_DIR "/../shared") / "data";
}

Bytes bytes_of(std::string_view hex) {
  Bytes out;
  std::string digits;
  for (const char c : hex) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return out;
}

// --- ExaBGP ------------------------------------------------------------------------------------------------

bool is_read_family(std::string_view family) { return family == "ipv4 unicast" || family == "ipv6 unicast"; }

std::string text_of(const json::object& route) {
  std::string out(route.at("nlri").as_string());
  if (const auto* id = route.if_contains("path-information")) out += " " + std::string(id->as_string());
  return out;
}

// "203.0.113.0/24 0.0.0.7" of all routes in `announce` (by next hop) or `withdraw` of ExaBGP's JSON.
std::multiset<std::string> routes_of(const json::value* families, bool by_next_hop) {
  std::multiset<std::string> out;
  if (!families) return out;
  const auto take = [&](const json::value& list) {
    for (const json::value& route : list.as_array()) out.insert(text_of(route.as_object()));
  };
  for (const auto& [family, content] : families->as_object()) {
    if (!is_read_family(family)) continue;
    if (!by_next_hop) {
      take(content);
      continue;
    }
    for (const auto& next_hop : content.as_object()) take(next_hop.value());
  }
  return out;
}

std::multiset<std::string> routes_of(const std::vector<Nlri>& first, const std::vector<Nlri>& second,
                                     const SessionFacts& facts) {
  std::multiset<std::string> out;
  for (const std::vector<Nlri>* routes : {&first, &second}) {
    for (const Nlri& route : *routes) {
      const bool has_id = has_path_ids(facts, route.prefix.family(), false);
      const std::string id = has_id ? " " + net::Address::v4(route.path_id).to_string() : "";
      out.insert(route.prefix.to_string() + id);
    }
  }
  return out;
}

void expect_attributes(const json::object& expected, const PathAttributes& a) {
  if (const auto* value = expected.if_contains("med")) {
    EXPECT_EQ(a.multi_exit_disc, value->to_number<std::uint32_t>());
  }
  if (const auto* value = expected.if_contains("local-preference")) {
    EXPECT_EQ(a.local_pref, value->to_number<std::uint32_t>());
  }
  if (const auto* value = expected.if_contains("origin")) {
    constexpr std::string_view names[] = {"igp", "egp", "incomplete"};
    EXPECT_EQ(names[static_cast<std::size_t>(a.origin)], std::string_view(value->as_string()));
  }
  if (const auto* value = expected.if_contains("community")) {
    std::multiset<std::uint32_t> wanted;
    for (const json::value& pair : value->as_array()) {
      wanted.insert(pair.at(0).to_number<std::uint32_t>() << 16 | pair.at(1).to_number<std::uint32_t>());
    }
    EXPECT_EQ(std::multiset<std::uint32_t>(a.communities.begin(), a.communities.end()), wanted);
  }
  if (const auto* value = expected.if_contains("large-community")) {
    EXPECT_EQ(a.large_communities.size(), value->as_array().size());
  }
}

struct Exabgp {
  int compared = 0, updates = 0;

  void take(const Bytes& message, const json::value* expected, const std::string& file) {
    const auto framed = decode_message(message);
    if (!framed || framed->type != MessageType::update) return;
    SCOPED_TRACE(file + " " + (expected ? json::serialize(*expected) : ""));
    SessionFacts facts;
    facts.four_octet_asn = file.find("no-asn4") == std::string::npos;
    const bool ids = expected && json::serialize(*expected).find("path-information") != std::string::npos;
    facts.add_path_ipv4 = facts.add_path_ipv6 = ids;
    ++updates;
    const Update update = decode_update(framed->body, facts);
    const json::value* content = nullptr;
    if (expected) {
      boost::system::error_code error;
      content = expected->find_pointer("/neighbor/message/update", error);
    }
    if (!content) return;
    ++compared;
    const json::object& wanted = content->as_object();
    EXPECT_NE(update.outcome(), Outcome::reset_session);
    EXPECT_EQ(routes_of(update.announced, update.mp_announced, facts),
              routes_of(wanted.if_contains("announce"), true));
    EXPECT_EQ(routes_of(update.withdrawn, update.mp_withdrawn, facts),
              routes_of(wanted.if_contains("withdraw"), false));
    if (const auto* attribute = wanted.if_contains("attribute")) {
      expect_attributes(attribute->as_object(), update.attributes);
    }
  }
};

TEST(Exabgp, UpdatesSayWhatExabgpReadsInThem) {
  if (!std::filesystem::exists(shared_data() / "exabgp")) GTEST_SKIP() << "skipped: no shared data";
  Exabgp all;
  for (const auto& entry : std::filesystem::directory_iterator(shared_data() / "exabgp")) {
    std::ifstream file(entry.path());
    Bytes message;  // waiting for the line that says what is in it
    for (std::string line; std::getline(file, line);) {
      const auto raw = line.find(":raw:"), expected = line.find(":json:");
      if (raw == std::string::npos && expected == std::string::npos) continue;
      if (expected != std::string::npos) {
        const json::value value = json::parse(line.substr(expected + 6));
        all.take(message, &value, entry.path().filename());
        message.clear();
      } else {
        all.take(message, nullptr, entry.path().filename());
        message = bytes_of(line.substr(raw + 5));
      }
    }
    all.take(message, nullptr, entry.path().filename());
  }
  EXPECT_GE(all.updates, 150);
  EXPECT_GE(all.compared, 80);
}

// --- captures ----------------------------------------------------------------------------------------------

std::uint32_t number_at(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size, bool little) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < size; ++i) out = out << 8 | bytes[little ? at + size - 1 - i : at + i];
  return out;
}

// The TCP payload of one captured packet and the direction that it belongs to; nothing for other packets.
struct Segment {
  std::string direction;
  std::uint32_t sequence = 0;
  std::span<const std::uint8_t> payload;
};

// Where the IP packet begins, by the capture's link type: null, Ethernet, PPP, Cisco HDLC, Linux cooked,
// Juniper.
std::size_t ip_offset(std::span<const std::uint8_t> packet, std::uint32_t link) {
  std::size_t at = 0;
  switch (link) {
    case 178:
      at = 6 + number_at(packet, 4, 2, false);
      [[fallthrough]];
    case 1:
      at += 12;
      while (at + 6 < packet.size() && number_at(packet, at, 2, false) == 0x8100) at += 4;
      return at + 2;
    case 113:
      return 16;
    default:  // 0 null, 9 PPP, 104 Cisco HDLC
      return 4;
  }
}

std::optional<Segment> segment_of(std::span<const std::uint8_t> packet, std::uint32_t link) {
  if (packet.size() < 40) return std::nullopt;
  const std::size_t at = ip_offset(packet, link);
  if (packet.size() < at + 40) return std::nullopt;
  const bool ipv6 = packet[at] >> 4 == 6;
  const std::size_t addresses = at + (ipv6 ? 8 : 12), address_bytes = ipv6 ? 32 : 8;
  const std::size_t total =
      ipv6 ? 40 + number_at(packet, at + 4, 2, false) : number_at(packet, at + 2, 2, false);
  const std::size_t tcp = at + (ipv6 ? 40 : (packet[at] & 0x0fU) * 4);
  if (packet[at + (ipv6 ? 6 : 9)] != 6 || packet.size() < tcp + 20) return std::nullopt;
  const std::size_t from = tcp + (packet[tcp + 12] >> 4) * 4U, end = std::min(packet.size(), at + total);
  if (from > end) return std::nullopt;
  Segment out;
  out.direction.assign(packet.begin() + static_cast<std::ptrdiff_t>(addresses),
                       packet.begin() + static_cast<std::ptrdiff_t>(addresses + address_bytes));
  out.direction.append(packet.begin() + static_cast<std::ptrdiff_t>(tcp),
                       packet.begin() + static_cast<std::ptrdiff_t>(tcp + 4));
  out.sequence = number_at(packet, tcp + 4, 4, false);
  out.payload = packet.subspan(from, end - from);
  return out;
}

// What each side said, in order of its sequence numbers.
std::map<std::string, std::map<std::uint32_t, Bytes>> streams_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const Bytes file{std::istreambuf_iterator<char>(in), {}};
  std::map<std::string, std::map<std::uint32_t, Bytes>> out;
  if (file.size() < 24) return out;
  const bool little = file[0] == 0xd4 || file[0] == 0x4d;
  const std::uint32_t link = number_at(file, 20, 4, little);
  for (std::size_t at = 24; at + 16 <= file.size();) {
    const std::size_t length = number_at(file, at + 8, 4, little);
    at += 16;
    if (length > file.size() - at) break;
    const auto segment = segment_of(std::span(file).subspan(at, length), link);
    at += length;
    if (!segment || segment->payload.empty()) continue;
    Bytes& kept = out[segment->direction][segment->sequence];
    if (kept.size() < segment->payload.size()) kept.assign(segment->payload.begin(), segment->payload.end());
  }
  return out;
}

struct Counts {
  int messages = 0, updates = 0, resets = 0;
  std::size_t announced = 0, withdrawn = 0;
};

void take_stream(const Bytes& stream, Counts& out) {
  std::span<const std::uint8_t> rest(stream);
  SessionFacts facts;
  while (rest.size() >= header_bytes) {
    const auto message = decode_message(rest, true);
    if (!message) {
      rest = rest.subspan(1);  // a capture may begin inside a message
      continue;
    }
    rest = rest.subspan(header_bytes + message->body.size());
    ++out.messages;
    if (message->type == MessageType::open) {
      const auto open = decode_open(message->body);
      facts.add_path_ipv4 = open && std::ranges::any_of(open->add_path, [](const Open::AddPath& one) {
                              return one.family == ipv4_unicast && one.can_send;
                            });
    }
    if (message->type != MessageType::update) continue;
    ++out.updates;
    Update update = decode_update(message->body, facts);
    if (!update.issues.empty()) {
      facts.four_octet_asn = false;
      const Update other = decode_update(message->body, facts);
      if (other.issues.empty()) update = other;
      facts.four_octet_asn = true;
    }
    out.resets += update.outcome() == Outcome::reset_session ? 1 : 0;
    out.announced += update.announced.size();
    out.withdrawn += update.withdrawn.size();
  }
}

// "1:2 2:14" or "nlri4:26 wd4:2": the number behind `name`.
std::size_t count_in(const std::string& text, const std::string& name) {
  const auto at = (" " + text).find(" " + name + ":");
  return at == std::string::npos ? 0 : std::stoul(text.substr(at + name.size() + 1));
}

TEST(Captures, UpdatesHaveTheRoutesThatTsharkCounts) {
  std::ifstream truth(shared_data() / "bgp-pcap/TRUTH.tsv");
  if (!truth) GTEST_SKIP() << "skipped: no shared data";
  std::string line;
  std::getline(truth, line);
  int files = 0, compared = 0;
  while (std::getline(truth, line)) {
    std::istringstream fields(line);
    std::vector<std::string> columns;
    for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
    columns.resize(10);
    Counts seen;
    for (const auto& [direction, segments] : streams_of(shared_data() / "bgp-pcap" / columns[0])) {
      Bytes stream;
      std::uint32_t next = 0;
      for (const auto& [sequence, payload] : segments) {
        const std::uint32_t again = stream.empty() || sequence >= next ? 0 : next - sequence;
        if (again >= payload.size()) continue;
        stream.insert(stream.end(), payload.begin() + again, payload.end());
        next = sequence + static_cast<std::uint32_t>(payload.size());
      }
      take_stream(stream, seen);
    }
    ++files;
    // tshark must have looked for BGP and found no damage. One file has labels between HDLC and IP, which are
    // not taken off here, one is of another format than the rest.
    const bool counted = !columns[7].empty() && columns[9] == "0";
    if (!counted || columns[0] == "bgprs__BGP_redist.cap" || columns[0].ends_with(".pcapng")) continue;
    EXPECT_GE(seen.messages, 1) << columns[0];
    ++compared;
    SCOPED_TRACE(columns[0]);
    EXPECT_EQ(static_cast<std::size_t>(seen.updates), count_in(columns[7], "2"));
    EXPECT_EQ(seen.announced, count_in(columns[8], "nlri4"));
    EXPECT_EQ(seen.withdrawn, count_in(columns[8], "wd4"));
    EXPECT_EQ(seen.resets, 0);
  }
  EXPECT_GE(files, 36);
  EXPECT_GE(compared, 28);
}

}  // namespace
}  // namespace peering::wire::bgp
