#include "cli/mrt_json.h"

#include <cmath>

#include <boost/json.hpp>

#include "wire/bgp/attributes.h"
#include "wire/bgp/update.h"

namespace peering::cli {

namespace {

namespace bgp = wire::bgp;
namespace json = boost::json;
namespace mrt = wire::mrt;

std::string type_name(const mrt::Record& record) {
  switch (static_cast<mrt::RecordType>(record.type)) {
    case mrt::RecordType::bgp:
      return "BGP";
    case mrt::RecordType::table_dump:
      return "TABLE_DUMP";
    case mrt::RecordType::table_dump_v2:
      return "TABLE_DUMP_V2";
    case mrt::RecordType::bgp4mp:
      return "BGP4MP";
    case mrt::RecordType::bgp4mp_et:
      return "BGP4MP_ET";
  }
  return std::to_string(record.type);
}

// As the RFCs 6396, 6397 and 8050 call them.
std::string subtype_name(const mrt::Record& record) {
  static constexpr std::string_view message[] = {"STATE_CHANGE",
                                                 "MESSAGE",
                                                 "ENTRY",
                                                 "SNAPSHOT",
                                                 "MESSAGE_AS4",
                                                 "STATE_CHANGE_AS4",
                                                 "MESSAGE_LOCAL",
                                                 "MESSAGE_AS4_LOCAL",
                                                 "MESSAGE_ADDPATH",
                                                 "MESSAGE_AS4_ADDPATH",
                                                 "MESSAGE_LOCAL_ADDPATH",
                                                 "MESSAGE_AS4_LOCAL_ADDPATH"};
  static constexpr std::string_view table[] = {"NULL",
                                               "PEER_INDEX_TABLE",
                                               "RIB_IPV4_UNICAST",
                                               "RIB_IPV4_MULTICAST",
                                               "RIB_IPV6_UNICAST",
                                               "RIB_IPV6_MULTICAST",
                                               "RIB_GENERIC",
                                               "GEO_PEER_TABLE",
                                               "RIB_IPV4_UNICAST_ADDPATH",
                                               "RIB_IPV4_MULTICAST_ADDPATH",
                                               "RIB_IPV6_UNICAST_ADDPATH",
                                               "RIB_IPV6_MULTICAST_ADDPATH",
                                               "RIB_GENERIC_ADDPATH"};
  static constexpr std::string_view old_table[] = {"NULL", "AFI_IPv4", "AFI_IPv6", "AFI_IPv4_AS4",
                                                   "AFI_IPv6_AS4"};
  static constexpr std::string_view old[] = {"NULL", "UPDATE", "PREF_UPDATE", "STATE_CHANGE",
                                             "SYNC", "OPEN",   "NOTIFY",      "KEEPALIVE"};
  std::span<const std::string_view> names;
  const auto type = static_cast<mrt::RecordType>(record.type);
  if (type == mrt::RecordType::bgp) names = old;
  if (type == mrt::RecordType::table_dump) names = old_table;
  if (type == mrt::RecordType::table_dump_v2) names = table;
  if (type == mrt::RecordType::bgp4mp || type == mrt::RecordType::bgp4mp_et) names = message;
  return record.subtype < names.size() ? std::string(names[record.subtype]) : std::to_string(record.subtype);
}

std::string family_name(bgp::FamilyId family) { return fmt::format("{}/{}", family.afi, family.safi); }

json::object speaker(const net::Address& address, net::Asn asn) {
  return {{"address", address.to_string()}, {"asn", asn}};
}

json::array path_of(const bgp::AsPath& path) {
  static constexpr std::string_view names[] = {"", "set", "sequence", "confed_sequence", "confed_set"};
  json::array out;
  std::size_t at = 0;
  for (const auto& segment : path.segments) {
    json::array asns;
    for (std::size_t i = 0; i < segment.count; ++i) asns.push_back(path.asns[at++]);
    out.push_back(json::object{{"type", names[static_cast<std::size_t>(segment.type)]}, {"asns", asns}});
  }
  return out;
}

json::object attributes_of(const bgp::PathAttributes& a) {
  static constexpr std::string_view origins[] = {"IGP", "EGP", "INCOMPLETE"};
  json::object out{{"origin", origins[static_cast<std::size_t>(a.origin)]},
                   {"as_path", a.as_path.to_string()},
                   {"as_path_segments", path_of(a.as_path)}};
  if (a.next_hop) out["next_hop"] = a.next_hop->to_string();
  if (a.multi_exit_disc) out["multi_exit_disc"] = *a.multi_exit_disc;
  if (a.local_pref) out["local_pref"] = *a.local_pref;
  if (a.atomic_aggregate) out["atomic_aggregate"] = true;
  if (a.aggregator) out["aggregator"] = speaker(a.aggregator->address, a.aggregator->asn);
  if (a.only_to_customer) out["only_to_customer"] = *a.only_to_customer;
  json::array communities, extended, large;
  for (const auto c : a.communities)
    communities.push_back(json::string(fmt::format("{}:{}", c >> 16, c & 0xffff)));
  for (const auto c : a.extended_communities) extended.push_back(json::string(fmt::format("{:016x}", c)));
  for (const auto& c : a.large_communities) {
    large.push_back(json::string(fmt::format("{}:{}:{}", c.global, c.local1, c.local2)));
  }
  if (!communities.empty()) out["communities"] = std::move(communities);
  if (!extended.empty()) out["extended_communities"] = std::move(extended);
  if (!large.empty()) out["large_communities"] = std::move(large);
  return out;
}

json::array issues_of(std::span<const bgp::Issue> issues) {
  json::array out;
  for (const bgp::Issue& issue : issues) {
    out.push_back(json::object{{"attribute", issue.attribute},
                               {"outcome", bgp::to_string(issue.outcome)},
                               {"reason", issue.reason}});
  }
  return out;
}

void add_routes(json::object& out, std::string_view name, const std::vector<bgp::Nlri>& routes,
                bool path_ids) {
  if (routes.empty()) return;
  json::array all;
  for (const bgp::Nlri& route : routes) {
    if (path_ids) {
      all.push_back(json::object{{"prefix", route.prefix.to_string()}, {"path_id", route.path_id}});
    } else {
      all.push_back(json::string(route.prefix.to_string()));
    }
  }
  out[name] = std::move(all);
}

void add_update(json::object& out, const mrt::BgpMessage& message) {
  const bgp::Update update = bgp::decode_update(message.body, message.facts);
  const bool path_ids = message.facts.add_path_ipv4 || message.facts.add_path_ipv6;
  if (!update.announced.empty() || !update.mp_announced.empty() || !update.multicast_announced.empty()) {
    out["attributes"] = attributes_of(update.attributes);
  }
  if (update.mp_next_hop) out["mp_next_hop"] = update.mp_next_hop->to_string();
  add_routes(out, "announced", update.announced, path_ids);
  add_routes(out, "withdrawn", update.withdrawn, path_ids);
  add_routes(out, "mp_announced", update.mp_announced, path_ids);
  add_routes(out, "mp_withdrawn", update.mp_withdrawn, path_ids);
  add_routes(out, "multicast_announced", update.multicast_announced, path_ids);
  add_routes(out, "multicast_withdrawn", update.multicast_withdrawn, path_ids);
  if (update.end_of_rib) out["end_of_rib"] = family_name(*update.end_of_rib);
  const auto& [announced, withdrawn] = update.other_families;
  if (announced) out["other_family_announced"] = family_name(*announced);
  if (withdrawn) out["other_family_withdrawn"] = family_name(*withdrawn);
  if (!update.issues.empty()) out["issues"] = issues_of(update.issues);
}

void add_session(json::object& out, const mrt::Session& session) {
  out["peer"] = speaker(session.peer_address, session.peer_asn);
  out["local"] = speaker(session.local_address, session.local_asn);
}

void add_message(json::object& out, const mrt::BgpMessage& message) {
  static constexpr std::string_view names[] = {"",          "OPEN",         "UPDATE", "NOTIFICATION",
                                               "KEEPALIVE", "ROUTE_REFRESH"};
  add_session(out, message.session);
  if (message.sent_by_collector) out["sent_by_collector"] = true;
  const auto type = static_cast<std::size_t>(message.type);
  out["message"] = type < std::size(names) ? std::string(names[type]) : std::to_string(type);
  if (message.type == bgp::MessageType::update) add_update(out, message);
}

// Attributes of a table's entry; the next hop is MP_REACH_NLRI's where it is there.
void add_entry_attributes(json::object& out, mrt::Bytes field, bool four_octet_asn) {
  bgp::SessionFacts facts;
  facts.four_octet_asn = four_octet_asn;
  bgp::AttributeScan scan;
  bgp::scan_attributes(field, facts, bgp::MpReachForm::next_hop, scan);
  bgp::PathAttributes attributes;
  bgp::read_path_attributes(scan, facts, attributes);
  if (scan.reach && scan.reach->next_hop) attributes.next_hop = scan.reach->next_hop;
  out["attributes"] = attributes_of(attributes);
  if (!scan.issues.empty()) out["issues"] = issues_of(scan.issues);
}

json::value number_or_null(float value) { return std::isfinite(value) ? json::value(value) : json::value(); }

json::object peer_row(const mrt::TablePeer& peer) {
  json::object out = speaker(peer.address, peer.asn);
  out["bgp_identifier"] = peer.bgp_identifier.to_string();
  return out;
}

Result<void> add_peers(json::object& out, const mrt::Record& record, std::vector<mrt::TablePeer>& peers) {
  auto table = mrt::decode_peer_index_table(record);
  peers.clear();
  if (!table) return tl::unexpected(table.error());
  out["collector"] = table->collector.to_string();
  out["view"] = table->view;
  json::array rows;
  for (const mrt::TablePeer& peer : table->peers) rows.push_back(peer_row(peer));
  out["peers"] = std::move(rows);
  peers = std::move(table->peers);
  return {};
}

Result<void> add_geo(json::object& out, const mrt::Record& record) {
  const auto table = mrt::decode_geo_peer_table(record);
  if (!table) return tl::unexpected(table.error());
  out["collector"] = table->collector.to_string();
  out["view"] = table->view;
  out["latitude"] = number_or_null(table->latitude);
  out["longitude"] = number_or_null(table->longitude);
  json::array rows;
  for (const mrt::GeoPeer& geo : table->peers) {
    json::object row = peer_row(geo.peer);
    row["latitude"] = number_or_null(geo.latitude);
    row["longitude"] = number_or_null(geo.longitude);
    rows.push_back(std::move(row));
  }
  out["peers"] = std::move(rows);
  return {};
}

Result<void> add_routes_of_table(json::object& out, const mrt::Record& record, mrt::TableRoutes& table,
                                 std::span<const mrt::TablePeer> peers) {
  if (const auto done = mrt::decode_table_routes(record, table); !done) return done;
  out["prefix"] = table.prefix.prefix(table.family).to_string();
  if (table.multicast) out["multicast"] = true;
  out["sequence"] = table.sequence;
  json::array entries;
  for (const mrt::TableEntry& entry : table.entries) {
    if (entry.peer >= peers.size()) {
      return mrt::malformed_record(record, fmt::format("peer {} is not in the PEER_INDEX_TABLE", entry.peer));
    }
    json::object row{
        {"peer", speaker(peers[entry.peer].address, peers[entry.peer].asn)},
        {"originated", format_rfc3339(time_from_us(std::int64_t{entry.originated_seconds} * 1'000'000))}};
    if (table.add_path) row["path_id"] = entry.path_id;
    add_entry_attributes(row, entry.attributes, true);
    entries.push_back(std::move(row));
  }
  out["entries"] = std::move(entries);
  return {};
}

Result<void> add_other_routes(json::object& out, const mrt::Record& record) {
  const auto routes = mrt::decode_other_routes(record);
  if (!routes) return tl::unexpected(routes.error());
  out["family"] = family_name(routes->family);
  std::string hex;
  for (const std::uint8_t byte : routes->nlri) hex += fmt::format("{:02x}", byte);
  out["nlri"] = hex;
  out["entry_count"] = routes->entries;
  return {};
}

Result<void> add_old_entry(json::object& out, const mrt::Record& record) {
  const auto entry = mrt::decode_old_table_entry(record);
  if (!entry) return tl::unexpected(entry.error());
  out["prefix"] = entry->prefix.prefix(entry->family).to_string();
  out["peer"] = speaker(entry->peer_address, entry->peer_asn);
  out["originated"] = format_rfc3339(time_from_us(std::int64_t{entry->originated_seconds} * 1'000'000));
  add_entry_attributes(out, entry->attributes, entry->four_octet_asn);
  return {};
}

Result<void> add_message_or_state(json::object& out, const mrt::Record& record) {
  const auto content = mrt::decode_record(record);
  if (!content) return tl::unexpected(content.error());
  if (const auto* message = std::get_if<mrt::BgpMessage>(&*content)) add_message(out, *message);
  if (const auto* change = std::get_if<mrt::StateChange>(&*content)) {
    add_session(out, change->session);
    out["old_state"] = change->old_state;
    out["new_state"] = change->new_state;
  }
  return {};
}

Result<void> add_table(json::object& out, const mrt::Record& record, mrt::TableRoutes& table,
                       std::vector<mrt::TablePeer>& peers) {
  switch (mrt::table_kind(record)) {
    case mrt::TableKind::peers:
      return add_peers(out, record, peers);
    case mrt::TableKind::geo:
      return add_geo(out, record);
    case mrt::TableKind::generic:
      if (const auto family = mrt::generic_family(record); !family || !mrt::is_table_family(*family)) {
        return add_other_routes(out, record);
      }
      return add_routes_of_table(out, record, table, peers);
    case mrt::TableKind::routes:
      return add_routes_of_table(out, record, table, peers);
    case mrt::TableKind::other:
      break;
  }
  return {};
}

}  // namespace

Result<void> MrtJson::append(const mrt::Record& record, std::uint64_t offset, mrt::TextBuffer& out) {
  json::object line{{"offset", offset},
                    {"time", format_rfc3339(record.time())},
                    {"type", type_name(record)},
                    {"subtype", subtype_name(record)}};
  Result<void> done;
  const auto type = static_cast<mrt::RecordType>(record.type);
  if (type == mrt::RecordType::table_dump_v2) {
    done = add_table(line, record, table_, peers_);
  } else if (type == mrt::RecordType::table_dump) {
    done = add_old_entry(line, record);
  } else {
    done = add_message_or_state(line, record);
  }
  if (!done) line["error"] = done.error().message;
  out.append(json::serialize(line));
  out.append("\n");
  return done;
}

}  // namespace peering::cli
