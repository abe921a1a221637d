#include "cli/mrt_dump.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"

namespace peering::cli {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

struct Dump {
  int exit_code = 0;
  std::string out, err;
};

Dump dump(const std::string& path, bool one_line = true) {
  std::ostringstream out, err;
  const int code = run_mrt_dump(path, one_line, out, err);
  return {code, out.str(), err.str()};
}

const std::string testdata = PEERING_SOURCE_DIR "/src/wire/mrt/testdata/";

TEST(MrtDump, WritesEveryLineOfACompressedFile) {
  const Dump done = dump(testdata + "decompress_fuzz/gzip");
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_EQ(std::ranges::count(done.out, '\n'), 6);
  EXPECT_EQ(done.err, "");
}

TEST(MrtDump, WithoutTheFlagTimesAreForPeople) {
  EXPECT_THAT(dump(testdata + "mrt_fuzz/updates", false).out, HasSubstr("BGP4MP|2023-11-14T22:13:20Z|A|"));
}

TEST(MrtDump, SaysWhereTheFileIsDamagedAndKeepsWhatCameBefore) {
  const Dump cut = dump(testdata + "mrt_fuzz/cut_off");
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_THAT(cut.err, HasSubstr("no whole frame"));
  EXPECT_EQ(dump(testdata + "mrt_fuzz/lying_length").exit_code, 1);
  EXPECT_EQ(dump("/nowhere/at-all").exit_code, 3);
}

std::string sorted_hash(const std::string& text, std::size_t& lines) {
  std::vector<std::string_view> sorted;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    sorted.emplace_back(text.data() + at, end - at);
    at = end;
  }
  lines = sorted.size();
  std::ranges::sort(sorted);
  std::string joined;
  joined.reserve(text.size());
  for (const std::string_view line : sorted) joined += line;
  return to_hex(sha256(joined));
}

// The lines of every recorded file are those of bgpdump, except where it is known to be wrong: it searches
// for records after a lying length, and takes path identifiers for prefixes.
TEST(MrtDump, RecordedFilesGiveTheLinesOfBgpdump) {
  const char* given = std::getenv("PEERING_SHARED");
  const fs::path folder = fs::path(given ? given : PEERING_SOURCE_DIR "/../shared") / "data/mrt";
  std::ifstream truth(folder / "TRUTH.tsv");
  if (!truth) GTEST_SKIP() << "skipped: no shared data";
  constexpr std::size_t file = 0, lines_column = 8, hash_column = 17, verdict = 27;
  constexpr std::size_t lines_max = 250'000;  // the full table alone takes as long as all others
  std::string row;
  std::getline(truth, row);
  int files = 0;
  while (std::getline(truth, row)) {
    std::vector<std::string> columns;
    std::istringstream fields(row);
    for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
    if (columns.at(verdict) == "disagree" || std::stoull(columns.at(lines_column)) > lines_max) continue;
    const Dump done = dump((folder / columns.at(file)).string());
    std::size_t lines = 0;
    EXPECT_EQ(sorted_hash(done.out, lines), columns.at(hash_column)) << columns.at(file);
    EXPECT_EQ(lines, std::stoull(columns.at(lines_column))) << columns.at(file);
    ++files;
  }
  EXPECT_GE(files, 29);
}

}  // namespace
}  // namespace peering::cli
