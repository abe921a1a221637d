#include "rib/vrp_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::rib {
namespace {

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

TEST(VrpTable, ValidatesOriginsByRfc6811) {
  VrpTable table;
  table.add(p("203.0.112.0/22"), {64500, 23});
  table.add(p("203.0.112.0/22"), {64501, 24});
  table.add(p("198.51.100.0/24"), {0, 24});
  EXPECT_EQ(table.validity(p("203.0.112.0/22"), 64500), Validity::valid);
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64500), Validity::invalid) << "longer than its maxLength";
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64501), Validity::valid);
  EXPECT_EQ(table.validity(p("203.0.113.0/24"), 64502), Validity::invalid);
  EXPECT_EQ(table.validity(p("203.0.0.0/16"), 64500), Validity::not_found) << "less specific than the ROA";
  EXPECT_EQ(table.validity(p("198.51.100.0/24"), 0), Validity::invalid);
}

TEST(VrpTable, ReadsWhatValidatorsExport) {
  VrpTable table;
  const auto roas =
      parse_json(R"([{"asn": "AS64500", "prefix": "203.0.113.0/24", "maxLength": 25, "ta": "ripe"},
                                   {"asn": 64501, "prefix": "2001:db8::/32"}])");
  ASSERT_TRUE(table.add_json(*roas));
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.validity(p("203.0.113.128/25"), 64500), Validity::valid);
  EXPECT_EQ(table.validity(p("2001:db8:1::/48"), 64501), Validity::invalid);
}

TEST(VrpTable, RefusalsNamePlaceAndField) {
  const auto refusal = [](std::string_view text) {
    VrpTable table;
    const auto done = table.add_json(*parse_json(text));
    return done ? std::string("accepted") : done.error().message;
  };
  EXPECT_THAT(refusal(R"([{"asn": "ASx", "prefix": "203.0.113.0/24"}])"), testing::HasSubstr("roas[0].asn"));
  EXPECT_THAT(refusal(R"([{"asn": 1, "prefix": "203.0.113.0/24", "maxLength": 33}])"),
              testing::HasSubstr("roas[0].maxLength"));
  EXPECT_THAT(refusal(R"([{"asn": 1, "prefix": "nonsense"}])"), testing::HasSubstr("roas[0]"));
  EXPECT_THAT(refusal(R"({})"), testing::HasSubstr("a list"));
}

}  // namespace
}  // namespace peering::rib
