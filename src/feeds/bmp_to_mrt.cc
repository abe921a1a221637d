#include "feeds/bmp_to_mrt.h"

#include <array>
#include <optional>
#include <utility>

#include "feeds/bgp_to_mrt.h"
#include "wire/bgp/session.h"
#include "wire/mrt/encode.h"

namespace peering::feeds {

namespace {

namespace bgp = wire::bgp;
namespace bmp = wire::bmp;
namespace mrt = wire::mrt;

constexpr std::uint16_t state_idle = 1, state_established = 6;

bool is_adj_rib_in(const bmp::PerPeerHeader& header) { return !header.is_loc_rib() && !header.adj_rib_out(); }

TimePoint time_of(const bmp::PerPeerHeader& header, TimePoint arrival) {
  return header.time == TimePoint{} ? arrival : header.time;
}

net::Address unspecified(const net::Address& like) {
  return like.is_v4() ? net::Address::v4(0U) : net::Address::v6(std::array<std::uint8_t, 16>{});
}

std::optional<bgp::Open> open_of(std::span<const std::uint8_t> message) {
  const auto framed = bgp::decode_message(message);
  if (!framed || framed->type != bgp::MessageType::open) return std::nullopt;
  const auto open = bgp::decode_open(framed->body);
  if (!open) return std::nullopt;
  return *open;
}

}  // namespace

// Null when the peer would be one too many.
BmpToMrt::Peer* BmpToMrt::peer_of(const bmp::PerPeerHeader& header) {
  const Key key{header.distinguisher, header.address};
  auto found = peers_.find(key);
  if (found == peers_.end()) {
    if (peers_.size() >= peers_max_) return nullptr;
    found = peers_.try_emplace(key).first;
    found->second.session.local_address = unspecified(header.address);
  }
  found->second.session.peer_asn = header.asn;
  found->second.session.peer_address = header.address;
  return &found->second;
}

void BmpToMrt::take_up(const bmp::PeerUp& message, TimePoint arrival, ByteWriter& out) {
  Peer* peer = peer_of(message.peer);
  if (!peer) return void(++left_out_);
  if (message.local_address.is_v4() == message.peer.address.is_v4()) {
    peer->session.local_address = message.local_address;
  }
  const auto sent = open_of(message.sent_open), received = open_of(message.received_open);
  if (sent && received) {
    peer->session.local_asn = sent->asn;
    peer->facts = bgp::agreed_facts(*received, *sent);
  }
  const std::uint16_t before = std::exchange(peer->up, true) ? state_established : state_idle;
  if (before == state_established) return;  // of another of its tables
  const mrt::StateChange change{peer->session, state_idle, state_established};
  if (!mrt::append_state_change(time_of(message.peer, arrival), change, out)) ++left_out_;
}

void BmpToMrt::take_down(const bmp::PeerDown& message, TimePoint arrival, ByteWriter& out) {
  const auto found = peers_.find({message.peer.distinguisher, message.peer.address});
  if (found == peers_.end()) return;
  const mrt::StateChange change{found->second.session, state_established, state_idle};
  peers_.erase(found);
  if (!mrt::append_state_change(time_of(message.peer, arrival), change, out)) ++left_out_;
}

void BmpToMrt::take_routes(const bmp::RouteMonitoring& message, TimePoint arrival, ByteWriter& out) {
  Peer* peer = peer_of(message.peer);
  const auto framed = bgp::decode_message(message.update);
  if (!peer || !framed) return void(++left_out_);
  if (!message.peer.post_policy()) peer->pre_policy = true;
  if (message.peer.post_policy() && peer->pre_policy) return;
  peer->up = true;
  bgp::SessionFacts facts = peer->facts;
  facts.four_octet_asn = !message.peer.two_octet_as_path();
  const mrt::MessageForm form = message_form(framed->body, facts);
  if (!mrt::append_message(time_of(message.peer, arrival), peer->session, form, message.update, out)) {
    ++left_out_;
  }
}

void BmpToMrt::end(TimePoint at, ByteWriter& out) {
  for (const auto& [key, peer] : peers_) {
    if (!peer.up) continue;
    if (!mrt::append_state_change(at, {peer.session, state_established, state_idle}, out)) ++left_out_;
  }
  peers_.clear();
}

void BmpToMrt::take(const bmp::Message& message, TimePoint arrival, ByteWriter& out) {
  if (const auto* routes = std::get_if<bmp::RouteMonitoring>(&message)) {
    if (is_adj_rib_in(routes->peer)) take_routes(*routes, arrival, out);
  } else if (const auto* up = std::get_if<bmp::PeerUp>(&message)) {
    if (is_adj_rib_in(up->peer)) take_up(*up, arrival, out);
  } else if (const auto* down = std::get_if<bmp::PeerDown>(&message)) {
    if (is_adj_rib_in(down->peer)) take_down(*down, arrival, out);
  }
}

}  // namespace peering::feeds
