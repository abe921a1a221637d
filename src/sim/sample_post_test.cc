#include "sim/sample_post.h"

#include <atomic>

#include <gtest/gtest.h>

#include "http/server.h"

namespace peering::sim {
namespace {

using std::chrono::milliseconds;

class SamplePosts : public ::testing::Test {
 protected:
  ~SamplePosts() override {
    if (server_) server_->stop();
    workers_.stop();
  }
  // Answers with `status` so often, then with 202.
  std::string start(int status, int times) {
    server_ = std::make_unique<http::Server>(
        [this, status, times](const http::Request&) {
          http::Response out;
          out.status = ++asked_ <= times ? status : 202;
          if (status == 503) out.headers.set("Retry-After", "3");
          out.body = R"({"accepted":5,"rejected":1,"unmatched":2,"errors":[{"index":0}]})";
          return out;
        },
        http::Limits{}, workers_, metrics_);
    return "http://" + server_->listen({"127.0.0.1", 0}, std::nullopt).value().to_string() +
           "/telemetry/samples";
  }
  Result<http::Response> post(const std::string& url) {
    http::Client client;
    SamplePost message;
    message.url = url;
    message.idempotency_key = "k1";
    message.body = "{}\n";
    return post_samples(client, message, {3, milliseconds(7), milliseconds(1000)},
                        [this](milliseconds pause) {
                          pauses_.push_back(pause);
                          return go_on_;
                        });
  }

  std::atomic<int> asked_{0};
  bool go_on_ = true;
  std::vector<milliseconds> pauses_;
  Metrics metrics_;
  runtime::WorkerPool workers_{1, 8};
  std::unique_ptr<http::Server> server_;
};

TEST_F(SamplePosts, AreSentAgainUntilTheServerTakesThem) {
  const auto answer = post(start(503, 2));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(asked_, 3);
  EXPECT_EQ(pauses_, (std::vector<milliseconds>{milliseconds(1000), milliseconds(1000)}))
      << "Retry-After, limited";
  EXPECT_EQ(read_post_answer(*answer).accepted, 5U);
  EXPECT_EQ(read_post_answer(*answer).errors.size(), 1U);
}

TEST_F(SamplePosts, AreNotSentAgainWhenTheyAreRefused) {
  const auto answer = post(start(400, 9));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(asked_, 1);
}

TEST_F(SamplePosts, EndAfterTheLastAttempt) {
  const auto answer = post(start(507, 9));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 507);
  EXPECT_EQ(asked_, 3);
  EXPECT_EQ(pauses_, (std::vector<milliseconds>{milliseconds(7), milliseconds(14)}));
}

TEST_F(SamplePosts, EndWhenThereIsNoTimeToWait) {
  go_on_ = false;
  EXPECT_FALSE(post("http://127.0.0.1:1/telemetry/samples"));
  EXPECT_EQ(pauses_.size(), 1U);
}

}  // namespace
}  // namespace peering::sim
