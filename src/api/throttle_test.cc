#include "api/throttle.h"

#include <gtest/gtest.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using namespace std::chrono_literals;

constexpr TimePoint noon{std::chrono::hours(12)};

TEST(Throttles, GiveAnHoursRequestsAtOnceAndThenAsManyAsRefill) {
  Throttle throttle({.reads = 60, .writes = 2, .deletes = 0});
  for (int left = 59; left >= 0; --left) {
    const auto verdict = throttle.take("a", Method::get, noon);
    ASSERT_TRUE(verdict.allowed);
    EXPECT_EQ(verdict.remaining, left);
  }
  const auto refused = throttle.take("a", Method::head, noon);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 60s);
  EXPECT_FALSE(throttle.take("a", Method::get, noon + 59s).allowed);
  EXPECT_TRUE(throttle.take("a", Method::get, noon + 60s).allowed);
  EXPECT_FALSE(throttle.take("a", Method::get, noon + 60s).allowed);
  EXPECT_EQ(throttle.take("a", Method::get, noon + 3h).remaining, 59);
}

TEST(Throttles, CountEachSubscriptionAndEachKindForItself) {
  Throttle throttle({.reads = 1, .writes = 1, .deletes = 1});
  for (const auto method : {Method::get, Method::put, Method::delete_}) {
    EXPECT_TRUE(throttle.take("a", method, noon).allowed);
    EXPECT_TRUE(throttle.take("b", method, noon).allowed);
    EXPECT_FALSE(throttle.take("a", method, noon).allowed);
  }
  EXPECT_FALSE(throttle.take("a", Method::post, noon).allowed);
}

TEST(Throttles, WithoutAQuotaSayNothing) {
  Throttle throttle({.reads = 0, .writes = 0, .deletes = 0});
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(throttle.take("a", Method::get, noon).limited);
}

TEST(Throttles, AClockThatGoesBackGivesNothing) {
  Throttle throttle({.reads = 1, .writes = 1, .deletes = 1});
  EXPECT_TRUE(throttle.take("a", Method::get, noon).allowed);
  EXPECT_FALSE(throttle.take("a", Method::get, noon - 5h).allowed);
  EXPECT_FALSE(throttle.take("a", Method::get, noon + 59min).allowed);
  EXPECT_TRUE(throttle.take("a", Method::get, noon + 1h).allowed);
}

class Quota : public ApiFixture {
 protected:
  Quota() { tries_at_once = false; }
  void limit(const Quotas& quotas) {
    make_group(sub_a, "g");
    make_group(sub_b, "g");
    Services limited = services();
    limited.settings.quotas = quotas;
    api = std::make_unique<Api>(std::move(limited));
  }
};

TEST_F(Quota, IsToldWithEveryAnswerUnderTheNameOfItsKind) {
  limit({.reads = 100, .writes = 100, .deletes = 100});
  constexpr auto resource = "x-ms-ratelimit-remaining-subscription-resource-requests";
  const std::string service = service_path("s", sub_a, "g");
  EXPECT_EQ(put(service, R"({"location":"eastus"})").header(resource), "99");
  EXPECT_EQ(get(service).header(resource), "99");
  EXPECT_EQ(get(service + "/prefixes").header("x-ms-ratelimit-remaining-subscription-reads"), "98");
  EXPECT_EQ(put(service + "/prefixes/p", R"({"properties":{"prefix":"203.0.113.0/24"}})")
                .header("x-ms-ratelimit-remaining-subscription-writes"),
            "98");
  EXPECT_EQ(remove(service + "/prefixes/p").header("x-ms-ratelimit-remaining-subscription-deletes"), "99");
  EXPECT_EQ(get(service + "/prefixes/p").header("x-ms-ratelimit-remaining-subscription-reads"), "97");
  EXPECT_EQ(get("/subscriptions").header("x-ms-ratelimit-remaining-subscription-reads"), "");
}

TEST_F(Quota, ThatIsUsedUpRefusesThatSubscriptionUntilItRefills) {
  limit({.reads = 2, .writes = 100, .deletes = 100});
  const std::string list(std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices");
  EXPECT_EQ(get(list).status, 200);
  EXPECT_EQ(get(list).status, 200);
  const Reply refused = get(list);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "SubscriptionRequestsThrottled");
  EXPECT_EQ(refused.header("Retry-After"), "1800");
  EXPECT_EQ(get(std::string(sub_b) + "/providers/Microsoft.Peering/peeringServices").status, 200);
  clock += 30min;
  EXPECT_EQ(get(list).status, 200);
}

TEST_F(Quota, IsNotUsedUpByStrangers) {
  limit({.reads = 1, .writes = 1, .deletes = 1});
  const std::string list(std::string(sub_a) +
                         "/providers/Microsoft.Peering/peeringServices?api-version=2022-10-01");
  const std::string stranger = token("Owner", sub_b);
  for (int i = 0; i < 3; ++i) {
    const Reply reply = send_as(stranger, Method::get, list);
    EXPECT_EQ(reply.code(), "SubscriptionNotFound");
    EXPECT_EQ(reply.header("x-ms-ratelimit-remaining-subscription-resource-requests"), "");
  }
  EXPECT_EQ(send(request(Method::get, list)).status, 200);
}

}  // namespace
}  // namespace peering::api
