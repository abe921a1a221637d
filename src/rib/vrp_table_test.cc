#include "rib/vrp_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace peering::rib {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }
Vrp vrp(std::string_view prefix, int length_max, net::Asn asn) {
  return {p(prefix), static_cast<std::uint8_t>(length_max), asn};
}

TEST(VrpTable, ValidatesOriginsByRfc6811) {
  const VrpTable table(
      {vrp("203.0.112.0/22", 23, 64500), vrp("203.0.112.0/22", 24, 64501), vrp("198.51.100.0/24", 24, 0)});
  EXPECT_EQ(table.validity(p("203.0.112.0/22"), 64500), Validity::valid);
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64500), Validity::invalid) << "longer than its maxLength";
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64501), Validity::valid);
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64502), Validity::invalid);
  EXPECT_EQ(table.validity(p("203.0.0.0/16"), 64500), Validity::not_found) << "less specific than the ROA";
  EXPECT_EQ(table.validity(p("198.51.100.0/24"), 0), Validity::invalid);
}

TEST(VrpTable, AnyCoveringRoaMayMakeARouteValid) {
  const VrpTable table({vrp("203.0.0.0/16", 24, 64500), vrp("203.0.113.0/24", 24, 64501)});
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64500), Validity::valid);
  EXPECT_THAT(table.covering(p("203.0.113.0/24")),
              ElementsAre(vrp("203.0.113.0/24", 24, 64501), vrp("203.0.0.0/16", 24, 64500)));
}

TEST(VrpTable, RepetitionsCountOnce) {
  const VrpTable table(
      {vrp("203.0.113.0/24", 24, 1), vrp("203.0.113.0/24", 24, 1), vrp("2001:db8::/32", 0, 1)});
  EXPECT_THAT(table.vrps(), ElementsAre(vrp("203.0.113.0/24", 24, 1), vrp("2001:db8::/32", 32, 1)));
}

TEST(VrpTable, ADifferenceNamesWhatCameAndWhatWent) {
  const VrpTable before({vrp("203.0.113.0/24", 24, 1), vrp("198.51.100.0/24", 24, 1)});
  const VrpTable after({vrp("203.0.113.0/24", 25, 1), vrp("198.51.100.0/24", 24, 1)});
  const VrpDelta delta = difference(before, after);
  EXPECT_THAT(delta.added.vrps(), ElementsAre(vrp("203.0.113.0/24", 25, 1)));
  EXPECT_THAT(delta.removed.vrps(), ElementsAre(vrp("203.0.113.0/24", 24, 1)));
  EXPECT_TRUE(delta.touches(p("203.0.0.0/16")));
  EXPECT_TRUE(delta.touches(p("203.0.113.128/25")));
  EXPECT_FALSE(delta.touches(p("198.51.100.0/24")));
  EXPECT_TRUE(difference(after, after).empty());
}

// A few bits only, so that prefixes cover each other.
net::Prefix narrow_prefix(std::uint16_t bits, std::uint8_t length, bool v6) {
  if (!v6) return {net::Address::v4(static_cast<std::uint32_t>(bits) << 20), length % 13};
  std::array<std::uint8_t, 16> bytes{0x20, 1};
  bytes[7] = static_cast<std::uint8_t>(bits >> 8);
  bytes[8] = static_cast<std::uint8_t>(bits);
  return {net::Address::v6(bytes), 60 + length % 13};
}

RC_GTEST_PROP(VrpTable, AgreesWithALookAtEveryRoa,
              (std::vector<std::tuple<std::uint16_t, std::uint8_t, bool, std::uint8_t>> roas,
               std::vector<std::tuple<std::uint16_t, std::uint8_t, bool, std::uint8_t>> routes)) {
  std::vector<Vrp> vrps;
  for (const auto& [bits, length, v6, more] : roas) {
    const net::Prefix prefix = narrow_prefix(bits, length, v6);
    vrps.push_back({prefix, static_cast<std::uint8_t>(prefix.length() + more % 4), more % 3U});
  }
  const VrpTable table(vrps);
  for (const auto& [bits, length, v6, origin] : routes) {
    const net::Prefix prefix = narrow_prefix(bits, length, v6);
    Validity expected = Validity::not_found;
    for (const Vrp& one : vrps) {
      if (!one.prefix.covers(prefix)) continue;
      const bool matches = one.asn == origin % 3U && one.asn != 0 && prefix.length() <= one.length_max;
      if (matches) expected = Validity::valid;
      if (expected == Validity::not_found) expected = Validity::invalid;
    }
    RC_ASSERT(table.validity(prefix, origin % 3U) == expected);
  }
}

TEST(PrefixSet, ALargeSetAnswersAsASmallOne) {
  std::vector<net::Prefix> all;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    all.emplace_back(net::Address::v4(i * 0x00071003U), 8 + static_cast<int>(i % 25));
  }
  const PrefixSet large(all);
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const net::Prefix query(net::Address::v4(i * 0x001F0105U), 16 + static_cast<int>(i % 17));
    const bool covers =
        std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.covers(query); });
    const bool within =
        std::any_of(all.begin(), all.end(), [&](const auto& one) { return query.covers(one); });
    EXPECT_EQ(large.covers(query), covers) << query.to_string();
    EXPECT_EQ(large.touches(query), covers || within) << query.to_string();
  }
  EXPECT_TRUE(PrefixSet({p("0.0.0.0/0")}).covers(p("255.255.255.255/32")));
  EXPECT_TRUE(PrefixSet({p("::/0")}).covers(p("2001:db8::1/128")));
  EXPECT_THAT(PrefixSet({p("2001:db8::/32"), p("10.0.0.0/8")}).prefixes(),
              ElementsAre(p("10.0.0.0/8"), p("2001:db8::/32")));
}

}  // namespace
}  // namespace peering::rib
