#include "net/prefix.h"

#include <gtest/gtest.h>

namespace peering::net {
namespace {

TEST(Prefix, ReadsWhatItWrites) {
  for (const char* text :
       {"0.0.0.0/0", "203.0.113.0/24", "203.0.113.9/32", "2001:db8::/32", "::/0", "2001:db8::1/128"}) {
    EXPECT_EQ(Prefix::parse(text).value().to_string(), text);
  }
}

TEST(Prefix, SaysWhichRuleAnInputBreaks) {
  EXPECT_EQ(Prefix::parse("203.0.113.9/24").error().message,
            "prefix '203.0.113.9/24' is not accepted: host bits are set; the network is 203.0.113.0/24");
  EXPECT_EQ(Prefix::parse("203.0.113.0").error().message,
            "prefix '203.0.113.0' is not accepted: a length is missing, e.g. 203.0.113.0/24");
  for (const char* text :
       {"203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/", "203.0.113.0/24x", "203.0.113.0/024",
        "2001:db8::/00", "203.0.113/24", "", "/24", "2001:db8::/129", "2001:db8::/+9"}) {
    EXPECT_EQ(Prefix::parse(text).error().code, ErrorCode::invalid_argument) << text;
  }
}

TEST(Prefix, LenientReadingClearsHostBits) {
  EXPECT_EQ(Prefix::parse_lenient("203.0.113.9/24").value().to_string(), "203.0.113.0/24");
}

TEST(Prefix, CoversItselfAndMoreSpecificsOnly) {
  const Prefix p = Prefix::parse("10.0.0.0/8").value();
  EXPECT_TRUE(p.covers(p));
  EXPECT_TRUE(p.covers(Prefix::parse("10.255.0.0/16").value()));
  EXPECT_FALSE(p.covers(Prefix::parse("0.0.0.0/0").value()));
  EXPECT_FALSE(p.covers(Prefix::parse("a00::/8").value()));
}

TEST(Address, MapsAndMasks) {
  EXPECT_EQ(Address::parse("::ffff:192.0.2.1").value().unmapped().to_string(), "192.0.2.1");
  EXPECT_EQ(Address::parse("2001:db8:1:2::9").value().masked(48).to_string(), "2001:db8:1::");
  EXPECT_FALSE(Address::parse("192.0.2.1 ").has_value());
  EXPECT_FALSE(Address::parse("0300.1.1.1").has_value());
}

TEST(Asn, KnowsReservedNumbers) {
  for (const Asn asn : {0U, 23456U, 64512U, 65551U, 4200000000U, 4294967295U}) {
    EXPECT_TRUE(is_reserved(asn)) << asn;
  }
  for (const Asn asn : {1U, 3356U, 64495U, 65552U, 4199999999U}) EXPECT_FALSE(is_reserved(asn)) << asn;
}

}  // namespace
}  // namespace peering::net
