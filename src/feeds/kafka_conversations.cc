#include "feeds/kafka_conversations.h"

#include "wire/bmp/encode.h"
#include "wire/openbmp/message.h"

namespace peering::feeds {

namespace {

namespace openbmp = wire::openbmp;

Counter& messages(Metrics& metrics, const std::string& result) {
  return metrics.counter("peering_kafka_messages_total", "Messages of Kafka topics, by what became of them.",
                         {{"result", result}});
}

}  // namespace

KafkaMetrics::KafkaMetrics(Metrics& metrics)
    : used(messages(metrics, "used")),
      other(messages(metrics, "other")),
      malformed(messages(metrics, "malformed")),
      too_many(messages(metrics, "too_many_routers")),
      bytes(metrics.counter("peering_kafka_bytes_total", "Bytes of Kafka messages.")),
      waits(metrics.counter("peering_kafka_waits_total",
                            "Times partitions were paused because a shard's mailbox was full.")),
      errors(metrics.counter("peering_kafka_errors_total", "Errors that the Kafka client reported.")),
      commits(metrics.counter("peering_kafka_offsets_stored_total",
                              "Offsets given to be committed, each after its routes were handed over.")),
      routers(metrics.gauge("peering_kafka_routers", "Routers that were heard through Kafka.")),
      partitions(metrics.gauge("peering_kafka_partitions", "Partitions that are assigned to us.")),
      bmp(metrics) {}

KafkaConversations::KafkaConversations(PeerRegistry& peers, KafkaMetrics& metrics, Archive* archive)
    : registry_(peers), metrics_(metrics), archive_(archive) {}

void KafkaConversations::take(std::span<const std::uint8_t> bytes, TimePoint arrival,
                              std::vector<ShardMessage>& out) {
  metrics_.bytes.add(static_cast<double>(bytes.size()));
  const auto message = openbmp::decode_message(bytes);
  if (!message) return metrics_.malformed.add();
  if (message->object != openbmp::object_bmp_raw) return metrics_.other.add();
  const net::Address address = message->router_address.value_or(net::Address());
  const std::string id = message->router_hash.empty() ? address.to_string() : message->router_hash;
  auto found = routers_.find({message->collector, id});
  if (found == routers_.end()) {
    if (routers_.size() >= routers_max) return metrics_.too_many.add();
    Router router{message->collector + "/" + address.to_string(), nullptr};
    found = routers_.emplace(Key{message->collector, id}, std::move(router)).first;
    metrics_.routers.set(static_cast<double>(routers_.size()));
  }
  Router& router = found->second;
  if (!router.conversation) {
    router.conversation =
        std::make_unique<BmpConversation>(address, peers_per_router_max, registry_, metrics_.bmp);
    if (archive_) router.conversation->archive_to(*archive_);
    router.conversation->take(wire::bmp::encode_initiation(router.name, ""), arrival, out);
  }
  auto rest = message->body;
  while (!rest.empty()) {
    const auto length = wire::bmp::split_frame(rest);
    if (!length || *length == 0 || *length > rest.size()) return metrics_.malformed.add();
    // The collector says a router's name again with each session; ours for it stays.
    const bool initiation = rest[5] == static_cast<std::uint8_t>(wire::bmp::MessageType::initiation);
    if (!initiation && router.conversation) router.conversation->take(rest.first(*length), arrival, out);
    if (router.conversation && router.conversation->terminated()) {
      router.conversation->end(arrival, *router.conversation->terminated(), BmpConversation::Others::none,
                               out);
      router.conversation.reset();
    }
    rest = rest.subspan(*length);
  }
  metrics_.used.add();
}

}  // namespace peering::feeds
