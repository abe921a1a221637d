#include "feeds/kafka_feed.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "base/log.h"
#include "feeds/kafka_conversations.h"
#include "feeds/shard_router.h"

#if PEERING_HAS_KAFKA
#include <librdkafka/rdkafka.h>
#endif

namespace peering::feeds {

#if PEERING_HAS_KAFKA

namespace {

constexpr int poll_ms = 100, paused_poll_ms = 2;
constexpr std::chrono::seconds complaint_every{10};
constexpr std::chrono::seconds close_time_max{3};

struct Destroy {
  void operator()(rd_kafka_conf_t* it) const { rd_kafka_conf_destroy(it); }
  void operator()(rd_kafka_t* it) const { rd_kafka_destroy(it); }
  void operator()(rd_kafka_queue_t* it) const { rd_kafka_queue_destroy(it); }
  void operator()(rd_kafka_message_t* it) const { rd_kafka_message_destroy(it); }
  void operator()(rd_kafka_topic_partition_list_t* it) const { rd_kafka_topic_partition_list_destroy(it); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

Result<Owned<rd_kafka_conf_t>> configuration_of(const KafkaSettings& settings) {
  Owned<rd_kafka_conf_t> out(rd_kafka_conf_new());
  std::vector<std::pair<const char*, std::string>> values = {
      {"bootstrap.servers", settings.brokers},
      {"group.id", settings.group},
      {"client.id", "peeringd"},
      {"session.timeout.ms", std::to_string(settings.session_timeout.count())},
      {"heartbeat.interval.ms", std::to_string(settings.session_timeout.count() / 10)},
      {"security.protocol", settings.security},
      {"auto.offset.reset", settings.from_beginning ? "earliest" : "latest"},
      {"enable.auto.commit", "true"},
      {"auto.commit.interval.ms", "1000"},
      {"enable.auto.offset.store", "false"},  // we say when a message is done with
      {"queued.max.messages.kbytes", "16384"},
      {"fetch.max.bytes", "8388608"},
      {"topic.metadata.refresh.interval.ms", "10000"},
      {"log_level", "0"},
  };
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) values.emplace_back(name, value);
  };
  add("ssl.ca.location", settings.authority_file);
  add("ssl.certificate.location", settings.certificate_file);
  add("ssl.key.location", settings.key_file);
  add("sasl.mechanism", settings.sasl_mechanism);
  add("sasl.username", settings.sasl_user);
  add("sasl.password", settings.sasl_password);
  char reason[256];
  for (const auto& [name, value] : values) {
    if (rd_kafka_conf_set(out.get(), name, value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK) {
      return fail(ErrorCode::invalid_argument, "feeds.kafka: {}: {}", name, reason);
    }
  }
  return out;
}

}  // namespace

struct KafkaFeed::State {
  State(KafkaSettings given, PeerRegistry& peers, ShardSink& shards, Metrics& registry)
      : settings(std::move(given)),
        metrics(registry),
        conversations(peers, metrics, settings.archive),
        router(shards) {}

  const KafkaSettings settings;
  KafkaMetrics metrics;
  KafkaConversations conversations;
  ShardRouter router;
  Owned<rd_kafka_t> consumer;
  std::atomic<bool> stopping{false};
  std::thread thread;

  // Used by the thread only.
  std::vector<ShardMessage> out;
  std::chrono::steady_clock::time_point next_complaint{};
  // With partitions paused a poll gives events only; a message that had been on its way still waits its turn.
  std::vector<Owned<rd_kafka_message_t>> early;

  Result<void> subscribe() {
    auto configuration = configuration_of(settings);
    if (!configuration) return tl::unexpected(configuration.error());
    rd_kafka_conf_set_opaque(configuration->get(), this);
    rd_kafka_conf_set_error_cb(configuration->get(), [](rd_kafka_t*, int, const char* what, void* state) {
      static_cast<State*>(state)->complain(what);  // on our thread, while it polls
    });
    char reason[256];
    consumer.reset(rd_kafka_new(RD_KAFKA_CONSUMER, configuration->get(), reason, sizeof reason));
    if (!consumer) return fail(ErrorCode::invalid_argument, "feeds.kafka: {}", reason);
    configuration->release();  // it belongs to the consumer now
    rd_kafka_poll_set_consumer(consumer.get());
    const Owned<rd_kafka_topic_partition_list_t> topics(
        rd_kafka_topic_partition_list_new(static_cast<int>(settings.topics.size())));
    for (const std::string& topic : settings.topics) {
      rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    }
    const auto wrong = rd_kafka_subscribe(consumer.get(), topics.get());
    if (!wrong) return {};
    return fail(ErrorCode::invalid_argument, "feeds.kafka: topics: {}", rd_kafka_err2str(wrong));
  }

  void complain(std::string_view what) {
    metrics.errors.add();
    if (std::chrono::steady_clock::now() < next_complaint) return;
    next_complaint = std::chrono::steady_clock::now() + complaint_every;
    log::warning("Kafka {}: {}", settings.brokers, what);
  }

  void run() {
    while (!stopping) {
      Owned<rd_kafka_message_t> message = next(poll_ms);
      if (message) take(std::move(message));
      if (early.empty()) count_partitions();
    }
    early.clear();
    close();
  }

  // Commits the offsets stored and leaves the group. Brokers that are away are not waited for long: what was
  // not committed is read again.
  void close() {
    const auto give_up = std::chrono::steady_clock::now() + close_time_max;
    const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(consumer.get()));
    rd_kafka_error_destroy(rd_kafka_consumer_close_queue(consumer.get(), queue.get()));
    while (!rd_kafka_consumer_closed(consumer.get())) {
      if (std::chrono::steady_clock::now() > give_up) {
        log::warning("Kafka {}: no answer in time; the last offsets may not be committed", settings.brokers);
        break;
      }
      rd_kafka_event_destroy(rd_kafka_queue_poll(queue.get(), poll_ms));
    }
  }

  // A message of a partition, or nothing; errors are counted.
  Owned<rd_kafka_message_t> next(int timeout_ms) {
    if (!early.empty() && timeout_ms == poll_ms) {
      Owned<rd_kafka_message_t> first = std::move(early.front());
      early.erase(early.begin());
      return first;
    }
    Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(consumer.get(), timeout_ms));
    if (message && message->err) {
      if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) complain(rd_kafka_message_errstr(message.get()));
      return nullptr;
    }
    return message;
  }

  void take(Owned<rd_kafka_message_t> message) {
    const std::span bytes(static_cast<const std::uint8_t*>(message->payload), message->len);
    conversations.take(bytes, now(), out);
    if (!router.push(out) && !wait_for_shards()) return;
    const auto wrong = rd_kafka_offset_store(message->rkt, message->partition, message->offset);
    if (!wrong) metrics.commits.add();
  }

  // Holds the partitions until the shards took what waits. False when stopped.
  bool wait_for_shards() {
    metrics.waits.add();
    set_paused(true);
    while (!router.drain() && !stopping) {
      if (auto message = next(paused_poll_ms)) early.push_back(std::move(message));
    }
    set_paused(false);
    return router.idle();
  }

  Owned<rd_kafka_topic_partition_list_t> assignment() {
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    rd_kafka_assignment(consumer.get(), &assigned);
    return Owned<rd_kafka_topic_partition_list_t>(assigned);
  }
  // A rebalance while we wait may hand us partitions that are not paused: what they give waits in `early`,
  // whose length librdkafka's own limit of what it fetches ahead bounds.
  void set_paused(bool paused) {
    const auto partitions = assignment();
    if (!partitions) return;
    paused ? rd_kafka_pause_partitions(consumer.get(), partitions.get())
           : rd_kafka_resume_partitions(consumer.get(), partitions.get());
  }
  void count_partitions() {
    const auto partitions = assignment();
    metrics.partitions.set(partitions ? partitions->cnt : 0);
  }
};

bool KafkaFeed::available() { return true; }

Result<void> KafkaFeed::start() {
  if (auto done = state_->subscribe(); !done) return done;
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  return {};
}

void KafkaFeed::stop() {
  state_->stopping = true;
  if (state_->thread.joinable()) state_->thread.join();
  // Whoever did not answer `close` would not answer a second one either.
  if (rd_kafka_t* consumer = state_->consumer.release()) {
    rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

#else

struct KafkaFeed::State {
  State(KafkaSettings, PeerRegistry&, ShardSink&, Metrics&) {}
};

bool KafkaFeed::available() { return false; }
Result<void> KafkaFeed::start() {
  return fail(ErrorCode::invalid_argument, "feeds.kafka: this program was built without librdkafka");
}
void KafkaFeed::stop() {}

#endif

KafkaFeed::KafkaFeed(KafkaSettings settings, PeerRegistry& peers, ShardSink& shards, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(settings), peers, shards, metrics)) {}
KafkaFeed::~KafkaFeed() { stop(); }

}  // namespace peering::feeds
