#include "feeds/archive.h"

#include <fstream>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "feeds/mrt_file.h"
#include "wire/mrt/encode.h"

namespace peering::feeds {
namespace {

namespace fs = std::filesystem;
namespace mrt = wire::mrt;

const TimePoint archived_at = time_from_us(1'700'049'600'000'000);  // 2023-11-15 12:00 UTC
constexpr std::chrono::minutes minute{1};

std::vector<std::uint8_t> a_record(TimePoint at) {
  ByteWriter out;
  const mrt::Session session{64500, 64496, net::Address::v4(1U), net::Address::v4(2U)};
  EXPECT_TRUE(mrt::append_state_change(at, {session, 1, 6}, out));
  return std::move(out).take();
}

class Archived : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(testing::TempDir()) / (std::string("archive-") + test->name());
    fs::remove_all(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  std::set<std::string> names() const {
    std::set<std::string> out;
    if (!fs::exists(folder)) return out;
    for (const auto& entry : fs::directory_iterator(folder)) out.insert(entry.path().filename().string());
    return out;
  }
  std::uint64_t records_of(const std::string& name) const {
    auto file = MrtFile::open((folder / name).string());
    mrt::Record record;
    Result<bool> more = file->next(record);
    while (more && *more) more = file->next(record);
    EXPECT_TRUE(more) << more.error().message;
    return file->records();
  }

  fs::path folder;
};

using MrtWriterTest = Archived;
using ArchiveTest = Archived;

TEST_F(MrtWriterTest, AFileHasItsNameWhenItsStretchIsOver) {
  MrtWriter writer({folder, std::chrono::minutes(15), true, {}});
  ASSERT_TRUE(writer.append(archived_at + minute, a_record(archived_at)));
  ASSERT_TRUE(writer.append(archived_at + 14 * minute, a_record(archived_at)));
  EXPECT_EQ(names(), std::set<std::string>{".updates.20231115.1200.gz.partial"});
  ASSERT_TRUE(writer.append(archived_at + 15 * minute, a_record(archived_at)));
  EXPECT_TRUE(names().contains("updates.20231115.1200.gz"));
  ASSERT_TRUE(writer.append(archived_at, a_record(archived_at))) << "what is late is in the current file";
  ASSERT_TRUE(writer.tick(archived_at + 29 * minute));
  EXPECT_EQ(writer.files(), 1U);
  ASSERT_TRUE(writer.tick(archived_at + 30 * minute));
  EXPECT_EQ(names(), (std::set<std::string>{"updates.20231115.1200.gz", "updates.20231115.1215.gz"}));
  EXPECT_EQ(records_of("updates.20231115.1200.gz"), 2U);
  EXPECT_EQ(records_of("updates.20231115.1215.gz"), 2U);
}

TEST_F(MrtWriterTest, AStretchWrittenBeforeGetsAnotherFile) {
  for (int i = 0; i < 2; ++i) {
    MrtWriter writer({folder, std::chrono::minutes(15), false, {}});
    ASSERT_TRUE(writer.append(archived_at, a_record(archived_at)));
  }
  EXPECT_EQ(names(), (std::set<std::string>{"updates.20231115.1200", "updates.20231115.1200.1"}));
  EXPECT_EQ(records_of("updates.20231115.1200"), 1U);
}

TEST_F(MrtWriterTest, OldFilesAreDeletedAndNoOthers) {
  fs::create_directories(folder);
  std::ofstream(folder / "updates.txt") << "mine";
  MrtWriter writer({folder, std::chrono::minutes(15), false, std::chrono::hours(1)});
  for (int quarter = 0; quarter < 8; ++quarter) {
    ASSERT_TRUE(writer.append(archived_at + quarter * 15 * minute, a_record(archived_at)));
  }
  ASSERT_TRUE(writer.finish());
  EXPECT_TRUE(names().contains("updates.txt"));
  EXPECT_FALSE(names().contains("updates.20231115.1200"));
  EXPECT_TRUE(names().contains("updates.20231115.1300"));
  EXPECT_TRUE(names().contains("updates.20231115.1345"));
}

TEST_F(MrtWriterTest, AFolderThatCannotBeWrittenIsAnError) {
  std::ofstream(folder) << "a file where the folder should be";
  MrtWriter writer({folder, std::chrono::minutes(15), false, {}});
  EXPECT_EQ(writer.append(archived_at, a_record(archived_at)).error().code, ErrorCode::io);
}

TEST_F(ArchiveTest, WhatIsPushedIsInTheFilesAfterTheStop) {
  Metrics metrics;
  ArchiveSettings settings;
  settings.files = {folder, std::chrono::hours(24), true, {}};
  Archive archive(settings, metrics);
  archive.start();
  const TimePoint arrival = now();
  for (int i = 0; i < 1000; ++i) archive.push(arrival, a_record(arrival));
  archive.stop();
  EXPECT_EQ(archive.trouble(), "");
  std::uint64_t records = 0;
  for (const std::string& name : names()) records += records_of(name);
  EXPECT_EQ(records, 1000U);
}

TEST_F(ArchiveTest, AFullDiskDropsRecordsAndSaysSo) {
  std::ofstream(folder) << "a file where the folder should be";
  Metrics metrics;
  ArchiveSettings settings;
  settings.files = {folder, std::chrono::hours(24), true, {}};
  settings.queue_bytes_max = 1000;
  Archive archive(settings, metrics);
  for (int i = 0; i < 1000; ++i)
    archive.push(archived_at, a_record(archived_at));  // nobody writes yet: the queue is full
  EXPECT_NE(archive.trouble(), "");
  archive.start();
  archive.stop();
  EXPECT_NE(archive.trouble().find("cannot be created"), std::string::npos) << archive.trouble();
  const std::string page = metrics.render();
  EXPECT_NE(page.find("peering_archive_bytes_total{result=\"dropped\"} " +
                      std::to_string(1000 * a_record(archived_at).size())),
            std::string::npos)
      << page;
}

}  // namespace
}  // namespace peering::feeds
