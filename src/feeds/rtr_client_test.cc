// The client against caches that the test plays itself, over real sockets.
#include "feeds/rtr_client.h"

#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "feeds/shrink_guard.h"

namespace peering::feeds {
namespace {

using namespace wire::rtr;
using namespace std::chrono_literals;

std::chrono::milliseconds patience() {
  const char* factor = std::getenv("PEERING_PATIENCE");
  return std::chrono::milliseconds(static_cast<int>(10'000 * (factor ? std::atof(factor) : 1.0)));
}

// A listening cache on loopback; one connection at a time.
class Cache {
 public:
  Cache() { listen(0); }
  ~Cache() {
    hang_up();
    if (listener_ >= 0) ::close(listener_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void accept() {
    pollfd waiting{listener_, POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, static_cast<int>(patience().count())), 1) << "nobody connected";
    connection_ = ::accept(listener_, nullptr, nullptr);
  }
  Pdu hear() {
    std::uint8_t head[8];
    EXPECT_EQ(::recv(connection_, head, 8, MSG_WAITALL), 8);
    std::vector<std::uint8_t> bytes(head, head + 8);
    bytes.resize(head[6] * 256U + head[7]);
    if (bytes.size() > 8) ::recv(connection_, bytes.data() + 8, bytes.size() - 8, MSG_WAITALL);
    return decode_pdu(bytes).value().pdu;
  }
  void say(const std::vector<Pdu>& pdus) {
    for (const Pdu& pdu : pdus) {
      const auto bytes = encode_pdu(2, pdu);
      ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
  }
  // Answers the query that comes next with so many VRPs.
  void serve(net::Asn asn, int count = 1, std::uint32_t serial = 1) {
    hear();
    std::vector<Pdu> pdus{CacheResponse{1}};
    for (int i = 0; i < count; ++i) {
      const net::Prefix prefix(net::Address::v4(0xCB007100U + static_cast<std::uint32_t>(i) * 256), 24);
      pdus.push_back(PrefixPdu{true, {prefix, 24, asn}});
    }
    pdus.push_back(EndOfData{1, serial, Intervals{3600, 1, 7200}});
    say(pdus);
  }
  void hang_up() {
    if (connection_ >= 0) ::close(connection_);
    connection_ = -1;
  }
  void shut() {
    hang_up();
    ::close(listener_);
    listener_ = -1;
  }
  void open_again() { listen(port_); }

 private:
  void listen(std::uint16_t port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    ::listen(listener_, 4);
    socklen_t length = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &length);
    port_ = ntohs(at.sin_port);
  }
  int listener_ = -1, connection_ = -1;
  std::uint16_t port_ = 0;
};

// What the client told, and waiting for it.
class Told {
 public:
  RtrClient::Tell teller() {
    return [this](std::optional<RtrData> data) {
      const std::lock_guard lock(mutex_);
      all_.push_back(std::move(data));
      changed_.notify_all();
    };
  }
  std::optional<RtrData> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, patience(), [&] { return all_.size() >= count; })) << "nothing told";
    return all_.size() >= count ? all_[count - 1] : std::nullopt;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<RtrData>> all_;
};

struct RtrClientTest : testing::Test {
  RtrClientTest() { log::set_level(log::Level::error); }
  RtrSettings settings(const std::vector<const Cache*>& caches) {
    RtrSettings out;
    for (const Cache* cache : caches) {
      out.caches.push_back(parse_rtr_cache(cache->address()).value());
      out.caches.back().preference = static_cast<int>(out.caches.size());
    }
    out.confirm_after = 1ms;
    return out;
  }
  Metrics metrics;
  Told told;
};

TEST_F(RtrClientTest, TellsWhatTheCacheHoldsAndEveryChange) {
  Cache cache;
  RtrClient client(settings({&cache}), metrics, told.teller());
  client.start();
  cache.accept();
  cache.serve(64500);
  auto data = told.wait(1);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->cache, cache.address());
  ASSERT_EQ(data->vrps.size(), 1U);
  EXPECT_EQ(data->vrps[0].asn, 64500U);
  cache.say({SerialNotify{1, 2}});
  EXPECT_EQ(std::get<SerialQuery>(cache.hear()).serial, 1U);
  cache.say(
      {CacheResponse{1}, PrefixPdu{true, {data->vrps[0].prefix, 24, 64501}}, EndOfData{1, 2, Intervals{}}});
  EXPECT_EQ(told.wait(2)->vrps.size(), 2U);
}

TEST_F(RtrClientTest, LeavesACacheThatFailsAndReturnsToIt) {
  Cache good, spare;
  RtrClient client(settings({&good, &spare}), metrics, told.teller());
  client.start();
  good.accept();
  good.serve(1);
  EXPECT_EQ(told.wait(1)->cache, good.address());
  spare.accept();
  spare.serve(2);
  good.shut();
  EXPECT_EQ(told.wait(2)->cache, spare.address());
  good.open_again();
  good.accept();
  good.hear();
  good.say({CacheResponse{1}, EndOfData{1, 1, Intervals{3600, 1, 7200}}});
  const auto back = told.wait(3);
  EXPECT_EQ(back->cache, good.address());
  EXPECT_EQ(back->vrps.size(), 1U) << "what it held, and no change of it";
}

TEST_F(RtrClientTest, ADataSetThatShrinksByMoreThanHalfIsUsedWhenItIsSaidTwice) {
  Cache cache;
  RtrClient client(settings({&cache}), metrics, told.teller());
  client.start();
  cache.accept();
  cache.serve(1, 10);
  EXPECT_EQ(told.wait(1)->vrps.size(), 10U);
  cache.say({SerialNotify{1, 2}});
  cache.hear();
  cache.say({CacheReset{}});
  cache.serve(1, 4, 2);
  EXPECT_TRUE(std::holds_alternative<ResetQuery>(cache.hear())) << "asked again for everything";
  EXPECT_EQ(told.count(), 1U);
  cache.say({CacheResponse{1}, EndOfData{1, 2, Intervals{}}});
  EXPECT_EQ(told.wait(2)->vrps.size(), 0U);
}

TEST_F(RtrClientTest, ACacheThatTalksNonsenseIsToldSoAndTriedAgain) {
  Cache cache;
  RtrClient client(settings({&cache}), metrics, told.teller());
  client.start();
  cache.accept();
  cache.hear();
  cache.say({EndOfData{1, 1, Intervals{}}});
  EXPECT_EQ(std::get<ErrorReport>(cache.hear()).kind, ErrorKind::corrupt_data);
  cache.hang_up();
  cache.accept();
  cache.serve(7);
  EXPECT_EQ(told.wait(1)->vrps[0].asn, 7U);
}

TEST(RtrCacheAddress, IsHostAndPort) {
  EXPECT_EQ(parse_rtr_cache("[2001:db8::1]:8282")->host, "2001:db8::1");
  EXPECT_EQ(parse_rtr_cache("cache.example:323")->port, "323");
  for (const char* wrong : {"", "host", "host:", ":1", "host:0", "host:65536", "2001:db8::1:99", "a:b"}) {
    EXPECT_FALSE(parse_rtr_cache(wrong)) << wrong;
  }
}

TEST(ShrinkGuard, HalfIsAdmittedLessWaits) {
  ShrinkGuard guard(true);
  EXPECT_TRUE(guard.admits(0, 0));
  EXPECT_TRUE(guard.admits(10, 5));
  EXPECT_FALSE(guard.admits(10, 4));
  EXPECT_TRUE(guard.admits(10, 3));
  EXPECT_FALSE(guard.admits(10, 4));
  EXPECT_TRUE(guard.admits(10, 9));
  EXPECT_FALSE(guard.admits(10, 4)) << "what came in between begins anew";
  EXPECT_TRUE(ShrinkGuard(false).admits(10, 0));
}

TEST(ShrinkGuard, ATrustAnchorThatVanishesWaitsThoughItIsASmallPart) {
  ShrinkGuard guard(true);
  const ShrinkGuard::Parts all{{"ripe", 100}, {"afrinic", 12}, {"test", 2}};
  std::string lacking;
  EXPECT_TRUE(guard.admits(114, 112, all, {{"ripe", 100}, {"afrinic", 12}}, lacking)) << "of two records";
  EXPECT_TRUE(guard.admits(114, 108, all, {{"ripe", 100}, {"afrinic", 6}, {"test", 2}}, lacking));
  EXPECT_FALSE(guard.admits(114, 102, all, {{"ripe", 100}, {"test", 2}}, lacking));
  EXPECT_EQ(lacking, "afrinic");
  EXPECT_TRUE(guard.admits(114, 102, all, {{"ripe", 100}, {"test", 2}}, lacking)) << "said twice";
}

}  // namespace
}  // namespace peering::feeds
