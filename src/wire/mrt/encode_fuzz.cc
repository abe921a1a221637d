// The MRT writer against the reader. The first byte says which way: values are made of the bytes, written and
// read back; or the bytes are a file, and what is read from it is written and read again. Both must be the
// same.
#include <algorithm>

#include "base/check.h"
#include "wire/bgp/attributes.h"
#include "wire/mrt/encode.h"

namespace mrt = peering::wire::mrt;
namespace bgp = peering::wire::bgp;
namespace net = peering::net;

namespace {

using mrt::Bytes;
using peering::ByteReader;
using peering::ByteWriter;
using peering::TimePoint;

bool same(Bytes first, Bytes second) { return std::ranges::equal(first, second); }

bool same(const mrt::Session& first, const mrt::Session& second) {
  return first.peer_asn == second.peer_asn && first.local_asn == second.local_asn &&
         first.peer_address == second.peer_address && first.local_address == second.local_address;
}

// The record that was written, which has to be whole and of the same time.
mrt::Record written(const ByteWriter& out, TimePoint time) {
  const auto length = mrt::split_record(out.data());
  PEERING_CHECK(length && *length == out.size());
  const auto record = mrt::decode_header(out.data());
  PEERING_CHECK(record);
  const bool microseconds = record->type == static_cast<std::uint16_t>(mrt::RecordType::bgp4mp_et);
  if (microseconds) PEERING_CHECK(record->time() == time);
  if (!microseconds) PEERING_CHECK(record->seconds == peering::to_us(time) / 1'000'000);
  return *record;
}

void check_message(TimePoint time, const mrt::BgpMessage& message) {
  ByteWriter whole;  // with a header, which the old type BGP has not
  for (int i = 0; i < 16; ++i) whole.u8(0xff);
  if (message.body.size() > 0xffff - bgp::header_bytes) return;
  whole.u16(static_cast<std::uint16_t>(bgp::header_bytes + message.body.size()));
  whole.u8(static_cast<std::uint8_t>(message.type));
  whole.bytes(message.body);
  const mrt::MessageForm form{message.facts.four_octet_asn, message.facts.add_path_ipv4,
                              message.sent_by_collector};
  ByteWriter out;
  PEERING_CHECK(mrt::append_message(time, message.session, form, whole.data(), out));
  const auto content = mrt::decode_record(written(out, time));
  PEERING_CHECK(content);
  const auto* again = std::get_if<mrt::BgpMessage>(&*content);
  PEERING_CHECK(again != nullptr);
  PEERING_CHECK(same(again->session, message.session));
  PEERING_CHECK(again->facts.four_octet_asn == message.facts.four_octet_asn);
  PEERING_CHECK(again->facts.add_path_ipv4 == message.facts.add_path_ipv4);
  PEERING_CHECK(again->sent_by_collector == message.sent_by_collector);
  PEERING_CHECK(again->type == message.type);
  PEERING_CHECK(same(again->body, message.body));
}

void check_state(TimePoint time, const mrt::StateChange& change) {
  ByteWriter out;
  PEERING_CHECK(mrt::append_state_change(time, change, out));
  const auto content = mrt::decode_record(written(out, time));
  PEERING_CHECK(content);
  const auto* again = std::get_if<mrt::StateChange>(&*content);
  PEERING_CHECK(again != nullptr && same(again->session, change.session));
  PEERING_CHECK(again->old_state == change.old_state && again->new_state == change.new_state);
}

void check_peers(TimePoint time, const mrt::PeerIndexTable& table) {
  ByteWriter out;
  PEERING_CHECK(mrt::append_peer_index_table(time, table, out));
  const mrt::Record record = written(out, time);
  const auto again = mrt::decode_peer_index_table(record);
  PEERING_CHECK(again && mrt::table_kind(record) == mrt::TableKind::peers);
  PEERING_CHECK(again->collector == table.collector && again->view == table.view);
  PEERING_CHECK(again->peers == table.peers);
}

// Attributes of a table with the next hop alone must mean what they meant, where they meant something.
void check_attributes(Bytes field) {
  bgp::AttributeScan whole, brief;
  bgp::scan_attributes(field, {}, bgp::MpReachForm::next_hop, whole);
  if (!whole.issues.empty()) return;
  const auto written = mrt::table_attributes(field);
  bgp::scan_attributes(written, {}, bgp::MpReachForm::next_hop, brief);
  PEERING_CHECK(brief.issues.empty());
  bgp::PathAttributes before, after;
  bgp::read_path_attributes(whole, {}, before);
  bgp::read_path_attributes(brief, {}, after);
  PEERING_CHECK(before == after);
  const bool has_next_hop = whole.reach && whole.reach->next_hop;
  PEERING_CHECK(has_next_hop == brief.reach.has_value());
  if (!has_next_hop) return;
  PEERING_CHECK(whole.reach->next_hop == brief.reach->next_hop);
  PEERING_CHECK(whole.reach->link_local_next_hop == brief.reach->link_local_next_hop);
}

void check_routes(TimePoint time, const mrt::TableRoutes& routes) {
  ByteWriter out;
  PEERING_CHECK(mrt::append_table_routes(time, routes, out));
  const mrt::Record record = written(out, time);
  mrt::TableRoutes again;
  PEERING_CHECK(mrt::decode_table_routes(record, again));
  PEERING_CHECK(again.sequence == routes.sequence && again.family == routes.family);
  PEERING_CHECK(again.multicast == routes.multicast && again.add_path == routes.add_path);
  PEERING_CHECK(again.prefix.bytes == routes.prefix.bytes && again.prefix.length == routes.prefix.length);
  PEERING_CHECK(again.entries.size() == routes.entries.size());
  for (std::size_t i = 0; i < routes.entries.size(); ++i) {
    const mrt::TableEntry &one = again.entries[i], &other = routes.entries[i];
    PEERING_CHECK(one.peer == other.peer && one.originated_seconds == other.originated_seconds);
    PEERING_CHECK(one.path_id == other.path_id && same(one.attributes, other.attributes));
    check_attributes(other.attributes);
  }
}

// --- a file --------------------------------------------------------------------------------------------

void check_table(const mrt::Record& record) {
  const mrt::TableKind kind = mrt::table_kind(record);
  if (kind == mrt::TableKind::peers) {
    if (const auto table = mrt::decode_peer_index_table(record)) check_peers(record.time(), *table);
  }
  if (kind == mrt::TableKind::generic) {
    const auto family = mrt::generic_family(record);
    if (!family || !mrt::is_table_family(*family)) return;
  }
  if (kind != mrt::TableKind::routes && kind != mrt::TableKind::generic) return;
  mrt::TableRoutes routes;
  if (mrt::decode_table_routes(record, routes)) check_routes(record.time(), routes);
}

void check_record(const mrt::Record& record) {
  if (record.type == static_cast<std::uint16_t>(mrt::RecordType::table_dump_v2)) return check_table(record);
  const auto content = mrt::decode_record(record);
  if (!content) return;
  if (const auto* message = std::get_if<mrt::BgpMessage>(&*content)) check_message(record.time(), *message);
  if (const auto* change = std::get_if<mrt::StateChange>(&*content)) check_state(record.time(), *change);
}

void check_file(Bytes rest) {
  while (true) {
    const auto length = mrt::split_record(rest);
    if (!length || *length == 0) return;
    if (const auto record = mrt::decode_header(rest.first(*length))) check_record(*record);
    rest = rest.subspan(*length);
  }
}

// --- values --------------------------------------------------------------------------------------------

net::Address address_of(ByteReader& from, bool is_ipv6) {
  if (!is_ipv6) return net::Address::v4(from.u32());
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(from.bytes(16), bytes.begin());
  return net::Address::v6(bytes);
}

mrt::Session session_of(ByteReader& from, bool four_octet_asn) {
  const bool is_ipv6 = from.u8() % 2 != 0;
  mrt::Session out;
  out.peer_asn = four_octet_asn ? from.u32() : from.u16();
  out.local_asn = four_octet_asn ? from.u32() : from.u16();
  out.peer_address = address_of(from, is_ipv6);
  out.local_address = address_of(from, is_ipv6);
  return out;
}

mrt::PeerIndexTable peers_of(ByteReader& from) {
  mrt::PeerIndexTable out;
  out.collector = address_of(from, false);
  const Bytes view = from.bytes(from.u8());
  out.view = {reinterpret_cast<const char*>(view.data()), view.size()};
  while (!from.empty()) {
    const bool is_ipv6 = from.u8() % 2 != 0;
    mrt::TablePeer peer{address_of(from, false), address_of(from, is_ipv6), 0};
    peer.asn = from.u32();
    out.peers.push_back(peer);
  }
  return out;
}

mrt::TableRoutes routes_of(ByteReader& from) {
  mrt::TableRoutes out;
  const std::uint8_t bits = from.u8();
  out.family = (bits & 1) != 0 ? net::Family::ipv6 : net::Family::ipv4;
  out.multicast = (bits & 2) != 0;
  out.add_path = (bits & 4) != 0;
  out.sequence = from.u32();
  const int length = from.u8() % (net::address_bits(out.family) + 1);
  const net::Prefix prefix(address_of(from, out.family == net::Family::ipv6), length);
  out.prefix.length = length;
  std::ranges::copy(prefix.address().bytes(), out.prefix.bytes.begin());
  while (!from.empty()) {
    mrt::TableEntry entry;
    entry.peer = from.u16();
    entry.originated_seconds = from.u32();
    if (out.add_path) entry.path_id = from.u32();
    entry.attributes = from.bytes(from.u8());
    out.entries.push_back(entry);
  }
  return out;
}

void check_values(ByteReader& from) {
  const TimePoint time = peering::time_from_us(std::int64_t{from.u32()} * 1'000'000 + from.u32() % 1'000'000);
  const std::uint8_t kind = from.u8();
  if (kind % 4 == 0) return check_peers(time, peers_of(from));
  if (kind % 4 == 1) return check_routes(time, routes_of(from));
  if (kind % 4 == 2) {
    mrt::StateChange change{session_of(from, true), 0, 0};
    change.old_state = from.u16();
    change.new_state = from.u16();
    return check_state(time, change);
  }
  mrt::BgpMessage message;
  const bool add_path = (kind & 8) != 0;
  message.facts = {(kind & 4) != 0, add_path, add_path};
  message.sent_by_collector = (kind & 16) != 0;
  message.session = session_of(from, message.facts.four_octet_asn);
  message.type = static_cast<bgp::MessageType>(1 + from.u8() % 5);
  message.body = from.rest();
  check_message(time, message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader from({data, size});
  if (from.u8() % 2 != 0) {
    check_values(from);
  } else {
    check_file(from.rest());
  }
  return 0;
}
