#include "api/rehearsal_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory/resource_store.h"

namespace peering::api {
namespace {

using store::Condition;
using store::Write;
using testing::ElementsAre;

Write write(std::string key, std::optional<std::string> document, Condition condition = Condition::any) {
  Write out;
  out.key = std::move(key);
  out.type = "t";
  out.document = std::move(document);
  out.condition = condition;
  return out;
}

class Rehearsal : public testing::Test {
 protected:
  Rehearsal() {
    for (const char* key : {"/a", "/a/x", "/b", "/c"}) EXPECT_TRUE(commit(*behind_, {write(key, "{}")}));
  }

  static bool commit(store::ResourceStore& store, std::vector<Write> writes) {
    return store.commit(writes).has_value();
  }
  bool commit(std::vector<Write> writes) { return commit(rehearsal_, std::move(writes)); }
  static std::vector<std::string> keys(store::ResourceStore& store, std::string after = "",
                                       std::size_t limit = 100) {
    std::vector<std::string> out;
    const auto listed = store.list({"t", "/", std::move(after), limit});
    for (const store::Resource& each : *listed) out.push_back(each.key);
    return out;
  }

  std::unique_ptr<store::ResourceStore> behind_ = store::make_memory_resource_store();
  RehearsalStore rehearsal_{*behind_};
};

TEST_F(Rehearsal, WhatIsWrittenIsThereAndNotBehind) {
  ASSERT_TRUE(commit({write("/aa", "{}"), write("/b", "{\"new\":1}")}));
  EXPECT_THAT(keys(rehearsal_), ElementsAre("/a", "/a/x", "/aa", "/b", "/c"));
  EXPECT_EQ((*rehearsal_.get("/b"))->document, "{\"new\":1}");
  EXPECT_THAT(keys(*behind_), ElementsAre("/a", "/a/x", "/b", "/c"));
  EXPECT_EQ((*behind_->get("/b"))->document, "{}");
}

TEST_F(Rehearsal, PagesAreWholeWhateverWasWrittenAndDeleted) {
  ASSERT_TRUE(commit({write("/ab", "{}"), write("/b", std::nullopt), write("/d", "{}")}));
  std::vector<std::string> all;
  for (std::string after; true; after = all.back()) {
    const auto page = keys(rehearsal_, after, 2);
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < 2) break;
  }
  EXPECT_THAT(all, ElementsAre("/a", "/a/x", "/ab", "/c", "/d"));
}

TEST_F(Rehearsal, ASubtreeGoesAndMayComeAgain) {
  Write whole = write("/a", std::nullopt);
  whole.reach = store::Reach::subtree;
  ASSERT_TRUE(commit({whole}));
  EXPECT_FALSE(rehearsal_.get("/a/x")->has_value());
  ASSERT_TRUE(commit({write("/a", "{}", Condition::absent)}));
  EXPECT_THAT(keys(rehearsal_), ElementsAre("/a", "/b", "/c"));
}

TEST_F(Rehearsal, ConditionsHoldOrNothingIsWritten) {
  EXPECT_FALSE(commit({write("/d", "{}"), write("/a", "{}", Condition::absent)}));
  EXPECT_FALSE(rehearsal_.get("/d")->has_value());
  Write tagged = write("/a", "{}", Condition::etag);
  tagged.etag = (*behind_->get("/a"))->etag;
  EXPECT_TRUE(commit({tagged}));
  EXPECT_FALSE(commit({tagged})) << "it has another one now";
}

TEST_F(Rehearsal, UniqueValuesOfWhatWasWrittenAreUnique) {
  Write first = write("/p", "{}"), second = write("/q", "{}");
  first.unique = second.unique = "203.0.113.0/24";
  EXPECT_TRUE(commit({first}));
  EXPECT_FALSE(commit({second}));
  EXPECT_TRUE(commit({write("/p", std::nullopt), second}));
}

}  // namespace
}  // namespace peering::api
