#include "feeds/followed_file.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

namespace peering::feeds {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr milliseconds quiet{1000};

struct FollowedFileTest : testing::Test {
  FollowedFileTest() {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  ~FollowedFileTest() override { fs::remove_all(folder); }

  static void write(const fs::path& to, std::string_view text, std::ios::openmode how = std::ios::app) {
    std::ofstream out(to, std::ios::binary | how);
    out << text;
  }
  FollowedFile follow(std::optional<FilePosition> remembered = {}, bool from_beginning = true) {
    return FollowedFile({.path = path,
                         .from_beginning = from_beginning,
                         .chunk_bytes_max = chunk_max,
                         .renamed_quiet = quiet},
                        std::move(remembered));
  }
  // All that can be read now, each chunk done with; several looks, as what is quiet needs time.
  std::string all(FollowedFile& file) {
    std::string out;
    for (int looks = 0; looks < 8; ++looks) {
      while (true) {
        auto chunk = file.next(at);
        EXPECT_TRUE(chunk) << chunk.error().message;
        if (!chunk || !*chunk) break;
        too_long += (*chunk)->lines_too_long;
        out += (*chunk)->text;
        EXPECT_TRUE(file.advance((*chunk)->end, (*chunk)->check).value());
      }
      at += quiet;
    }
    return out;
  }

  const fs::path folder = fs::temp_directory_path() / ("followed-" + std::to_string(::getpid()));
  const fs::path path = folder / "access.log";
  std::size_t chunk_max = 1000;
  std::uint64_t too_long = 0;
  FollowedFile::Clock::time_point at{};
};

TEST_F(FollowedFileTest, WholeLinesComeAsTheFileGrowsAndTheLastPartialOneWaits) {
  FollowedFile file = follow();
  EXPECT_EQ(all(file), "") << "a file that is missing";
  write(path, "one\ntw");
  EXPECT_EQ(all(file), "one\n");
  write(path, "o\nthree\n");
  EXPECT_EQ(all(file), "two\nthree\n");
  EXPECT_EQ(all(file), "");
}

TEST_F(FollowedFileTest, WhatIsNotDoneComesAgain) {
  write(path, "one\n");
  FollowedFile file = follow();
  const auto first = file.next(at).value();
  write(path, "two\n");
  const auto second = file.next(at).value();
  EXPECT_EQ(first->text, "one\n");
  EXPECT_EQ(second->text, "one\ntwo\n");
  EXPECT_EQ(file.position()->offset, 0U);
}

TEST_F(FollowedFileTest, ARestartGoesOnWhereTheLastProcessWas) {
  write(path, "one\n");
  FollowedFile before = follow();
  EXPECT_EQ(all(before), "one\n");
  write(path, "two\n");
  FollowedFile after = follow(before.position());
  EXPECT_EQ(all(after), "two\n");
  EXPECT_EQ(after.position()->generation, before.position()->generation);
}

TEST_F(FollowedFileTest, AFileThatIsRenamedIsReadToItsEndBeforeTheNewOne) {
  write(path, "one\n");
  FollowedFile file = follow();
  EXPECT_EQ(all(file), "one\n");
  const std::string generation = file.position()->generation;
  fs::rename(path, folder / "access.log.1");
  write(folder / "access.log.1", "late\n");
  EXPECT_EQ(all(file), "late\n");
  write(path, "two\n");
  write(folder / "access.log.1", "later, and without an end");
  EXPECT_EQ(all(file), "later, and without an endtwo\n");
  EXPECT_NE(file.position()->generation, generation);
  EXPECT_EQ(file.renamed(), 1U);
}

TEST_F(FollowedFileTest, ARenamedFileIsNotLeftBeforeItIsQuiet) {
  write(path, "one\n");
  FollowedFile file = follow();
  EXPECT_EQ(all(file), "one\n");
  fs::rename(path, folder / "access.log.1");
  write(path, "new\n");
  EXPECT_FALSE(file.next(at).value());
  write(folder / "access.log.1", "la");
  at += quiet - milliseconds(1);
  EXPECT_FALSE(file.next(at).value()) << "it has grown";
  write(folder / "access.log.1", "te\n");
  at += quiet - milliseconds(1);
  EXPECT_EQ(file.next(at).value()->text, "late\n");
  EXPECT_EQ(all(file), "late\nnew\n");
}

TEST_F(FollowedFileTest, ACopiedAndTruncatedFileIsReadAnew) {
  write(path, "one\ntwo\n");
  FollowedFile file = follow();
  EXPECT_EQ(all(file), "one\ntwo\n");
  const std::string generation = file.position()->generation;
  fs::copy_file(path, folder / "access.log.1");
  write(path, "new\n", std::ios::trunc);
  EXPECT_EQ(all(file), "new\n");
  EXPECT_NE(file.position()->generation, generation);
  write(path, "other, longer than before\nand more\n", std::ios::trunc);
  EXPECT_EQ(all(file), "other, longer than before\nand more\n");
  EXPECT_EQ(file.truncated(), 2U);
}

TEST_F(FollowedFileTest, RotationsWhileNobodyLookedAreMadeUpFor) {
  write(path, "one\n");
  FollowedFile before = follow();
  EXPECT_EQ(all(before), "one\n");
  const auto day = std::chrono::hours(24);
  const auto rotate = [&](const char* to, auto age) {
    fs::rename(path, folder / to);
    fs::last_write_time(folder / to, fs::file_time_type::clock::now() - age);
  };
  write(path, "two\n");
  rotate("access.log.3", 3 * day);
  write(path, "three\n");
  rotate("access.log.2", 2 * day);
  write(path, "four\n");
  rotate("access.log.1", day);
  write(path, "five\n");
  write(folder / "access.log.4", "of old\n");
  fs::last_write_time(folder / "access.log.4", fs::file_time_type::clock::now() - 4 * day);
  write(folder / "access.log.2.gz", "compressed\n");
  write(folder / "access.log.json", "of others\n");
  FollowedFile after = follow(before.position());
  EXPECT_EQ(all(after), "two\nthree\nfour\nfive\n");
}

TEST_F(FollowedFileTest, ATruncationWhileNobodyLookedIsSeenAlsoWhenTheFileIsLongAgain) {
  write(path, "one\ntwo\n");
  FollowedFile before = follow();
  EXPECT_EQ(all(before), "one\ntwo\n");
  write(path, "six\nten\neleven\n", std::ios::trunc);
  FollowedFile after = follow(before.position());
  EXPECT_EQ(all(after), "six\nten\neleven\n");
  EXPECT_EQ(after.truncated(), 1U);
}

TEST_F(FollowedFileTest, AFileThatIsGoneWithWhatWasLeftOfItIsTold) {
  write(path, "one\n");
  FollowedFile before = follow();
  EXPECT_EQ(all(before), "one\n");
  write(folder / "new", "two\n");
  fs::rename(folder / "new", path);
  FollowedFile after = follow(before.position(), false);
  EXPECT_EQ(all(after), "two\n") << "it came later, so it counts from its beginning";
  EXPECT_EQ(after.lost(), 1U);
}

TEST_F(FollowedFileTest, LinesLongerThanAChunkArePassedOver) {
  chunk_max = 100;
  FollowedFile file = follow();
  write(path, "one\n" + std::string(500, 'x'));
  EXPECT_EQ(all(file), "one\n");
  write(path, std::string(3'000'000, 'y'));
  EXPECT_EQ(all(file), "");
  EXPECT_EQ(too_long, 0U) << "it has no end yet";
  write(path, "\ntwo\n");
  EXPECT_EQ(all(file), "two\n");
  EXPECT_EQ(too_long, 1U);
}

TEST_F(FollowedFileTest, OnlyWhatComesWhenTheBeginningIsNotWanted) {
  write(path, "one\ntwo\nthr");
  FollowedFile file = follow({}, false);
  EXPECT_EQ(all(file), "");
  write(path, "ee\nfour\n");
  EXPECT_EQ(all(file), "three\nfour\n") << "a line that was not whole is one that comes";
}

TEST_F(FollowedFileTest, APositionInOtherContentIsRefused) {
  write(path, "one\ntwo\n");
  FollowedFile file = follow();
  const auto chunk = file.next(at).value();
  const std::string generation = file.position()->generation;
  write(path, "ONE\nTWO\n", std::ios::trunc);
  EXPECT_FALSE(file.advance(chunk->end, chunk->check).value());
  EXPECT_NE(file.position()->generation, generation);
  EXPECT_EQ(file.position()->offset, 0U);
  EXPECT_FALSE(file.advance(1000, chunk->check).value()) << "beyond the end";
}

TEST_F(FollowedFileTest, WhatIsNoFileIsAnError) {
  fs::create_directory(path);
  FollowedFile file = follow();
  const auto none = file.next(at);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::io);
  EXPECT_THAT(none.error().message, testing::HasSubstr("access.log"));
  fs::remove(path);
  write(path, "one\n");
  EXPECT_EQ(all(file), "one\n") << "and is looked at again";
}

}  // namespace
}  // namespace peering::feeds
