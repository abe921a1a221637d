// Streamed bodies, and clients that do not keep up with them.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "http/server_for_tests.h"
#include "http/stream_channel.h"

namespace peering::http {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

class StreamTest : public ServerTest {
 protected:
  void start_stream(const std::function<void(std::shared_ptr<BodySink>)>& stream) {
    start([stream](const Request&) {
      Response out;
      out.headers.set("Content-Type", "text/event-stream");
      out.stream = stream;
      return out;
    });
  }
  // Keeps the sink of the one client.
  void start_and_keep() {
    start_stream([this](std::shared_ptr<BodySink> given) {
      sink_ = std::move(given);
      begun_ = true;
    });
  }
  void wait_begun() {
    while (!begun_) std::this_thread::sleep_for(milliseconds(1));
  }
  bool is_told(int tries = 400) {
    while (tries-- > 0 && sink_->write("")) std::this_thread::sleep_for(milliseconds(10));
    return tries >= 0;
  }

  std::shared_ptr<BodySink> sink_;
  std::atomic<bool> begun_{false};
};

TEST_F(StreamTest, ChunksArriveAsTheyAreWritten) {
  start_and_keep();
  Client client;
  std::string all;
  std::thread writer([&] {
    wait_begun();
    sink_->write("one;");
  });
  const auto answer = client.stream({Method::get, url("/"), {}, ""}, [&](std::string_view chunk) {
    all += chunk;
    // Only now: the first one must not wait for the second.
    if (all == "one;") {
      sink_->write("two;");
      sink_->close();
    }
    return true;
  });
  writer.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->headers.get("content-type"), "text/event-stream");
  EXPECT_EQ(all, "one;two;");
}

TEST_F(StreamTest, WhatWasWrittenBeforeTheCloseIsSent) {
  start_stream([](std::shared_ptr<BodySink> sink) {
    EXPECT_TRUE(sink->write("all of it"));
    sink->close();
    EXPECT_FALSE(sink->write("too late"));
  });
  EXPECT_THAT(answer_to(get), EndsWith("9\r\nall of it\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, AForgottenSinkEndsTheBody) {
  start_stream([](std::shared_ptr<BodySink> sink) { sink->write("x"); });
  EXPECT_THAT(answer_to(get), EndsWith("1\r\nx\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, AnExceptionEndsTheBody) {
  start_stream([](std::shared_ptr<BodySink>) { throw std::runtime_error("expected in this test"); });
  EXPECT_THAT(answer_to(get), EndsWith("0\r\n\r\n"));
}

TEST_F(StreamTest, HeadStartsNoStream) {
  start_and_keep();
  EXPECT_THAT(answer_to("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\n")));
  EXPECT_FALSE(begun_);
}

TEST_F(StreamTest, OldClientsGetTheBodyWithoutChunks) {
  start_stream([](std::shared_ptr<BodySink> sink) { sink->write("plain"); });
  EXPECT_THAT(answer_to("GET / HTTP/1.0\r\n\r\n"),
              AllOf(Not(HasSubstr("chunked")), EndsWith("\r\n\r\nplain")));
}

TEST_F(StreamTest, AFollowerThatReadsNothingIsDropped) {
  std::atomic<int> written{0};
  std::atomic<bool> dropped{false};
  start_stream([&](std::shared_ptr<BodySink> sink) {
    while (sink->write(std::string(60'000, 'x')) && ++written < 2000) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    dropped = true;
  });
  RawConnection raw(port_);
  raw.send(get);
  for (int i = 0; i < 500 && !dropped; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_TRUE(dropped);
  EXPECT_LT(written, 2000);
}

TEST_F(StreamTest, AFollowerThatLeavesIsNoticedThoughNothingIsSent) {
  start_and_keep();
  {
    RawConnection raw(port_);
    raw.send(get);
    wait_begun();
    EXPECT_TRUE(sink_->write(""));
  }
  EXPECT_TRUE(is_told());
  for (int i = 0; i < 300 && connections() > 0; ++i) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(connections(), 0);
}

TEST_F(StreamTest, ASinkMayOutliveItsServer) {
  start_and_keep();
  RawConnection raw(port_);
  raw.send(get);
  wait_begun();
  server_.reset();
  EXPECT_FALSE(sink_->write("x"));
  sink_->close();
  EXPECT_THAT(raw.read(), StartsWith("HTTP/1.1 200"));
}

TEST_F(StreamTest, StoppingEndsStreamsAtOnce) {
  start_and_keep();
  RawConnection raw(port_);
  raw.send(get);
  wait_begun();
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2000));
  EXPECT_FALSE(sink_->write("x"));
}

TEST(StreamChannel, HoldsSixtyFourKibibytesOrOneLargerChunk) {
  int woken = 0;
  StreamChannel channel([&] { ++woken; });
  EXPECT_TRUE(channel.write(std::string(100'000, 'a')));
  EXPECT_EQ(channel.take().bytes.size(), 100'000U);
  EXPECT_TRUE(channel.write(std::string(40'000, 'b')));
  EXPECT_TRUE(channel.write(std::string(25'536, 'c')));
  EXPECT_FALSE(channel.write("d"));
  EXPECT_FALSE(channel.write(""));
  EXPECT_TRUE(channel.take().abandoned);
  EXPECT_EQ(woken, 4);
}

}  // namespace
}  // namespace peering::http
