// Every limit of `http::Limits`, with times made short.
#include <atomic>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>

#include "http/server_for_tests.h"

namespace peering::http {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Sends one byte after the other until the server closes or all are sent.
void drip(RawConnection& raw, std::string_view bytes, milliseconds pause) {
  for (const char c : bytes) {
    if (!raw.send({&c, 1}) || raw.is_closed(0)) return;
    std::this_thread::sleep_for(pause);
  }
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

constexpr std::string_view chunked_post = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(ServerTest, AnAnnouncedGigabyteIsRefusedUnread) {
  start(echo);
  const std::string answer = answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 413"), HasSubstr(R"("code":"RequestEntityTooLarge")"),
                            HasSubstr("1000000000"), HasSubstr("4194304")));
  EXPECT_EQ(rejected("body_bytes"), 1);
}

TEST_F(ServerTest, AClientThatWaitsForContinueIsNotAskedForTooMuch) {
  start(echo);
  const std::string answer =
      answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
}

TEST_F(ServerTest, AnEndlessChunkedBodyIsRefusedAtTheLimitInBoundedMemory) {
  start(echo);
  RawConnection raw(port_);
  raw.send(chunked_post);
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  const std::size_t before = resident_bytes();
  std::size_t sent = 0;
  while (sent < 1'000'000'000 && raw.send(chunk)) sent += 0x10000;
  EXPECT_LT(sent, 40'000'000U);
  EXPECT_LT(resident_bytes(), before + 64'000'000);
  EXPECT_THAT(raw.read(), testing::AnyOf(StartsWith("HTTP/1.1 413"), ""));  // "": the reset overtook it
  EXPECT_EQ(rejected("body_bytes"), 1);
}

TEST_F(ServerTest, AChunkedBodyOverTheLimitIsTold) {
  Limits limits;
  limits.body_bytes_max = 100'000;
  start(echo, limits);
  RawConnection raw(port_);
  raw.send(chunked_post);
  for (int i = 0; i < 10; ++i) raw.send("4000\r\n" + std::string(0x4000, 'x') + "\r\n");
  EXPECT_THAT(raw.read(), AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("more than 100000 bytes")));
}

TEST_F(ServerTest, OnlyPostedSamplesMayBeLarger) {
  Limits limits;
  limits.body_bytes_max = 10;
  limits.samples_body_bytes_max = 1000;
  start(echo, limits);
  Client client;
  const std::string body(500, 'x'), larger(1001, 'x');
  EXPECT_EQ(client.send({Method::post, url("/telemetry/samples?x"), {}, body})->status, 200);
  EXPECT_EQ(client.send({Method::post, url("/telemetry/samples"), {}, larger})->status, 413);
  EXPECT_EQ(client.send({Method::put, url("/telemetry/samples"), {}, body})->status, 413);
  EXPECT_EQ(client.send({Method::post, url("/telemetry"), {}, body})->status, 413);
  EXPECT_EQ(client.send({Method::post, url("/telemetry/samples2"), {}, body})->status, 413);
}

TEST_F(ServerTest, AHeadThatDripsIsTimedOut) {
  Limits limits;
  limits.head_time = milliseconds(300);
  start(echo, limits);
  RawConnection raw(port_);
  std::thread writer(
      [&] { drip(raw, "GET / HTTP/1.1\r\nHost: " + std::string(400, 'x'), milliseconds(10)); });
  EXPECT_THAT(raw.read(), AllOf(StartsWith("HTTP/1.1 408"), HasSubstr("RequestTimeout")));
  writer.join();
  EXPECT_EQ(rejected("head_time"), 1);
}

TEST_F(ServerTest, AConnectionThatSaysNothingIsClosed) {
  Limits limits;
  limits.head_time = milliseconds(100);
  start(echo, limits);
  RawConnection raw(port_);
  EXPECT_TRUE(raw.is_closed());
}

TEST_F(ServerTest, AnIdleConnectionIsClosedAfterItsKeepAlive) {
  Limits limits;
  limits.keep_alive = milliseconds(100);
  start(echo, limits);
  RawConnection raw(port_);
  raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(raw.read(), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(raw.is_closed(1));
}

TEST_F(ServerTest, ABodyWithALongPauseIsTimedOut) {
  Limits limits;
  limits.body_gap = milliseconds(100);
  start(echo, limits);
  EXPECT_THAT(answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"),
              AllOf(StartsWith("HTTP/1.1 408"), HasSubstr("RequestTimeout")));
}

TEST_F(ServerTest, ABodyThatDripsIsTimedOutHoweverItIsSent) {
  Limits limits;
  limits.body_mebibyte_time = milliseconds(300);
  start(echo, limits);
  std::string chunks;
  for (int i = 0; i < 100; ++i) chunks += "1\r\nx\r\n";
  for (const std::string& head :
       {std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"),
        std::string(chunked_post)}) {
    RawConnection raw(port_);
    raw.send(head);
    std::thread writer([&] { drip(raw, chunks, milliseconds(5)); });
    EXPECT_THAT(raw.read(), StartsWith("HTTP/1.1 408")) << head;
    writer.join();
  }
  EXPECT_EQ(rejected("body_time"), 3);
}

TEST_F(ServerTest, LongHeadsAndTargetsAreRefused) {
  start(echo);
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: x\r\nCookie: " + std::string(40'000, 'x') + "\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 431"), HasSubstr("RequestHeaderFieldsTooLarge")));
  for (const std::size_t size : {20'000U, 60'000U}) {
    EXPECT_THAT(answer_to("GET /" + std::string(size, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 414"), HasSubstr("RequestUriTooLong")));
  }
}

TEST_F(ServerTest, ThreeHundredConnectionsOfOneClientAreTooMany) {
  start(echo);
  std::vector<std::unique_ptr<RawConnection>> open;
  for (int i = 0; i < 300; ++i) {
    open.push_back(std::make_unique<RawConnection>(port_));
    open.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  int closed = 0;
  for (int i = 0; i < 300; ++i) {
    if (open[static_cast<std::size_t>(i)]->is_closed()) ++closed;
  }
  EXPECT_EQ(closed, 300 - 256);
  EXPECT_EQ(rejected("connections_per_client"), 300 - 256);
  open.clear();
  // The places are free again.
  for (int i = 0; i < 300 && connections() > 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_THAT(answer_to("GET /again HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), HasSubstr("/again"));
}

TEST_F(ServerTest, ConnectionsInAllAreLimited) {
  Limits limits;
  limits.connections_max = 1;
  std::atomic<bool> entered{false}, hold{true};
  start(
      [&](const Request& request) {
        entered = true;
        while (hold) std::this_thread::sleep_for(milliseconds(1));
        return echo(request);
      },
      limits);
  RawConnection first(port_);
  first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!entered) std::this_thread::sleep_for(milliseconds(1));
  RawConnection second(port_);
  EXPECT_TRUE(second.is_closed());
  EXPECT_EQ(rejected("connections"), 1);
  hold = false;
  EXPECT_THAT(first.read(200), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, WhoWaitsLongestForItsClientMakesRoom) {
  Limits limits;
  limits.connections_max = 3;
  start(echo, limits);
  RawConnection silent(port_), in_head(port_), in_body(port_);
  in_head.send("GET / HT");
  in_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  while (connections() < 3) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(50));
  std::vector<RawConnection*> in_order = {&silent, &in_head, &in_body};
  std::vector<std::unique_ptr<RawConnection>> newer;
  for (RawConnection* longest : in_order) {
    EXPECT_FALSE(longest->is_closed(50));
    newer.push_back(std::make_unique<RawConnection>(port_));
    newer.back()->send("GET /new HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(newer.back()->read(100), HasSubstr("GET /new"));
    EXPECT_TRUE(longest->is_closed());
  }
  EXPECT_EQ(rejected("room_for_others"), 3);
  EXPECT_EQ(rejected("connections"), 0);
}

class SharedBodiesTest : public ServerTest {
 protected:
  // A handler that holds its body until it is let go.
  void hold_bodies(milliseconds gap) {
    Limits limits;
    limits.bodies_bytes_max = 200'000;
    limits.body_gap = gap;
    start(
        [this](const Request& request) {
          ++entered_;
          while (hold_ && request.target == "/held") std::this_thread::sleep_for(milliseconds(1));
          return Response{};
        },
        limits);
    holder_ = std::make_unique<RawConnection>(port_);
    holder_->send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" +
                  std::string(200'000, 'x'));
    while (entered_ == 0) std::this_thread::sleep_for(milliseconds(1));
  }
  void TearDown() override { hold_ = false; }

  std::atomic<bool> hold_{true};
  std::atomic<int> entered_{0};
  std::unique_ptr<RawConnection> holder_;
};

constexpr std::string_view small_post = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";

TEST_F(SharedBodiesTest, MoreThanAllBodiesMayHoldIsRefusedForAWhile) {
  hold_bodies(milliseconds(100));
  EXPECT_THAT(answer_to(small_post), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 1"),
                                           HasSubstr("ServiceUnavailable")));
  EXPECT_EQ(rejected("bodies_bytes"), 1);
  hold_ = false;
  EXPECT_THAT(holder_->read(200), StartsWith("HTTP/1.1 200"));
  RawConnection later(port_);
  later.send(small_post);
  EXPECT_THAT(later.read(200), StartsWith("HTTP/1.1 200"));
}

TEST_F(SharedBodiesTest, ABodyThatWaitsForItsTurnIsTakenThen) {
  hold_bodies(milliseconds(5000));
  RawConnection waiting(port_);
  waiting.send(small_post);
  EXPECT_EQ(waiting.read(100), "");
  hold_ = false;
  EXPECT_THAT(waiting.read(500), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, BodiesThatTogetherAreTooManyAllArriveInTheEnd) {
  Limits limits;
  limits.body_bytes_max = limits.samples_body_bytes_max = 1'000'000;
  limits.bodies_bytes_max = 3'000'000;
  limits.body_gap = milliseconds(5000);
  start(echo, limits);
  // Each has sent all but its last byte before any may finish.
  std::vector<std::unique_ptr<RawConnection>> open;
  for (int i = 0; i < 6; ++i) {
    open.push_back(std::make_unique<RawConnection>(port_));
    open.back()->send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  }
  std::vector<std::thread> senders;
  for (const auto& raw : open) {
    senders.emplace_back([&raw] { raw->send(std::string(1'000'000, 'x')); });
  }
  for (const auto& raw : open) EXPECT_THAT(raw->read(500), StartsWith("HTTP/1.1 200"));
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(rejected("bodies_bytes"), 0);
}

TEST_F(ServerTest, ABodyIsNotHeldWhileItsAnswerIsSent) {
  Limits limits;
  limits.bodies_bytes_max = 400'000;
  // Held, it would be held for ever: nobody takes the answer. Making that one may take a while.
  limits.body_gap = milliseconds(5000);
  start([](const Request&) { return Response{200, {}, std::string(60'000'000, 'x'), nullptr, nullptr}; },
        limits);
  RawConnection slow(port_);
  slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'x'));
  std::this_thread::sleep_for(milliseconds(200));
  RawConnection other(port_);
  other.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'x'));
  EXPECT_THAT(other.read(8000).substr(0, 12), "HTTP/1.1 200");
}

TEST_F(ServerTest, LargeAnswersThatNobodyTakesAreLimited) {
  Limits limits;
  limits.answers_bytes_max = 100'000'000;
  start(
      [](const Request& request) {
        return Response{
            200, {}, std::string(request.target == "/small" ? 60'000 : 60'000'000, 'x'), nullptr, nullptr};
      },
      limits);
  RawConnection slow(port_), second(port_), small(port_);
  // An answer that has begun counts until it is taken, however busy the machine is.
  constexpr int patience_ms = 30'000;
  slow.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(slow.is_readable(patience_ms));
  second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(second.is_readable(patience_ms));
  EXPECT_THAT(second.read(1000), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 1")));
  EXPECT_EQ(rejected("answers_bytes"), 1);
  small.send("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(small.is_readable(patience_ms));
  EXPECT_THAT(small.read(1000), StartsWith("HTTP/1.1 200"));
  EXPECT_GT(slow.read().size(), 60'000'000U);
  for (int i = 0; i < 100 && rejected("answers_bytes") < 2; ++i) {
    second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(second.is_readable(patience_ms));
    if (second.read(1000).starts_with("HTTP/1.1 200")) break;
  }
  EXPECT_EQ(rejected("answers_bytes"), 1);
}

TEST_F(ServerTest, WithoutAFreeWorkerTheClientMayTryAgain) {
  runtime::WorkerPool one(1, 1);
  std::atomic<bool> hold{true};
  const auto handler = [&](const Request& request) {
    while (hold) std::this_thread::sleep_for(milliseconds(1));
    return echo(request);
  };
  server_.emplace(handler, Limits{}, one, metrics_);
  port_ = server_->listen({"127.0.0.1", 0}, std::nullopt).value().port;
  std::vector<std::unique_ptr<RawConnection>> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(std::make_unique<RawConnection>(port_));
    open.back()->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  for (int i = 0; i < 500 && rejected("workers") < 2; ++i) std::this_thread::sleep_for(milliseconds(5));
  hold = false;
  int busy = 0, done = 0;
  for (const auto& raw : open) {
    const std::string answer = raw->read(200);
    if (answer.starts_with("HTTP/1.1 200")) ++done;
    if (answer.starts_with("HTTP/1.1 503") && answer.find("Retry-After: 1") != std::string::npos) ++busy;
  }
  EXPECT_EQ(done + busy, 4);
  EXPECT_GE(busy, 2);
  server_.reset();
}

}  // namespace
}  // namespace peering::http
