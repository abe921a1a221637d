#include "wire/mrt/text.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace peering::wire::mrt {

namespace {

constexpr char table_entry = 'B';
constexpr bgp::SessionFacts table_facts{};
constexpr std::size_t seconds_text_max = 24;

// Subtypes of BGP4MP.
constexpr std::uint16_t message_local = 6, message_as4_local = 7, message_local_add_path = 10,
                        message_as4_local_add_path = 11;
constexpr std::uint16_t table_dump_ipv6_as4 = 4;  // of TABLE_DUMP

RecordType type_of(const Record& record) { return static_cast<RecordType>(record.type); }

// Subtypes of RFC 8050.
bool has_path_ids(const Record& record) {
  return type_of(record) != RecordType::bgp && record.subtype >= 8 && record.subtype <= 11;
}

// bgpdump has no name for messages that the collector sent on a session with add-path.
std::string_view name_of(const Record& record) {
  if (type_of(record) == RecordType::bgp) return "BGP";
  const bool extended = type_of(record) == RecordType::bgp4mp_et;
  if (record.subtype == message_local || record.subtype == message_as4_local) {
    return extended ? "BGP4MP_ET_LOCAL" : "BGP4MP_LOCAL";
  }
  if (has_path_ids(record)) return extended ? "BGP4MP_ET_AP" : "BGP4MP_AP";
  return extended ? "BGP4MP_ET" : "BGP4MP";
}

// "|192.0.2.1|64496|"
char* put_peer(char* to, const net::Address& address, net::Asn asn) {
  *to++ = '|';
  to = put_address(to, address);
  *to++ = '|';
  to = put_number(to, asn);
  *to++ = '|';
  return to;
}
constexpr std::size_t peer_text_max = address_text_max + number_text_max + 3;

// "07/22/02 22:38:35"
char* put_date(char* to, std::uint32_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return to + std::strftime(to, seconds_text_max, "%D %T", &parts);
}

char* put_microseconds(char* to, std::uint32_t value) {
  *to++ = '.';
  return value < 1'000'000 ? put_six_digits(to, value) : put_number(to, value);
}

}  // namespace

void TextWriter::begin_line(const Record& record, std::string_view type) {
  start_.clear();
  if (style_ == TextStyle::readable) {
    start_.append(type);
    start_.append("|");
    start_.append(format_rfc3339(record.time()));
    start_.append("|");
    return;
  }
  char* to = start_.room(type.size() + seconds_text_max + number_text_max + 3);
  to = put_text(to, type);
  *to++ = '|';
  to = style_ == TextStyle::bgpdump ? put_number(to, record.seconds) : put_date(to, record.seconds);
  if (type_of(record) == RecordType::bgp4mp_et) to = put_microseconds(to, record.microseconds);
  *to++ = '|';
  start_.end_at(to);
}

LineStyle TextWriter::line_style() const {
  LineStyle style;
  style.start = start_.view();
  style.brief = style_ == TextStyle::bgpdump_brief;
  style.merge_as_bgpdump = style.signed_numbers = is_bgpdump();
  return style;
}

Result<void> TextWriter::append_message(const Record& record, const BgpMessage& message, TextBuffer& out) {
  if (message.type != bgp::MessageType::update) return {};
  update_.read(message.body);
  begin_line(record, name_of(record));
  const bool as_local = is_bgpdump() && (record.subtype == message_local_add_path ||
                                         record.subtype == message_as4_local_add_path);
  const net::Address& peer = as_local ? message.session.local_address : message.session.peer_address;
  const net::Asn asn = as_local ? message.session.local_asn : message.session.peer_asn;
  peer_.clear();
  peer_.end_at(put_peer(peer_.room(peer_text_max), peer, asn));
  LineStyle style = line_style();
  style.peer = peer_.view();
  style.path_ids = has_path_ids(record);
  peer_address_.clear();
  char* const room = peer_address_.room(peer_text_max);
  if (type_of(record) == RecordType::bgp && is_bgpdump()) {
    style.old_type = true;
    peer_address_.end_at(put_address(room, peer));
    style.withdrawn_address = peer_address_.view();
    update_.attributes.drop_multiprotocol();
  } else if (is_bgpdump() && message.sent_by_collector && !style.path_ids && peer.is_v4()) {
    // bgpdump shows the peer's four bytes as the front of an IPv6 address.
    std::array<std::uint8_t, 16> wide{};
    std::copy_n(peer.bytes().begin(), 4, wide.begin());
    peer_address_.end_at(put_peer(room, net::Address::v6(wide), asn));
    style.withdrawn_ipv6_peer = peer_address_.view();
  }
  const bool whole = lines_.append_update(update_, message.facts, style, out);
  if (!update_.fault.empty()) return malformed_record(record, fmt::format("UPDATE: {}", update_.fault));
  if (!whole) return malformed_record(record, "UPDATE: a field of prefixes is damaged");
  return {};
}

void TextWriter::append_state(const Record& record, const StateChange& change, TextBuffer& out) {
  constexpr std::string_view kind = "STATE";
  begin_line(record, type_of(record) == RecordType::bgp4mp      ? "BGP4MP"
                     : type_of(record) == RecordType::bgp4mp_et ? "BGP4MP_ET"
                                                                : "BGP");
  char* to = out.room(start_.size() + kind.size() + peer_text_max + 2 * number_text_max + 2);
  to = put_text(to, start_.view());
  to = put_text(to, kind);
  to = put_peer(to, change.session.peer_address, change.session.peer_asn);
  to = put_number(to, change.old_state);
  *to++ = '|';
  to = put_number(to, change.new_state);
  *to++ = '\n';
  out.end_at(to);
}

Result<void> TextWriter::take_peers(const Record& record) {
  const auto table = decode_peer_index_table(record);
  peers_.clear();
  if (!table) return tl::unexpected(table.error());
  for (const TablePeer& peer : table->peers) {
    char text[peer_text_max];
    peers_.emplace_back(text, put_peer(text, peer.address, peer.asn));
  }
  return {};
}

Result<void> TextWriter::append_table(const Record& record, TextBuffer& out) {
  switch (table_kind(record)) {
    case TableKind::peers:
      return take_peers(record);
    case TableKind::routes:
      return append_table_routes(record, out);
    case TableKind::generic:
      if (const auto family = generic_family(record); !is_bgpdump() && family && is_table_family(*family)) {
        return append_table_routes(record, out);
      }
      break;
    case TableKind::geo:
    case TableKind::other:
      break;
  }
  ++left_out_;
  return {};
}

Result<void> TextWriter::append_table_routes(const Record& record, TextBuffer& out) {
  if (const auto done = decode_table_routes(record, table_); !done) return done;
  if (table_.multicast && is_bgpdump()) {
    ++left_out_;
    return {};
  }
  begin_line(record, table_.add_path ? "TABLE_DUMP2_AP" : "TABLE_DUMP2");
  LineStyle style = line_style();
  style.path_ids = table_.add_path;
  std::string_view fault;
  for (const TableEntry& entry : table_.entries) {
    if (entry.peer >= peers_.size()) {
      return malformed_record(record, fmt::format("peer {} is not in the PEER_INDEX_TABLE", entry.peer));
    }
    attributes_.read(entry.attributes);
    if (!attributes_.fault().empty()) fault = attributes_.fault();
    style.peer = peers_[entry.peer];
    lines_.set_entry_attributes(attributes_, table_facts, style);
    lines_.append_entry(table_entry, table_.family, table_.sent_address.data(),
                        static_cast<unsigned>(table_.prefix.length), entry.path_id, style, out);
  }
  if (!fault.empty()) return malformed_record(record, fault);
  return {};
}

Result<void> TextWriter::append_old_table(const Record& record, TextBuffer& out) {
  const auto entry = decode_old_table_entry(record);
  if (!entry) return tl::unexpected(entry.error());
  attributes_.read(entry->attributes);
  begin_line(record, "TABLE_DUMP");
  // bgpdump shows the first four bytes of both addresses here.
  const bool shortened = is_bgpdump() && record.subtype == table_dump_ipv6_as4;
  const net::Address peer =
      shortened ? net::Address::v4(entry->peer_address.bytes().first<4>()) : entry->peer_address;
  peer_.clear();
  peer_.end_at(put_peer(peer_.room(peer_text_max), peer, entry->peer_asn));
  LineStyle style = line_style();
  style.peer = peer_.view();
  bgp::SessionFacts facts;
  facts.four_octet_asn = entry->four_octet_asn;
  lines_.set_entry_attributes(attributes_, facts, style);
  lines_.append_entry(table_entry, shortened ? net::Family::ipv4 : entry->family, entry->sent_address.data(),
                      static_cast<unsigned>(entry->prefix.length), 0, style, out);
  if (!attributes_.fault().empty()) return malformed_record(record, attributes_.fault());
  return {};
}

Result<void> TextWriter::append(const Record& record, TextBuffer& out) {
  if (type_of(record) == RecordType::table_dump_v2) return append_table(record, out);
  if (type_of(record) == RecordType::table_dump) return append_old_table(record, out);
  const auto content = decode_record(record);
  if (!content) return tl::unexpected(content.error());
  if (const auto* message = std::get_if<BgpMessage>(&*content)) return append_message(record, *message, out);
  if (const auto* change = std::get_if<StateChange>(&*content)) {
    append_state(record, *change, out);
  } else {
    ++left_out_;
  }
  return {};
}

}  // namespace peering::wire::mrt
