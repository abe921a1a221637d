#include "cli/recorded_routes.h"

#include "feeds/mrt_file.h"
#include "wire/bgp/attributes.h"

namespace peering::cli {

namespace mrt = wire::mrt;
namespace bgp = wire::bgp;

namespace {

TimePoint time_of(std::uint32_t seconds) { return time_from_us(std::int64_t{seconds} * 1'000'000); }

}  // namespace

Result<void> RecordedRoutes::read(const std::string& path) {
  auto file = feeds::MrtFile::open(path);
  if (!file) return tl::unexpected(file.error());
  mrt::Record record;
  while (true) {
    const auto more = file->next(record);
    if (!more) return fail(more.error().code, "{}: {}", path, more.error().message);
    if (file->gap()) ++malformed_;
    if (!*more) return {};
    if (const auto done = take(record); !done) {
      if (done.error().code == ErrorCode::limit_exceeded) {
        return fail(ErrorCode::limit_exceeded, "{}: {}", path, done.error().message);
      }
      ++malformed_;
    }
  }
}

Result<void> RecordedRoutes::take(const mrt::Record& record) {
  switch (static_cast<mrt::RecordType>(record.type)) {
    case mrt::RecordType::table_dump_v2:
      return take_table(record);
    case mrt::RecordType::table_dump:
      return take_old_entry(record);
    default:
      return take_update(record);
  }
}

Result<void> RecordedRoutes::take_table(const mrt::Record& record) {
  if (mrt::table_kind(record) == mrt::TableKind::peers) {
    auto table = mrt::decode_peer_index_table(record);
    if (!table) return tl::unexpected(table.error());
    table_peers_ = std::move(table->peers);
    return {};
  }
  if (mrt::table_kind(record) != mrt::TableKind::routes) return {};
  mrt::TableRoutes routes;
  if (const auto done = mrt::decode_table_routes(record, routes); !done) return done;
  if (routes.multicast) return {};
  const net::Prefix prefix = routes.prefix.prefix(routes.family);
  if (wanted_.origins.empty() && !wants(prefix)) return {};
  for (const mrt::TableEntry& entry : routes.entries) {
    if (entry.peer >= table_peers_.size()) return mrt::malformed_record(record, "names a peer of its table");
    const mrt::TablePeer& peer = table_peers_[entry.peer];
    const TimePoint since = time_of(entry.originated_seconds);
    if (auto done = add(prefix, peer.address, peer.asn, since, entry.attributes, {}); !done) return done;
  }
  return {};
}

Result<void> RecordedRoutes::take_old_entry(const mrt::Record& record) {
  const auto entry = mrt::decode_old_table_entry(record);
  if (!entry) return tl::unexpected(entry.error());
  const net::Prefix prefix = entry->prefix.prefix(entry->family);
  bgp::SessionFacts facts;
  facts.four_octet_asn = entry->four_octet_asn;
  return add(prefix, entry->peer_address, entry->peer_asn, time_of(entry->originated_seconds),
             entry->attributes, facts);
}

Result<void> RecordedRoutes::take_update(const mrt::Record& record) {
  const auto content = mrt::decode_record(record);
  if (!content) return tl::unexpected(content.error());
  const auto* message = std::get_if<mrt::BgpMessage>(&*content);
  if (!message || message->sent_by_collector || message->type != bgp::MessageType::update) return {};
  const bgp::Update update = bgp::decode_update(message->body, message->facts);
  const net::Address& peer = message->session.peer_address;
  for (const auto* list : {&update.withdrawn, &update.mp_withdrawn}) {
    for (const bgp::Nlri& gone : *list) {
      const auto found = routes_.find(gone.prefix);
      if (found != routes_.end()) count_ -= found->second.erase(peer);
    }
  }
  const auto attributes = std::make_shared<const bgp::PathAttributes>(update.attributes);
  for (const auto* list : {&update.announced, &update.mp_announced}) {
    for (const bgp::Nlri& route : *list) {
      put(route.prefix, peer, message->session.peer_asn, record.time(), attributes);
    }
  }
  if (count_ > recorded_routes_max) return fail(ErrorCode::limit_exceeded, "more routes than are kept");
  return {};
}

Result<void> RecordedRoutes::add(const net::Prefix& prefix, const net::Address& peer, net::Asn asn,
                                 TimePoint time, mrt::Bytes field, const bgp::SessionFacts& facts) {
  bgp::AttributeScan scan;
  bgp::scan_attributes(field, facts, bgp::MpReachForm::next_hop, scan);
  auto attributes = std::make_shared<bgp::PathAttributes>();
  bgp::read_path_attributes(scan, facts, *attributes);
  put(prefix, peer, asn, time, attributes);
  if (count_ > recorded_routes_max) {
    return fail(ErrorCode::limit_exceeded, "more than {} routes", recorded_routes_max);
  }
  return {};
}

void RecordedRoutes::put(const net::Prefix& prefix, const net::Address& peer, net::Asn asn, TimePoint time,
                         const rib::AttributesPointer& attributes) {
  const auto origin = attributes->as_path.origin();
  if (!wants(prefix) && !(origin && wanted_.origins.contains(*origin))) return;
  rib::Route& route = routes_[prefix][peer];
  if (!route.peer) ++count_;
  route = {prefix, peer_of(peer, asn), attributes, time};
}

rib::PeerPointer RecordedRoutes::peer_of(const net::Address& address, net::Asn asn) {
  rib::PeerPointer& found = peers_[address];
  if (found) return found;
  rib::Peer made;
  made.id = rib::PeerId(static_cast<std::uint32_t>(peers_.size()));
  made.key = {"mrt", 0, address, rib::RibKind::adj_rib_in_pre_policy};
  made.asn = asn;
  return found = std::make_shared<const rib::Peer>(std::move(made));
}

std::vector<rib::Route> RecordedRoutes::within(const net::Prefix& prefix) const {
  std::vector<rib::Route> out;
  for (auto at = routes_.lower_bound(prefix); at != routes_.end() && prefix.covers(at->first); ++at) {
    for (const auto& [address, route] : at->second) out.push_back(route);
  }
  return out;
}

std::set<net::Prefix> RecordedRoutes::prefixes_of_origins() const {
  std::set<net::Prefix> out;
  for (const auto& [prefix, routes] : routes_) {
    for (const auto& [address, route] : routes) {
      const auto origin = route.attributes->as_path.origin();
      if (origin && wanted_.origins.contains(*origin)) out.insert(prefix);
    }
  }
  return out;
}

}  // namespace peering::cli
