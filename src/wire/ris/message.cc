#include "wire/ris/message.h"

#include <charconv>
#include <cstring>

#include <simdjson.h>

#include "wire/ris/text_values.h"

namespace peering::wire::ris {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::SUCCESS;

constexpr std::uint64_t u32_max = 0xFFFFFFFF;
// What the lists of a longer message took is given back.
constexpr std::size_t spare_lists_max = 64, spare_prefixes_max = 4096;

/// The memory of lists of prefixes between two messages.
class SparePrefixes {
 public:
  void give_back(std::vector<net::Prefix>&& list) {
    if (lists_.size() >= spare_lists_max || list.capacity() > spare_prefixes_max) return;
    list.clear();
    lists_.push_back(std::move(list));
  }
  std::vector<net::Prefix> take() {
    if (lists_.empty()) return {};
    std::vector<net::Prefix> out = std::move(lists_.back());
    lists_.pop_back();
    return out;
  }

 private:
  std::vector<std::vector<net::Prefix>> lists_;
};

// A token's text, the quotes of a string included.
std::string_view token_of(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

// Fields are read one after the other; the first error is kept.
struct Reader {
  std::optional<Error> error;

  void refuse(std::string_view field, std::string_view value, std::string_view rule) {
    if (!error) error = invalid(field, value, rule);
  }
  void missing(std::string_view field) { refuse(field, "", "this field must be there"); }
  void bad_json(simdjson::error_code wrong) {
    refuse("line", "", fmt::format("JSON ({})", simdjson::error_message(wrong)));
  }

  // The content of a string; most have no escapes and are taken from where they lie.
  std::optional<std::string_view> text(ondemand::value& value) {
    const std::string_view token = token_of(value);
    if (token.size() < 2 || token.front() != '"') return std::nullopt;
    const std::string_view inner = token.substr(1, token.size() - 2);
    if (inner.find('\\') == std::string_view::npos) return inner;
    std::string_view out;
    return value.get_string().get(out) == SUCCESS ? std::optional(out) : std::nullopt;
  }
  std::string_view text_of(std::string_view field, ondemand::value& value) {
    const auto out = text(value);
    if (!out) refuse(field, token_of(value), "a text");
    return out.value_or("");
  }
  // A number, or a number as text (RIS writes peer_asn so).
  std::uint32_t number_of(std::string_view field, ondemand::value& value, std::uint64_t max) {
    std::string_view token = token_of(value);
    if (token.size() > 2 && token.front() == '"') token = token.substr(1, token.size() - 2);
    const auto out = whole_number_of(token, max);
    if (!out) refuse(field, token, fmt::format("a whole number from 0 to {}", max));
    return static_cast<std::uint32_t>(out.value_or(0));
  }
  bool flag_of(std::string_view field, ondemand::value& value) {
    const std::string_view token = token_of(value);
    if (token != "true" && token != "false") refuse(field, token, "true or false");
    return token == "true";
  }
  net::Address address(std::string_view field, std::string_view text) {
    const auto out = address_of(text);
    if (!out) refuse(field, text, "an IP address");
    return out.value_or(net::Address());
  }
  // Calls `use` with each element of a list.
  template <class Use>
  void each(std::string_view field, ondemand::value& value, std::string_view rule, Use use) {
    ondemand::array list;
    const std::string_view token = token_of(value);
    if (value.get_array().get(list) != SUCCESS) return refuse(field, token, rule);
    for (auto item : list) {
      ondemand::value element;
      if (const auto wrong = std::move(item).get(element); wrong != SUCCESS) return bad_json(wrong);
      use(element);
      if (error) return;
    }
  }
};

bool is_list(ondemand::value& value) { return value.raw_json_token().starts_with('['); }
bool is_null(ondemand::value& value) {
  return value.raw_json_token().starts_with('n') && token_of(value) == "null";
}

void read_prefixes(Reader& reader, std::string_view field, ondemand::value& value,
                   std::vector<net::Prefix>& out) {
  reader.each(field, value, "a list of prefixes", [&](ondemand::value& item) {
    const std::string_view text = reader.text_of(field, item);
    const auto prefix = prefix_of(text);
    if (!prefix) return reader.refuse(field, text, "a prefix such as 203.0.113.0/24");
    out.push_back(*prefix);
  });
}

// A set inside the path: [64500, [64501, 64502]].
void read_set(Reader& reader, ondemand::value& value, bgp::AsPath& path) {
  const std::size_t before = path.asns.size();
  reader.each("path", value, "AS numbers, and lists of AS numbers for sets", [&](ondemand::value& asn) {
    path.asns.push_back(reader.number_of("path", asn, u32_max));
    if (path.asns.size() - before > 0xFFFF) reader.refuse("path", "", "at most 65535 members of a set");
  });
  const std::size_t count = path.asns.size() - before;
  if (count > 0) path.segments.push_back({bgp::SegmentType::as_set, static_cast<std::uint16_t>(count)});
}

void read_path(Reader& reader, ondemand::value& value, bgp::AsPath& path) {
  reader.each("path", value, "a list of AS numbers", [&](ondemand::value& hop) {
    if (is_list(hop)) return read_set(reader, hop, path);
    auto& segments = path.segments;
    const bool fits = !segments.empty() && segments.back().type == bgp::SegmentType::as_sequence &&
                      segments.back().count < 255;
    if (!fits) segments.push_back({bgp::SegmentType::as_sequence, 0});
    ++segments.back().count;
    path.asns.push_back(reader.number_of("path", hop, u32_max));
  });
}

void read_communities(Reader& reader, ondemand::value& value, bgp::PathAttributes& out) {
  constexpr std::string_view rule = "lists of two numbers (three: a large community)";
  reader.each("community", value, "a list of communities", [&](ondemand::value& item) {
    std::uint32_t numbers[3] = {};
    std::size_t count = 0;
    reader.each("community", item, rule, [&](ondemand::value& part) {
      if (count == 3) return reader.refuse("community", "", rule);
      numbers[count++] = reader.number_of("community", part, u32_max);
    });
    if (reader.error) return;
    if (count == 2) {
      if (numbers[0] > 0xFFFF || numbers[1] > 0xFFFF) {
        return reader.refuse("community", fmt::format("{}:{}", numbers[0], numbers[1]),
                             "numbers from 0 to 65535");
      }
      out.communities.push_back(numbers[0] << 16 | numbers[1]);
    } else if (count == 3) {
      out.large_communities.push_back({numbers[0], numbers[1], numbers[2]});
    } else {
      reader.refuse("community", "", rule);
    }
  });
}

bgp::Origin origin_of(std::string_view text) {
  if (text.empty()) return bgp::Origin::igp;
  const char first = static_cast<char>(text.front() | 0x20);
  if (first == 'e') return bgp::Origin::egp;
  const bool igp = first == 'i' && (text.size() < 3 || (text[1] | 0x20) == 'g');
  return igp ? bgp::Origin::igp : bgp::Origin::incomplete;
}

// "64500:192.0.2.1"; what does not read so is left out, for nothing depends on it.
std::optional<bgp::Aggregator> aggregator_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto asn = whole_number_of(text.substr(0, colon), u32_max);
  const auto address = address_of(text.substr(colon + 1));
  if (!asn || !address) return std::nullopt;
  return bgp::Aggregator{static_cast<net::Asn>(*asn), *address};
}

// The key of a field as plain text.
std::string_view key_of(ondemand::field& field) {
  const char* begin = field.key().raw();
  const char* end = begin;
  while (*end != '"' && *end != '\\') ++end;
  if (*end == '"') return {begin, static_cast<std::size_t>(end - begin)};
  std::string_view unescaped;
  if (field.unescaped_key().get(unescaped) != SUCCESS) return {};
  return unescaped;
}

// Calls `use` with each key and value of an object; null stands for a field that is not there.
template <class Use>
void each_field(Reader& reader, ondemand::object& object, Use use) {
  for (auto entry : object) {
    ondemand::field field;
    if (const auto wrong = std::move(entry).get(field); wrong != SUCCESS) return reader.bad_json(wrong);
    const std::string_view key = key_of(field);
    ondemand::value& value = field.value();
    if (!is_null(value)) use(key, value);
    if (reader.error) return;
  }
}

void read_announcement(Reader& reader, ondemand::value& value, Announcement& out) {
  ondemand::object object;
  const std::string_view token = token_of(value);
  if (value.get_object().get(object) != SUCCESS) {
    return reader.refuse("announcements", token, "objects with next_hop and prefixes");
  }
  bool has_prefixes = false;
  each_field(reader, object, [&](std::string_view key, ondemand::value& inner) {
    if (key == "next_hop") {
      // IPv6 peers may name a global and a link-local address: "2001:db8::1,fe80::1".
      const std::string_view text = reader.text_of("next_hop", inner);
      if (!reader.error) out.next_hop = reader.address("next_hop", text.substr(0, text.find(',')));
    } else if (key == "prefixes") {
      has_prefixes = true;
      read_prefixes(reader, "announcements.prefixes", inner, out.prefixes);
    }
  });
  if (!has_prefixes) reader.missing("announcements.prefixes");
}

// What of a message's data was there, and what only together says something.
struct Seen {
  bool time = false, peer = false, path = false, announcements = false, withdrawals = false;
  std::optional<std::string_view> type, state;
};

bool is_up(Reader& reader, const Seen& seen) {
  if (!seen.state) reader.missing("state");
  const std::string_view state = seen.state.value_or("");
  const bool up = state == "connected" || state == "up";
  if (!up && state != "down") reader.refuse("state", state, "connected, up or down");
  return up;
}

}  // namespace

struct Decoder::State {
  ondemand::parser parser{line_bytes_max};
  std::vector<char> padded;  // the line and the bytes that simdjson may read behind it
  SparePrefixes spare;
  Update update;  // what is being read; its memory while `out` holds another kind of message

  simdjson::simdjson_result<ondemand::document> open(std::string_view line) {
    const std::size_t needed = line.size() + simdjson::SIMDJSON_PADDING;
    if (padded.size() < needed) padded.resize(2 * needed);
    if (!line.empty()) std::memcpy(padded.data(), line.data(), line.size());
    std::memset(padded.data() + line.size(), 0, simdjson::SIMDJSON_PADDING);
    return parser.iterate(padded.data(), line.size(), padded.size());
  }

  void clear_update() {
    for (Announcement& part : update.announcements) spare.give_back(std::move(part.prefixes));
    update.announcements.clear();
    update.withdrawals.clear();
    bgp::PathAttributes& attributes = update.attributes;
    attributes.origin = bgp::Origin::igp;
    attributes.as_path.segments.clear();
    attributes.as_path.asns.clear();
    attributes.multi_exit_disc.reset();
    attributes.aggregator.reset();
    attributes.communities.clear();
    attributes.large_communities.clear();
    attributes.only_to_customer.reset();
    update.table_dump = update.trusted_feed = false;
    update.peer_role.clear();
  }

  void read_announcements(Reader& reader, ondemand::value& value) {
    reader.each("announcements", value, "a list of objects with next_hop and prefixes",
                [&](ondemand::value& item) {
                  Announcement& part = update.announcements.emplace_back();
                  part.prefixes = spare.take();
                  read_announcement(reader, item, part);
                });
  }

  // Fields of an UPDATE; false when the key is none of them.
  bool read_update_field(Reader& reader, std::string_view key, ondemand::value& value, Seen& seen) {
    bgp::PathAttributes& attributes = update.attributes;
    if (key == "path") {
      seen.path = true;
      read_path(reader, value, attributes.as_path);
    } else if (key == "announcements") {
      seen.announcements = true;
      read_announcements(reader, value);
    } else if (key == "withdrawals") {
      seen.withdrawals = true;
      read_prefixes(reader, "withdrawals", value, update.withdrawals);
    } else if (key == "community") {
      read_communities(reader, value, attributes);
    } else if (key == "origin") {
      attributes.origin = origin_of(reader.text_of("origin", value));
    } else if (key == "med") {
      attributes.multi_exit_disc = reader.number_of("med", value, u32_max);
    } else if (key == "aggregator") {
      attributes.aggregator = aggregator_of(reader.text(value).value_or(""));
    } else if (key == "otc") {
      attributes.only_to_customer = reader.number_of("otc", value, u32_max);
    } else if (key == "peer_role") {
      update.peer_role = reader.text_of("peer_role", value);
    } else if (key == "table_dump") {
      update.table_dump = reader.flag_of("table_dump", value);
    } else if (key == "trusted_feed") {
      update.trusted_feed = reader.flag_of("trusted_feed", value);
    } else {
      return false;
    }
    return true;
  }

  void read_field(Reader& reader, std::string_view key, ondemand::value& value, Message& out, Seen& seen) {
    if (key == "timestamp") {
      const auto time = time_of(token_of(value));
      if (!time) return reader.refuse("timestamp", token_of(value), "seconds since 1970");
      out.time = *time;
      seen.time = true;
    } else if (key == "peer") {
      const std::string_view text = reader.text_of("peer", value);
      if (!reader.error) out.peer = reader.address("peer", text);
      seen.peer = true;
    } else if (key == "peer_asn") {
      out.peer_asn = reader.number_of("peer_asn", value, u32_max);
    } else if (key == "host") {
      const std::string_view text = reader.text_of("host", value);
      out.host = text.substr(0, text.find('.'));
    } else if (key == "type") {
      seen.type = reader.text_of("data.type", value);
    } else if (key == "state") {
      seen.state = reader.text_of("state", value);
    } else {
      read_update_field(reader, key, value, seen);
    }
  }

  void read_data(Reader& reader, ondemand::value& value, Message& out) {
    ondemand::object data;
    const std::string_view token = token_of(value);
    if (value.get_object().get(data) != SUCCESS) return reader.refuse("data", token, "an object");
    Seen seen;
    each_field(reader, data, [&](std::string_view key, ondemand::value& inner) {
      read_field(reader, key, inner, out, seen);
    });
    if (!seen.time) reader.missing("timestamp");
    if (!seen.peer) reader.missing("peer");
    if (!seen.type) reader.missing("data.type");
    if (reader.error) return;
    if (*seen.type == "UPDATE") {
      if (!seen.announcements && !seen.withdrawals) reader.missing("announcements or withdrawals");
      if (!seen.path && !update.announcements.empty()) reader.missing("path");
      out.body = std::move(update);
    } else if (*seen.type == "RIS_PEER_STATE" || *seen.type == "STATE") {
      out.body = PeerState{is_up(reader, seen)};
    } else {
      out.body = Ignored{std::string(*seen.type)};
    }
  }

  void read_error(Reader& reader, ondemand::value& value, Message& out) {
    StreamError error;
    ondemand::object data;
    if (value.get_object().get(data) == SUCCESS) {
      each_field(reader, data, [&](std::string_view key, ondemand::value& inner) {
        if (key == "message") error.message = reader.text_of("message", inner);
      });
    }
    out.body = std::move(error);
  }

  // One pass over the outer object. The service writes the type first; where it does not, `type` is empty in
  // the first pass and the second one knows it.
  void read_outer(Reader& reader, ondemand::document& document, std::string& type, Message& out) {
    ondemand::object outer;
    if (const auto wrong = document.get_object().get(outer); wrong != SUCCESS) {
      return reader.refuse("line", "", fmt::format("a JSON object ({})", simdjson::error_message(wrong)));
    }
    bool has_data = false;
    const bool known_before = !type.empty();
    each_field(reader, outer, [&](std::string_view key, ondemand::value& value) {
      if (key == "type" && !known_before) {
        type = reader.text_of("type", value);
      } else if (key == "data" && !type.empty() && !has_data) {
        has_data = true;
        if (type == "ris_message") read_data(reader, value, out);
        if (type == "ris_error") read_error(reader, value, out);
      }
    });
    if (reader.error) return;
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return reader.refuse("line", "", "one JSON value and nothing behind it");
    }
    if (type.empty()) return reader.missing("type");
    if (has_data && (type == "ris_message" || type == "ris_error")) return;
    if (!known_before) {
      document.rewind();
      return read_outer(reader, document, type, out);
    }
    if (type == "ris_message") return reader.missing("data");
    if (type == "ris_error") {
      out.body = StreamError{};
    } else {
      out.body = Ignored{type};
    }
  }
};

Decoder::Decoder() : state_(std::make_unique<State>()) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<void> Decoder::decode_into(std::string_view line, Message& out) {
  if (line.size() > line_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "line of {} bytes: at most {} are read", line.size(),
                line_bytes_max);
  }
  State& s = *state_;
  if (auto* update = std::get_if<Update>(&out.body)) s.update = std::move(*update);
  s.clear_update();
  out.time = {};
  out.host.clear();
  out.peer = {};
  out.peer_asn = 0;
  Reader reader;
  ondemand::document document;
  if (const auto wrong = s.open(line).get(document); wrong != SUCCESS) {
    return tl::unexpected(invalid("line", line, fmt::format("JSON ({})", simdjson::error_message(wrong))));
  }
  std::string type;
  s.read_outer(reader, document, type, out);
  if (reader.error) return tl::unexpected(std::move(*reader.error));
  return {};
}

Result<Message> Decoder::decode(std::string_view line) {
  Message out;
  if (auto done = decode_into(line, out); !done) return tl::unexpected(std::move(done.error()));
  return out;
}

}  // namespace peering::wire::ris
