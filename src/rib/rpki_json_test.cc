#include "rib/rpki_json.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::rib {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

net::Prefix of_json(std::string_view text) { return net::Prefix::parse(text).value(); }

TEST(RpkiJson, ReadsWhatValidatorsExport) {
  const auto data = rpki_from_json(R"({"metadata": {}, "roas": [
      {"asn": "AS64500", "prefix": "203.0.113.0/24", "maxLength": 25, "ta": "ripe", "expires": 1},
      {"asn": 64501, "prefix": "2001:db8::/32"}, {"asn": "64502", "prefix": "198.51.100.7/24"}],
      "aspas": [{"customer_asid": 64500, "expires": 1, "providers": [64496, "AS64497"]},
                {"customer": "AS64501", "providers": ["AS64496"]}]})");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_THAT(data->vrps,
              ElementsAre(Vrp{of_json("203.0.113.0/24"), 25, 64500}, Vrp{of_json("2001:db8::/32"), 32, 64501},
                          Vrp{of_json("198.51.100.0/24"), 24, 64502}));
  using wire::rtr::Aspa;
  EXPECT_THAT(data->aspas, ElementsAre(Aspa{64500, {64496, 64497}}, Aspa{64501, {64496}}));
}

TEST(RpkiJson, KnowsWhoVouchesForARoaAndForHowLong) {
  const auto data = rpki_from_json(R"([
      {"asn": 1, "prefix": "203.0.113.0/24", "ta": "ripe", "expires": 1800000000},
      {"asn": 2, "prefix": "203.0.113.0/24", "ta": "ripe", "expires": "soon"},
      {"asn": 3, "prefix": "203.0.113.0/24", "ta": "arin", "expires": 1e30},
      {"asn": 4, "prefix": "203.0.113.0/24"}])");
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->by_trust_anchor, (std::map<std::string, std::size_t>{{"arin", 1}, {"ripe", 2}}));
  EXPECT_THAT(data->expiries,
              ElementsAre(Expiry{{of_json("203.0.113.0/24"), 24, 1}, time_from_us(1'800'000'000'000'000)}));
}

TEST(RpkiJson, ReadsTheFormsOfOthers) {
  EXPECT_EQ(rpki_from_json(R"([{"asn": "1", "prefix": "203.0.113.0/24", "maxLength": 24}])")->vrps.size(),
            1U);
  const auto old = rpki_from_json(R"({"roas": [], "provider_authorizations": {
      "ipv4": [{"customer_asid": 1, "providers": [2]}], "ipv6": []}})");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->aspas.size(), 1U);
}

TEST(RpkiJson, RefusalsNamePlaceAndField) {
  const auto refusal = [](std::string_view text) {
    const auto read = rpki_from_json(text);
    return read ? std::string("accepted") : read.error().message;
  };
  EXPECT_THAT(
      refusal(R"([{"asn": 1, "prefix": "203.0.113.0/24"}, {"asn": "ASx", "prefix": "203.0.113.0/24"}])"),
      HasSubstr("roas[1].asn"));
  EXPECT_THAT(refusal(R"([{"asn": 1, "prefix": "203.0.113.0/24", "maxLength": 33}])"),
              HasSubstr("roas[0].maxLength"));
  EXPECT_THAT(refusal(R"([{"asn": 1, "prefix": "nonsense"}])"), HasSubstr("roas[0]"));
  EXPECT_THAT(refusal(R"({"roas": {}})"), HasSubstr("a list"));
  EXPECT_THAT(refusal(R"({"aspas": [{"customer": 1}]})"), HasSubstr("aspas[0].providers"));
  EXPECT_THAT(refusal(R"({})"), HasSubstr("neither"));
  EXPECT_THAT(refusal("{"), testing::Not(HasSubstr("accepted")));
}

TEST(RpkiJson, ReadsTheListsOfAnotherMonitorsTests) {
  const char* given = std::getenv("PEERING_SHARED");
  const std::filesystem::path shared = given ? given : PEERING_SOURCE_DIR "/../shared";
  if (!std::filesystem::exists(shared / "data/rpki")) GTEST_SKIP() << "skipped: no shared data";
  const auto read = [&](const char* name) {
    std::ifstream in(shared / "data/rpki" / name, std::ios::binary);
    const auto data = rpki_from_json(std::string{std::istreambuf_iterator<char>(in), {}});
    EXPECT_TRUE(data) << name << ": " << data.error().message;
    return VrpTable(data->vrps);
  };
  const VrpTable before = read("bgpalerter_roas.before.json"), after = read("bgpalerter_roas.after.json");
  EXPECT_EQ(before.size(), 5U);
  EXPECT_EQ(difference(before, after).removed.size(), 3U);
  EXPECT_EQ(before.validity(of_json("94.5.4.0/22"), 2914), Validity::valid) << "host bits are cleared";
  EXPECT_EQ(read("bgpalerter_vrp.correct.json").validity(of_json("8.8.8.0/22"), 2914), Validity::valid);
}

}  // namespace
}  // namespace peering::rib
