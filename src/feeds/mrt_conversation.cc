#include "feeds/mrt_conversation.h"

namespace peering::feeds {

namespace {

constexpr std::uint16_t recorded_established = 6;  // RFC 4271 section 8.2.2, as RFC 6396 numbers it

Counter& records(Metrics& metrics, const std::string& result) {
  return metrics.counter("peering_mrt_records_total", "MRT records read, by what became of them.",
                         {{"result", result}});
}
Counter& file_counter(Metrics& metrics, const std::string& result) {
  return metrics.counter("peering_mrt_files_total", "MRT files played through.", {{"result", result}});
}

}  // namespace

MrtMetrics::MrtMetrics(Metrics& registry)
    : used(records(registry, "used")),
      other(records(registry, "other")),
      malformed(records(registry, "malformed")),
      waits(registry.counter("peering_mrt_waits_total",
                             "Times an MRT file waited because a shard's mailbox was full.")),
      files(file_counter(registry, "whole")),
      damaged_files(file_counter(registry, "damaged")),
      forgotten_paths(feeds::forgotten_paths(registry)),
      metrics(registry) {}

MrtConversation::MrtConversation(std::string collector, PeerRegistry& peers, MrtMetrics& metrics)
    : collector_(std::move(collector)), registry_(peers), metrics_(metrics) {}

void MrtConversation::take(const wire::mrt::Record& record, Out& out) {
  const auto content = wire::mrt::decode_record(record);
  if (!content) return metrics_.malformed.add();
  if (const auto* message = std::get_if<wire::mrt::BgpMessage>(&*content)) {
    take_message(*message, record.time(), out);
  } else if (const auto* change = std::get_if<wire::mrt::StateChange>(&*content)) {
    take_state(*change, record.time(), out);
  } else {
    metrics_.other.add();
  }
}

// Null when there are too many peers.
MrtConversation::Peer* MrtConversation::up(const wire::mrt::Session& session, TimePoint time, Out& out) {
  const auto known = peers_.find(session.peer_address);
  if (known != peers_.end()) return &known->second;
  const rib::PeerKey key{collector_, 0, session.peer_address, rib::RibKind::adj_rib_in_pre_policy};
  const auto made = registry_.peer(key, session.peer_asn, net::Address(), std::nullopt);
  if (!made) return nullptr;
  if (!greeted_) out.push_back(RouterUp{collector_, time});
  greeted_ = true;
  out.push_back(PeerUp{*made, time});
  return &peers_.emplace(session.peer_address, Peer{*made, {}}).first->second;
}

void MrtConversation::down(const net::Address& address, TimePoint time, std::string_view reason, Out& out) {
  const auto found = peers_.find(address);
  if (found == peers_.end()) return;
  out.push_back(PeerDown{found->second.peer, time, std::string(reason)});
  peers_.erase(found);
}

void MrtConversation::take_state(const wire::mrt::StateChange& change, TimePoint time, Out& out) {
  metrics_.used.add();
  if (change.new_state == recorded_established) {
    // A peer that was thought to be up was not: what it had is from the session before.
    down(change.session.peer_address, time, "the collector's session was established anew", out);
    up(change.session, time, out);
  } else if (change.old_state == recorded_established) {
    down(change.session.peer_address, time, "the collector's session ended", out);
  }
}

void MrtConversation::take_message(const wire::mrt::BgpMessage& message, TimePoint time, Out& out) {
  if (message.sent_by_collector || message.type != wire::bgp::MessageType::update) {
    return metrics_.other.add();
  }
  const wire::bgp::UpdateScan update = wire::bgp::scan_update(message.body, message.facts);
  count_faults(metrics_.metrics, update.attributes.issues);
  if (update.outcome() == wire::bgp::Outcome::reset_session) return metrics_.malformed.add();
  Peer* peer = up(message.session, time, out);
  if (!peer) return metrics_.malformed.add();
  metrics_.used.add();
  const rib::UpdateSource source{peer->peer, time, &peer->paths, std::nullopt};
  const std::uint64_t forgotten = peer->paths.forgotten();
  push_update(update, message.facts, source, out);
  count_forgotten_paths(source, forgotten, metrics_.forgotten_paths);
}

}  // namespace peering::feeds
