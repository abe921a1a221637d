#include "feeds/ris_conversation.h"

#include <algorithm>

#include "feeds/update_routes.h"

namespace peering::feeds {

namespace {

namespace ris = wire::ris;

constexpr Microseconds ahead_max = std::chrono::minutes(5);

Counter& messages(Metrics& metrics, const std::string& kind) {
  return metrics.counter("peering_ris_messages_total", "Messages of RIS Live, by what became of them.",
                         {{"kind", kind}});
}

}  // namespace

RisMetrics::RisMetrics(Metrics& metrics)
    : updates(messages(metrics, "update")),
      states(messages(metrics, "peer_state")),
      other(messages(metrics, "other")),
      errors(messages(metrics, "error")),
      malformed(messages(metrics, "malformed")),
      odd_clock(metrics.counter("peering_ris_odd_clock_total",
                                "Messages of RIS Live with a time in the future; they count as of now.")),
      too_many(metrics.counter("peering_ris_too_many_peers_total",
                               "Messages of RIS Live of a collector or peer beyond the limit.")),
      bytes(metrics.counter("peering_ris_bytes_total", "Bytes of RIS Live's messages.")),
      waits(metrics.counter("peering_ris_waits_total",
                            "Times the reader of RIS Live waited because a shard's mailbox was full.")),
      connects(metrics.counter("peering_ris_connects_total", "Connections made to RIS Live.")),
      losses(metrics.counter("peering_ris_losses_total",
                             "Connections to RIS Live that were lost or could not be made.")) {}

std::vector<rib::RouteBatch> batches_of(const ris::Update& update, const rib::PeerPointer& peer,
                                        TimePoint time) {
  std::vector<rib::RouteBatch> out;
  std::vector<net::Prefix> withdrawn = update.withdrawals;
  if (!withdrawn.empty()) {
    for (const ris::Announcement& part : update.announcements) {
      for (const net::Prefix& prefix : part.prefixes) std::erase(withdrawn, prefix);
    }
  }
  if (!withdrawn.empty()) out.push_back({peer, time, nullptr, {}, std::move(withdrawn)});
  for (const ris::Announcement& part : update.announcements) {
    if (part.prefixes.empty()) continue;
    auto attributes = std::make_shared<wire::bgp::PathAttributes>(update.attributes);
    attributes->next_hop = part.next_hop;
    out.push_back({peer, time, std::move(attributes), part.prefixes, {}});
  }
  return out;
}

RisConversation::RisConversation(PeerRegistry& peers, RisMetrics& metrics, Microseconds keep, bool own_view)
    : registry_(peers), metrics_(metrics), keep_(keep), own_view_(own_view) {}

// Null when it would be one too many.
RisConversation::Peer* RisConversation::peer_of(const ris::Message& message, TimePoint time, Out& out) {
  auto collector = collectors_.find(message.host);
  if (collector == collectors_.end()) {
    if (collectors_.size() >= collectors_max) return nullptr;
    collector = collectors_.try_emplace(message.host).first;
  }
  Collector& c = collector->second;
  if (!c.speaks) out.push_back(RouterUp{message.host, time, false});
  c.speaks = true;
  auto found = c.peers.find(message.peer);
  if (found == c.peers.end()) {
    if (peers_ >= peers_max) return nullptr;
    found = c.peers.try_emplace(message.peer).first;
    ++peers_;
  }
  Peer& peer = found->second;
  if (!peer.peer || peer.peer->asn != message.peer_asn) {
    const rib::PeerKey key{message.host, 0, message.peer, rib::RibKind::adj_rib_in_pre_policy};
    const auto made = registry_.peer(key, message.peer_asn, net::Address(), std::nullopt);
    if (!made) return nullptr;
    peer.peer = *made;
  }
  return &peer;
}

void RisConversation::take_update(const ris::Update& update, Peer& peer, TimePoint time, Out& out) {
  peer.ours = own_view_ || update.trusted_feed;
  const auto role = rib::parse_peer_role(update.peer_role);
  if (role && *role != peer.peer->role) peer.peer = rib::with_role(*peer.peer, *role);
  if (!std::exchange(peer.up, true)) out.push_back(PeerUp{peer.peer, time});
  for (const rib::RouteBatch& batch : batches_of(update, peer.peer, time)) push_batch(batch, out);
}

void RisConversation::archive(const ris::Message& message, TimePoint time, TimePoint arrival) {
  ByteWriter records;
  records_.take(message, time, records);
  if (records.size() > 0) archive_->push(arrival, std::move(records).take());
}

void RisConversation::take(const ris::Message& message, TimePoint arrival, Out& out) {
  if (std::holds_alternative<ris::StreamError>(message.body)) return metrics_.errors.add();
  if (std::holds_alternative<ris::Ignored>(message.body)) return metrics_.other.add();
  if (message.host.empty()) return metrics_.malformed.add();
  const bool ahead = message.time > arrival + ahead_max;
  if (ahead) metrics_.odd_clock.add();
  const TimePoint time = ahead ? arrival : message.time;
  Peer* peer = peer_of(message, time, out);
  if (!peer) return metrics_.too_many.add();
  if (archive_) archive(message, time, arrival);
  if (const auto* update = std::get_if<ris::Update>(&message.body)) {
    metrics_.updates.add();
    return take_update(*update, *peer, time, out);
  }
  metrics_.states.add();
  const bool up = std::get<ris::PeerState>(message.body).up;
  if (up == peer->up) return;
  peer->up = up;
  if (up) {
    out.push_back(PeerUp{peer->peer, time});
  } else {
    out.push_back(PeerDown{peer->peer, time, "the collector's session to the peer ended", peer->ours});
  }
}

void RisConversation::lost(TimePoint at, const std::string& reason, Out& out) {
  for (auto& [name, collector] : collectors_) {
    if (!std::exchange(collector.speaks, false)) continue;
    out.push_back(RouterDown{name, at, reason, false, keep_});
  }
}

}  // namespace peering::feeds
