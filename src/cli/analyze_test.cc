// `analyze` on detection cases: recorded or constructed updates, a watch file, and what must and must not be
// found. Our own are in src/detect/testdata, the shared ones beside the repository.
#include "cli/analyze.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cli/recorded_mrt_fixture.h"
#include "net/prefix.h"
#include "wire/bgp/update.h"
#include "wire/bmp/encode.h"

namespace peering::cli {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Ran {
  int exit = 0;
  std::string out, err;
  std::vector<json::value> lines;
};
Ran analyze(const AnalyzeOptions& options, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  Ran ran;
  ran.exit = run_analyze(options, in, out, err);
  ran.out = out.str();
  ran.err = err.str();
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) ran.lines.push_back(parse_json(line).value());
  return ran;
}

fs::path temporary(std::string_view name, std::string_view text) {
  const fs::path path = fs::path(testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string canonical(const json::value& value) {
  const std::string text(value.get_string());
  const auto prefix = net::Prefix::parse_lenient(text);
  return prefix ? prefix->to_string() : text;
}

// True when the detection is about what the expectation describes; what either leaves out is not compared.
bool matches(const json::value& expected, const json::value& found, bool lines) {
  const json::value *observed = find(expected, "observed"), *prefix = find(expected, "prefix");
  if (observed && canonical(*observed) != canonical(*find(found, "observed"))) return false;
  if (!observed && prefix && canonical(*prefix) != canonical(*find(found, "prefix"))) return false;
  for (const char* key : {"origin", "asn", "neighbor", "group"}) {
    const json::value *want = find(expected, key), *got = find(found, key);
    if (want && got && json::serialize(*want) != json::serialize(*got)) return false;
  }
  const json::value *line = find(expected, "line"), *before = find(expected, "before_line");
  const auto at = find(found, "line")->to_number<std::int64_t>();
  if (lines && line && line->to_number<std::int64_t>() != at) return false;
  return !lines || !before || at < before->to_number<std::int64_t>();
}

bool is_informational(std::string_view kind) {
  static const std::set<std::string_view> kinds{"announcement", "withdrawal",  "covering-route",
                                                "backup-route", "path-change", "resolved",
                                                "roa-change"};
  return kinds.contains(kind);
}

std::set<std::string> kinds_of(const json::value& expected) {
  std::set<std::string> out{find_string(expected, "kind").value()};
  if (const json::value* more = find(expected, "accept")) {
    for (const json::value& kind : more->get_array()) out.emplace(kind.get_string());
  }
  return out;
}

// Empty when the case passes; else what is wrong.
std::string verdict(const json::value& expect, const std::vector<json::value>& found) {
  std::string wrong;
  for (const json::value& want : find(expect, "expect")->get_array()) {
    if (find_string(want, "kind") == "none") continue;
    const bool optional = find(want, "optional") != nullptr;
    const auto hits = std::count_if(found.begin(), found.end(), [&](const json::value& f) {
      return kinds_of(want).contains(find_string(f, "kind").value()) && matches(want, f, false);
    });
    if (hits == 0 && !optional) wrong += "missed " + json::serialize(want) + "\n";
    const json::value* limit = find(want, "max_events");
    if (limit && hits > limit->to_number<std::int64_t>()) wrong += "too many " + json::serialize(want) + "\n";
  }
  for (const json::value& f : found) {
    const std::string kind = find_string(f, "kind").value();
    if (is_informational(kind)) continue;
    for (const json::value& ban : find(expect, "must_not")->get_array()) {
      const std::string banned = find_string(ban, "kind").value();
      if ((banned == "*" || banned == kind) && matches(ban, f, true))
        wrong += "must not " + json::serialize(f) + "\n";
    }
    bool expected = find(expect, "exhaustive") == nullptr || !find(expect, "exhaustive")->as_bool();
    for (const json::value& want : find(expect, "expect")->get_array()) {
      expected = expected || (kinds_of(want).contains(kind) && matches(want, f, false));
    }
    if (!expected) wrong += "unexpected " + json::serialize(f) + "\n";
  }
  return wrong;
}

// What must be open or over after a line, by what the lines up to it said last. Empty when it is so.
std::string state_verdict(const json::value& expect, const std::vector<json::value>& found) {
  std::string wrong;
  const json::value* states = find(expect, "states");
  for (const json::value& want : states ? states->get_array() : json::array()) {
    std::map<std::string, bool> open;
    const auto kind = find_string(want, "kind");
    for (const json::value& f : found) {
      const std::string of = find_string(f, "resolves").value_or(std::string(find_string(f, "kind").value()));
      if (kind ? *kind != of : is_informational(of)) continue;
      if (find(f, "line")->to_number<int>() > find(want, "after_line")->to_number<int>()) continue;
      if (!matches(want, f, false)) continue;
      const json::value *origin = find(f, "origin"), *neighbor = find(f, "neighbor");
      open[fmt::format("{} {} {} {}", of, canonical(*find(f, "observed")),
                       origin ? json::serialize(*origin) : "", neighbor ? json::serialize(*neighbor) : "")] =
          find_string(f, "state") != "resolved";
    }
    const bool active = std::any_of(open.begin(), open.end(), [](const auto& o) { return o.second; });
    if (active != find(want, "active")->as_bool()) wrong += "state " + json::serialize(want) + "\n";
  }
  return wrong;
}

// The thresholds that a case assumes are part of its watch file.
fs::path watch_file(const fs::path& watch, const json::value& expect) {
  json::value merged = parse_json(text_of(watch)).value();
  json::object& thresholds =
      merged.as_object().emplace("thresholds", json::object()).first->value().as_object();
  if (const json::value* more = find(expect, "thresholds")) {
    for (const auto& member : more->get_object()) thresholds.insert_or_assign(member.key(), member.value());
  }
  return temporary(watch.filename().string(), json::serialize(merged));
}

// Runs every case below the folder; gives back how many there were.
int run_cases(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    const std::string ending = ".watch.json";
    if (!path.ends_with(ending)) continue;
    const std::string base = path.substr(0, path.size() - ending.size());
    SCOPED_TRACE(base);
    const json::value expect = parse_json(text_of(base + ".expect.json")).value();
    AnalyzeOptions options;
    options.watch_file = watch_file(path, expect).string();
    options.inputs = {base + ".updates.jsonl"};
    const Ran ran = analyze(options);
    EXPECT_EQ(ran.exit, 0) << ran.err;
    EXPECT_EQ(verdict(expect, ran.lines) + state_verdict(expect, ran.lines), "");
    ++count;
  }
  return count;
}

TEST(Analyze, FindsWhatItsOwnCasesHoldAndNothingElse) {
  EXPECT_GE(run_cases(PEERING_SOURCE_DIR "/src/detect/testdata"), 10);
}

TEST(Analyze, FindsWhatTheSharedCasesHoldAndNothingElse) {
  const char* given = std::getenv("PEERING_SHARED");
  const fs::path shared = given ? given : PEERING_SOURCE_DIR "/../shared";
  const fs::path cases = shared / "examples/detection-cases";
  if (!fs::exists(cases)) GTEST_SKIP() << "skipped: no shared data";
  EXPECT_GE(run_cases(cases), 12);
}

std::string update(std::string_view path, int seconds) {
  return fmt::format(
      R"({{"type":"ris_message","data":{{"timestamp":{},"peer":"192.0.2.1","peer_asn":"64496",)"
      R"("host":"rrc00","type":"UPDATE","path":{},"announcements":[{{"next_hop":"192.0.2.1",)"
      R"("prefixes":["203.0.113.0/24"]}}],"withdrawals":[]}}}})"
      "\n",
      seconds, path);
}

struct AnalyzeInput : testing::Test {
  AnalyzeOptions options;
  void SetUp() override {
    options.watch_file =
        temporary("watch.json", R"({"prefixes": [{"prefix": "203.0.113.7/24", "asn": 64500, "group": "a"}]})")
            .string();
    options.inputs = {"-"};
  }
};

TEST_F(AnalyzeInput, ReadsStandardInputAndSaysWhatItRead) {
  const Ran ran =
      analyze(options, update("[64496,64511]", 1000) + "nonsense\n\n" + update("[64496,64500]", 1001));
  EXPECT_EQ(ran.exit, 0);
  ASSERT_EQ(ran.lines.size(), 3U) << ran.out;
  EXPECT_EQ(ran.lines[0].at("kind"), "origin-hijack");
  EXPECT_EQ(ran.lines[0].at("line"), 1);
  EXPECT_EQ(ran.lines[0].at("group"), "a");
  EXPECT_EQ(ran.lines[0].at("state"), "open");
  EXPECT_EQ(ran.lines[0].at("severity"), "Critical");
  EXPECT_EQ(ran.lines[0].at("time"), "1970-01-01T00:16:40Z");
  EXPECT_EQ(ran.lines[1].at("kind"), "announcement");
  EXPECT_EQ(ran.lines[1].at("line"), 4);
  EXPECT_EQ(ran.lines[2].at("kind"), "resolved");
  EXPECT_EQ(ran.lines[2].at("resolves"), "origin-hijack");
  EXPECT_THAT(ran.err, HasSubstr("line 2"));
  EXPECT_THAT(ran.err, HasSubstr("203.0.113.7/24 is read as 203.0.113.0/24"));
  EXPECT_THAT(ran.err, EndsWith("3 records, 1 malformed\n"));
}

TEST_F(AnalyzeInput, WhatComesBackSoonIsOpenAgainAndSaysHowOften) {
  const std::string hijack = "[64496,64511]", right = "[64496,64500]";
  const std::string input = update(hijack, 1000) + update(right, 1030) + update(hijack, 1060) +
                            update(right, 1090) + update(hijack, 1691);
  const auto reopened = [&] {
    std::vector<std::string> out;
    for (const json::value& line : analyze(options, input).lines) {
      if (line.at("kind") != "origin-hijack") continue;
      const json::value* times = find(line, "reopened");
      out.push_back(find_string(line, "state").value_or("") + (times ? json::serialize(*times) : ""));
    }
    return out;
  };
  EXPECT_THAT(reopened(), testing::ElementsAre("open", "open1", "open"));
  options.watch_file = temporary("reopen.json", R"({"prefixes": [{"prefix": "203.0.113.0/24", "asn": 64500}],
                                                    "thresholds": {"reopen_within_s": 20}})")
                           .string();
  EXPECT_THAT(reopened(), testing::ElementsAre("open", "open", "open"));
}

TEST_F(AnalyzeInput, JudgesByTimestampsNotByArrival) {
  // The hijack is older than the right route although it comes later: it is over when it is read.
  const Ran ran = analyze(options, update("[64496,64500]", 1030) + update("[64496,64511]", 1000));
  ASSERT_EQ(ran.lines.size(), 3U) << ran.out;
  EXPECT_EQ(ran.lines[0].at("kind"), "origin-hijack");
  EXPECT_EQ(ran.lines[0].at("line"), 2);
  EXPECT_EQ(ran.lines[2].at("kind"), "resolved");
}

TEST_F(AnalyzeInput, BadArgumentsEndWithTwoAndMissingInputWithOne) {
  AnalyzeOptions wrong = options;
  wrong.watch_file = "/nonexistent/watch.json";
  EXPECT_EQ(analyze(wrong).exit, 2);
  wrong.watch_file = temporary("bad.json", R"({"prefixes": [{"prefix": "203.0.113.0"}]})").string();
  const Ran bad = analyze(wrong);
  EXPECT_EQ(bad.exit, 2);
  EXPECT_THAT(bad.err, HasSubstr("prefixes[0]"));
  options.inputs = {"/nonexistent/updates.jsonl"};
  EXPECT_EQ(analyze(options).exit, 1);
}

TEST_F(AnalyzeInput, TakesVrpsAndRelationshipsFromFiles) {
  options.vrps =
      temporary("vrps.json", R"({"roas": [{"asn": "AS64511", "prefix": "203.0.113.0/24"}]})").string();
  options.as_relationships =
      temporary("rels.txt", "64496|64511|-1\n64497|64496|0\n64498|64497|-1\n").string();
  const Ran valid = analyze(options, update("[64496,64511]", 1000));
  ASSERT_EQ(valid.lines.size(), 1U) << valid.out;
  EXPECT_EQ(valid.lines[0].at("kind"), "announcement") << "a foreign origin, valid by the RPKI";
  EXPECT_EQ(valid.lines[0].at("state"), "resolved");
  options.vrps = temporary("bad-vrps.json", R"({"roas": [{"asn": 1, "prefix": "x"}]})").string();
  EXPECT_EQ(analyze(options).exit, 2);
  options.vrps.clear();
  options.as_relationships = temporary("bad-rels.txt", "1|2\n").string();
  EXPECT_EQ(analyze(options).exit, 2);
}

TEST_F(AnalyzeInput, TakesRouteObjectsOfADump) {
  const double without =
      analyze(options, update("[64496,64511]", 1000)).lines.at(0).at("confidence").as_double();
  options.irr =
      temporary("irr.db", "route: 203.0.113.0/24\norigin: AS64511\n\nroute: 198.51.100.0/33\norigin: AS1\n")
          .string();
  const Ran registered = analyze(options, update("[64496,64511]", 1000));
  EXPECT_NEAR(registered.lines.at(0).at("confidence").as_double(), without - 0.10, 1e-9);
  EXPECT_THAT(registered.err, HasSubstr("irr.db: line 4: route: prefix '198.51.100.0/33'"));
  EXPECT_THAT(registered.err, HasSubstr("1 route objects, 1 left out as they are broken"));
  ASSERT_EQ(
      std::system(
          ("gzip -kf " + temporary("other.db", "route: 203.0.112.0/22\norigin: AS1\n").string()).c_str()),
      0);
  options.irr = temporary("other.db", "").string() + ".gz";
  EXPECT_NEAR(analyze(options, update("[64496,64511]", 1000)).lines.at(0).at("confidence").as_double(),
              without + 0.10, 1e-9);
  options.irr = temporary("none.db", "mntner: X\n").string();
  const Ran refused = analyze(options);
  EXPECT_EQ(refused.exit, 2);
  EXPECT_THAT(refused.err, HasSubstr("none.db: no route: or route6: object"));
}

TEST_F(AnalyzeInput, TakesAspasOfTheFileBesideThoseOfTheWatchFile) {
  options.watch_file = temporary("aspa.json", R"({"prefixes": [{"prefix": "203.0.113.0/24", "asn": [64500]}],
      "aspa": [{"customer": 64500, "providers": [64510]}]})")
                           .string();
  const std::string leaked = update("[64496,64510,64497,64500]", 1000);
  EXPECT_THAT(analyze(options, leaked).out, testing::Not(HasSubstr("route-leak"))) << "only half is attested";
  options.vrps = temporary("aspas.json", R"({"roas": [], "aspas": [
      {"customer": 64510, "providers": [64511]}, {"customer": 64497, "providers": [64511]}]})")
                     .string();
  EXPECT_THAT(analyze(options, leaked).out, HasSubstr("route-leak"));
}

TEST_F(AnalyzeInput, TellsNoEndsWhereTheyAreExcluded) {
  const auto lines = [&](std::string_view excluded) {
    options.watch_file = temporary("ends.json", fmt::format(R"({{"prefixes": [{{"prefix": "203.0.113.0/24",
        "asn": [64500], "excludeKinds": [{}]}}]}})",
                                                            excluded))
                             .string();
    return analyze(options, update("[64496,64511]", 1000) + update("[64496,64500]", 1001) +
                                update("[64496,64511]", 1900))
        .out;
  };
  EXPECT_THAT(lines(""), HasSubstr("\"kind\":\"resolved\""));
  const std::string without = lines("\"resolved\"");
  EXPECT_THAT(without, testing::Not(HasSubstr("\"kind\":\"resolved\"")));
  EXPECT_THAT(without, HasSubstr("\"kind\":\"origin-hijack\""));
}

TEST_F(AnalyzeInput, TakesThemCompressedAsTheyArePublished) {
  const fs::path plain = temporary("as-rel2.txt", "# source: test\n64496|64511|-1|bgp\n64497|64496|0|bgp\n");
  const fs::path roas = temporary("vrps2.json", R"({"roas": [{"asn": 64511, "prefix": "203.0.113.0/24"}]})");
  for (const auto& [program, suffix] : {std::pair("bzip2 -kf ", ".bz2"), std::pair("gzip -kf ", ".gz")}) {
    ASSERT_EQ(std::system((program + plain.string() + " " + roas.string()).c_str()), 0);
    options.as_relationships = plain.string() + suffix;
    options.vrps = roas.string() + suffix;
    const Ran ran = analyze(options, update("[64496,64511]", 1000));
    EXPECT_EQ(ran.exit, 0) << ran.err;
    ASSERT_EQ(ran.lines.size(), 1U) << ran.out;
    EXPECT_EQ(ran.lines[0].at("kind"), "announcement") << "a foreign origin, valid by the RPKI";
  }
}

TEST_F(AnalyzeInput, RoasComeAndGoBeforeALine) {
  options.watch_file =
      temporary("roas-changes.json", R"({"prefixes": [{"prefix": "203.0.113.0/24", "asn": [64500]}],
      "roas": [{"prefix": "203.0.113.0/24", "asn": 64500}],
      "roas_changes": [{"before_line": 3, "add": [{"prefix": "203.0.113.0/24", "asn": 64500}],
                        "remove": [{"prefix": "203.0.113.0/24", "asn": 64501}]},
                       {"before_line": 2, "add": [{"prefix": "203.0.113.0/24", "asn": 64501}],
                        "remove": [{"prefix": "203.0.113.0/24", "asn": 64500}]}]})")
          .string();
  const Ran ran = analyze(
      options, update("[64496,64500]", 1000) + update("[64496,64500]", 1010) + update("[64496,64500]", 1020));
  EXPECT_EQ(ran.exit, 0) << ran.err;
  std::vector<std::string> told;
  for (const json::value& line : ran.lines) {
    if (find_string(line, "kind") == "announcement") continue;
    told.push_back(
        fmt::format("{} {}", find_string(line, "kind").value(), find(line, "line")->to_number<int>()));
  }
  EXPECT_THAT(told, testing::IsSupersetOf({"rpki-invalid 2", "resolved 3"}));
  options.watch_file =
      temporary("roas-bad.json", R"({"prefixes": [], "roas_changes": [{"add": []}]})").string();
  EXPECT_THAT(analyze(options).err, HasSubstr("before_line"));
}

TEST_F(AnalyzeInput, UnknownKeysAreNamedOnce) {
  options.watch_file =
      temporary("odd.json", R"({"colour": 1, "prefixes": [{"prefix": "203.0.113.0/24", "smell": 1},)"
                            R"({"prefix": "198.51.100.0/24", "smell": 2}]})")
          .string();
  const Ran ran = analyze(options);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_THAT(ran.err, HasSubstr("`colour`"));
  EXPECT_EQ(ran.err.find("`smell`"), ran.err.rfind("`smell`"));
}

std::string bytes_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::uint8_t> bgp_update(std::vector<net::Asn> path) {
  wire::bgp::Update update;
  if (path.empty()) {
    update.withdrawn = {{net::Prefix::parse("203.0.113.0/24").value(), 0}};
  } else {
    update.announced = {{net::Prefix::parse("203.0.113.0/24").value(), 0}};
    update.attributes.as_path = wire::bgp::AsPath::sequence(std::move(path));
    update.attributes.next_hop = net::Address::v4(0xC0000201);
  }
  return wire::bgp::encode_update(update, {}).value();
}

void append(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// BGP4MP_MESSAGE_AS4 (RFC 6396 section 4.4.3) of peer 192.0.2.1, AS64496.
std::string mrt_record(std::uint32_t seconds, const std::vector<std::uint8_t>& message) {
  std::string out;
  append(out, seconds, 4);
  append(out, 16, 2);
  append(out, 4, 2);
  append(out, 20 + message.size(), 4);
  append(out, 64496, 4);
  append(out, 64999, 4);
  append(out, 0, 2);
  append(out, 1, 2);
  append(out, 0xC0000201, 4);
  append(out, 0xC0000202, 4);
  return out + bytes_of(message);
}

TEST_F(AnalyzeInput, ReadsMrtAndKnowsItByItself) {
  const std::string good = mrt_record(1000, bgp_update({64496, 64500}));
  std::string bad = mrt_record(1001, bgp_update({64496, 64511}));
  bad[8 + 4 + 20 + 19] = '\x7f';  // more withdrawn routes than the message has bytes
  const std::string hijack = mrt_record(1002, bgp_update({64496, 64511})),
                    gone = mrt_record(1003, bgp_update({}));
  for (const char* format : {"auto", "mrt"}) {
    options.format = format;
    const Ran ran = analyze(options, good + bad + hijack + gone);
    EXPECT_EQ(ran.exit, 0) << ran.err;
    ASSERT_EQ(ran.lines.size(), 4U) << ran.out << ran.err;
    EXPECT_EQ(ran.lines[0].at("kind"), "announcement");
    EXPECT_EQ(ran.lines[1].at("kind"), "origin-hijack");
    EXPECT_EQ(ran.lines[1].at("line"), 3);
    EXPECT_EQ(ran.lines[1].at("time"), "1970-01-01T00:16:42Z");
    EXPECT_THAT(ran.err, HasSubstr("record 2: UPDATE"));
    EXPECT_THAT(ran.err, EndsWith("4 records, 1 malformed\n"));
  }
}

TEST_F(AnalyzeInput, BeginsWithATableAndGoesOnWithItsUpdates) {
  options.watch_file =
      temporary("table-watch.json",
                R"({"prefixes": [{"prefix": "203.0.113.0/24", "asn": [64500]}, {"prefix": "198.51.100.0/24",)"
                R"("asn": [64500]}], "thresholds": {"visibility-loss": 2}})")
          .string();
  const fs::path table = temporary("table.mrt", ""), updates = temporary("updates.mrt", "");
  RecordedMrt()
      .table("2026-11-23T08:00:00Z", "203.0.113.0/24", {{64496, 64666}})
      .table("2026-11-23T08:00:00Z", "198.51.100.0/24", {{64496, 64500}, {64497, 64500}})
      .write(table);
  RecordedMrt()
      .withdraw("2026-11-23T08:01:00Z", 64496, "198.51.100.0/24")
      .withdraw("2026-11-23T08:02:00Z", 64497, "198.51.100.0/24")
      .write(updates);
  options.inputs = {table.string(), updates.string()};
  const Ran ran = analyze(options);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  std::vector<std::string> found;
  for (const json::value& line : ran.lines) {
    if (!is_informational(*find_string(line, "kind")))
      found.push_back(fmt::format("{} {}", *find_string(line, "kind"), *find_string(line, "time")));
  }
  EXPECT_THAT(found, testing::ElementsAre("origin-hijack 2026-11-23T08:00:00Z",
                                          "visibility-loss 2026-11-23T08:02:00Z"));
}

TEST_F(AnalyzeInput, AnMrtFileThatIsCutOffGivesWhatItHas) {
  const std::string whole = mrt_record(1000, bgp_update({64496, 64511}));
  options.inputs = {temporary("cut.mrt", whole + whole.substr(0, 30)).string()};
  const Ran ran = analyze(options);
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.lines.size(), 1U) << ran.out;
  EXPECT_THAT(ran.err, EndsWith("1 records, 1 malformed\n"));
}

TEST_F(AnalyzeInput, ReadsRecordedBmp) {
  wire::bmp::PerPeerHeader header;
  header.address = net::Address::v4(0xC0000201);
  header.asn = 64496;
  header.time = time_from_us(1'700'000'000'000'000);
  const std::string input = bytes_of(wire::bmp::encode_initiation("edge-1", "a router")) +
                            bytes_of(wire::bmp::encode_route_monitoring(header, bgp_update({64496, 64500}))) +
                            bytes_of(wire::bmp::encode_route_monitoring(header, bgp_update({64496, 64511})));
  const Ran ran = analyze(options, input);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  ASSERT_EQ(ran.lines.size(), 2U) << ran.out << ran.err;
  EXPECT_EQ(ran.lines[1].at("kind"), "origin-hijack");
  EXPECT_EQ(ran.lines[1].at("line"), 3);
  EXPECT_EQ(ran.lines[1].at("time"), "2023-11-14T22:13:20Z");
  EXPECT_THAT(ran.err, EndsWith("3 records, 0 malformed\n"));
}

TEST_F(AnalyzeInput, WithdrawalsOfWhatWasNotSeenCountInEveryFormat) {
  options.watch_file =
      temporary("middle.json",
                R"({"prefixes": [{"prefix": "203.0.113.0/24"}], "assume_seen_by_all_peers": true,)"
                R"("thresholds": {"visibility-loss": 1}})")
          .string();
  wire::bmp::PerPeerHeader header;
  header.address = net::Address::v4(0xC0000201);
  header.asn = 64496;
  const std::string bmp = bytes_of(wire::bmp::encode_initiation("edge-1", "a router")) +
                          bytes_of(wire::bmp::encode_route_monitoring(header, bgp_update({})));
  for (const std::string& input : {mrt_record(1000, bgp_update({})), bmp}) {
    const Ran ran = analyze(options, input);
    ASSERT_EQ(ran.lines.size(), 1U) << ran.out << ran.err;
    EXPECT_EQ(ran.lines[0].at("kind"), "visibility-loss");
  }
}

TEST_F(AnalyzeInput, ReadsRecordedBmpThatIsCompressed) {
  const std::string plain = bytes_of(wire::bmp::encode_initiation("edge-1", "a router")) +
                            std::string("\x03\x00\x00\x00\x06\x4d", 6);
  const std::string file = temporary("bmp.raw", plain).string();
  ASSERT_EQ(std::system(("gzip -kf " + file).c_str()), 0);
  options.inputs = {file + ".gz"};
  const Ran ran = analyze(options);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.err, EndsWith("2 records, 0 malformed\n"));
}

TEST(Analyze, CountsTheRecordsOfEverySharedMrtFile) {
  const char* given = std::getenv("PEERING_SHARED");
  const fs::path shared = given ? given : PEERING_SOURCE_DIR "/../shared";
  std::ifstream truth(shared / "data/mrt/TRUTH.tsv");
  if (!truth) GTEST_SKIP() << "skipped: no shared data";
  std::string row;
  std::getline(truth, row);
  while (std::getline(truth, row)) {
    std::istringstream columns(row);
    std::string name, bytes, hash, records, types, plain, truncated, trailing;
    for (std::string* column : {&name, &bytes, &hash, &records, &types, &plain, &truncated, &trailing}) {
      std::getline(columns, *column, '\t');
    }
    // The large table dumps hold no updates; reading them all takes the sanitizers too long.
    if (name.find("updates") == std::string::npos && std::stoul(bytes) > 100'000) continue;
    AnalyzeOptions options;
    options.watch_file = temporary("truth.json", R"({"prefixes": [{"prefix": "192.0.2.0/24"}]})").string();
    options.inputs = {(shared / "data/mrt" / name).string()};
    const Ran ran = analyze(options);
    EXPECT_EQ(ran.exit, 0) << name;
    // Where bytes trail, the known count ends at damage; we skip it and read on.
    const std::string told = trailing == "0" ? records + " records, " : "bytes skipped";
    EXPECT_THAT(ran.err, HasSubstr(told)) << name;
  }
}

}  // namespace
}  // namespace peering::cli
