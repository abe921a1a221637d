#include "base/shared_text.h"

#include <gtest/gtest.h>

namespace peering {
namespace {

TEST(SharedText, IsComparedByItsLettersAndKeptOnce) {
  const SharedText a = std::string("/subscriptions/a");
  const SharedText copy = a;
  EXPECT_EQ(sizeof(SharedText), sizeof(void*));
  EXPECT_EQ(copy.str().data(), a.str().data());
  EXPECT_EQ(a, SharedText("/subscriptions/a"));
  EXPECT_EQ(a, "/subscriptions/a");
  EXPECT_NE(a, SharedText("/subscriptions/b"));
  EXPECT_NE(a, SharedText());
}

TEST(SharedText, OfNothingIsEmpty) {
  EXPECT_TRUE(SharedText().empty());
  EXPECT_TRUE(SharedText("").empty());
  EXPECT_EQ(SharedText(), "");
  EXPECT_EQ(fmt::format("<{}>", SharedText()), "<>");
}

TEST(SharedText, OutlivesWhoMadeIt) {
  SharedText kept;
  {
    const SharedText made = std::string("a text that is too long to be kept in place");
    kept = made;
  }
  EXPECT_EQ(kept, "a text that is too long to be kept in place");
}

}  // namespace
}  // namespace peering
