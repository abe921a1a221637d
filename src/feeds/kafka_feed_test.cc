// Against librdkafka's own mock cluster, since Debian has no Kafka broker: real protocol over loopback
// sockets, groups and committed offsets included.
#include "feeds/kafka_feed.h"

#include <thread>

#include <gtest/gtest.h>

#include "feeds/kafka_conversations.h"
#include "feeds/recorded_sink.h"
#include "wire/bmp/encode.h"
#include "wire/openbmp/encode_for_tests.h"

#if PEERING_HAS_KAFKA
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#endif

namespace peering::feeds {
namespace {

using wire::openbmp::encode_for_tests;
using Frame = std::vector<std::uint8_t>;

wire::bmp::PerPeerHeader peer_header() {
  wire::bmp::PerPeerHeader out;
  out.address = net::Address::v4(0xC0000201);
  out.asn = 64496;
  return out;
}

// Route Monitoring with one withdrawal of 10.NUMBER.0.0/16.
Frame route(std::uint8_t number) {
  Frame update(16, 0xff);
  const std::uint8_t rest[] = {0, 26, 2, 0, 3, 16, 10, number, 0, 0};
  update.insert(update.end(), std::begin(rest), std::end(rest));
  return wire::bmp::encode_route_monitoring(peer_header(), update);
}

TEST(KafkaConversations, EachCollectorAndRouterIsARouterOfItsOwn) {
  Metrics registry;
  KafkaMetrics metrics(registry);
  PeerRegistry peers;
  KafkaConversations conversations(peers, metrics);
  std::vector<ShardMessage> out;
  const auto say = [&](std::string_view collector, std::uint8_t router, const Frame& body) {
    out.clear();
    conversations.take(encode_for_tests(collector, router, body), now(), out);
  };
  say("ams", 1, route(1));
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(std::get<RouterUp>(out[0]).router, "ams/192.0.2.1");
  EXPECT_EQ(std::get<rib::RouteBatch>(unpacked(out).at(1)).withdrawn.at(0).to_string(), "10.1.0.0/16");
  say("ams", 1, route(2));
  EXPECT_EQ(out.size(), 1U);
  say("lon", 1, route(1));
  EXPECT_EQ(std::get<RouterUp>(out.at(0)).router, "lon/192.0.2.1");
  say("ams", 2, route(1));
  EXPECT_EQ(std::get<RouterUp>(out.at(0)).router, "ams/192.0.2.2");
  EXPECT_EQ(metrics.routers.value(), 3);
  say("ams", 1, wire::bmp::encode_initiation("its own name", ""));
  EXPECT_TRUE(out.empty());
}

TEST(KafkaConversations, WhatCannotBeReadIsCountedAndCostsItself) {
  Metrics registry;
  KafkaMetrics metrics(registry);
  PeerRegistry peers;
  KafkaConversations conversations(peers, metrics);
  std::vector<ShardMessage> out;
  conversations.take({}, now(), out);
  conversations.take(Frame{'g', 'a', 'r', 'b'}, now(), out);
  conversations.take(encode_for_tests("ams", 1, Frame{9, 9, 9, 9, 9, 9}), now(), out);
  EXPECT_EQ(metrics.malformed.value(), 3);
  conversations.take(encode_for_tests("ams", 1, route(1), 3), now(), out);
  EXPECT_EQ(metrics.other.value(), 1);
  out.clear();
  Frame two = route(1);
  const Frame second = route(2);
  two.insert(two.end(), second.begin(), second.end());
  conversations.take(encode_for_tests("ams", 1, two), now(), out);
  EXPECT_EQ(unpacked(out).size(), 2U);
}

#if PEERING_HAS_KAFKA

class KafkaFeedTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "skipped: ThreadSanitizer does not know the C11 threads of Debian's librdkafka";
#endif
    char reason[256];
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    brokers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    rd_kafka_mock_topic_create(cluster_, "routeviews.ams.bmp_raw", 1, 1);
    rd_kafka_conf_t* configuration = rd_kafka_conf_new();
    rd_kafka_conf_set(configuration, "bootstrap.servers", brokers_.c_str(), reason, sizeof reason);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, reason, sizeof reason);
  }
  void TearDown() override {
    if (!client_) return;
    feed_.reset();
    rd_kafka_destroy(producer_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }

  void produce(const Frame& message) {
    rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC("routeviews.ams.bmp_raw"),
                      RD_KAFKA_V_VALUE(const_cast<std::uint8_t*>(message.data()), message.size()),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    ASSERT_EQ(rd_kafka_flush(producer_, 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void start(std::vector<std::string> topics = {"^routeviews\\..*\\.bmp_raw"}) {
    feed_ = std::make_unique<KafkaFeed>(KafkaSettings{.brokers = brokers_,
                                                      .topics = std::move(topics),
                                                      .group = "test",
                                                      .session_timeout = std::chrono::milliseconds(6000)},
                                        peers_, sink_, metrics_);
    const auto started = feed_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  // Joining a group takes its time.
  bool wait_for_routes(std::size_t count) {
    for (int i = 0; i < 6; ++i) {
      if (sink_.wait_for_count<rib::RouteBatch>(count)) return true;
    }
    return false;
  }
  std::string last_route() { return sink_.all<rib::RouteBatch>().back().withdrawn.at(0).to_string(); }

  rd_kafka_t *client_ = nullptr, *producer_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  std::string brokers_;
  Metrics metrics_;
  PeerRegistry peers_;
  RecordedSink sink_{1};
  std::unique_ptr<KafkaFeed> feed_;
};

TEST_F(KafkaFeedTest, ReadsFromTheBeginningAndGoesOnWhereItWas) {
  produce(encode_for_tests("ams", 1, route(1)));
  produce(Frame{'x'});
  start();
  ASSERT_TRUE(wait_for_routes(1));
  produce(encode_for_tests("ams", 1, route(2)));
  ASSERT_TRUE(wait_for_routes(2));
  EXPECT_EQ(sink_.all<RouterUp>().at(0).router, "ams/192.0.2.1");
  feed_->stop();
  produce(encode_for_tests("ams", 1, route(3)));
  start({"routeviews.ams.bmp_raw"});
  ASSERT_TRUE(wait_for_routes(3));
  EXPECT_EQ(last_route(), "10.3.0.0/16") << "what was handed over is not read again";
}

TEST_F(KafkaFeedTest, WhatTheShardsDidNotTakeIsReadAgain) {
  sink_.refuse(true);
  for (std::uint8_t i = 1; i <= 3; ++i) produce(encode_for_tests("ams", 1, route(i)));
  start();
  const Counter& waits = metrics_.counter("peering_kafka_waits_total", "");
  for (int i = 0; i < 6000 && waits.value() < 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_GE(waits.value(), 1) << "it waits with the first message";
  feed_->stop();
  EXPECT_TRUE(sink_.taken(0).empty());
  sink_.refuse(false);
  start();
  ASSERT_TRUE(wait_for_routes(3));
  EXPECT_EQ(last_route(), "10.3.0.0/16");
}

TEST_F(KafkaFeedTest, APausedConsumerLosesNothing) {
  start();
  sink_.refuse(true);
  constexpr std::uint8_t count = 200;
  for (std::uint8_t i = 0; i < count; ++i) produce(encode_for_tests("ams", 1, route(i)));
  const Counter& waits = metrics_.counter("peering_kafka_waits_total", "");
  for (int i = 0; i < 6000 && waits.value() < 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  sink_.refuse(false);
  ASSERT_TRUE(wait_for_routes(count));
  const auto routes = sink_.all<rib::RouteBatch>();
  for (std::uint8_t i = 0; i < count; ++i) {
    ASSERT_EQ(routes[i].withdrawn.at(0).address(), net::Address::v4(0x0A000000U + (i << 16)))
        << "in order, once";
  }
}

TEST_F(KafkaFeedTest, ASettingThatIsNoneIsRefused) {
  KafkaFeed feed({.brokers = brokers_, .topics = {"t"}, .group = "g", .security = "hope"}, peers_, sink_,
                 metrics_);
  const auto started = feed.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
}

#endif

}  // namespace
}  // namespace peering::feeds
