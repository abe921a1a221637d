#include "store/sqlite/resource_store.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "store/conformance/resource_store_conformance.h"
#include "store/sqlite/database.h"
#include "store/sqlite/writes.h"

namespace peering::store::conformance {
namespace {

struct Sqlite {
  static std::string file(const std::string& folder) { return folder + "/resources.db"; }
  static Result<std::unique_ptr<ResourceStore>> open(const std::string& folder) {
    return open_sqlite(file(folder), tell_gone);
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, ResourceStoreConformance, Sqlite);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, PersistentResourceStoreConformance, Sqlite);

TEST(SqliteResourceStore, MakesItsFolderAndAFileThatOnlyItsOwnerReads) {
  const TemporaryFolder folder;
  const std::string file = Sqlite::file(folder.path() + "/new/deep");
  ASSERT_TRUE(open_sqlite(file));
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(SqliteResourceStore, RefusesAFileThatIsNoDatabase) {
  const TemporaryFolder folder;
  std::ofstream(Sqlite::file(folder.path())) << std::string(8192, 'x');
  EXPECT_EQ(Sqlite::open(folder.path()).error().code, ErrorCode::corrupt);
}

TEST(SqliteResourceStore, ALockedDatabaseRefusesAWholeGroupAtOnce) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Sqlite::open(folder.path()));
  auto other = sqlite::Database::open(Sqlite::file(folder.path()));
  auto writer = sqlite::Database::open(Sqlite::file(folder.path()));
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
  ASSERT_TRUE(writer->execute("PRAGMA busy_timeout = 1"));
  std::vector<sqlite::CommitRequest> group(3);
  for (sqlite::CommitRequest& request : group) request.writes.push_back({"/a", "t", "{}"});
  const auto refused = sqlite::commit_group(*writer, group, nullptr, nullptr);
  ASSERT_EQ(refused.size(), group.size());
  for (const auto& outcome : refused) EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  ASSERT_TRUE(other->execute("ROLLBACK"));
  EXPECT_TRUE(sqlite::commit_group(*writer, group, nullptr, nullptr).back());
}

Write unless_changed(const Resource& resource) {
  Write out = put_if(Condition::etag, resource.key, resource.etag);
  out.document.reset();
  out.reach = Reach::nothing;
  return out;
}

// What memory knows was so before the group.
TEST(SqliteResourceStore, AConditionThatMemoryKnowsIsLookedUpOnceTheGroupChangedSomething) {
  const TemporaryFolder folder;
  {
    const auto store = Sqlite::open(folder.path()).value();
    for (const char* key : {"/a", "/b", "/b/c"}) ASSERT_TRUE(commit_one(*store, put(key, "1")));
  }
  auto writer = sqlite::Database::open(Sqlite::file(folder.path()));
  const Resource a{"/a", "service", "1", "the first", Revision(1)};
  const Resource c{"/b/c", "service", "1", "the first", Revision(3)};
  const auto known = [](std::string_view, std::string_view etag) { return etag == "the first"; };
  std::vector<sqlite::CommitRequest> group(6);
  group[0].writes = {unless_changed(a), put("/a/1", "{}")};
  group[1].writes = {put("/a", "2")};
  group[2].writes = {unless_changed(a), put("/a/2", "{}")};
  group[3].writes = {unless_changed(c), put("/b/1", "{}")};
  group[4].writes = {remove_whole("/b", "")};
  group[5].writes = {unless_changed(c), put("/b/2", "{}")};
  const auto outcomes = sqlite::commit_group(*writer, group, nullptr, known);
  std::vector<bool> made;
  for (const auto& outcome : outcomes) made.push_back(outcome.has_value());
  EXPECT_EQ(made, (std::vector{true, true, false, true, true, false}));
}

TEST(SqliteResourceStore, OneThatReadBeforeAChangeIsRefusedHoweverSoonTheyCome) {
  const TemporaryFolder folder;
  const auto store = Sqlite::open(folder.path()).value();
  ASSERT_TRUE(commit_one(*store, put("/a", "0")));
  for (int round = 0; round < 20; ++round) {
    const Resource seen = store->get("/a").value().value();
    std::atomic<int> refused = 0;
    const auto count = [&](const Result<Revision>& done) { refused += done ? 0 : 1; };
    store->commit_later({put("/busy", "{}")}, count);
    store->commit_later({put("/a", std::to_string(round + 1))}, count);
    store->commit_later({unless_changed(seen), put("/a/b", "{}")}, count);
    store->drain();
    EXPECT_EQ(refused, 1) << round;
    const Resource now = store->get("/a").value().value();
    EXPECT_TRUE(store->commit(std::vector{unless_changed(now), put("/a/c", "{}")}));
  }
}

TEST(SqliteResourceStore, FollowersHearTheSameFromMemoryAndFromTheFile) {
  const TemporaryFolder folder;
  const auto store = Sqlite::open(folder.path()).value();
  Write one = put("/a/1", "{}"), gone = remove("/a/1"), nothing = remove("/never");
  const std::vector<std::vector<Write>> commits = {
      {put("/a", "1"), one, entry("/a", 1)}, {put("/a", "2")}, {entry("/a", 2)}, {gone},
      {put("/b", "1"), put("/b", "2")},      {nothing},        {put("/a", "3")}, {remove_whole("/a", "")}};
  for (const std::vector<Write>& writes : commits) {
    ASSERT_TRUE(store->commit(writes));
    for (std::uint64_t after = 0; after < 7; ++after) {
      const Changes told = store->changes_since(Revision(after), 1000).value();
      // Another store on the same file knows nothing but what is there.
      const auto read = Sqlite::open(folder.path()).value()->changes_since(Revision(after), 1000).value();
      EXPECT_EQ(told.changes, read.changes) << after;
      EXPECT_EQ(told.upto, read.upto) << after;
    }
  }
}

TEST(SqliteResourceStore, RefusesAFileOfANewerVersion) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Sqlite::open(folder.path()));
  auto database = sqlite::Database::open(Sqlite::file(folder.path()));
  ASSERT_TRUE(database->execute("UPDATE state SET value = 4 WHERE name = 'schema_version'"));
  const auto refused = Sqlite::open(folder.path());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("version 4"));
}

TEST(SqliteResourceStore, AFileOfVersion1GetsALog) {
  const TemporaryFolder folder;
  ASSERT_TRUE(commit_one(*Sqlite::open(folder.path()).value(), put("/a", "1")));
  {
    auto database = sqlite::Database::open(Sqlite::file(folder.path()));
    ASSERT_TRUE(
        database->execute("DROP TABLE log; DROP VIEW living; DROP TABLE doomed;"
                          "DELETE FROM state WHERE name = 'log_number';"
                          "UPDATE state SET value = 1 WHERE name = 'schema_version'"));
  }
  const auto store = Sqlite::open(folder.path());
  ASSERT_TRUE(store.has_value()) << store.error().message;
  EXPECT_EQ((*store)->get("/a").value()->document, "1");
  ASSERT_TRUE(commit_one(**store, entry("/a", 1, "first")));
  EXPECT_THAT(documents_of((*store)->log({}).value()), ::testing::ElementsAre("first"));
}

TEST(SqliteResourceStore, AFileOfVersion2KeepsItsLog) {
  const TemporaryFolder folder;
  {
    const auto store = Sqlite::open(folder.path()).value();
    ASSERT_TRUE(store->commit(std::vector<Write>{put("/a", "1"), entry("/a", 5, "first")}));
    ASSERT_TRUE(commit_one(*store, entry("/subscriptions/s/x", 3, "other")));
    ASSERT_TRUE(commit_one(*store, entry("/b", 4, "earlier, but told later")));
  }
  {
    auto database = sqlite::Database::open(Sqlite::file(folder.path()));
    ASSERT_TRUE(database->execute(
        "ALTER TABLE log RENAME TO dense; DROP VIEW living; DROP TABLE doomed;"
        "CREATE TABLE log (root TEXT NOT NULL, at INTEGER NOT NULL, number INTEGER NOT NULL,"
        " key TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (root, at, number))"
        " WITHOUT ROWID;"
        "INSERT INTO log SELECT root, at, number, key, document FROM dense;"
        "DROP TABLE dense;"
        "UPDATE state SET value = 2 WHERE name = 'schema_version'"));
  }
  const auto store = Sqlite::open(folder.path());
  ASSERT_TRUE(store.has_value()) << store.error().message;
  ASSERT_TRUE(commit_one(**store, entry("/a", 9, "new")));
  EXPECT_THAT(documents_of((*store)->log({}).value()),
              ::testing::ElementsAre("new", "first", "earlier, but told later"));
  EXPECT_THAT(documents_of((*store)->log({.scope = "/subscriptions/s"}).value()),
              ::testing::ElementsAre("other"));
}

TEST(SqliteResourceStore, AnEntryOfTheLogTakesAsMuchAsItIsLong) {
  const TemporaryFolder folder;
  constexpr std::size_t entries = 1000, length = 1200;
  {
    const auto store = Sqlite::open(folder.path()).value();
    std::vector<Write> writes;
    for (std::size_t i = 0; i < entries; ++i) {
      writes.push_back(entry("/a", static_cast<std::int64_t>(i), std::string(length, 'x')));
    }
    ASSERT_TRUE(store->commit(writes));
  }
  EXPECT_LT(std::filesystem::file_size(Sqlite::file(folder.path())), entries * length * 3 / 2);
}

TEST(SqliteResourceStore, TheWriteAheadLogStaysShortWhileCommitsGoOn) {
  const TemporaryFolder folder;
  const auto store = Sqlite::open(folder.path()).value();
  constexpr std::uintmax_t kept = 64U << 20, slack = 8U << 20;
  for (int i = 0; i < 2500; ++i) {
    ASSERT_TRUE(commit_one(*store, put(fmt::format("/{}", i % 100), std::string(100'000, 'x'))));
  }
  EXPECT_LT(std::filesystem::file_size(Sqlite::file(folder.path()) + "-wal"), kept + slack);
}

}  // namespace
}  // namespace peering::store::conformance
