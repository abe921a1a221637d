#include "store/sqlite/resource_store.h"

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
    return open_sqlite(file(folder));
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
  const auto refused = sqlite::commit_group(*writer, group);
  ASSERT_EQ(refused.size(), group.size());
  for (const auto& outcome : refused) EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  ASSERT_TRUE(other->execute("ROLLBACK"));
  EXPECT_TRUE(sqlite::commit_group(*writer, group).back());
}

TEST(SqliteResourceStore, RefusesAFileOfANewerVersion) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Sqlite::open(folder.path()));
  auto database = sqlite::Database::open(Sqlite::file(folder.path()));
  ASSERT_TRUE(database->execute("UPDATE state SET value = 3 WHERE name = 'schema_version'"));
  const auto refused = Sqlite::open(folder.path());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("version 3"));
}

TEST(SqliteResourceStore, AFileOfVersion1GetsALog) {
  const TemporaryFolder folder;
  ASSERT_TRUE(commit_one(*Sqlite::open(folder.path()).value(), put("/a", "1")));
  {
    auto database = sqlite::Database::open(Sqlite::file(folder.path()));
    ASSERT_TRUE(
        database->execute("DROP TABLE log; DELETE FROM state WHERE name = 'log_number';"
                          "UPDATE state SET value = 1 WHERE name = 'schema_version'"));
  }
  const auto store = Sqlite::open(folder.path());
  ASSERT_TRUE(store.has_value()) << store.error().message;
  EXPECT_EQ((*store)->get("/a").value()->document, "1");
  ASSERT_TRUE(commit_one(**store, entry("/a", 1, "first")));
  EXPECT_THAT(documents_of((*store)->log({}).value()), ::testing::ElementsAre("first"));
}

}  // namespace
}  // namespace peering::store::conformance
