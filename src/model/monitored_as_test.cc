#include "model/monitored_as.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::model {
namespace {

using testing::HasSubstr;

Result<MonitoredAsList> read_list(std::string_view text) {
  return monitored_ases_from_json(*parse_json(text));
}

std::string refusal_of_list(std::string_view text) {
  const auto list = read_list(text);
  return list ? "" : list.error().message;
}

TEST(MonitoredAsesOfAConnection, AreReadAndWrittenAsTheyAreGiven) {
  const std::string text =
      R"([{"asn":64500,"upstreams":[64496],"downstreams":[],"group":"a","description":"ours"},)"
      R"({"asn":64500},{"asn":4294967295,"downstreams":[1,2]}])";
  const auto list = read_list(text);
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(json::serialize(to_json(*list)), text);
  EXPECT_EQ(*list, *read_list(text)) << "compared by what is in it";
  EXPECT_NE(*list, *read_list(R"([{"asn":64500}])"));
  EXPECT_EQ(*read_list("[]"), MonitoredAsList());
}

TEST(MonitoredAsesOfAConnection, ErrorsNameEntryFieldValueAndRule) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "asns '{}'"},
      {R"([7])", "asns[0] '7'"},
      {R"([{"asn":1},{}])", "asns[1].asn"},
      {R"([{"asn":"64500"}])", "asns[0].asn '\"64500\"'"},
      {R"([{"asn":0}])", "asns[0].asn '0'"},
      {R"([{"asn":4294967296}])", "asns[0].asn"},
      {R"([{"asn":1.5}])", "asns[0].asn"},
      {R"([{"asn":1,"upstreams":7}])", "asns[0].upstreams '7'"},
      {R"([{"asn":1,"upstreams":[-1]}])", "asns[0].upstreams '-1'"},
      {R"([{"asn":1,"downstreams":null}])", "asns[0].downstreams 'null'"},
      {R"([{"asn":1,"group":7}])", "asns[0].group '7'"},
      {R"([{"asn":1,"upstream":[]}])", "asns[0].upstream"},
      {R"([{"asn":1},{"asn":2},{"asn":1}])", "asns[2].asn '1'"},
  };
  for (const auto& [text, named] : cases) EXPECT_THAT(refusal_of_list(text), HasSubstr(named)) << text;
}

TEST(MonitoredAsesOfAConnection, AreBounded) {
  json::array entries, neighbors;
  for (std::size_t i = 1; i <= monitored_ases_max; ++i) entries.push_back(json::object{{"asn", i}});
  EXPECT_TRUE(monitored_ases_from_json(entries));
  entries.push_back(json::object{{"asn", 64500}});
  EXPECT_THAT(monitored_ases_from_json(entries).error().message, HasSubstr("1001 entries"));
  for (std::size_t i = 0; i <= monitored_neighbors_max; ++i) neighbors.push_back(json::value(i));
  const json::array one{json::object{{"asn", 1}, {"upstreams", neighbors}}};
  EXPECT_THAT(monitored_ases_from_json(one).error().message, HasSubstr("1001 AS numbers"));
}

TEST(MonitoredAsOfAWatchFile, MayHaveNullsAndKeysThatAreNotKnown) {
  std::vector<std::string> unknown;
  const auto as = monitored_as_from_json(*parse_json(R"({"asn":64500,"upstreams":null,"colour":1})"),
                                         "asns[0]", false, unknown);
  ASSERT_TRUE(as);
  EXPECT_FALSE(as->upstreams);
  EXPECT_EQ(unknown, std::vector<std::string>{"asns.colour"});
}

TEST(ResourceOfAMonitoredAs, NamesTheAsAndItsGroup) {
  MonitoredAs as;
  as.asn = 64500;
  EXPECT_EQ(monitored_resource("/c", as), "/c/providers/Open.Peering/asns/64500");
  EXPECT_EQ(monitored_of_resource(monitored_resource("/c", as)), std::pair(64500U, std::string_view()));
  as.group = "a/providers/Open.Peering/asns/1";
  const std::string in_group = monitored_resource("/c", as), in_file = monitored_resource("", as);
  EXPECT_EQ(monitored_of_resource(in_group), std::pair(64500U, std::string_view(as.group)));
  EXPECT_EQ(monitored_of_resource("asns/64500/a"), std::pair(64500U, std::string_view("a")));
  EXPECT_EQ(monitored_of_resource("/c/prefixes/site"), std::nullopt);
}

}  // namespace
}  // namespace peering::model
