#include "cli/replay.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "cli/archive_files.h"
#include "cli/recorded_mrt_fixture.h"
#include "cli/server_rules.h"

namespace peering::cli {

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Replaying : public testing::Test {
 protected:
  Replaying() {
    options.from = at("2026-11-23T10:00:00Z");
    options.to = at("2026-11-23T11:00:00Z");
    options.watch.name = "watch";
    options.watch.text = R"({"prefixes":[{"prefix":"203.0.113.0/24","asn":[64500]}]})";
    options.folders = {folder.string()};
  }
  ~Replaying() override { fs::remove_all(folder); }

  // "kind state time" of each line.
  std::vector<std::string> lines() {
    std::ostringstream out;
    err.str("");
    const auto ran = run_replay(options, {}, out, err);
    EXPECT_TRUE(ran) << ran.error().message;
    std::vector<std::string> found;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) {
      const json::value value = *parse_json(line);
      found.push_back(fmt::format("{} {} {}{}", *find_string(value, "kind"), *find_string(value, "state"),
                                  *find_string(value, "time"), find(value, "before") ? " before" : ""));
    }
    return found;
  }
  fs::path file(std::string_view name) const { return folder / name; }

  const fs::path folder = fs::path(testing::TempDir()) / "replaying";
  ReplayOptions options;
  std::ostringstream err;
};

TEST_F(Replaying, TellsWhatWouldHaveFiredWithinTheTimesAndNoMore) {
  RecordedMrt()
      .announce("2026-11-23T09:59:00Z", 64496, {64496, 64501}, "203.0.113.0/24")
      .withdraw("2026-11-23T09:59:30Z", 64496, "203.0.113.0/24")
      .announce("2026-11-23T10:01:00Z", 64496, {64496, 64666}, "203.0.113.0/24")
      .write(file("updates.20261123.0945"));
  RecordedMrt()
      .withdraw("2026-11-23T10:20:00Z", 64496, "203.0.113.0/24")
      .announce("2026-11-23T11:00:00Z", 64496, {64496, 64667}, "203.0.113.0/24")
      .write(file("updates.20261123.1015"));
  EXPECT_THAT(lines(), ElementsAre("origin-hijack open 2026-11-23T10:01:00Z",
                                   "resolved resolved 2026-11-23T10:20:00Z"));
  EXPECT_THAT(err.str(), HasSubstr("origin-hijack"));
  EXPECT_THAT(err.str(), HasSubstr("1 would have been alerts at level Warning or worse"));
}

TEST_F(Replaying, BeginsWithTheTableBeforeAndWhatIsOpenByThen) {
  RecordedMrt()
      .table("2026-11-23T08:00:00Z", "203.0.113.0/24", {{64496, 64666}})
      .write(file("rib.20261123.0800"));
  RecordedMrt()
      .withdraw("2026-11-23T10:30:00Z", 64496, "203.0.113.0/24")
      .write(file("updates.20261123.1030"));
  EXPECT_THAT(lines(), ElementsAre("origin-hijack open 2026-11-23T08:00:00Z before",
                                   "resolved resolved 2026-11-23T10:30:00Z"));
}

TEST_F(Replaying, ReadsCollectorsSideBySide) {
  RecordedMrt()
      .announce("2026-11-23T10:01:00Z", 64496, {64496, 64666}, "203.0.113.0/24")
      .announce("2026-11-23T10:10:00Z", 64496, {64496, 64500}, "203.0.113.0/24")
      .write(file("a/updates.20261123.1000"));
  RecordedMrt()
      .announce("2026-11-23T10:05:00Z", 64497, {64497, 64667}, "203.0.113.0/24")
      .write(file("b/updates.20261123.1000"));
  EXPECT_THAT(lines(), testing::IsSupersetOf({"origin-hijack open 2026-11-23T10:01:00Z",
                                              "origin-hijack open 2026-11-23T10:05:00Z",
                                              "resolved resolved 2026-11-23T10:10:00Z"}));
}

TEST_F(Replaying, SaysSoWhenNothingFiredAndFailsWhenNothingTells) {
  EXPECT_FALSE(run_replay(options, {}, err, err));
  RecordedMrt()
      .announce("2026-11-23T10:01:00Z", 64496, {64496, 64667}, "198.51.100.0/24")
      .write(file("updates.20261123.1000"));
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_THAT(err.str(), HasSubstr("nothing would have fired"));
}

TEST_F(Replaying, GoesOnPastAFileThatIsDamaged) {
  fs::create_directories(folder);
  std::ofstream(file("updates.20261123.1000")) << "this is no MRT file at all, is it?";
  RecordedMrt()
      .announce("2026-11-23T10:16:00Z", 64496, {64496, 64666}, "203.0.113.0/24")
      .write(file("updates.20261123.1015"));
  EXPECT_THAT(lines(), ElementsAre("origin-hijack open 2026-11-23T10:16:00Z"));
  EXPECT_THAT(err.str(), HasSubstr("updates.20261123.1000: "));
}

TEST(ArchiveTime, IsInTheNamesOfAllWhoWriteArchives) {
  const TimePoint time = at("2026-11-23T10:15:00Z");
  for (const auto* name : {"updates.20261123.1015.gz", "updates.20261123.1015.1.gz", "rib.20261123.1015.bz2",
                           "bview.20261123.1015.gz", "rrc00.updates.20261123.1015"}) {
    EXPECT_EQ(archive_time(name), time) << name;
  }
  for (const auto* name : {"updates", "updates.20261123", "updates.20261399.1015", "updates.20261123.2561"}) {
    EXPECT_FALSE(archive_time(name)) << name;
  }
}

TEST_F(Replaying, TakesTheFilesOfTheTimeInTheirOrder) {
  for (const auto* name : {"updates.20261123.0900", "updates.20261123.0945", "updates.20261123.1000.1.gz",
                           "updates.20261123.1000.gz", "updates.20261123.1000.10.gz", "updates.20261123.1100",
                           "rib.20261123.1030", ".updates.20261123.1000.partial", "notes"}) {
    RecordedMrt().write(file(name));
  }
  const auto lanes = archive_lanes(options.folders, {}, options.from, options.to);
  ASSERT_EQ(lanes->size(), 1U);
  EXPECT_EQ(lanes->front().table, "");
  EXPECT_THAT(lanes->front().updates,
              ElementsAre(file("updates.20261123.1000.gz"), file("updates.20261123.1000.1.gz"),
                          file("updates.20261123.1000.10.gz")));
  EXPECT_FALSE(archive_lanes({"/nonexistent"}, {}, options.from, options.to));
  EXPECT_EQ(archive_lanes({}, {file("notes")}, options.from, options.to)->size(), 1U);
}

// A leak that only the relationships show, and that comes back after twenty minutes.
TEST_F(Replaying, GoesByTheServersConfiguration) {
  const auto leak = {64496U, 64510U, 64497U, 64500U};
  RecordedMrt()
      .announce("2026-11-23T10:01:00Z", 64496, leak, "203.0.113.0/24")
      .withdraw("2026-11-23T10:10:00Z", 64496, "203.0.113.0/24")
      .announce("2026-11-23T10:30:00Z", 64496, leak, "203.0.113.0/24")
      .write(file("updates.20261123.1000"));
  const auto write = [&](std::string_view name, std::string_view text) {
    std::ofstream(file(name)) << text;
    return file(name).string();
  };
  EXPECT_THAT(lines(), testing::Not(testing::Contains(testing::StartsWith("route-leak"))));
  const std::string config = write(
      "peeringd.toml",
      fmt::format("[detection]\nreopen_within = \"1h\"\nshards = 2\n[topology]\nas_relationships = \"{}\"\n"
                  "siblings = \"{}\"\n",
                  write("relationships.txt", "64496|64510|-1\n64497|64510|-1\n64497|64500|-1\n"),
                  write("siblings.txt", "AS64498, 64499 # one company\n")));
  const auto rules = read_server_rules(config);
  ASSERT_TRUE(rules) << rules.error().message;
  options.watch.as_relationships = rules->as_relationships;
  options.watch.siblings = rules->siblings;
  options.watch.reopen_within = rules->reopen_within;
  std::ostringstream out;
  ASSERT_TRUE(run_replay(options, {}, out, err));
  EXPECT_THAT(out.str(), HasSubstr("\"kind\":\"route-leak\""));
  EXPECT_THAT(out.str(), HasSubstr("\"reopened\":1"));
  // What the watch file says goes before.
  options.watch.text =
      R"({"prefixes":[{"prefix":"203.0.113.0/24","asn":[64500]}],"thresholds":{"reopen_within_s":60}})";
  std::ostringstream again;
  ASSERT_TRUE(run_replay(options, {}, again, err));
  EXPECT_THAT(again.str(), testing::Not(HasSubstr("reopened")));
}

TEST_F(Replaying, AConfigurationThatIsWrongIsRefusedByFileLineAndKey) {
  const auto refusal = [&](std::string_view text) {
    std::filesystem::create_directories(folder);
    std::ofstream(file("wrong.toml")) << text;
    const auto rules = read_server_rules(file("wrong.toml").string());
    return rules ? std::string() : rules.error().message;
  };
  EXPECT_THAT(refusal("\n[detection]\nreopen_within = 5\n"),
              HasSubstr("wrong.toml:3: detection.reopen_within"));
  EXPECT_THAT(refusal("[detection]\nreopen_within = \"soon\"\n"),
              HasSubstr("a number with ms, s, m, h or d"));
  EXPECT_THAT(refusal("[rpki\n"), HasSubstr("wrong.toml:1"));
  EXPECT_FALSE(read_server_rules("/nowhere/peeringd.toml"));
}

}  // namespace

}  // namespace peering::cli
