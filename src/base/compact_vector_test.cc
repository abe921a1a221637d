#include "base/compact_vector.h"

#include <memory>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using Texts = CompactVector<std::string>;

TEST(CompactVector, TakesOnePointerAndNothingWhenEmpty) {
  EXPECT_EQ(sizeof(Texts), sizeof(void*));
  const Texts empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.begin(), empty.end());
  EXPECT_EQ(empty, Texts(std::vector<std::string>{}));
}

TEST(CompactVector, ACopyIsItsOwn) {
  Texts a{"one", "a text that is too long to be kept in place"};
  Texts b = a;
  b.push_back("three");
  b.front() = "other";
  EXPECT_THAT(a, ElementsAre("one", "a text that is too long to be kept in place"));
  EXPECT_THAT(b, ElementsAre("other", "a text that is too long to be kept in place", "three"));
  EXPECT_NE(a, b);
  a = std::move(b);
  EXPECT_THAT(a, testing::SizeIs(3));
}

TEST(CompactVector, HoldsWhatCanOnlyBeMoved) {
  CompactVector<std::unique_ptr<int>> some;
  for (int i = 0; i < 9; ++i) some.push_back(std::make_unique<int>(i));
  EXPECT_EQ(erase_if(some, [](const auto& each) { return *each % 2 == 0; }), 5U);
  EXPECT_EQ(*some.back(), 7);
}

TEST(CompactVector, ThatLosesItsLastElementIsEmptyAgain) {
  Texts some{"one"};
  EXPECT_EQ(erase(some, std::string("one")), 1U);
  EXPECT_EQ(some.data(), nullptr);
  EXPECT_EQ(erase(some, std::string("one")), 0U);
}

TEST(CompactVector, DoesAsAVectorDoes) {
  std::mt19937 random(3);
  Texts ours;
  std::vector<std::string> theirs;
  for (int step = 0; step < 5'000; ++step) {
    const std::string text = "an element with a text of its own " + std::to_string(step);
    const std::size_t at = theirs.empty() ? 0 : random() % theirs.size();
    const auto offset = static_cast<std::ptrdiff_t>(at);
    if (random() % 5 < 3 || theirs.empty()) {
      EXPECT_EQ(*ours.insert(ours.begin() + at, text), text);
      theirs.insert(theirs.begin() + offset, text);
    } else {
      ours.erase(ours.begin() + at);
      theirs.erase(theirs.begin() + offset);
    }
    if (step % 50 == 0) {
      ASSERT_THAT(ours, ElementsAreArray(theirs)) << step;
    }
  }
}

}  // namespace
}  // namespace peering
