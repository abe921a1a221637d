#include "alert/outbox.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alert/rules.h"
#include "alert/webhook.h"
#include "http/server.h"
#include "store/memory/resource_store.h"
#include "store/memory/telemetry_store.h"
#include "store/rocksdb/telemetry_store.h"

namespace peering::alert {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::string_view channel_root = "/subscriptions/s/providers/open.peering/alertchannels/";

// A webhook receiver on a real server: keeps what it is sent, answers as told.
class Receiver {
 public:
  struct Received {
    std::string id, signature, body, state;
  };

  explicit Receiver(Metrics& metrics)
      : server_([this](const http::Request& r) { return take(r); }, {}, workers_, metrics) {
    port_ = server_.listen({"127.0.0.1", 0}, std::nullopt).value().port;
  }
  ~Receiver() {
    release();
    server_.stop();
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}/hook", port_); }
  /// The next `count` requests are answered with this status.
  void answer(int status, int count = 1'000'000) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    bad_answers_ = count;
  }
  /// Requests wait until `release`.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return received_.size() >= count; });
  }
  bool wait_for_accepted(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return accepted_.size() >= count; });
  }
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  std::vector<std::string> accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }

 private:
  http::Response take(const http::Request& request) {
    std::unique_lock lock(mutex_);
    Received got{std::string(request.headers.get("Peering-Delivery").value_or("")),
                 std::string(request.headers.get("Peering-Signature").value_or("")), request.body, ""};
    EXPECT_EQ(request.headers.get("Idempotency-Key"), got.id);
    if (const auto body = parse_json(request.body)) got.state = find_string(*body, "state").value_or("");
    received_.push_back(got);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    http::Response out;
    if (bad_answers_ > 0) {
      --bad_answers_;
      out.status = status_;
    } else {
      accepted_.push_back(got.id);
    }
    changed_.notify_all();
    return out;
  }

  runtime::WorkerPool workers_{4, 64};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> received_;
  std::vector<std::string> accepted_;
  int status_ = 200, bad_answers_ = 0;
  bool held_ = false;
  http::Server server_;
  std::uint16_t port_ = 0;
};

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    settings_.retry_first = 5ms;
    settings_.retry_longest = 40ms;
    settings_.poll_every = 20ms;
    settings_.senders = 4;
  }
  void channel(std::string_view name, const std::string& url, const std::string& secret = "s3cret") {
    store::Write write;
    write.key = std::string(channel_root) + std::string(name);
    write.type = "open.peering/alertchannels";
    const json::object properties{{"type", "webhook"}, {"url", url}, {"secret", secret}};
    write.document = json::serialize(json::object{{"properties", properties}});
    ASSERT_TRUE(resources_->commit(std::span(&write, 1)));
  }
  void start() {
    outbox_ = std::make_unique<Outbox>(settings_, *telemetry_, *resources_, metrics_);
    outbox_->start();
  }
  // Commits deliveries with these ids, in order, and wakes the deliverer.
  void put(std::string_view name, const std::vector<std::string>& ids) {
    store::EventCommit commit;
    for (const std::string& id : ids) {
      model::Delivery delivery;
      delivery.id = id;
      delivery.alert = "alert-of-" + id;
      delivery.channel = std::string(channel_root) + std::string(name);
      delivery.payload = R"({"state":"open"})";
      delivery.created = delivery.due = now() + Microseconds(commit.outbox.size());
      commit.outbox.push_back(delivery);
    }
    ASSERT_TRUE(telemetry_->append(commit));
    if (outbox_) outbox_->wake();
  }
  std::vector<model::Delivery> waiting() {
    return telemetry_->due(now() + std::chrono::hours(24 * 365), 1000).value();
  }
  bool nothing_waits() {
    for (int i = 0; i < 500 && !waiting().empty(); ++i) std::this_thread::sleep_for(10ms);
    return waiting().empty();
  }
  double deliveries(const std::string& outcome) {
    return metrics_.counter("peering_alert_deliveries_total", "", {{"outcome", outcome}}).value();
  }

  OutboxSettings settings_;
  Metrics metrics_;
  std::unique_ptr<store::ResourceStore> resources_ = store::make_memory_resource_store();
  std::unique_ptr<store::TelemetryStore> telemetry_ = store::make_memory_telemetry_store();
  Receiver receiver_{metrics_};
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(OutboxTest, DeliversWithASignatureThatVerifies) {
  channel("ops", receiver_.url());
  start();
  put("ops", {"d1"});
  ASSERT_TRUE(receiver_.wait_for_accepted(1));
  const auto got = receiver_.received().at(0);
  EXPECT_EQ(got.id, "d1");
  EXPECT_TRUE(verify(got.signature, "s3cret", got.body, now(), 5min));
  EXPECT_FALSE(verify(got.signature, "other", got.body, now(), 5min));
  EXPECT_TRUE(nothing_waits());
  EXPECT_EQ(deliveries("delivered"), 1);
}

TEST_F(OutboxTest, AChannelWithoutASecretIsNotSigned) {
  channel("ops", receiver_.url(), "");
  start();
  put("ops", {"d1"});
  ASSERT_TRUE(receiver_.wait_for_accepted(1));
  EXPECT_EQ(receiver_.received().at(0).signature, "");
}

TEST_F(OutboxTest, FailuresAreTriedAgainWithTheSameIdAndInOrder) {
  receiver_.answer(500, 3);
  channel("ops", receiver_.url());
  start();
  put("ops", {"open", "resolved"});
  ASSERT_TRUE(receiver_.wait_for_accepted(2));
  std::vector<std::string> ids;
  for (const auto& got : receiver_.received()) ids.push_back(got.id);
  EXPECT_THAT(ids, ElementsAre("open", "open", "open", "open", "resolved"));
  EXPECT_EQ(deliveries("retried"), 3);
  EXPECT_TRUE(nothing_waits());
}

TEST_F(OutboxTest, WhatComesWhileAnOlderOneWaitsQueuesBehindIt) {
  settings_.retry_first = 150ms;
  receiver_.answer(503, 1);
  channel("ops", receiver_.url());
  start();
  put("ops", {"first"});
  ASSERT_TRUE(receiver_.wait_for(1));
  put("ops", {"second"});
  put("ops", {"third"});
  ASSERT_TRUE(receiver_.wait_for_accepted(3));
  EXPECT_THAT(receiver_.accepted(), ElementsAre("first", "second", "third"));
}

TEST_F(OutboxTest, AttemptsAndTheLastErrorAreKept) {
  settings_.retry_first = settings_.retry_longest = 10s;
  receiver_.answer(500);
  channel("ops", receiver_.url());
  start();
  put("ops", {"d1"});
  ASSERT_TRUE(receiver_.wait_for(1));
  for (int i = 0; i < 500 && waiting().at(0).attempts == 0; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(waiting().at(0).attempts, 1);
  EXPECT_EQ(waiting().at(0).last_error, "the receiver answered 500");
  EXPECT_GT(waiting().at(0).due, now() + 5s);
}

TEST_F(OutboxTest, ARestartGoesOnWithTheSameIdsInOrder) {
  receiver_.answer(500);
  channel("ops", receiver_.url());
  start();
  put("ops", {"open", "resolved", "later"});
  ASSERT_TRUE(receiver_.wait_for(3));
  outbox_.reset();
  put("ops", {"last"});
  receiver_.answer(500, 1);
  start();
  ASSERT_TRUE(receiver_.wait_for_accepted(4));
  EXPECT_THAT(receiver_.accepted(), ElementsAre("open", "resolved", "later", "last"));
  EXPECT_TRUE(nothing_waits());
}

TEST_F(OutboxTest, WhatWasCommittedIsDeliveredAfterTheStoreWasClosedAndOpenedAgain) {
  std::string folder = (std::filesystem::temp_directory_path() / "outbox_XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  telemetry_ = store::open_rocksdb(folder).value();
  receiver_.answer(500);
  channel("ops", receiver_.url());
  start();
  put("ops", {"open", "resolved"});
  put("ops", {"later"});
  ASSERT_TRUE(receiver_.wait_for(2));
  outbox_.reset();
  telemetry_.reset();
  telemetry_ = store::open_rocksdb(folder).value();
  receiver_.answer(200, 0);
  start();
  ASSERT_TRUE(receiver_.wait_for_accepted(3));
  EXPECT_THAT(receiver_.accepted(), ElementsAre("open", "resolved", "later"));
  EXPECT_TRUE(nothing_waits());
  outbox_.reset();
  telemetry_.reset();
  std::filesystem::remove_all(folder);
}

TEST_F(OutboxTest, StopBreaksOffWhatIsBeingSentAndTheNextStartSendsItAgain) {
  receiver_.hold();
  channel("ops", receiver_.url());
  start();
  put("ops", {"d1"});
  ASSERT_TRUE(receiver_.wait_for(1));
  const auto begin = std::chrono::steady_clock::now();
  outbox_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(waiting().size(), 1U);
  receiver_.release();
  start();
  ASSERT_TRUE(receiver_.wait_for(2));
  EXPECT_TRUE(nothing_waits());
  EXPECT_EQ(receiver_.received()[0].id, receiver_.received()[1].id);
}

TEST_F(OutboxTest, ASlowChannelDoesNotHoldUpAnother) {
  Receiver slow(metrics_);
  slow.hold();
  channel("slow", slow.url());
  channel("quick", receiver_.url());
  start();
  std::vector<std::string> many;
  for (int i = 0; i < 1500; ++i) many.push_back(fmt::format("s{}", i));
  put("slow", many);
  ASSERT_TRUE(slow.wait_for(1));
  put("quick", {"q1", "q2"});
  EXPECT_TRUE(receiver_.wait_for_accepted(2));
  EXPECT_EQ(slow.accepted().size(), 0U);
}

TEST_F(OutboxTest, ManyDeliveriesLeaveInOrder) {
  channel("ops", receiver_.url());
  start();
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back(fmt::format("d{}", i));
  put("ops", many);
  ASSERT_TRUE(receiver_.wait_for_accepted(many.size()));
  EXPECT_EQ(receiver_.accepted(), many);
}

TEST_F(OutboxTest, GivesUpWhenTheTimeIsOver) {
  settings_.give_up_after = 50ms;
  receiver_.answer(500);
  channel("ops", receiver_.url());
  start();
  put("ops", {"d1"});
  EXPECT_TRUE(nothing_waits());
  EXPECT_EQ(deliveries("given_up"), 1);
  EXPECT_GE(deliveries("retried"), 1);
}

TEST_F(OutboxTest, GoneEndsItAtOnce) {
  receiver_.answer(410);
  channel("ops", receiver_.url());
  start();
  put("ops", {"d1"});
  EXPECT_TRUE(nothing_waits());
  EXPECT_EQ(deliveries("gone"), 1);
  EXPECT_EQ(receiver_.received().size(), 1U);
}

TEST_F(OutboxTest, ADeletedChannelEndsItsDeliveries) {
  start();
  put("nowhere", {"d1"});
  EXPECT_TRUE(nothing_waits());
  EXPECT_EQ(deliveries("no_channel"), 1);
}

TEST_F(OutboxTest, ARefusedConnectionIsTriedAgain) {
  channel("ops", "http://127.0.0.1:1/");
  start();
  put("ops", {"d1"});
  for (int i = 0; i < 500 && deliveries("retried") < 2; ++i) std::this_thread::sleep_for(5ms);
  channel("ops", receiver_.url());
  EXPECT_TRUE(receiver_.wait_for_accepted(1));
}

TEST_F(OutboxTest, LoopbackIsRefusedWhenItIsNotAllowed) {
  settings_.allow_loopback = false;
  channel("ops", receiver_.url());
  start();
  put("ops", {"d1"});
  for (int i = 0; i < 500 && deliveries("retried") < 2; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_GE(deliveries("retried"), 2);
  EXPECT_TRUE(receiver_.received().empty());
}

TEST_F(OutboxTest, WhatNobodyWokeItForIsFoundAllTheSame) {
  channel("ops", receiver_.url());
  start();
  auto* kept = outbox_.release();
  put("ops", {"d1"});
  outbox_.reset(kept);
  EXPECT_TRUE(receiver_.wait_for_accepted(1));
}

TEST_F(OutboxTest, AnEventBecomesAnAlertThatOpensAndResolves) {
  channel("ops", receiver_.url());
  auto connection = std::make_shared<model::Connection>();
  connection->resource = "/subscriptions/s/c";
  connection->subscription = "s";
  connection->alerts = {true, {"ops"}, model::Level::warning, std::nullopt};
  model::Registry registry;
  registry.connections["/subscriptions/s/c"] = connection;
  model::Event event;
  event.id = model::EventId("e1");
  event.level = model::Level::critical;
  event.state = model::EventState::open;
  event.connection = "/subscriptions/s/c";
  event.first_seen = now() - 90s;
  const Rules rules(*telemetry_);
  start();
  const auto commit = [&] {
    store::EventCommit out;
    out.events = {event};
    rules.apply(event, registry, now(), out);
    ASSERT_TRUE(telemetry_->append(out));
    outbox_->wake();
  };
  commit();
  commit();  // the same version again
  ASSERT_TRUE(receiver_.wait_for_accepted(1));
  connection->alerts.enabled = false;
  event.state = model::EventState::resolved;
  event.resolved_at = now();
  commit();
  ASSERT_TRUE(receiver_.wait_for_accepted(2));
  const auto got = receiver_.received();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].state, "open");
  EXPECT_EQ(got[1].state, "resolved");
  EXPECT_GE(find(*parse_json(got[1].body), "durationSeconds")->to_number<double>(), 90);
}

TEST_F(OutboxTest, OpenAndResolvedInOneCommitAreBothTold) {
  model::Event event;
  event.id = model::EventId("e1");
  event.level = model::Level::critical;
  event.connection = "/c";
  auto connection = std::make_shared<model::Connection>();
  connection->subscription = "s";
  connection->alerts = {true, {"ops"}, model::Level::warning, std::nullopt};
  model::Registry registry;
  registry.connections["/c"] = connection;
  store::EventCommit out;
  const Rules rules(*telemetry_);
  event.state = model::EventState::open;
  rules.apply(event, registry, now(), out);
  event.state = model::EventState::resolved;
  event.resolved_at = now();
  rules.apply(event, registry, now(), out);
  ASSERT_EQ(out.outbox.size(), 2U);
  EXPECT_LT(out.outbox[0].due, out.outbox[1].due);
}

}  // namespace
}  // namespace peering::alert
