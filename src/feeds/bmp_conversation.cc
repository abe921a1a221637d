#include "feeds/bmp_conversation.h"

#include <algorithm>
#include <iterator>

#include "base/digest.h"
#include "base/log.h"
#include "feeds/unicast_family.h"
#include "wire/bgp/attributes.h"
#include "wire/bgp/session.h"

namespace peering::feeds {

namespace {

using rib::RibKind;
using wire::bgp::AttributeCode;
using wire::bgp::FamilyId;
using wire::bmp::PeerDownReason;
using wire::bmp::PeerType;
using wire::bmp::PerPeerHeader;
using Bytes = std::span<const std::uint8_t>;

// A route may have stood unchanged for a year; no router lives in the future.
constexpr Microseconds age_max = std::chrono::hours(24 * 400);
constexpr Microseconds ahead_max = std::chrono::minutes(5);
constexpr Microseconds peer_complaint_every = std::chrono::seconds(10);
constexpr std::size_t hex_bytes_max = 64;

BmpPeerKey key_of(const PerPeerHeader& header) {
  return {header.is_loc_rib(), header.distinguisher, header.is_loc_rib() ? net::Address() : header.address};
}

RibKind rib_kind_of(const PerPeerHeader& header) {
  if (header.is_loc_rib()) return RibKind::loc_rib;
  if (header.adj_rib_out()) {
    return header.post_policy() ? RibKind::adj_rib_out_post_policy : RibKind::adj_rib_out_pre_policy;
  }
  return header.post_policy() ? RibKind::adj_rib_in_post_policy : RibKind::adj_rib_in_pre_policy;
}

// Peer Up and Peer Down speak of the session, whatever views are reported (RFC 8671 section 5.3).
RibKind session_kind(const PerPeerHeader& header) {
  return header.is_loc_rib() ? RibKind::loc_rib : RibKind::adj_rib_in_pre_policy;
}

bool is_adj_rib_in(RibKind kind) {
  return kind == RibKind::adj_rib_in_pre_policy || kind == RibKind::adj_rib_in_post_policy;
}
bool is_adj_rib_out(RibKind kind) {
  return kind == RibKind::adj_rib_out_pre_policy || kind == RibKind::adj_rib_out_post_policy;
}

std::optional<wire::bgp::Open> read_open(Bytes message) {
  const auto framed = wire::bgp::decode_message(message);
  if (!framed || framed->type != wire::bgp::MessageType::open) return std::nullopt;
  auto open = wire::bgp::decode_open(framed->body);
  if (!open) return std::nullopt;
  return std::move(*open);
}

std::string_view down_reason(std::uint8_t reason) {
  switch (reason) {
    case 1:
      return "the router closed the session with a NOTIFICATION";
    case 2:
      return "the router closed the session";
    case 3:
      return "the peer closed the session with a NOTIFICATION";
    case 4:
      return "the peer closed the session";
    case 5:
      return "the router no longer reports the peer";
    case 6:
      return "the router's own table is no longer reported";
    default:
      return "for a reason that is not known";
  }
}

std::string_view termination_reason(std::optional<std::uint16_t> reason) {
  constexpr std::array<std::string_view, 5> texts = {"administratively closed", "unspecified reason",
                                                     "out of resources", "redundant connection",
                                                     "permanently administratively closed"};
  return reason && *reason < texts.size() ? texts[*reason] : "no reason given";
}

}  // namespace

BmpConversation::BmpConversation(const net::Address& remote, std::size_t peers_max, PeerRegistry& peers,
                                 BmpMetrics& metrics)
    : remote_(remote),
      peers_max_(peers_max),
      registry_(peers),
      source_(peers.sessions().new_source()),
      metrics_(metrics),
      records_(peers_max) {}

bool BmpConversation::has_up(const BmpPeerKey& peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.up;
}

void BmpConversation::complain(TimePoint at, std::string_view what, Bytes bytes) {
  if (at < next_complaint_) {
    ++unsaid_;
    return;
  }
  next_complaint_ = at + peer_complaint_every;
  const Bytes shown = bytes.first(std::min(bytes.size(), hex_bytes_max));
  log::warning("BMP from {} ({}): {}; {} like it not shown; bytes {}{}", router_, remote_.to_string(), what,
               unsaid_, to_hex(shown), shown.size() < bytes.size() ? "…" : "");
  unsaid_ = 0;
}

TimePoint BmpConversation::time_of(const PerPeerHeader& header, TimePoint arrival) {
  if (header.time == TimePoint{}) return arrival;
  if (header.time >= arrival - age_max && header.time <= arrival + ahead_max) return header.time;
  metrics_.oddity(Oddity::clock);
  return arrival;
}

void BmpConversation::name_router(std::string name, TimePoint arrival, Out& out) {
  router_ = std::move(name);
  log::info("BMP session of router {} from {}", router_, remote_.to_string());
  out.push_back(RouterUp{router_, arrival});
}

void BmpConversation::archive_records(TimePoint arrival, ByteWriter records) {
  if (records.size() > 0) archive_->push(arrival, std::move(records).take());
}

void BmpConversation::take(Bytes frame, TimePoint arrival, Out& out) {
  came_up_.reset();
  metrics_.bytes.add(static_cast<double>(frame.size()));
  const auto message = wire::bmp::decode_message(frame);
  if (!message) {
    metrics_.malformed(Malformed::message);
    return complain(arrival, message.error().message, frame);
  }
  metrics_.message(frame[5]);
  if (const std::size_t unknown = wire::bmp::unknown_values(*message); unknown > 0) {
    metrics_.unknown_values.add(static_cast<double>(unknown));
  }
  if (archive_) {
    ByteWriter records;
    records_.take(*message, arrival, records);
    archive_records(arrival, std::move(records));
  }
  const auto* initiation = std::get_if<wire::bmp::Initiation>(&*message);
  if (initiation) return take_initiation(*initiation, arrival, out);
  if (const auto* end = std::get_if<wire::bmp::Termination>(&*message)) {
    terminated_ = termination_reason(end->reason());
    return;
  }
  if (router_.empty()) {
    metrics_.oddity(Oddity::no_initiation);
    name_router(remote_.to_string(), arrival, out);
  }
  if (const auto* routes = std::get_if<wire::bmp::RouteMonitoring>(&*message)) {
    take_routes(*routes, arrival, out);
  } else if (const auto* up = std::get_if<wire::bmp::PeerUp>(&*message)) {
    take_peer_up(*up, arrival, out);
  } else if (const auto* down = std::get_if<wire::bmp::PeerDown>(&*message)) {
    take_peer_down(*down, arrival, out);
  }
}

void BmpConversation::take_initiation(const wire::bmp::Initiation& message, TimePoint arrival, Out& out) {
  std::string name = message.system_name().value_or("");
  if (name.empty()) name = remote_.to_string();
  if (router_.empty()) return name_router(std::move(name), arrival, out);
  if (name != router_) metrics_.oddity(Oddity::renamed);
}

// Null when the peer would be one too many.
BmpConversation::Peer* BmpConversation::peer_of(const PerPeerHeader& header) {
  const BmpPeerKey key = key_of(header);
  auto found = peers_.find(key);
  if (found == peers_.end()) {
    if (peers_.size() >= peers_max_) return nullptr;
    found = peers_.try_emplace(key).first;
  }
  Peer& peer = found->second;
  peer.asn = header.asn;
  peer.bgp_identifier = header.bgp_identifier;
  return &peer;
}

// Null when the registry is full.
BmpConversation::View* BmpConversation::view_of(Peer& peer, const PerPeerHeader& header, RibKind kind) {
  const auto found = peer.views.find(kind);
  if (found != peer.views.end()) return &found->second;
  const BmpPeerKey key = key_of(header);
  const auto made =
      registry_.peer({router_, key.distinguisher, key.address, kind}, peer.asn, peer.bgp_identifier, remote_);
  if (!made) return nullptr;
  return &peer.views.emplace(kind, View{*made, {}, {}}).first->second;
}

bool BmpConversation::read_opens(const wire::bmp::PeerUp& message, Peer& peer) {
  const auto sent = read_open(message.sent_open), received = read_open(message.received_open);
  if (!sent || !received) return false;
  peer.local_asn = sent->asn;
  if (peer.asn == 0 || peer.asn == net::as_trans) peer.asn = received->asn;
  const wire::bgp::Agreement in = wire::bgp::agree(*received, *sent);
  peer.facts_in = in.facts;
  peer.facts_out = wire::bgp::agreed_facts(*sent, *received);
  peer.families.clear();
  std::ranges::copy_if(in.families, std::back_inserter(peer.families),
                       [](FamilyId family) { return unicast_family(family).has_value(); });
  return true;
}

void BmpConversation::tell_session(const PerPeerHeader& header, const Peer& peer, std::string_view state,
                                   TimePoint time) {
  if (header.is_loc_rib()) return;
  registry_.sessions().tell(source_, {.router = router_,
                                      .distinguisher = header.distinguisher,
                                      .pop = registry_.pop_of(router_, remote_),
                                      .peer_address = header.address,
                                      .local_address = peer.local_address,
                                      .peer_asn = peer.asn,
                                      .established = state == "Established",
                                      .state = std::string(state),
                                      .since = time});
}

void BmpConversation::take_peer_up(const wire::bmp::PeerUp& message, TimePoint arrival, Out& out) {
  Peer* peer = peer_of(message.peer);
  if (!peer) return metrics_.malformed(Malformed::too_many_peers);
  const TimePoint time = time_of(message.peer, arrival);
  std::string session(message.sent_open.begin(), message.sent_open.end());
  session.append(message.received_open.begin(), message.received_open.end());
  session += fmt::format("{}/{}", message.local_port, message.remote_port);
  if (peer->up && !peer->session.empty()) {
    if (peer->session == session) return;
    // A Peer Down got lost on the way: it is another session, and the routes of the former are gone.
    metrics_.oddity(Oddity::up_twice);
    tell_session(message.peer, *peer, "Idle", time);
    peer_is_down(*peer, time, "the router says it came up again", out);
  }
  if (!read_opens(message, *peer)) {
    metrics_.malformed(Malformed::open);
    complain(arrival, "the OPENs of a Peer Up cannot be read, usual capabilities are assumed",
             message.sent_open);
  }
  peer->up = true;
  peer->session = std::move(session);
  peer->views.clear();
  const View* view = view_of(*peer, message.peer, session_kind(message.peer));
  if (!view) return metrics_.malformed(Malformed::too_many_peers);
  peer->local_address = message.local_address;
  tell_session(message.peer, *peer, "Established", time);
  came_up_ = key_of(message.peer);
  out.push_back(PeerUp{view->peer, time});
}

void BmpConversation::peer_is_down(Peer& peer, TimePoint time, std::string_view reason, Out& out) {
  for (const auto& [kind, view] : peer.views) {
    out.push_back(PeerDown{view.peer, time, std::string(reason)});
  }
  peer.views.clear();
  peer.up = false;
  peer.session.clear();
}

void BmpConversation::take_peer_down(const wire::bmp::PeerDown& message, TimePoint arrival, Out& out) {
  const auto found = peers_.find(key_of(message.peer));
  if (found == peers_.end() || !found->second.up) return metrics_.oddity(Oddity::down_never_up);
  const TimePoint time = time_of(message.peer, arrival);
  // That a router no longer reports a peer says nothing of their session.
  const bool unwatched = message.reason == static_cast<std::uint8_t>(PeerDownReason::no_longer_monitored);
  tell_session(message.peer, found->second, unwatched ? "" : "Idle", time);
  peer_is_down(found->second, time, down_reason(message.reason), out);
  peers_.erase(found);
}

void BmpConversation::take_routes(const wire::bmp::RouteMonitoring& message, TimePoint arrival, Out& out) {
  Peer* peer = peer_of(message.peer);
  if (!peer) return metrics_.malformed(Malformed::too_many_peers);
  if (!peer->up) {
    metrics_.oddity(Oddity::no_peer_up);
    peer->up = true;
    tell_session(message.peer, *peer, "Established", time_of(message.peer, arrival));
  }
  const auto framed = wire::bgp::decode_message(message.update);
  if (!framed) {
    metrics_.malformed(Malformed::bgp_message);
    return complain(arrival, framed.error().message, message.update);
  }
  if (framed->type != wire::bgp::MessageType::update) return metrics_.oddity(Oddity::not_an_update);
  take_update(message, framed->body, *peer, arrival, out);
}

// Reads by what header and OPENs say. Where that cannot be read but the other way can, the router meant the
// other: FRR reports paths with two-octet numbers without saying so; without OPENs nobody said whether routes
// have path identifiers.
wire::bgp::UpdateScan BmpConversation::scan_as_meant(Bytes body, bool without_opens,
                                                     wire::bgp::SessionFacts& facts) {
  wire::bgp::UpdateScan update = wire::bgp::scan_update(body, facts);
  const auto& issues = update.attributes.issues;
  if (issues.empty()) return update;
  const auto try_other = [&](const wire::bgp::SessionFacts& other_facts, Oddity oddity) {
    wire::bgp::UpdateScan other = wire::bgp::scan_update(body, other_facts);
    if (!other.attributes.issues.empty()) return;
    metrics_.oddity(oddity);
    facts = other_facts;
    update = std::move(other);
  };
  wire::bgp::SessionFacts other_facts = facts;
  if (update.outcome() == wire::bgp::Outcome::reset_session) {
    other_facts.add_path_ipv4 = other_facts.add_path_ipv6 = true;
    if (without_opens) try_other(other_facts, Oddity::path_identifiers);
  } else if (issues.front().attribute == static_cast<std::uint8_t>(AttributeCode::as_path)) {
    other_facts.four_octet_asn = !facts.four_octet_asn;
    try_other(other_facts, Oddity::as_number_size);
  }
  return update;
}

void BmpConversation::take_update(const wire::bmp::RouteMonitoring& message, Bytes body, Peer& peer,
                                  TimePoint arrival, Out& out) {
  const RibKind kind = rib_kind_of(message.peer);
  View* view = view_of(peer, message.peer, kind);
  if (!view) return metrics_.malformed(Malformed::too_many_peers);
  wire::bgp::SessionFacts& agreed = is_adj_rib_out(kind) ? peer.facts_out : peer.facts_in;
  wire::bgp::SessionFacts facts = agreed;
  // The header says how AS numbers are written, whatever the session's peers speak with each other (RFC 7854
  // section 4.2). A router's tables hold what it added itself, so no rule about the neighbor is of use.
  facts.four_octet_asn = !message.peer.two_octet_as_path();
  facts.next_hop_optional = true;
  facts.neighbor = wire::bgp::Neighbor::unknown;
  const wire::bgp::UpdateScan update = scan_as_meant(body, peer.session.empty(), facts);
  agreed.add_path_ipv4 = facts.add_path_ipv4;
  agreed.add_path_ipv6 = facts.add_path_ipv6;
  if (const auto& issues = update.attributes.issues; !issues.empty()) {
    metrics_.faults(issues);
    const wire::bgp::Issue& first = issues.front();
    complain(arrival,
             fmt::format("UPDATE of AS{}: {} (attribute {}, {})", peer.asn, first.reason, first.attribute,
                         to_string(first.outcome)),
             message.update);
    // Only the router could reset its session; we leave out the message.
    if (update.outcome() == wire::bgp::Outcome::reset_session) return;
  }
  metrics_.other_families.count(update.other_families);
  const TimePoint time = time_of(message.peer, arrival);
  rib::UpdateSource source{view->peer, time, &view->paths, std::nullopt};
  if (is_adj_rib_in(kind) && peer.local_asn != 0 && peer.local_asn != peer.asn &&
      wire::bgp::first_as(update.attributes, facts) == peer.local_asn) {
    metrics_.oddity(Oddity::own_as_in_front);
    source.strip_asn = peer.local_asn;
  }
  const std::uint64_t forgotten = view->paths.forgotten();
  push_update(update, facts, source, out);
  count_forgotten_paths(source, forgotten, metrics_.forgotten_paths);
  if (update.end_of_rib) end_of_rib(*view, peer, *update.end_of_rib, time, out);
}

void BmpConversation::end_of_rib(View& view, const Peer& peer, FamilyId family, TimePoint time, Out& out) {
  const auto known = unicast_family(family);
  if (!known) return;
  if (std::ranges::find(view.ended, family) == view.ended.end()) view.ended.push_back(family);
  const bool complete = !peer.families.empty() && std::ranges::all_of(peer.families, [&](FamilyId agreed) {
    return std::ranges::find(view.ended, agreed) != view.ended.end();
  });
  out.push_back(EndOfRib{view.peer, *known, complete, time});
}

void BmpConversation::drop(TimePoint at) { registry_.sessions().lose(source_, router_, at); }

void BmpConversation::end(TimePoint at, std::string_view reason, Others others, Out& out) {
  if (archive_) {
    ByteWriter records;
    records_.end(at, records);
    archive_records(at, std::move(records));
  }
  if (router_.empty()) return;
  registry_.sessions().lose(source_, router_, at);
  log::info("BMP session of router {} from {} ended: {}", router_, remote_.to_string(), reason);
  if (others == Others::speaking) {
    for (auto& [key, peer] : peers_) peer_is_down(peer, at, "the router's BMP session ended", out);
    return;
  }
  out.push_back(RouterDown{router_, at, std::string(reason)});
  if (others == Others::silent) out.push_back(RouterUp{router_, at});
}

}  // namespace peering::feeds
