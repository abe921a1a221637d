#include "feeds/bmp_listener.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feeds/bmp_test_router.h"
#include "feeds/recorded_sink.h"

namespace peering::feeds {
namespace {

using namespace test;
using namespace std::chrono_literals;
using rib::RouteBatch;

// A router's end of the TCP connection.
class Router {
 public:
  explicit Router(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~Router() { close(); }
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // False when the station has closed the connection.
  bool send(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // True when the station closes within the time.
  bool closed_within(std::chrono::milliseconds time) {
    pollfd wait{socket_, POLLIN, 0};
    char byte = 0;
    return ::poll(&wait, 1, static_cast<int>(time.count())) == 1 && ::recv(socket_, &byte, 1, 0) <= 0;
  }

 private:
  int socket_;
};

class BmpListenerTest : public testing::Test {
 protected:
  void start(const BmpSettings& settings = {}) {
    listener_ = std::make_unique<BmpListener>(settings, peers_, sink_, metrics_);
    const auto bound = listener_->listen({"127.0.0.1", 0});
    ASSERT_TRUE(bound) << bound.error().message;
    port_ = bound->port;
  }
  double malformed(const std::string& reason) {
    return metrics_.counter("peering_bmp_malformed_total", "", {{"reason", reason}}).value();
  }
  double value(const std::string& name) { return metrics_.counter(name, "").value(); }

  Metrics metrics_;
  PeerRegistry peers_;
  RecordedSink sink_{1};
  std::unique_ptr<BmpListener> listener_;
  std::uint16_t port_ = 0;
  wire::bmp::PerPeerHeader peer_ = peer_header();
};

TEST_F(BmpListenerTest, RoutesOfARouterReachTheShardInOrder) {
  start();
  Router router(port_);
  router.send(initiation());
  router.send(peer_up(peer_));
  router.send(announce(peer_, "203.0.113.0/24"));
  router.send(withdraw(peer_, "203.0.113.0/24"));
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(2));
  const auto messages = sink_.taken(0);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(std::get<RouterUp>(messages[0]).router, "edge-1");
  EXPECT_EQ(std::get<PeerUp>(messages[1]).peer->asn, peer_asn);
  EXPECT_EQ(std::get<RouteBatch>(messages[2]).announced.size(), 1U);
  EXPECT_EQ(std::get<RouteBatch>(messages[3]).withdrawn.size(), 1U);
  router.close();
  ASSERT_TRUE(sink_.wait_for_count<RouterDown>(1));
  EXPECT_EQ(sink_.all<RouterDown>()[0].reason, "closed by the router");
}

TEST_F(BmpListenerTest, BytesThatComeOneByOneAreTheSameMessages) {
  start();
  Router router(port_);
  for (const Frame& frame : {initiation(), peer_up(peer_), announce(peer_, "203.0.113.0/24")}) {
    for (const std::uint8_t byte : frame) ASSERT_TRUE(router.send(std::span(&byte, 1)));
  }
  EXPECT_TRUE(sink_.wait_for_count<RouteBatch>(1));
}

TEST_F(BmpListenerTest, ALengthThatLiesClosesTheSession) {
  start();
  Frame too_short = initiation(), too_long = initiation(), other_version = initiation();
  too_short[4] = 5;
  too_long[1] = 0x7f;
  other_version[0] = 4;
  for (const Frame& frame : {too_short, too_long, other_version}) {
    Router router(port_);
    router.send(initiation());
    router.send(frame);
    EXPECT_TRUE(router.closed_within(5s));
  }
  EXPECT_EQ(malformed("frame"), 3);
  EXPECT_TRUE(sink_.wait_for_count<RouterDown>(3));
}

TEST_F(BmpListenerTest, UnknownTypesAreSkipped) {
  start();
  Router router(port_);
  Frame unknown = initiation();
  unknown[5] = 99;
  router.send(unknown);
  router.send(initiation());
  EXPECT_TRUE(sink_.wait_for_count<RouterUp>(1));
}

TEST_F(BmpListenerTest, AMessageThatDripsIsClosedButAQuietRouterIsNot) {
  BmpSettings settings;
  settings.partial_message_time = 200ms;
  start(settings);
  Router quiet(port_), dripping(port_), silent(port_);
  quiet.send(initiation("quiet"));
  dripping.send(initiation("dripping"));
  ASSERT_TRUE(sink_.wait_for_count<RouterUp>(2));
  // A byte often enough that the connection is never idle, and too seldom to become a message.
  std::thread slow([&] {
    const Frame frame = announce(peer_, "203.0.113.0/24");
    for (const std::uint8_t byte : frame) {
      if (!dripping.send(std::span(&byte, 1))) return;
      std::this_thread::sleep_for(20ms);
    }
  });
  EXPECT_TRUE(sink_.wait_for_count<RouterDown>(1));
  slow.join();
  EXPECT_EQ(sink_.all<RouterDown>()[0].router, "dripping");
  EXPECT_TRUE(silent.closed_within(5s));
  EXPECT_FALSE(quiet.closed_within(500ms));
  EXPECT_EQ(malformed("incomplete"), 2);
}

TEST_F(BmpListenerTest, SessionsOverTheLimitAreClosed) {
  BmpSettings settings;
  settings.sessions_max = 2;
  start(settings);
  Router first(port_), second(port_);
  first.send(initiation("first"));
  second.send(initiation("second"));
  ASSERT_TRUE(sink_.wait_for_count<RouterUp>(2));
  Router third(port_);
  EXPECT_TRUE(third.closed_within(5s));
  EXPECT_EQ(value("peering_bmp_sessions_refused_total"), 1);
  first.close();
  ASSERT_TRUE(sink_.wait_for_count<RouterDown>(1));
  Router fourth(port_);
  fourth.send(initiation("fourth"));
  EXPECT_TRUE(sink_.wait_for_count<RouterUp>(3));
}

TEST_F(BmpListenerTest, AFullMailboxMakesTheReaderWaitAndNothingIsLost) {
  start();
  Router router(port_);
  router.send(initiation());
  ASSERT_TRUE(sink_.wait_for_count<RouterUp>(1));
  sink_.refuse(true);
  router.send(peer_up(peer_));
  constexpr std::uint32_t count = 20000;
  std::thread sending([&] {
    for (std::uint32_t i = 0; i < count; ++i) {
      Routes one{{{net::Prefix(net::Address::v4(0x0b000000 + (i << 8)), 24), 0}}, {}};
      router.send(routes(peer_, one));
    }
    router.close();
  });
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(sink_.taken(0).size(), 1U);
  EXPECT_GE(value("peering_bmp_waits_total"), 1);
  sink_.refuse(false);
  ASSERT_TRUE(sink_.wait_for_count<RouterDown>(1));
  sending.join();
  const auto batches = sink_.all<RouteBatch>();
  ASSERT_EQ(batches.size(), count);
  for (std::uint32_t i = 0; i < count; ++i) {
    ASSERT_EQ(batches[i].announced[0].address(), net::Address::v4(0x0b000000 + (i << 8)));
  }
}

TEST_F(BmpListenerTest, TenRoutersAtOnceWaitForAPausedShard) {
  start();
  sink_.refuse(true);
  constexpr std::uint32_t routers = 10, count = 5'000;
  std::vector<std::thread> senders;
  for (std::uint32_t number = 0; number < routers; ++number) {
    senders.emplace_back([this, number] {
      Router router(port_);
      router.send(initiation("edge-" + std::to_string(number)));
      router.send(peer_up(peer_));
      for (std::uint32_t i = 0; i < count; ++i) {
        Routes one{{{net::Prefix(net::Address::v4(0x0b000000 + (i << 8)), 24), 0}}, {}};
        router.send(routes(peer_, one));
      }
      router.close();
    });
  }
  for (int i = 0; i < 3000 && value("peering_bmp_waits_total") < routers; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_EQ(value("peering_bmp_waits_total"), routers) << "each waits with its first message";
  const double read = value("peering_bmp_bytes_total");
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(value("peering_bmp_bytes_total"), read) << "nobody reads on";
  EXPECT_TRUE(sink_.taken(0).empty());
  sink_.refuse(false);
  ASSERT_TRUE(sink_.wait_for_count<RouterDown>(routers));
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(sink_.all<RouteBatch>().size(), routers * count);
}

TEST_F(BmpListenerTest, ASlowShardOfOneRouterDoesNotOvertakeItsReconnect) {
  start();
  sink_.refuse(true);
  Router before(port_);
  before.send(initiation());
  before.send(peer_up(peer_));
  std::this_thread::sleep_for(50ms);
  before.close();
  Router after(port_);
  after.send(initiation());
  after.send(peer_up(peer_));
  std::this_thread::sleep_for(100ms);
  sink_.refuse(false);
  ASSERT_TRUE(sink_.wait_for_count<PeerUp>(1));
  ASSERT_TRUE(after.send(announce(peer_, "203.0.113.0/24")));
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(1));
  std::string order;
  for (const Said& message : sink_.taken(0)) {
    if (std::holds_alternative<RouterUp>(message)) order += 'U';
    if (std::holds_alternative<RouterDown>(message)) order += 'D';
    if (std::holds_alternative<PeerUp>(message)) order += 'p';
  }
  // Who reads first decides how much of the old session is said at all. If its peer was, the router went and
  // came before the new one's; nothing ends after that.
  const std::size_t last = order.rfind('p');
  ASSERT_NE(last, std::string::npos) << order;
  EXPECT_EQ(order.find('D', last), std::string::npos) << order;
  const std::size_t first = order.find('p');
  if (first != last) {
    EXPECT_LT(order.find("DU", first), last) << order;
  }
}

TEST_F(BmpListenerTest, AReconnectThatOvertakesTheOldConnectionReplacesIt) {
  start();
  Router old(port_);
  old.send(initiation());
  old.send(peer_up(peer_));
  ASSERT_TRUE(sink_.wait_for_count<PeerUp>(1));
  Router again(port_);
  again.send(initiation());
  again.send(peer_up(peer_));
  ASSERT_TRUE(sink_.wait_for_count<PeerUp>(2));
  EXPECT_TRUE(old.closed_within(5s));
  again.send(announce(peer_, "203.0.113.0/24"));
  ASSERT_TRUE(sink_.wait_for_count<RouteBatch>(1));
  const auto sessions = peers_.sessions().snapshot();
  ASSERT_EQ(sessions->all().size(), 1U);
  EXPECT_TRUE(sessions->all()[0].established) << "the one that is left tells of it";
  EXPECT_EQ(sink_.all<RouterDown>().size(), 1U);
  const auto messages = sink_.taken(0);
  EXPECT_TRUE(std::holds_alternative<RouterUp>(messages[messages.size() - 3]));
}

TEST_F(BmpListenerTest, TwoRoutersOfOneNameStayBothAndEndOneByOne) {
  start();
  Router one(port_), two(port_);
  one.send(initiation());
  one.send(peer_up(peer_header("192.0.2.1")));
  ASSERT_TRUE(sink_.wait_for_count<PeerUp>(1));
  two.send(initiation());
  two.send(peer_up(peer_header("192.0.2.2")));
  ASSERT_TRUE(sink_.wait_for_count<PeerUp>(2));
  one.close();
  ASSERT_TRUE(sink_.wait_for_count<PeerDown>(1));
  EXPECT_EQ(sink_.all<PeerDown>()[0].peer->key.address, address("192.0.2.1"));
  EXPECT_TRUE(sink_.all<RouterDown>().empty());
  two.close();
  EXPECT_TRUE(sink_.wait_for_count<RouterDown>(1));
}

TEST_F(BmpListenerTest, TerminationEndsTheSession) {
  start();
  Router router(port_);
  router.send(initiation());
  router.send(wire::bmp::encode_termination(0));
  EXPECT_TRUE(router.closed_within(5s));
  ASSERT_TRUE(sink_.wait_for_count<RouterDown>(1));
  EXPECT_EQ(sink_.all<RouterDown>()[0].reason, "terminated: administratively closed");
}

TEST_F(BmpListenerTest, OurOwnStopIsNoNews) {
  start();
  Router router(port_), waiting(port_);
  router.send(initiation());
  ASSERT_TRUE(sink_.wait_for_count<RouterUp>(1));
  sink_.refuse(true);
  waiting.send(initiation("edge-2"));
  std::this_thread::sleep_for(20ms);
  listener_->stop();
  EXPECT_TRUE(router.closed_within(5s));
  EXPECT_TRUE(sink_.all<RouterDown>().empty());
}

TEST_F(BmpListenerTest, AnAddressThatIsTakenIsAnError) {
  start();
  BmpListener second({}, peers_, sink_, metrics_);
  const auto bound = second.listen({"127.0.0.1", port_});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, ErrorCode::io);
}

TEST_F(BmpListenerTest, RecordedStreamsSurviveACutAnywhere) {
  const char* named = std::getenv("PEERING_SHARED");
  const auto folder = std::filesystem::path(named ? named : PEERING_SOURCE_DIR "/../shared") / "data/bmp/raw";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "skipped: no shared data";
  start();
  std::mt19937 random(11);
  std::size_t sessions = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
    for (int round = 0; round < 4; ++round, ++sessions) {
      Router router(port_);
      const std::size_t length = round == 0 ? bytes.size() : 6 + random() % (bytes.size() - 5);
      auto rest = std::span<const std::uint8_t>(bytes).first(length);
      while (!rest.empty()) {
        const std::size_t piece = std::min<std::size_t>(rest.size(), 1 + random() % 3000);
        if (!router.send(rest.first(piece))) break;
        rest = rest.subspan(piece);
      }
    }
  }
  const Gauge& open = metrics_.gauge("peering_bmp_sessions", "");
  for (int i = 0; i < 500 && (value("peering_bmp_sessions_opened_total") < static_cast<double>(sessions) ||
                              open.value() > 0);
       ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(open.value(), 0);
  EXPECT_EQ(malformed("frame"), 0);
  EXPECT_GT(sink_.all<RouteBatch>().size(), 100U);
}

}  // namespace
}  // namespace peering::feeds
