// `[[feeds.kafka]]`: BMP that a collector wrote to Kafka in OpenBMP's envelope (RouteViews does), read by
// librdkafka as a member of a consumer group.
//
// One thread polls and decodes. While a shard is full the partitions are paused, but polling goes on, so that
// the group keeps us. The offset of a message is given to be committed after the shards took what it said:
// after a crash messages are read again, never left out, and a route said twice is one route. What librdkafka
// fetches ahead is bounded.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "feeds/archive.h"
#include "feeds/peer_registry.h"
#include "feeds/shard_message.h"

namespace peering::feeds {

struct KafkaSettings {
  std::string brokers;              ///< "host:port,host:port"
  std::vector<std::string> topics;  ///< names; one that begins with ^ is a regular expression
  std::string group;
  bool from_beginning = true;  ///< where the group has no offset yet; else from the end
  /// How long the group waits for a member that is silent; its partitions are read by others then.
  std::chrono::milliseconds session_timeout{45'000};
  std::string security = "plaintext";      ///< plaintext, ssl, sasl_plaintext, sasl_ssl
  std::string authority_file;              ///< PEM; empty: the system's authorities
  std::string certificate_file, key_file;  ///< PEM; our own, where brokers ask for one
  std::string sasl_mechanism, sasl_user, sasl_password;
  /// Gets what the routers say, when not null; must outlive the feed. What is read again is kept again.
  Archive* archive = nullptr;
};

/// One thread. Inert until `start`. All references must outlive it. Thread-safe.
class KafkaFeed {
 public:
  /// False when this program was built without librdkafka; then `start` fails.
  static bool available();

  KafkaFeed(KafkaSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics);
  ~KafkaFeed();
  KafkaFeed(const KafkaFeed&) = delete;
  KafkaFeed& operator=(const KafkaFeed&) = delete;

  /// `invalid_argument` when librdkafka refuses a setting. Brokers that are away are no error: it goes on
  /// trying.
  Result<void> start();
  /// Commits what was handed over, leaves the group and joins. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peering::feeds
