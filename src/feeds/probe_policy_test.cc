#include "feeds/probe_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::feeds {
namespace {

using testing::HasSubstr;

net::Address a(std::string_view text) { return net::Address::parse(text).value(); }
net::Prefix allowed_prefix(std::string_view text) { return net::Prefix::parse(text).value(); }

TEST(ProbePolicy, OnlyWhatIsPublicIsProbed) {
  const ProbePolicy policy;
  for (const char* good : {"8.8.8.8", "203.0.113.7", "2001:4860:4860::8888", "2001:db8::1"}) {
    EXPECT_TRUE(check_destination(policy, a(good), {})) << good;
  }
  for (const char* bad : {"0.1.2.3",
                          "10.1.2.3",
                          "100.64.0.1",
                          "127.0.0.1",
                          "169.254.169.254",
                          "172.31.255.255",
                          "192.168.1.1",
                          "198.18.0.1",
                          "224.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::ffff:10.0.0.1",
                          "::ffff:127.0.0.1",
                          "64:ff9b::a00:1",
                          "2002:a00:1::1",
                          "2001:0:1::1",
                          "fc00::1",
                          "fd12::1",
                          "fe80::1",
                          "ff02::1"}) {
    const auto refused = check_destination(policy, a(bad), {});
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(refused.error().message, HasSubstr("not probed"));
  }
}

TEST(ProbePolicy, AMappedAddressIsJudgedAsTheOneInIt) {
  EXPECT_TRUE(check_destination({}, a("::ffff:8.8.8.8"), {}));
  EXPECT_FALSE(check_destination({}, a("::ffff:192.168.0.1"), {}));
}

TEST(ProbePolicy, OwnAddressesAreNotProbed) {
  const std::vector<net::Address> own = {a("203.0.113.1")};
  EXPECT_FALSE(check_destination({}, a("203.0.113.1"), own));
  EXPECT_TRUE(check_destination({}, a("203.0.113.2"), own));
  EXPECT_THAT(own_addresses(), testing::Contains(a("127.0.0.1")));
}

TEST(ProbePolicy, TheOperatorDeniesAndAllows) {
  const ProbePolicy policy{{allowed_prefix("127.0.0.0/8"), allowed_prefix("203.0.113.128/25")},
                           {allowed_prefix("203.0.113.0/24")}};
  EXPECT_TRUE(check_destination(policy, a("127.0.0.1"), std::vector{a("127.0.0.1")}));
  EXPECT_TRUE(check_destination(policy, a("203.0.113.200"), {}));
  EXPECT_FALSE(check_destination(policy, a("203.0.113.1"), {}));
}

}  // namespace
}  // namespace peering::feeds
