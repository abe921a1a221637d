#include "wire/mrt/text.h"

#include <algorithm>

namespace peering::wire::mrt {

namespace {

constexpr char table_entry = 'B';
constexpr bgp::SessionFacts table_facts{};
constexpr bgp::SessionFacts old_table_facts{.four_octet_asn = false};

RecordType type_of(const Record& record) { return static_cast<RecordType>(record.type); }

// Subtypes of RFC 8050.
bool has_path_ids(const Record& record) {
  return type_of(record) != RecordType::bgp && record.subtype >= 8 && record.subtype <= 11;
}

std::string_view name_of(const Record& record) {
  switch (type_of(record)) {
    case RecordType::bgp:
      return "BGP";
    case RecordType::bgp4mp_et:
      return "BGP4MP_ET";
    default:
      return has_path_ids(record) ? "BGP4MP_AP" : "BGP4MP";
  }
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

// The next hop of a table's entry: MP_REACH_NLRI's for IPv6 where it is there.
net::Address next_hop_of(const bgp::AttributeScan& scan, net::Family family) {
  if (family == net::Family::ipv6 && scan.reach && scan.reach->next_hop) return *scan.reach->next_hop;
  const Bytes value = scan.value(bgp::AttributeCode::next_hop);
  return value.empty() ? net::Address::v4(0xffffffff) : net::Address::v4(value.first<4>());
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
  char* to = start_.room(type.size() + 2 * number_text_max + 3);
  to = put_text(to, type);
  *to++ = '|';
  to = put_number(to, record.seconds);
  if (type_of(record) == RecordType::bgp4mp_et) {
    *to++ = '.';
    to = put_six_digits(to, record.microseconds);
  }
  *to++ = '|';
  start_.end_at(to);
}

Result<void> TextWriter::append_message(const Record& record, const BgpMessage& message, TextBuffer& out) {
  if (message.type != bgp::MessageType::update) return {};
  const bgp::UpdateScan scan = bgp::scan_update(message.body, message.facts);
  begin_line(record, name_of(record));
  peer_.clear();
  peer_.end_at(put_peer(peer_.room(peer_text_max), message.session.peer_address, message.session.peer_asn));
  LineStyle style{start_.view(), peer_.view(), has_path_ids(record), false, {}};
  if (type_of(record) == RecordType::bgp) {
    style.communities_optional = true;
    peer_address_.clear();
    peer_address_.end_at(put_address(peer_address_.room(address_text_max), message.session.peer_address));
    if (style_ == TextStyle::bgpdump) style.withdrawn_address = peer_address_.view();
  }
  lines_.append_update(scan, message.facts, style, out);
  if (scan.outcome() != bgp::Outcome::reset_session) return {};
  const auto& issues = scan.attributes.issues;
  const auto worst = std::find_if(issues.begin(), issues.end(), [](const bgp::Issue& issue) {
    return issue.outcome == bgp::Outcome::reset_session;
  });
  return malformed_record(record, fmt::format("UPDATE, attribute {}: {}", worst->attribute, worst->reason));
}

void TextWriter::append_state(const Record& record, const StateChange& change, TextBuffer& out) {
  constexpr std::string_view kind = "STATE";
  begin_line(record, name_of(record));
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
  const TableKind kind = table_kind(record);
  if (kind == TableKind::peers) return take_peers(record);
  if (kind == TableKind::other) {
    ++left_out_;
    return {};
  }
  if (const auto done = decode_table_routes(record, table_); !done) return done;
  begin_line(record, table_.add_path ? "TABLE_DUMP2_AP" : "TABLE_DUMP2");
  for (const TableEntry& entry : table_.entries) {
    if (entry.peer >= peers_.size()) {
      return malformed_record(record, fmt::format("peer {} is not in the PEER_INDEX_TABLE", entry.peer));
    }
    bgp::AttributeScan scan;
    bgp::scan_attributes(entry.attributes, table_facts, bgp::MpReachForm::next_hop, scan);
    const LineStyle style{start_.view(), peers_[entry.peer], table_.add_path, false, {}};
    lines_.set_attributes(scan, table_facts, next_hop_of(scan, table_.family), style);
    table_.prefix.path_id = entry.path_id;
    lines_.append_entry(table_entry, table_.family, table_.prefix, style, out);
  }
  return {};
}

Result<void> TextWriter::append_old_table(const Record& record, TextBuffer& out) {
  const auto entry = decode_old_table_entry(record);
  if (!entry) return tl::unexpected(entry.error());
  bgp::AttributeScan scan;
  bgp::scan_attributes(entry->attributes, old_table_facts, bgp::MpReachForm::next_hop, scan);
  begin_line(record, "TABLE_DUMP");
  peer_.clear();
  peer_.end_at(put_peer(peer_.room(peer_text_max), entry->peer_address, entry->peer_asn));
  const LineStyle style{start_.view(), peer_.view(), false, false, {}};
  lines_.set_attributes(scan, old_table_facts, next_hop_of(scan, entry->family), style);
  lines_.append_entry(table_entry, entry->family, entry->prefix, style, out);
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
