// Followers hear from memory what they would read.
#include "store/recent_changes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peering::store {
namespace {

Change change_of(std::string key, std::uint64_t revision, std::string document = "{}") {
  return {std::move(key), "t", Revision(revision), std::move(document)};
}
std::vector<std::string> keys_since(const RecentChanges& recent, std::uint64_t after) {
  std::vector<std::string> out;
  const auto changes = recent.since(Revision(after), 100);
  if (!changes) return {"not here"};
  for (const Change& each : changes->changes) out.push_back(each.key);
  return out;
}
using Keys = std::vector<std::string>;

TEST(RecentChanges, AreThoseAfterARevisionInTheirOrder) {
  RecentChanges recent(1 << 20);
  EXPECT_FALSE(recent.since(Revision(0), 100)) << "nothing is known yet";
  recent.add({change_of("/b", 8), change_of("/a", 8)});
  recent.add({change_of("/c", 9)});
  EXPECT_EQ(keys_since(recent, 7), (Keys{"/b", "/a", "/c"}));
  EXPECT_EQ(keys_since(recent, 8), Keys{"/c"});
  EXPECT_EQ(keys_since(recent, 9), Keys{});
  EXPECT_EQ(recent.since(Revision(7), 100)->upto, Revision(9));
  EXPECT_EQ(recent.since(Revision(9), 100)->upto, Revision(9));
  EXPECT_EQ(keys_since(recent, 6), Keys{"not here"}) << "there may have been another";
  EXPECT_EQ(keys_since(recent, 10), Keys{"not here"}) << "nobody told of that yet";
}

TEST(RecentChanges, HaveTheLatestOfAKey) {
  RecentChanges recent(1 << 20);
  recent.add({change_of("/a", 1, "old")});
  recent.add({change_of("/b", 2)});
  recent.add({change_of("/a", 3, "new")});
  const auto changes = recent.since(Revision(0), 100);
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->changes, (std::vector{change_of("/b", 2), change_of("/a", 3, "new")}));
}

TEST(RecentChanges, AreNotCutToALimit) {
  RecentChanges recent(1 << 20);
  recent.add({change_of("/a", 1), change_of("/b", 1)});
  EXPECT_FALSE(recent.since(Revision(0), 1));
  EXPECT_TRUE(recent.since(Revision(0), 2));
}

TEST(RecentChanges, BeginAnewBehindWhatIsNotTold) {
  RecentChanges recent(1 << 20);
  recent.add({change_of("/a", 1)});
  recent.pass_over(Revision(2));
  EXPECT_EQ(keys_since(recent, 1), Keys{"not here"});
  EXPECT_EQ(keys_since(recent, 2), Keys{});
  recent.add({change_of("/b", 3)});
  EXPECT_EQ(keys_since(recent, 2), Keys{"/b"});
  recent.add({change_of("/c", 5)});
  EXPECT_EQ(keys_since(recent, 3), Keys{"not here"}) << "a revision is missing";
  EXPECT_EQ(keys_since(recent, 4), Keys{"/c"});
}

TEST(RecentChanges, TheOldestCommitsGoWhole) {
  RecentChanges recent(1000);
  recent.add({change_of("/a", 1, std::string(300, 'x')), change_of("/b", 1)});
  recent.add({change_of("/c", 2)});
  recent.add({change_of("/d", 3, std::string(300, 'x'))});
  EXPECT_EQ(keys_since(recent, 0), Keys{"not here"});
  EXPECT_EQ(keys_since(recent, 1), (Keys{"/c", "/d"}));
  recent.add({change_of("/e", 4, std::string(2000, 'x'))});
  EXPECT_EQ(keys_since(recent, 3), Keys{"not here"}) << "too large to be kept";
  EXPECT_EQ(keys_since(recent, 4), Keys{});
}

}  // namespace
}  // namespace peering::store
