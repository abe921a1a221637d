// What the messages of a Kafka topic say: each holds BMP of one router that a collector listens to, so each
// (collector, router) has a conversation as if the router were connected to us. No Kafka and no clock here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "feeds/bmp_conversation.h"

namespace peering::feeds {

/// Counters are found once. Thread-safe.
struct KafkaMetrics {
  explicit KafkaMetrics(Metrics& metrics);
  Counter &used, &other, &malformed, &too_many, &bytes, &waits, &errors, &commits;
  Gauge &routers, &partitions;
  BmpMetrics bmp;
};

/// Owned by one thread.
class KafkaConversations {
 public:
  /// `archive`, when not null, gets what the routers say, and must outlive this.
  KafkaConversations(PeerRegistry& peers, KafkaMetrics& metrics, Archive* archive = nullptr);

  /// Takes one message; appends what follows from it. The router is named "COLLECTOR/ADDRESS": its own name
  /// was said when its session began, which may be long ago. Faults are counted.
  void take(std::span<const std::uint8_t> message, TimePoint arrival, std::vector<ShardMessage>& out);

  static constexpr std::size_t routers_max = 10'000, peers_per_router_max = 10'000;

 private:
  using Key = std::pair<std::string, std::string>;  // collector, the router's hash
  struct Router {
    std::string name;
    std::unique_ptr<BmpConversation> conversation;
  };

  PeerRegistry& registry_;
  KafkaMetrics& metrics_;
  Archive* const archive_;
  std::map<Key, Router> routers_;
};

}  // namespace peering::feeds
