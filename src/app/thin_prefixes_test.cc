#include "app/thin_prefixes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::app {
namespace {

using namespace std::chrono_literals;
using Instant = ThinPrefixes::Instant;
using Summary = ThinPrefixes::Summary;

constexpr Instant thin_noon{std::chrono::hours(12)};
const net::Address first_host = *net::Address::parse("203.0.113.1");
const net::Address second_host = *net::Address::parse("203.0.113.2");

class ThinPrefixesTest : public testing::Test {
 protected:
  void put(const std::string& key, double samples, std::string subscription = "s") {
    plan.put(key, std::move(subscription), {first_host, second_host});
    plan.counted(key, samples);
  }
  std::vector<std::string> due(Instant at) {
    std::vector<std::string> out;
    while (const auto turn = plan.take(at)) {
      out.push_back(turn->key);
      turns.push_back(*turn);
    }
    return out;
  }
  // Takes what is due and says the same of all.
  std::size_t answer_all(Instant at, bool answer) {
    turns.clear();
    due(at);
    for (const ThinPrefixes::Turn& turn : turns) plan.answered(turn, answer, at);
    return turns.size();
  }

  ThinPrefixes plan{{.samples_min = 10, .places = 2, .every = 25s}};
  std::vector<ThinPrefixes::Turn> turns;
};

TEST_F(ThinPrefixesTest, PrefixesWithEnoughSamplesAndUnknownOnesAreLeftAlone) {
  put("enough", 10);
  plan.put("unknown", "s", {first_host});
  plan.choose(thin_noon);
  EXPECT_FALSE(plan.next());
  EXPECT_EQ(plan.summary(), Summary{});
  plan.counted("unknown", 9.5);
  plan.choose(thin_noon);
  EXPECT_THAT(due(thin_noon), testing::ElementsAre("unknown"));
}

TEST_F(ThinPrefixesTest, TheThinnestGetThePlacesAndTheOthersAreCounted) {
  put("a", 3);
  put("b", 0);
  put("c", 1);
  plan.choose(thin_noon);
  EXPECT_THAT(due(thin_noon), testing::UnorderedElementsAre("b", "c"));
  EXPECT_EQ(plan.summary(), (Summary{.searched = 2, .left_out = 1}));
}

TEST_F(ThinPrefixesTest, ASubscriptionWithManyThinPrefixesDoesNotTakeThePlacesOfOthers) {
  for (int i = 0; i < 50; ++i) put("many/" + std::to_string(i), 0, "many");
  put("other", 9, "other");
  plan.choose(thin_noon);
  EXPECT_THAT(due(thin_noon), testing::UnorderedElementsAre("many/0", "other"));
}

TEST_F(ThinPrefixesTest, WhoHasAPlaceKeepsItAgainstAnEquallyThinOne) {
  put("m", 0);
  put("n", 0);
  plan.choose(thin_noon);
  put("a", 0);
  plan.choose(thin_noon);
  EXPECT_THAT(due(thin_noon), testing::UnorderedElementsAre("m", "n"));
}

TEST_F(ThinPrefixesTest, AnAddressThatAnswersIsProbedAtEveryTurnAndNotBefore) {
  put("p", 0);
  plan.choose(thin_noon);
  EXPECT_EQ(answer_all(thin_noon, true), 1U);
  plan.choose(thin_noon + 1s);
  EXPECT_EQ(plan.summary(), (Summary{.probed = 1}));
  EXPECT_EQ(plan.next(), thin_noon + 25s);
  EXPECT_THAT(due(thin_noon + 24s), testing::IsEmpty());
  EXPECT_EQ(answer_all(thin_noon + 25s, true), 1U);
  EXPECT_EQ(turns[0].address, first_host);
}

TEST_F(ThinPrefixesTest, ASearchGoesOnBehindWhatIsSilentAndRemembersWhatAnswers) {
  put("p", 0);
  plan.choose(thin_noon);
  answer_all(thin_noon, false);
  answer_all(thin_noon + 1s, true);
  EXPECT_EQ(turns.at(0).address, second_host);
  plan.counted("p", 50);
  plan.choose(thin_noon + 2s);
  EXPECT_FALSE(plan.next());
  plan.counted("p", 0);
  plan.choose(thin_noon + 1h);
  answer_all(thin_noon + 1h, true);
  EXPECT_EQ(turns.at(0).address, second_host);
}

TEST_F(ThinPrefixesTest, AnAddressMayMissATurnButNotThree) {
  put("p", 0);
  plan.choose(thin_noon);
  answer_all(thin_noon, true);
  for (const auto at : {25s, 50s}) answer_all(thin_noon + at, false);
  answer_all(thin_noon + 75s, true);
  EXPECT_EQ(turns.at(0).address, first_host);
  for (const auto at : {100s, 125s, 150s}) answer_all(thin_noon + at, false);
  answer_all(thin_noon + 151s, false);
  EXPECT_EQ(turns.at(0).address, second_host);
}

TEST_F(ThinPrefixesTest, APrefixOfWhichNothingAnswersRestsTwiceAsLongEachTime) {
  put("p", 0);
  Instant at = thin_noon;
  for (int i = 0; i < 10; ++i) {
    plan.choose(at);
    EXPECT_EQ(answer_all(at, false), 1U);
    EXPECT_EQ(answer_all(at + 1s, false), 1U);
    const Instant until = at + 1s + std::min<std::chrono::seconds>(600s * (1 << i), 24h);
    plan.choose(until - 1s);
    EXPECT_EQ(plan.summary(), (Summary{.silent = 1})) << i;
    EXPECT_FALSE(plan.next()) << i;
    at = until;
  }
  plan.choose(at);
  answer_all(at, true);
  for (const auto after : {25s, 50s, 75s, 76s}) answer_all(at + after, false);
  plan.choose(at + 76s + 10min);
  EXPECT_TRUE(plan.next()) << "what has answered rests shortly again";
}

TEST_F(ThinPrefixesTest, APlaceThatIsGivenAwayGoesToTheNext) {
  put("a", 0);
  put("b", 0);
  put("c", 1);
  plan.choose(thin_noon);
  answer_all(thin_noon, false);
  answer_all(thin_noon + 1s, false);
  plan.choose(thin_noon + 2s);
  EXPECT_EQ(plan.summary(), (Summary{.searched = 1, .silent = 2}));
  EXPECT_THAT(due(thin_noon + 2s), testing::ElementsAre("c"));
}

TEST_F(ThinPrefixesTest, PlacesThatOthersTakeAreNotGiven) {
  put("a", 0);
  put("b", 1);
  plan.choose(thin_noon, 1);
  EXPECT_THAT(due(thin_noon), testing::ElementsAre("a"));
  EXPECT_FALSE(plan.answering("a"));
  plan.answered(turns.at(0), true, thin_noon);
  EXPECT_EQ(plan.answering("a"), first_host);
  plan.choose(thin_noon, 3);
  EXPECT_FALSE(plan.next());
}

TEST_F(ThinPrefixesTest, WhatAnswersComesBeforeSearches) {
  put("z", 0);
  plan.choose(thin_noon);
  answer_all(thin_noon, true);
  put("a", 0);
  plan.choose(thin_noon + 5s);
  EXPECT_THAT(due(thin_noon + 25s), testing::ElementsAre("z", "a"));
}

TEST_F(ThinPrefixesTest, WhatCouldNotBeSentSaysNothingOfTheAddress) {
  put("p", 0);
  plan.choose(thin_noon);
  due(thin_noon);
  plan.put_off(turns.at(0), thin_noon);
  EXPECT_EQ(plan.next(), thin_noon + 25s);
  answer_all(thin_noon + 25s, true);
  EXPECT_EQ(turns.at(0).address, first_host);
}

TEST_F(ThinPrefixesTest, AnswersOfAPrefixThatIsGoneOrAnotherAreIgnored) {
  put("p", 0);
  plan.choose(thin_noon);
  due(thin_noon);
  plan.remove("p");
  plan.answered(turns.at(0), true, thin_noon);
  EXPECT_EQ(plan.size(), 0U);
  put("p", 0);
  plan.answered(turns.at(0), true, thin_noon);
  plan.choose(thin_noon);
  EXPECT_EQ(plan.summary(), (Summary{.searched = 1}));
}

}  // namespace
}  // namespace peering::app
