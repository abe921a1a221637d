// Answers that no worker gives.
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "http/server_for_tests.h"

namespace peering::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class AtOnceTest : public ServerTest {
 protected:
  static std::optional<Response> quick(const Request& request) {
    if (!request.target.starts_with("/quick")) return std::nullopt;
    Response out;
    out.body = "at once " + request.target;
    return out;
  }
};

TEST_F(AtOnceTest, WhatIsNotAnsweredAtOnceGoesToAWorker) {
  start(echo, {}, quick);
  Client client;
  EXPECT_EQ(client.send({Method::get, url("/quick/1"), {}, ""})->body, "at once /quick/1");
  EXPECT_EQ(client.send({Method::get, url("/slow"), {}, ""})->body, "GET /slow ");
  EXPECT_EQ(client.send({Method::get, url("/quick/2"), {}, ""})->body, "at once /quick/2");
  EXPECT_EQ(metrics_.counter("peering_http_requests_total", "", {{"method", "GET"}, {"code", "200"}}).value(),
            3);
}

TEST_F(AtOnceTest, WorkersThatAreAllBusyHoldNobodyUp) {
  std::atomic<bool> go{false};
  start(
      [&](const Request& request) {
        while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return echo(request);
      },
      {}, quick);
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back([&] {
      Client client;
      EXPECT_EQ(client.send({Method::get, url("/slow"), {}, ""})->status, 200);
    });
  }
  Client client;
  EXPECT_EQ(client.send({Method::get, url("/quick"), {}, ""})->body, "at once /quick");
  go = true;
  for (std::thread& each : waiting) each.join();
}

TEST_F(AtOnceTest, WhatIsDecidedAtOnceMayBeAnsweredLaterFromAnyThread) {
  std::atomic<int> handled{0};
  std::vector<std::thread> tellers;
  start(
      [&](const Request& request) {
        ++handled;
        return echo(request);
      },
      {},
      [&](const Request& request) {
        Response out;
        out.later = [&tellers, target = request.target](std::function<void(Response)> give) {
          const auto tell = [give = std::move(give), target] {
            Response told;
            told.status = 201;
            told.body = "later " + target;
            give(told);
          };
          if (target == "/within") return tell();
          tellers.emplace_back(tell);
        };
        return std::optional(out);
      });
  Client client;
  for (const std::string target : {"/within", "/1", "/2"}) {
    const auto answer = client.send({Method::put, url(target), {}, "x"});
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->body, "later " + target);
  }
  EXPECT_EQ(handled, 0) << "no worker had a part in it";
  for (std::thread& each : tellers) each.join();
}

TEST_F(AtOnceTest, PipelinedRequestsAreAnsweredInOrder) {
  start(echo, {}, quick);
  std::string all;
  for (int i = 0; i < 60; ++i) {
    all += fmt::format("GET /{}/{:03} HTTP/1.1\r\nHost: x\r\n\r\n", i % 3 == 0 ? "slow" : "quick", i);
  }
  RawConnection raw(port_);
  for (std::size_t at = 0; at < all.size(); at += 41) raw.send(std::string_view(all).substr(at, 41));
  const std::string answers = raw.read(300);
  std::size_t last = 0;
  for (int i = 0; i < 60; ++i) {
    const std::size_t at = answers.find(fmt::format("/{:03}", i));
    ASSERT_NE(at, std::string::npos) << i;
    EXPECT_GE(at, last);
    last = at;
  }
}

TEST_F(AtOnceTest, AnAnswerThatTheSocketCannotTakeIsSentWhole) {
  const std::string body(32 * 1024 * 1024, 'x');
  start(echo, {}, [&](const Request&) {
    Response out;
    out.body = body;
    return std::optional(out);
  });
  Client client;
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.send({Method::get, url("/"), {}, ""});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body.size(), body.size());
  }
}

TEST_F(AtOnceTest, AnExceptionIsOurFault) {
  start(echo, {}, [](const Request&) -> std::optional<Response> { throw std::runtime_error("broken"); });
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 500"));
}

TEST_F(AtOnceTest, AClientThatAsksToCloseIsClosed) {
  start(echo, {}, quick);
  const std::string answer = answer_to("GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("at once /quick"));
}

TEST_F(AtOnceTest, AnIdleConnectionIsClosedAfterItsAnswers) {
  Limits limits;
  limits.keep_alive = std::chrono::milliseconds(100);
  start(echo, limits, quick);
  RawConnection raw(port_);
  for (int i = 0; i < 3; ++i) {
    raw.send("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(raw.read(50), EndsWith("at once /quick"));
  }
  EXPECT_EQ(raw.read(), "") << "closed without another word";
}

}  // namespace
}  // namespace peering::http
