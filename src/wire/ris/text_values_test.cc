#include "wire/ris/text_values.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::wire::ris {
namespace {

std::string read(std::string_view text) {
  const auto address = address_of(text);
  return address ? address->to_string() : "refused";
}

TEST(RisText, AddressesReadAsTheAddressRoomReadsThem) {
  for (const std::string_view text : {"192.0.2.1",
                                      "0.0.0.0",
                                      "255.255.255.255",
                                      "256.1.1.1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "01.2.3.4",
                                      "1.2.3.04",
                                      "",
                                      ".",
                                      "1..2.3",
                                      "1.2.3.4 ",
                                      "::",
                                      "::1",
                                      "1::",
                                      "2001:db8::",
                                      "2001:DB8:0:0:0:0:0:1",
                                      "1:2:3:4:5:6:7:8",
                                      "1:2:3:4:5:6:7::",
                                      "::2:3:4:5:6:7:8",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "1::2::3",
                                      "12345::",
                                      ":1",
                                      "1:",
                                      "1:2",
                                      ":::",
                                      "1:::2",
                                      "::ffff:192.0.2.1",
                                      "64:ff9b::1.2.3.4",
                                      "g::",
                                      "fe80::1%eth0",
                                      "1:2:3:4:5:6:7:",
                                      "::1:",
                                      "2a01:6e00:0:0:0:0:0:0"}) {
    const auto expected = net::Address::parse(text);
    EXPECT_EQ(read(text), expected ? expected->to_string() : "refused") << text;
  }
}

RC_GTEST_PROP(RisText, EveryAddressAndPrefixReadsBack, ()) {
  const auto bytes = *rc::gen::container<std::vector<std::uint8_t>>(
      16, rc::gen::weightedOneOf<std::uint8_t>(
              {{2, rc::gen::just<std::uint8_t>(0)}, {1, rc::gen::arbitrary<std::uint8_t>()}}));
  const bool v4 = *rc::gen::arbitrary<bool>();
  const std::span<const std::uint8_t> view(bytes);
  const net::Address address = v4 ? net::Address::v4(view.first<4>()) : net::Address::v6(view.first<16>());
  const net::Prefix prefix(address, *rc::gen::inRange(0, v4 ? 33 : 129));
  RC_ASSERT(address_of(address.to_string()) == address);
  RC_ASSERT(prefix_of(prefix.to_string()) == prefix);
}

TEST(RisText, PrefixesMayHaveHostBitsAndNeedALength) {
  EXPECT_EQ(prefix_of("198.51.100.7/24")->to_string(), "198.51.100.0/24");
  EXPECT_EQ(prefix_of("2a01:6e00:0:0:0:0:0:0/48")->to_string(), "2a01:6e00::/48");
  for (const std::string_view text :
       {"198.51.100.0", "198.51.100.0/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "/8"}) {
    EXPECT_FALSE(prefix_of(text)) << text;
  }
}

TEST(RisText, TimesAreReadToTheMicrosecond) {
  EXPECT_EQ(to_us(*time_of("1787141896.080")), 1'787'141'896'080'000);
  EXPECT_EQ(to_us(*time_of("1553627987.89")), 1'553'627'987'890'000);
  EXPECT_EQ(to_us(*time_of("0")), 0);
  EXPECT_EQ(to_us(*time_of("1553627987.1234567")), 1'553'627'987'123'457);
  EXPECT_EQ(to_us(*time_of("1.5e3")), 1'500'000'000);
  for (const std::string_view text : {"", "-1", "1.", ".", "x", "1e300", "253402300800", "nan", "\"1\""}) {
    EXPECT_FALSE(time_of(text)) << text;
  }
}

}  // namespace
}  // namespace peering::wire::ris
