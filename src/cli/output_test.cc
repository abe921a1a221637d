#include "cli/output.h"

#include <gtest/gtest.h>

#include "cli/latency_rows.h"
#include "cli/yaml.h"

namespace peering::cli {
namespace {

json::value parsed(std::string_view text) { return parse_json(text).value(); }

Settings in(Format format, bool colored = false) {
  Settings out;
  out.format = format;
  out.colored = colored;
  return out;
}

const Columns columns = {{"Name", "name"},
                         {"Prefix", "properties.prefix"},
                         {"State", "properties.state", Show::state},
                         {"Median ms", "p50_us", Show::milliseconds}};

json::array items() {
  return parsed(R"([{"name":"a","properties":{"prefix":"203.0.113.0/24","state":"Verified"},"p50_us":23104},
                    {"name":"longer","properties":{"prefix":"192.0.2.0/25"},"p50_us":900}])")
      .get_array();
}

TEST(Table, AlignsColumnsAndPutsNumbersToTheRight) {
  EXPECT_EQ(format_list(items(), columns, in(Format::table)),
            "Name    Prefix          State     Median ms\n"
            "a       203.0.113.0/24  Verified      23.10\n"
            "longer  192.0.2.0/25                   0.90\n");
}

TEST(Table, LeavesOutColumnsWithoutValues) {
  const json::array one = parsed(R"([{"name":"a"}])").get_array();
  EXPECT_EQ(format_list(one, columns, in(Format::table)), "Name\na\n");
}

TEST(Table, ColoursOnlyOnRequestAndKeepsTheAlignment) {
  const std::string plain = format_list(items(), columns, in(Format::table));
  std::string colored = format_list(items(), columns, in(Format::table, true));
  EXPECT_NE(colored.find("\x1b[32mVerified\x1b[0m"), std::string::npos);
  for (std::size_t at = colored.find('\x1b'); at != std::string::npos; at = colored.find('\x1b')) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  EXPECT_EQ(colored, plain);
}

TEST(Table, TextOfTheServerCannotSteerTheTerminal) {
  const json::array one = parsed(R"([{"name":"a\u001b[2Jb\nc"}])").get_array();
  EXPECT_EQ(format_list(one, {{"Name", "name"}}, in(Format::table)), "Name\na [2Jb c\n");
}

TEST(Table, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("Zürich"), 6U);
  EXPECT_EQ(display_width("東京"), 4U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U) << "what is no UTF-8 does no harm";
}

TEST(Table, OneThingIsOneLineAField) {
  EXPECT_EQ(format_one(items()[0], columns, in(Format::table)),
            "Name       a\nPrefix     203.0.113.0/24\nState      Verified\nMedian ms  23.10\n");
}

TEST(TabSeparated, HasNoHeadingAndNoBreaksInsideValues) {
  const json::array one =
      parsed(R"([{"name":"a\tb\nc","properties":{"prefix":["x","y"]},"p50_us":12}])").get_array();
  EXPECT_EQ(format_list(one, columns, in(Format::tsv)), "a b c\tx, y\t\t12\n");
}

TEST(Json, IsWhatTheServerSaid) {
  const json::value item = items()[0];
  EXPECT_EQ(parsed(format_one(item, columns, in(Format::json))), item);
  EXPECT_EQ(parsed(format_list(items(), columns, in(Format::json))), json::value(items()));
}

TEST(Cell, WritesTimesAndRangesForPeople) {
  EXPECT_EQ(cell_of(parsed(R"({"t":"2026-11-25T12:30:07.123Z"})"), {"T", "t", Show::time}).text,
            "2026-11-25 12:30:07");
  EXPECT_EQ(cell_of(parsed(R"({"r":[22100,24050]})"), {"R", "r", Show::milliseconds}).text, "22.10 – 24.05");
  EXPECT_EQ(cell_of(parsed(R"({"t":{"team":"network","x":1}})"), {"T", "t"}).text, "team=network, x=1");
  EXPECT_EQ(cell_of(parsed(R"({"l":"Critical"})"), {"L", "l", Show::level}).tone, Tone::bad);
}

TEST(Yaml, NestsObjectsAndLists) {
  EXPECT_EQ(to_yaml(parsed(R"({"name":"a b","empty":[],"list":[1,{"x":true,"z":null},["z"]]})")),
            "name: a b\nempty: []\nlist:\n  - 1\n  - x: true\n    z: null\n  - - z\n");
}

TEST(Yaml, QuotesWhatCouldBeReadAsSomethingElse) {
  for (const char* text :
       {"no", "True", "12", "1.5", "a: b", "- x", "", "#c", "2026-11-25", "null", "a ", "*a"}) {
    const std::string yaml = to_yaml(json::value(text));
    EXPECT_EQ(yaml.front(), '"') << text;
  }
  EXPECT_EQ(to_yaml(json::value("westeurope")), "westeurope\n");
  EXPECT_EQ(to_yaml(json::value("/subscriptions/x")), "/subscriptions/x\n");
}

TEST(LatencyRows, AreOneASeriesAndPointThatHasSamples) {
  const json::array rows = latency_rows(parsed(
      R"({"series":[{"prefix":"203.0.113.0/24","pop":"AMS","kind":"srtt","points":[{"start":"s1","count":3},
         {"start":"gap","count":0,"judgement":"no-data"},{"start":"s2","count":4}]},
         {"pop":"FRA","points":[]}]})"));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(find_string(rows[1], "pop"), "AMS");
  EXPECT_EQ(find_string(rows[1], "start"), "s2");
  EXPECT_TRUE(latency_rows(parsed("{}")).empty());
}

}  // namespace
}  // namespace peering::cli
