#include "cli/as_code/text_diff.h"

#include <gtest/gtest.h>

namespace peering::cli::as_code {
namespace {

std::string numbers(int from, int to) {
  std::string out;
  for (int i = from; i <= to; ++i) out += std::to_string(i) + "\n";
  return out;
}

TEST(TextDiff, EqualTextsHaveNone) {
  EXPECT_EQ(unified_diff("", ""), "");
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
}

TEST(TextDiff, ShowsThreeLinesAroundAChange) {
  EXPECT_EQ(unified_diff(numbers(1, 9), numbers(1, 4) + "five\n" + numbers(6, 9)),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(TextDiff, WhatComesAndGoesWholeHasOneSide) {
  EXPECT_EQ(unified_diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(unified_diff("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
}

TEST(TextDiff, DistantChangesAreHunksOfTheirOwn) {
  const std::string before = numbers(1, 40);
  std::string after = before;
  after.replace(after.find("3\n"), 1, "three");
  after.replace(after.find("30\n"), 2, "thirty");
  EXPECT_EQ(unified_diff(before, after),
            "@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n"
            "@@ -27,7 +27,7 @@\n 27\n 28\n 29\n-30\n+thirty\n 31\n 32\n 33\n");
}

TEST(TextDiff, KeepsTheLongestCommonLines) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\n", "b\nc\nx\nd\n"), "@@ -1,4 +1,4 @@\n-a\n b\n c\n+x\n d\n");
}

TEST(TextDiff, TooManyLinesAreShownAsGoneAndCome) {
  const std::string diff = unified_diff(numbers(1, 3000), numbers(10'001, 13'000));
  EXPECT_TRUE(diff.starts_with("@@ -1,3000 +1,3000 @@\n-1\n-2\n"));
  EXPECT_TRUE(diff.ends_with("+12999\n+13000\n"));
}

}  // namespace
}  // namespace peering::cli::as_code
