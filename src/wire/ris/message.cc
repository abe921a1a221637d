#include "wire/ris/message.h"

#include <charconv>
#include <cmath>

#include <simdjson.h>

namespace peering::wire::ris {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// Fields are read one after the other; the first error is kept.
struct Reader {
  std::optional<Error> error;

  void reject(std::string_view field, const element& value, std::string_view rule) {
    if (!error) error = invalid(field, simdjson::minify(value), rule);
  }
  void missing(std::string_view field) {
    if (!error) error = invalid(field, "", "this field must be there");
  }
};

std::optional<element> member(const element& object, std::string_view key) {
  element out;
  if (object[key].get(out) != simdjson::SUCCESS || out.is_null()) return std::nullopt;
  return out;
}

std::string_view text_of(Reader& reader, std::string_view field, const element& value) {
  std::string_view out;
  if (value.get(out) != simdjson::SUCCESS) reader.reject(field, value, "a text");
  return out;
}

bool flag(Reader& reader, const element& data, std::string_view key) {
  const auto value = member(data, key);
  bool out = false;
  if (value && value->get(out) != simdjson::SUCCESS) reader.reject(key, *value, "true or false");
  return out;
}

// A number, or a number as text (RIS writes peer_asn so).
std::optional<std::uint64_t> whole_number(const element& value) {
  std::uint64_t out = 0;
  if (value.get(out) == simdjson::SUCCESS) return out;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty()) return std::nullopt;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::uint32_t number_of(Reader& reader, std::string_view field, const element& value, std::uint64_t max) {
  const auto out = whole_number(value);
  if (!out || *out > max) {
    reader.reject(field, value, fmt::format("a whole number from 0 to {}", max));
    return 0;
  }
  return static_cast<std::uint32_t>(*out);
}

constexpr std::uint64_t u32_max = 0xFFFFFFFF;

net::Address address_of(Reader& reader, std::string_view field, const element& value) {
  const std::string_view text = text_of(reader, field, value);
  if (reader.error) return {};
  const auto parsed = net::Address::parse(text);
  if (!parsed) reader.error = invalid(field, text, "an IP address");
  return parsed.value_or(net::Address());
}

void read_prefixes(Reader& reader, std::string_view field, const element& value,
                   std::vector<net::Prefix>& out) {
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return reader.reject(field, value, "a list of prefixes");
  out.reserve(list.size());
  for (const element item : list) {
    const std::string_view text = text_of(reader, field, item);
    if (reader.error) return;
    const auto parsed = net::Prefix::parse_lenient(text);
    if (!parsed) {
      reader.error = invalid(field, text, "a prefix such as 203.0.113.0/24");
      return;
    }
    out.push_back(*parsed);
  }
}

// A set inside the path: [64500, [64501, 64502]].
void read_set(Reader& reader, const element& value, bgp::AsPath& path) {
  simdjson::dom::array members;
  if (value.get(members) != simdjson::SUCCESS) {
    return reader.reject("path", value, "AS numbers, and lists of AS numbers for sets");
  }
  if (members.size() == 0) return;
  if (members.size() > 0xFFFF) return reader.reject("path", value, "at most 65535 members of a set");
  path.segments.push_back({bgp::SegmentType::as_set, static_cast<std::uint16_t>(members.size())});
  for (const element asn : members) path.asns.push_back(number_of(reader, "path", asn, u32_max));
}

void read_path(Reader& reader, const element& value, bgp::AsPath& path) {
  simdjson::dom::array hops;
  if (value.get(hops) != simdjson::SUCCESS) return reader.reject("path", value, "a list of AS numbers");
  for (const element hop : hops) {
    if (hop.type() == element_type::ARRAY) {
      read_set(reader, hop, path);
      continue;
    }
    auto& segments = path.segments;
    const bool fits = !segments.empty() && segments.back().type == bgp::SegmentType::as_sequence &&
                      segments.back().count < 255;
    if (!fits) segments.push_back({bgp::SegmentType::as_sequence, 0});
    ++segments.back().count;
    path.asns.push_back(number_of(reader, "path", hop, u32_max));
    if (reader.error) return;
  }
}

void read_communities(Reader& reader, const element& value, bgp::PathAttributes& out) {
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return reader.reject("community", value, "a list of communities");
  for (const element item : list) {
    simdjson::dom::array parts;
    const bool is_list = item.get(parts) == simdjson::SUCCESS;
    if (!is_list || (parts.size() != 2 && parts.size() != 3)) {
      return reader.reject("community", item, "lists of two numbers (three: a large community)");
    }
    std::uint32_t numbers[3] = {};
    std::size_t at = 0;
    const std::uint64_t max = parts.size() == 2 ? 0xFFFF : u32_max;
    for (const element part : parts) numbers[at++] = number_of(reader, "community", part, max);
    if (parts.size() == 2) {
      out.communities.push_back(numbers[0] << 16 | numbers[1]);
    } else {
      out.large_communities.push_back({numbers[0], numbers[1], numbers[2]});
    }
  }
}

void read_origin(Reader& reader, const element& value, bgp::PathAttributes& out) {
  const std::string_view text = text_of(reader, "origin", value);
  if (text.empty()) return;
  const char first = static_cast<char>(text.front() | 0x20);
  out.origin = first == 'i' && (text.size() < 3 || (text[1] | 0x20) == 'g') ? bgp::Origin::igp
               : first == 'e'                                               ? bgp::Origin::egp
                                                                            : bgp::Origin::incomplete;
}

// "64500:192.0.2.1"; what does not read so is left out, for nothing depends on it.
void read_aggregator(const element& value, bgp::PathAttributes& out) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return;
  bgp::Aggregator aggregator;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + colon, aggregator.asn);
  const auto address = net::Address::parse(text.substr(colon + 1));
  if (wrong != std::errc{} || end != text.data() + colon || !address) return;
  aggregator.address = *address;
  out.aggregator = aggregator;
}

void read_announcement(Reader& reader, const element& value, Announcement& out) {
  if (!value.is_object()) return reader.reject("announcements", value, "objects with next_hop and prefixes");
  if (const auto next_hop = member(value, "next_hop")) {
    // IPv6 peers may name a global and a link-local address: "2001:db8::1,fe80::1".
    const std::string_view text = text_of(reader, "next_hop", *next_hop);
    const auto parsed = net::Address::parse(text.substr(0, text.find(',')));
    if (!parsed && !reader.error) reader.error = invalid("next_hop", text, "an IP address");
    if (parsed) out.next_hop = *parsed;
  }
  if (const auto prefixes = member(value, "prefixes")) {
    read_prefixes(reader, "announcements.prefixes", *prefixes, out.prefixes);
  } else {
    reader.missing("announcements.prefixes");
  }
}

Update read_update(Reader& reader, const element& data) {
  Update out;
  const auto announcements = member(data, "announcements"), withdrawals = member(data, "withdrawals");
  if (!announcements && !withdrawals) reader.missing("announcements or withdrawals");
  if (announcements) {
    simdjson::dom::array list;
    if (announcements->get(list) != simdjson::SUCCESS) {
      reader.reject("announcements", *announcements, "a list of objects with next_hop and prefixes");
      return out;
    }
    for (const element item : list) {
      read_announcement(reader, item, out.announcements.emplace_back());
      if (reader.error) return out;
    }
  }
  if (withdrawals) read_prefixes(reader, "withdrawals", *withdrawals, out.withdrawals);
  const auto path = member(data, "path");
  if (path) read_path(reader, *path, out.attributes.as_path);
  if (!path && !out.announcements.empty()) reader.missing("path");
  if (const auto value = member(data, "community")) read_communities(reader, *value, out.attributes);
  if (const auto value = member(data, "origin")) read_origin(reader, *value, out.attributes);
  if (const auto value = member(data, "med")) {
    out.attributes.multi_exit_disc = number_of(reader, "med", *value, u32_max);
  }
  if (const auto value = member(data, "aggregator")) read_aggregator(*value, out.attributes);
  if (const auto value = member(data, "otc")) {
    out.attributes.only_to_customer = number_of(reader, "otc", *value, u32_max);
  }
  if (const auto value = member(data, "peer_role")) out.peer_role = text_of(reader, "peer_role", *value);
  out.table_dump = flag(reader, data, "table_dump");
  out.trusted_feed = flag(reader, data, "trusted_feed");
  return out;
}

void read_time(Reader& reader, const element& data, Message& out) {
  const auto value = member(data, "timestamp");
  if (!value) return reader.missing("timestamp");
  double seconds = 0;
  const bool is_number = value->get(seconds) == simdjson::SUCCESS;
  // 253402300800 is the year 10000.
  if (!is_number || !(seconds >= 0) || seconds >= 253402300800.0) {
    return reader.reject("timestamp", *value, "seconds since 1970");
  }
  out.time = time_from_us(static_cast<std::int64_t>(std::llround(seconds * 1e6)));
}

PeerState read_state(Reader& reader, const element& data) {
  const auto state = member(data, "state");
  if (!state) {
    reader.missing("state");
    return {};
  }
  const std::string_view text = text_of(reader, "state", *state);
  const bool up = text == "connected" || text == "up";
  if (!up && text != "down" && !reader.error) reader.reject("state", *state, "connected, up or down");
  return {up};
}

void read_data(Reader& reader, const element& data, Message& out) {
  read_time(reader, data, out);
  if (const auto peer = member(data, "peer")) {
    out.peer = address_of(reader, "peer", *peer);
  } else {
    reader.missing("peer");
  }
  if (const auto asn = member(data, "peer_asn")) out.peer_asn = number_of(reader, "peer_asn", *asn, u32_max);
  if (const auto host = member(data, "host")) {
    const std::string_view text = text_of(reader, "host", *host);
    out.host = text.substr(0, text.find('.'));
  }
  const auto type = member(data, "type");
  if (!type) return reader.missing("data.type");
  const std::string_view name = text_of(reader, "data.type", *type);
  if (name == "UPDATE") {
    out.body = read_update(reader, data);
  } else if (name == "RIS_PEER_STATE") {
    out.body = read_state(reader, data);
  } else {
    out.body = Ignored{std::string(name)};
  }
}

}  // namespace

struct Decoder::State {
  simdjson::dom::parser parser{line_bytes_max};
};

Decoder::Decoder() : state_(std::make_unique<State>()) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<Message> Decoder::decode(std::string_view line) {
  if (line.size() > line_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "line of {} bytes: at most {} are read", line.size(),
                line_bytes_max);
  }
  element document;
  const auto wrong = state_->parser.parse(line.data(), line.size()).get(document);
  if (wrong != simdjson::SUCCESS) {
    return tl::unexpected(invalid("line", line, fmt::format("JSON ({})", simdjson::error_message(wrong))));
  }
  Reader reader;
  Message out;
  const auto type = member(document, "type"), data = member(document, "data");
  if (!type || !type->is_string()) {
    reader.missing("type");
  } else if (const auto name = text_of(reader, "type", *type); name == "ris_error") {
    const auto message = data ? member(*data, "message") : std::nullopt;
    out.body = StreamError{message ? std::string(text_of(reader, "message", *message)) : std::string()};
  } else if (name != "ris_message") {
    out.body = Ignored{std::string(name)};
  } else if (!data || !data->is_object()) {
    reader.missing("data");
  } else {
    read_data(reader, *data, out);
  }
  if (reader.error) return tl::unexpected(*reader.error);
  return out;
}

}  // namespace peering::wire::ris
