// The prober on loopback: real sockets, real kernel.
#include "feeds/prober.h"

#include <future>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peering::feeds {
namespace {

using model::ProbeAnswer;
using model::ProbeEnd;
using model::ProbeProtocol;
using namespace std::chrono_literals;

net::Address target(std::string_view text) { return net::Address::parse(text).value(); }

// A port of 127.0.0.1 that is bound, and accepts when `listens`.
class Port {
 public:
  Port(int type, bool listens) : socket_(::socket(AF_INET, type, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    if (listens) {
      EXPECT_EQ(::listen(socket_, 8), 0);
    }
    socklen_t length = sizeof name;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&name), &length);
    number_ = ntohs(name.sin_port);
  }
  ~Port() { ::close(socket_); }
  std::uint16_t number() const { return number_; }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

class ProberOnLoopback : public testing::Test {
 protected:
  void begin(ProberSettings settings = {}) {
    prober = std::make_unique<Prober>(std::move(settings), metrics);
    ASSERT_TRUE(prober->start());
  }
  bool can_ping(net::Family family) { return prober->can_send(ProbeProtocol::icmp, family).has_value(); }
  ProbeAnswer send(const Probe& probe) {
    std::promise<ProbeAnswer> answer;
    EXPECT_TRUE(prober->send(probe, [&](const ProbeAnswer& given) { answer.set_value(given); }));
    return answer.get_future().get();
  }
  model::ProbeReport trace(const net::Address& destination) {
    std::promise<model::ProbeReport> report;
    prober->trace(destination, {}, [&](model::ProbeReport given) { report.set_value(std::move(given)); });
    return report.get_future().get();
  }

  Metrics metrics;
  std::unique_ptr<Prober> prober;
};

TEST_F(ProberOnLoopback, AnEchoComesBack) {
  begin();
  for (const auto& [address, ttl] : {std::pair(target("127.0.0.1"), 64), std::pair(target("::1"), 64)}) {
    if (!can_ping(address.family())) GTEST_SKIP() << "skipped: no ICMP sockets here";
    Probe probe;
    probe.destination = address;
    const ProbeAnswer answer = send(probe);
    EXPECT_EQ(answer.end, ProbeEnd::answered) << address.to_string() << " " << answer.reason;
    EXPECT_EQ(answer.from, address);
    EXPECT_EQ(answer.ttl, ttl);
    EXPECT_EQ(answer.bytes, 64U);
    EXPECT_GT(answer.rtt.count(), 0);
    EXPECT_LT(answer.rtt, 500ms);
  }
}

TEST_F(ProberOnLoopback, ManyEchoesAreToldApart) {
  begin({.per_second_max = 5000});
  if (!can_ping(net::Family::ipv4)) GTEST_SKIP() << "skipped: no ICMP sockets here";
  constexpr int count = 300;
  std::atomic<int> answered{0}, left{count};
  std::promise<void> all;
  for (int i = 0; i < count; ++i) {
    Probe probe;
    probe.destination = target("127.0.0." + std::to_string(1 + i % 200));
    ASSERT_TRUE(prober->send(probe, [&, probe](const ProbeAnswer& answer) {
      answered += answer.end == ProbeEnd::answered && answer.from == probe.destination ? 1 : 0;
      if (--left == 0) all.set_value();
    }));
  }
  all.get_future().get();
  EXPECT_EQ(answered, count);
}

TEST_F(ProberOnLoopback, AnOpenPortAnswersAndAClosedOneRefuses) {
  begin();
  const Port open(SOCK_STREAM, true), closed(SOCK_STREAM, false);
  Probe probe;
  probe.protocol = ProbeProtocol::tcp;
  probe.destination = target("127.0.0.1");
  probe.port = open.number();
  EXPECT_EQ(send(probe).end, ProbeEnd::answered);
  EXPECT_LT(send(probe).rtt, 500ms);
  probe.port = closed.number();
  const ProbeAnswer refused = send(probe);
  EXPECT_EQ(refused.end, ProbeEnd::refused);
  EXPECT_EQ(refused.reason, "Connection refused");
}

TEST_F(ProberOnLoopback, ADatagramToAClosedPortIsRefusedThroughTheErrorQueue) {
  begin();
  Probe probe;
  probe.protocol = ProbeProtocol::udp;
  probe.destination = target("127.0.0.1");
  {
    const Port closed(SOCK_DGRAM, false);
    probe.port = closed.number();
  }
  const ProbeAnswer answer = send(probe);
  EXPECT_EQ(answer.end, ProbeEnd::refused);
  EXPECT_EQ(answer.from, probe.destination);
  EXPECT_EQ(answer.reason, "Destination Port Unreachable");
  const Port silent(SOCK_DGRAM, false);
  probe.port = silent.number();
  probe.timeout = 50ms;
  EXPECT_EQ(send(probe).end, ProbeEnd::silent);
}

TEST_F(ProberOnLoopback, StampComesBackFromOurReflector) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    begin({.reflector = http::Endpoint{address, 0}});
    Probe probe;
    probe.protocol = ProbeProtocol::stamp;
    probe.destination = target(address);
    probe.port = prober->reflector()->port;
    const ProbeAnswer answer = send(probe);
    EXPECT_EQ(answer.end, ProbeEnd::answered) << answer.reason;
    EXPECT_EQ(answer.ttl, 255);
    EXPECT_LT(answer.rtt, 500ms);
  }
}

TEST_F(ProberOnLoopback, TheReflectorAnswersItsClientsOnly) {
  begin({.reflector = http::Endpoint{"127.0.0.1", 0},
         .reflector_clients = {*net::Prefix::parse("203.0.113.0/24")}});
  Probe probe;
  probe.protocol = ProbeProtocol::stamp;
  probe.destination = target("127.0.0.1");
  probe.port = prober->reflector()->port;
  probe.timeout = 100ms;
  EXPECT_EQ(send(probe).end, ProbeEnd::silent);
}

TEST_F(ProberOnLoopback, ATracerouteToItselfIsOneHop) {
  begin();
  const auto report = trace(target("127.0.0.1"));
  ASSERT_EQ(report.hops.size(), 1U);
  EXPECT_EQ(report.hops[0].answers[0].from, target("127.0.0.1"));
}

TEST_F(ProberOnLoopback, TheRateIsAHardLimit) {
  begin({.per_second_max = 100});
  const Port closed(SOCK_STREAM, false);
  const auto began = std::chrono::steady_clock::now();
  std::atomic<int> left{50};
  std::promise<void> all;
  for (int i = 0; i < 50; ++i) {
    Probe probe;
    probe.protocol = ProbeProtocol::tcp;
    probe.destination = target("127.0.0.1");
    probe.port = closed.number();
    ASSERT_TRUE(prober->send(probe, [&](const ProbeAnswer&) {
      if (--left == 0) all.set_value();
    }));
  }
  all.get_future().get();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 480ms);
}

TEST_F(ProberOnLoopback, TooManyPendingAreRefused) {
  begin({.per_second_max = 1, .pending_max = 3});
  const Port silent(SOCK_DGRAM, false);
  Probe probe;
  probe.protocol = ProbeProtocol::udp;
  probe.destination = target("127.0.0.1");
  probe.port = silent.number();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(prober->send(probe, [](const ProbeAnswer&) {}));
  EXPECT_FALSE(prober->send(probe, [](const ProbeAnswer&) {}));
}

TEST_F(ProberOnLoopback, NamesAreLookedUp) {
  begin();
  std::promise<Result<std::vector<net::Address>>> found;
  prober->resolve("localhost", [&](const auto& given) { found.set_value(given); });
  const auto addresses = found.get_future().get();
  ASSERT_TRUE(addresses);
  EXPECT_THAT(*addresses, testing::Contains(testing::AnyOf(target("127.0.0.1"), target("::1"))));
}

}  // namespace
}  // namespace peering::feeds
