#include "cli/mrt_dump.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>
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

Dump dump(const std::string& path, MrtDumpForm form = MrtDumpForm::one_line) {
  std::ostringstream out, err;
  const int code = run_mrt_dump({{path}, form}, out, err);
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
  EXPECT_THAT(dump(testdata + "mrt_fuzz/updates", MrtDumpForm::readable).out,
              HasSubstr("BGP4MP|2023-11-14T22:13:20Z|A|"));
}

TEST(MrtDump, TheBriefFormIsThatOfBgpdumpM) {
  EXPECT_THAT(
      dump(testdata + "mrt_fuzz/updates", MrtDumpForm::brief).out,
      HasSubstr("BGP4MP|11/14/23 22:13:20|A|192.0.2.1|64496|203.0.113.0/24|64496 4200000001 64500|IGP\n"
                "BGP4MP|11/14/23 22:13:20|STATE|192.0.2.1|64496|6|1\n"
                "BGP4MP_ET|11/14/23 22:13:20.000005|A|"));
}

TEST(MrtDump, JsonHasOneObjectARecord) {
  const Dump done = dump(testdata + "mrt_fuzz/updates", MrtDumpForm::json);
  EXPECT_EQ(done.exit_code, 0) << done.err;
  std::istringstream lines(done.out);
  std::vector<boost::json::object> records;
  for (std::string line; std::getline(lines, line);) {
    records.push_back(boost::json::parse(line).as_object());
  }
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(records[0].at("type").as_string(), "BGP4MP");
  EXPECT_EQ(records[0].at("subtype").as_string(), "MESSAGE_AS4");
  EXPECT_EQ(records[0].at("offset").as_int64(), 0);
  EXPECT_EQ(records[0].at("peer").at("asn").to_number<int>(), 64496);
  EXPECT_EQ(records[0].at("announced").at(0).as_string(), "203.0.113.0/24");
  EXPECT_EQ(records[0].at("attributes").at("as_path").as_string(), "64496 4200000001 64500");
}

TEST(MrtDump, SeveralFilesAreWrittenOneAfterTheOther) {
  std::ostringstream out, err;
  const std::string file = testdata + "mrt_fuzz/updates";
  EXPECT_EQ(run_mrt_dump({{file, file}, MrtDumpForm::one_line}, out, err), 0);
  const std::string once = dump(file).out;
  EXPECT_EQ(out.str(), once + once);
}

// Five records; bytes between the second and the third are no record.
TEST(MrtDump, DamageInTheMiddleIsSkippedAndItsOffsetSaid) {
  std::ifstream in(testdata + "mrt_fuzz/updates", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const auto length_at = [&](std::size_t at) {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(whole[i]));
    };
    return 12 + (byte(at + 8) << 24 | byte(at + 9) << 16 | byte(at + 10) << 8 | byte(at + 11));
  };
  const std::size_t first = length_at(0), second = first + length_at(first);
  const fs::path path = fs::path(testing::TempDir()) / "damaged.mrt";
  const auto write = [&](const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; };

  write(whole.substr(0, first) + std::string(100, '\xee') + whole.substr(first));
  Dump done = dump(path.string());
  EXPECT_EQ(done.out, dump(testdata + "mrt_fuzz/updates").out);
  EXPECT_THAT(done.err, HasSubstr(fmt::format("offset {}: 100 bytes skipped", first)));
  EXPECT_EQ(done.exit_code, 0);

  std::string lying = whole;
  lying[first + 8] = '\x7f';  // the length of the second record
  write(lying);
  done = dump(path.string());
  EXPECT_THAT(done.err, HasSubstr(fmt::format("offset {}: {} bytes skipped", first, second - first)));
  EXPECT_EQ(std::ranges::count(done.out, '\n'), 3);

  write(whole.substr(0, whole.size() - 5));
  done = dump(path.string());
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.err, HasSubstr("are no whole frame"));
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
