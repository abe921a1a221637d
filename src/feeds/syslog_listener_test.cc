#include "feeds/syslog_listener.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

namespace peering::feeds {
namespace {

namespace net_io = boost::asio;
using testing::ElementsAre;
using namespace std::chrono_literals;

class SyslogTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto bound = listener.listen({"127.0.0.1", 0});
    ASSERT_TRUE(bound) << bound.error().message;
    where = *bound;
  }

  bool take(std::string_view host, std::string_view content) {
    if (full) return false;
    const std::lock_guard lock(mutex);
    said.push_back(std::string(host) + ": " + std::string(content));
    return true;
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex);
    return said;
  }
  template <class Condition>
  static bool comes_true(Condition&& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
    return condition();
  }
  double metric(std::string_view line) {
    const std::string text = metrics.render();
    const std::size_t at = text.find("\n" + std::string(line) + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size() + 2));
  }

  net_io::ip::tcp::socket connected() {
    net_io::ip::tcp::socket out(context);
    out.connect({net_io::ip::make_address(where.host), where.port});
    return out;
  }
  static void write(net_io::ip::tcp::socket& socket, std::string_view text) {
    net_io::write(socket, net_io::buffer(text));
  }
  void send(std::string_view text) {
    net_io::ip::udp::socket socket(context, net_io::ip::udp::v4());
    socket.send_to(net_io::buffer(text), {net_io::ip::make_address(where.host), where.port});
  }

  std::atomic<bool> full = false;
  std::mutex mutex;
  std::vector<std::string> said;
  Metrics metrics;
  net_io::io_context context;
  SyslogListener listener{
      {.connections_max = 2, .partial_message_time = 200ms},
      [this](std::string_view host, std::string_view content) { return take(host, content); },
      metrics};
  http::Endpoint where;
};

TEST_F(SyslogTest, DatagramsAndStreamsComeOnOnePort) {
  send("<13>Nov 23 16:13:36 edge-1 app: one");
  ASSERT_TRUE(comes_true([&] { return all().size() == 1; }));
  auto stream = connected();
  write(stream, "<13>two\n25 <13>1 - h a - - - thr");
  ASSERT_TRUE(comes_true([&] { return all().size() == 2; }));
  write(stream, "<13>four\n");
  ASSERT_TRUE(comes_true([&] { return all().size() == 4; }));
  EXPECT_THAT(all(), ElementsAre("edge-1: one", "127.0.0.1: two", "h: thr<13>", "127.0.0.1: four"))
      << "a count is believed, whatever it covers";
}

TEST_F(SyslogTest, AFullSinkMakesAStreamWaitAndDropsDatagrams) {
  full = true;
  auto stream = connected();
  write(stream, "<13>one\n<13>two\n");
  ASSERT_TRUE(comes_true([&] { return metric("peering_syslog_waits_total") == 1; }));
  send("<13>lost");
  ASSERT_TRUE(comes_true([&] { return metric("peering_syslog_dropped_total") == 1; }));
  EXPECT_EQ(listener.dropped_lately(), 1U);
  std::this_thread::sleep_for(500ms);  // longer than a partial message may take
  full = false;
  ASSERT_TRUE(comes_true([&] { return all().size() == 2; }));
  EXPECT_THAT(all(), ElementsAre("127.0.0.1: one", "127.0.0.1: two"));
}

TEST(SyslogDrops, WhatTheKernelDropsIsCountedAndToldForAWhile) {
  Metrics metrics;
  std::mutex slow;
  std::atomic<int> taken = 0;
  SyslogListener listener(
      {.datagram_buffer_bytes = 1, .drops_told_for = 1500ms, .partial_message_time = 40ms},
      [&](std::string_view, std::string_view) {
        const std::lock_guard lock(slow);
        ++taken;
        return true;
      },
      metrics);
  const auto where = listener.listen({"127.0.0.1", 0}).value();
  net_io::io_context context;
  net_io::ip::udp::socket socket(context, net_io::ip::udp::v4());
  const net_io::ip::udp::endpoint to(net_io::ip::make_address(where.host), where.port);
  constexpr int sent = 200;
  {
    const std::lock_guard nobody_reads(slow);
    for (int i = 0; i < sent; ++i) socket.send_to(net_io::buffer(std::string("<13>line")), to);
  }
  const auto dropped = [&] { return listener.dropped_lately(); };
  for (int i = 0; i < 200 && taken + static_cast<int>(dropped()) < sent; ++i)
    std::this_thread::sleep_for(5ms);
  EXPECT_GT(dropped(), 0U);
  EXPECT_EQ(taken + static_cast<int>(dropped()), sent) << "each is taken or told as dropped";
  for (int i = 0; i < 1000 && dropped() > 0; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(dropped(), 0U) << "it is over";
}

TEST_F(SyslogTest, AMessageThatDoesNotGoOnEndsItsConnection) {
  auto stream = connected();
  write(stream, "<13>no end");
  char byte = 0;
  boost::system::error_code error;
  stream.read_some(net_io::buffer(&byte, 1), error);
  EXPECT_TRUE(error) << "closed by the listener";
  EXPECT_TRUE(all().empty());
}

TEST_F(SyslogTest, AQuietConnectionStays) {
  auto stream = connected();
  write(stream, "<13>one\n");
  ASSERT_TRUE(comes_true([&] { return all().size() == 1; }));
  std::this_thread::sleep_for(500ms);
  write(stream, "<13>two\n");
  EXPECT_TRUE(comes_true([&] { return all().size() == 2; }));
}

TEST_F(SyslogTest, MoreConnectionsThanAllowedAreClosed) {
  auto first = connected(), second = connected();
  write(first, "<13>one\n");
  write(second, "<13>two\n");
  ASSERT_TRUE(comes_true([&] { return all().size() == 2; }));
  auto third = connected();
  char byte = 0;
  boost::system::error_code error;
  third.read_some(net_io::buffer(&byte, 1), error);
  EXPECT_TRUE(error);
  EXPECT_EQ(metric("peering_syslog_refused_total"), 1);
}

}  // namespace
}  // namespace peering::feeds
