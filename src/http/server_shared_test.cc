#include <gtest/gtest.h>

#include "http/server_connection.h"

namespace peering::http {
namespace {

net::Address address(const char* text) { return net::Address::parse(text).value(); }

TEST(Admission, AnIpv6ClientIsItsSixtyFourBits) {
  Metrics metrics;
  runtime::WorkerPool workers(1, 1);
  Limits limits;
  limits.connections_max = 4;
  limits.connections_per_client_max = 2;
  ServerShared shared({}, {}, limits, workers, metrics, {});
  EXPECT_FALSE(shared.admit(address("2001:db8::1")));
  EXPECT_FALSE(shared.admit(address("2001:db8::2")));
  EXPECT_EQ(shared.admit(address("2001:db8::3")), "connections_per_client");
  EXPECT_FALSE(shared.admit(address("2001:db8:0:1::3")));
  EXPECT_FALSE(shared.admit(address("192.0.2.1")));
  EXPECT_EQ(shared.admit(address("192.0.2.2")), "connections");
  shared.release(address("2001:db8::1"));
  EXPECT_FALSE(shared.admit(address("2001:db8::9")));
}

class Waiting : public Interruptible {
 public:
  void interrupt() override {}
  void make_room(std::uint64_t ticket) override { asked = ticket; }
  std::uint64_t asked = 0;
};

TEST(Admission, WhenAllPlacesAreTakenTheLongestWaitEnds) {
  Metrics metrics;
  runtime::WorkerPool workers(1, 1);
  Limits limits;
  limits.connections_max = 2;
  ServerShared shared({}, {}, limits, workers, metrics, {});
  const auto first = std::make_shared<Waiting>(), second = std::make_shared<Waiting>();
  EXPECT_FALSE(shared.admit(address("192.0.2.1")));
  EXPECT_FALSE(shared.admit(address("192.0.2.1")));
  const auto ticket = shared.begin_waiting(first);
  const auto later = shared.begin_waiting(second);
  EXPECT_FALSE(shared.is_crowded());
  EXPECT_FALSE(shared.admit(address("192.0.2.2")));
  EXPECT_EQ(first->asked, ticket);
  EXPECT_EQ(second->asked, 0U);
  for (int i = 0; i < 31; ++i) {
    shared.begin_waiting(first);
    EXPECT_FALSE(shared.admit(address("192.0.2.2")));
  }
  EXPECT_TRUE(shared.is_crowded());
  EXPECT_EQ(second->asked, later);
  for (int i = 0; i < 31; ++i) shared.release(address("192.0.2.2"));
  EXPECT_FALSE(shared.is_crowded());
  while (!shared.admit(address("192.0.2.2"))) {
  }
  EXPECT_EQ(shared.admit(address("192.0.2.2")), "connections");
}

}  // namespace
}  // namespace peering::http
