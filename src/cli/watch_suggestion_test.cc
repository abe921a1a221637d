#include "cli/watch_suggestion.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "cli/recorded_mrt_fixture.h"
#include "detect/watch_file.h"

namespace peering::cli {

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class WatchSuggestion : public testing::Test {
 protected:
  WatchSuggestion() {
    table.table("2026-11-23T08:00:00Z", "203.0.113.0/24", {{64497, 64496, 64500}, {64498, 64496, 64500}})
        .table("2026-11-23T08:00:00Z", "203.0.113.0/25", {{64497, 64496, 64500}})
        .table("2026-11-23T08:00:00Z", "198.51.100.0/24", {{64497, 64511}});
    updates.announce("2026-11-23T09:00:00Z", 64498, {64498, 64499, 64500}, "203.0.113.0/24")
        .announce("2026-11-23T09:01:00Z", 64498, {64498, 64500}, "192.0.2.0/24")
        .withdraw("2026-11-23T09:02:00Z", 64498, "192.0.2.0/24");
    options.files = {table.write(folder / "rib.20261123.0800"),
                     updates.write(folder / "updates.20261123.0900")};
  }
  ~WatchSuggestion() override { fs::remove_all(folder); }

  Outcome<void> run() {
    out.str("");
    err.str("");
    return suggest_watch_file(options, out, err);
  }

  const fs::path folder = fs::path(testing::TempDir()) / "watch-suggestion";
  RecordedMrt table, updates;
  WatchSuggestionOptions options;
  std::ostringstream out, err;
};

TEST_F(WatchSuggestion, OfPrefixesIsAWatchFileWithReasonsBesideIt) {
  options.prefixes = {*net::Prefix::parse("203.0.113.0/24")};
  ASSERT_TRUE(run());
  EXPECT_EQ(out.str(), R"({"prefixes":[{"prefix":"203.0.113.0/24","asn":[64500],"upstreams":[64496,64499],)"
                       R"("lengths":{"min":25,"max":25}}]})"
                       "\n");
  EXPECT_TRUE(detect::read_watch_file(out.str()));
  EXPECT_THAT(err.str(), HasSubstr("203.0.113.0/24: asn 64500: seen at 2 peers"));
}

TEST_F(WatchSuggestion, OfAnAsWatchesEveryPrefixThatItOriginatesNow) {
  options.asns = {64500};
  ASSERT_TRUE(run());
  EXPECT_THAT(out.str(), HasSubstr(R"("prefix":"203.0.113.0/25")"));
  EXPECT_THAT(out.str(), Not(HasSubstr("lengths"))) << "what is watched itself needs none";
  EXPECT_THAT(out.str(), Not(HasSubstr("192.0.2.0")));
}

TEST_F(WatchSuggestion, HeedsTheRpki) {
  options.prefixes = {*net::Prefix::parse("203.0.113.0/24")};
  options.vrps = (folder / "vrps.json").string();
  std::ofstream(options.vrps) << R"({"roas":[{"prefix":"203.0.113.0/24","maxLength":24,"asn":64511}]})";
  ASSERT_TRUE(run());
  EXPECT_THAT(out.str(), HasSubstr(R"("asn":[64511])"));
  EXPECT_THAT(err.str(), HasSubstr("warning: AS64500 is not suggested"));
}

TEST_F(WatchSuggestion, AFileThatIsNotThereOrStdinReadTwiceIsAFailure) {
  options.prefixes = {*net::Prefix::parse("203.0.113.0/24")};
  options.files = {"/nonexistent"};
  EXPECT_EQ(run().error().code, ExitCode::not_found);
  options.files = {"-"};
  options.asns = {64500};
  EXPECT_EQ(run().error().code, ExitCode::usage);
}

}  // namespace

}  // namespace peering::cli
