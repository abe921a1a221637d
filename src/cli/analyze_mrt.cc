#include "cli/analyze_mrt.h"

#include "feeds/mrt_file.h"
#include "rib/update_routes.h"
#include "wire/bgp/attributes.h"

namespace peering::cli {

namespace {

namespace mrt = wire::mrt;
namespace bgp = wire::bgp;

constexpr std::uint16_t established = 6;  // RFC 4271 section 8.2.2

}  // namespace

void MrtReader::take(const mrt::Record& record, std::size_t number) {
  ++count_.records;
  const auto type = static_cast<mrt::RecordType>(record.type);
  if (type == mrt::RecordType::table_dump_v2 || type == mrt::RecordType::table_dump) {
    const auto done = type == mrt::RecordType::table_dump ? old_table(record, number) : table(record, number);
    if (!done) malformed(number, done.error().message);
    return;
  }
  const auto content = mrt::decode_record(record);
  if (!content) return malformed(number, content.error().message);
  if (const auto* message = std::get_if<mrt::BgpMessage>(&*content)) {
    if (message->type == bgp::MessageType::update && !message->sent_by_collector) {
      update(*message, record.time(), number);
    }
  } else if (const auto* change = std::get_if<mrt::StateChange>(&*content)) {
    state(*change, record.time(), number);
  }
}

void MrtReader::malformed(std::size_t number, std::string_view what) {
  ++count_.malformed;
  complaints_.say("record", number, what);
}

// One MRT file does not say which collector wrote it: peers are told apart by their address.
rib::PeerPointer MrtReader::peer_of(const net::Address& address, net::Asn asn) {
  return engine_.peer({"mrt", 0, address, rib::RibKind::adj_rib_in_pre_policy}, asn);
}

Result<void> MrtReader::table(const mrt::Record& record, std::size_t number) {
  if (mrt::table_kind(record) == mrt::TableKind::peers) {
    auto table = mrt::decode_peer_index_table(record);
    if (!table) return tl::unexpected(table.error());
    table_peers_ = std::move(table->peers);
    return {};
  }
  if (mrt::table_kind(record) != mrt::TableKind::routes) return {};
  if (auto done = mrt::decode_table_routes(record, table_routes_); !done) return done;
  const net::Prefix prefix = table_routes_.prefix.prefix(table_routes_.family);
  if (table_routes_.multicast || !engine_.concerns(prefix)) return {};
  engine_.at(number, record.time());
  for (const mrt::TableEntry& entry : table_routes_.entries) {
    if (entry.peer >= table_peers_.size()) return mrt::malformed_record(record, "names a peer of its table");
    const mrt::TablePeer& peer = table_peers_[entry.peer];
    if (auto done = table_route(prefix, peer.address, peer.asn, entry.attributes, {}); !done) return done;
  }
  return {};
}

Result<void> MrtReader::old_table(const mrt::Record& record, std::size_t number) {
  const auto entry = mrt::decode_old_table_entry(record);
  if (!entry) return tl::unexpected(entry.error());
  const net::Prefix prefix = entry->prefix.prefix(entry->family);
  if (!engine_.concerns(prefix)) return {};
  engine_.at(number, record.time());
  bgp::SessionFacts facts;
  facts.four_octet_asn = entry->four_octet_asn;
  return table_route(prefix, entry->peer_address, entry->peer_asn, entry->attributes, facts);
}

Result<void> MrtReader::table_route(const net::Prefix& prefix, const net::Address& address, net::Asn asn,
                                    mrt::Bytes field, const bgp::SessionFacts& facts) {
  const rib::PeerPointer peer = peer_of(address, asn);
  if (!peer) return fail(ErrorCode::limit_exceeded, "more peers than are kept");
  bgp::AttributeScan scan;
  bgp::scan_attributes(field, facts, bgp::MpReachForm::next_hop, scan);
  auto attributes = std::make_shared<bgp::PathAttributes>();
  bgp::read_path_attributes(scan, facts, *attributes);
  engine_.apply(rib::RouteBatch{peer, engine_.now(), attributes, {prefix}, {}});
  return {};
}

void MrtReader::update(const mrt::BgpMessage& message, TimePoint time, std::size_t number) {
  const bgp::UpdateScan scan = bgp::scan_update(message.body, message.facts);
  if (const auto outcome = scan.outcome(); outcome && *outcome != bgp::Outcome::discard_attribute) {
    const auto reason = scan.attributes.issues.front().reason;
    malformed(number, fmt::format("UPDATE: {} ({})", reason, to_string(*outcome)));
  }
  const rib::PeerPointer peer = peer_of(message.session.peer_address, message.session.peer_asn);
  if (!peer) return malformed(number, "more peers than are kept");
  engine_.at(number, time);
  routes_.clear();
  append_update(scan, message.facts, {peer, time, &paths_[peer->id], std::nullopt}, routes_);
  engine_.apply(routes_);
}

void MrtReader::state(const mrt::StateChange& change, TimePoint time, std::size_t number) {
  const bool was_up = change.old_state == established, is_up = change.new_state == established;
  if (was_up == is_up) return;
  const rib::PeerPointer peer = peer_of(change.session.peer_address, change.session.peer_asn);
  if (!peer) return malformed(number, "more peers than are kept");
  if (!is_up) paths_.erase(peer->id);
  engine_.at(number, time);
  engine_.peer_state(peer, is_up);
}

void read_mrt(const std::string& path, AnalyzeEngine& engine, InputCount& count, Complaints& complaints) {
  MrtReader reader(engine, count, complaints);
  auto file = feeds::MrtFile::open(path);
  if (!file) return reader.malformed(0, file.error().message);
  mrt::Record record;
  for (std::size_t number = 1;; ++number) {
    const auto more = file->next(record);
    if (!more) return reader.malformed(number, more.error().message);
    if (!*more) return;
    if (const auto& gap = file->gap()) {
      reader.malformed(number,
                       fmt::format("offset {}: {} bytes skipped: {}", gap->offset, gap->bytes, gap->reason));
    }
    reader.take(record, number);
  }
}

}  // namespace peering::cli
