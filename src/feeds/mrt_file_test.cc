#include "feeds/mrt_file.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "wire/mrt/record.h"

namespace peering::feeds {
namespace {

namespace fs = std::filesystem;

struct Read {
  std::uint64_t records = 0, damaged = 0;
  std::string error;
};

Read read_all(const std::string& path) {
  Read out;
  auto file = MrtFile::open(path);
  EXPECT_TRUE(file) << file.error().message;
  wire::mrt::Record record;
  Result<bool> more = file->next(record);
  for (; more && *more; more = file->next(record)) {
    if (!wire::mrt::decode_record(record)) ++out.damaged;
  }
  out.records = file->records();
  if (!more) out.error = more.error().message;
  return out;
}

TEST(MrtFile, ReadsPlainAndCompressedFilesToTheirEnd) {
  const std::string folder = PEERING_SOURCE_DIR "/src/wire/mrt/testdata/";
  EXPECT_EQ(read_all(folder + "mrt_fuzz/updates").records, 5U);
  EXPECT_EQ(read_all(folder + "decompress_fuzz/gzip").records, 7U);
  EXPECT_EQ(read_all(folder + "decompress_fuzz/bzip2").records, 5U);
  EXPECT_EQ(read_all(folder + "decompress_fuzz/zstd").records, 5U);
}

TEST(MrtFile, DamageEndsTheFileWithAReason) {
  const std::string folder = PEERING_SOURCE_DIR "/src/wire/mrt/testdata/";
  EXPECT_NE(read_all(folder + "mrt_fuzz/cut_off").error, "");
  EXPECT_NE(read_all(folder + "mrt_fuzz/lying_length").error, "");
  EXPECT_NE(read_all(folder + "decompress_fuzz/damaged_gzip").error, "");
  EXPECT_EQ(MrtFile::open("/nowhere/at-all").error().code, ErrorCode::not_found);
}

// Every recorded update file has as many records as an independent count says.
TEST(MrtFile, RealFilesHaveTheRecordsOfTheirTruth) {
  const char* given = std::getenv("PEERING_SHARED");
  const fs::path folder = fs::path(given ? given : PEERING_SOURCE_DIR "/../shared") / "data/mrt";
  std::ifstream truth(folder / "TRUTH.tsv");
  if (!truth) GTEST_SKIP() << "skipped: no shared data";
  std::string line;
  std::getline(truth, line);
  int files = 0;
  while (std::getline(truth, line)) {
    std::istringstream fields(line);
    std::string name, bytes, hash, records, types, plain, truncated, trailing;
    for (std::string* field : {&name, &bytes, &hash, &records, &types, &plain, &truncated, &trailing}) {
      std::getline(fields, *field, '\t');
    }
    if (types.find("12/") != std::string::npos || types.find("13/") != std::string::npos) continue;
    const std::size_t read = read_all((folder / name).string()).records;
    if (trailing == "0") {
      EXPECT_EQ(read, std::stoull(records)) << name;
    } else {
      EXPECT_GT(read, std::stoull(records)) << name << ": the count ends at the damage, we read on";
    }
    ++files;
  }
  EXPECT_GT(files, 20);
}

}  // namespace
}  // namespace peering::feeds
