#include "latency/redact.h"

#include <gtest/gtest.h>

namespace peering::latency {
namespace {

TEST(RedactAddresses, HidesTheHostPartOfWhatIsAnAddress) {
  EXPECT_EQ(redact_addresses("203.0.113.9"), "203.0.113.*");
  EXPECT_EQ(redact_addresses("203.0.113.9:443"), "203.0.113.*:443");
  EXPECT_EQ(redact_addresses("x=203.0.113.9/32, 10.0.0.1"), "x=203.0.113.*/32, 10.0.0.*");
  EXPECT_EQ(redact_addresses("2001:db8:1:2::9"), "2001:db8:1:*");
  EXPECT_EQ(redact_addresses("[2001:db8::9]:443"), "[2001:db8::*]:443");
  EXPECT_EQ(redact_addresses("::ffff:203.0.113.9"), "::*");
  EXPECT_EQ(redact_addresses("1.203.0.113.9"), "1.203.0.*.9");
  EXPECT_EQ(redact_addresses(R"({"client":"203.0.113.9","pop":)"), R"({"client":"203.0.113.*","pop":)");
}

TEST(RedactAddresses, LeavesOtherTextAlone) {
  for (const char* text : {"", "not-an-address", "300.1.1.1", "1.2.3", "23100.5", "2026-11-23T10:00:00.123Z",
                           "AMS", "bad", "1:2:zz"}) {
    EXPECT_EQ(redact_addresses(text), text);
  }
}

}  // namespace
}  // namespace peering::latency
