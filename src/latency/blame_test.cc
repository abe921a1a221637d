#include "latency/blame.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latency/test_values.h"

namespace peering::latency {
namespace {

using model::BlameVerdict;

constexpr TimePoint blame_moment{std::chrono::hours(480'000)};

// What the clients of one prefix saw at one PoP; the last AS of the path is the client's.
Quartet seen(std::string pop, std::vector<net::Asn> path, std::string_view prefix, bool bad) {
  const net::Asn client = path.empty() ? 0 : path.back();
  return {prefix_of(prefix), prefix_of(prefix), client, std::move(pop), std::move(path), bad, 50};
}

model::Blame asked(const std::vector<Quartet>& quartets, std::optional<BlameSubject> subject = std::nullopt) {
  return blame({quartets, std::move(subject), blame_moment, {}});
}

std::string all_text(const model::Blame& blame) {
  std::string out;
  for (const model::BlameEvidence& each : blame.evidence) out += each.text + "\n";
  return out;
}

// Clients 65001 to 65005, one prefix each, behind AS 64500 or AS 64501 at two PoPs.
struct TwoPops {
  std::vector<Quartet> quartets;
  template <class IsBad>
  explicit TwoPops(IsBad is_bad) {
    for (const std::string pop : {"AMS", "FRA"}) {
      for (net::Asn client = 65001; client <= 65006; ++client) {
        const net::Asn transit = client % 2 == 0 ? 64500 : 64501;
        Quartet each = seen(pop, {transit, client}, fmt::format("10.0.{}.0/24", client - 65000), false);
        each.bad = is_bad(each);
        quartets.push_back(std::move(each));
      }
    }
  }
};

TEST(Blame, IsTheEdgeWhenAllThatIsBadIsAtOnePopAndAllElsewhereIsGood) {
  const auto blame = asked(TwoPops([](const Quartet& q) { return q.pop == "AMS"; }).quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::edge) << all_text(blame);
  EXPECT_EQ(blame.pop, "AMS");
  EXPECT_FALSE(blame.asn);
  EXPECT_EQ(blame.share, 1.0);
}

TEST(Blame, IsTheMiddleAsWhenAllBehindItIsBadAtEveryPop) {
  const auto blame = asked(TwoPops([](const Quartet& q) { return q.as_path.front() == 64500; }).quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::middle) << all_text(blame);
  EXPECT_EQ(blame.asn, 64500);
  EXPECT_EQ(blame.pop, "");
}

TEST(Blame, NamesThePopOfAMiddleThatIsBadFromThereOnly) {
  const auto blame =
      asked(TwoPops([](const Quartet& q) { return q.as_path.front() == 64500 && q.pop == "AMS"; }).quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::middle) << all_text(blame);
  EXPECT_EQ(blame.asn, 64500);
  EXPECT_EQ(blame.pop, "AMS");
}

TEST(Blame, IsTheClientWhenItIsBadAtEveryPopAndOthersOnTheSamePathsAreGood) {
  const auto blame = asked(TwoPops([](const Quartet& q) { return q.client_asn == 65003; }).quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::client) << all_text(blame);
  EXPECT_EQ(blame.asn, 65003);
}

TEST(Blame, IsTheMiddleAlsoWhenItIsNotNextToThePop) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65008; ++client) {
    const net::Asn second = client <= 65004 ? 64600 : 64601;
    const net::Asn first = client % 2 == 0 ? 64500 : 64501;
    const std::string prefix = fmt::format("10.0.{}.0/24", client - 65000);
    quartets.push_back(seen("AMS", {first, second, client}, prefix, second == 64600));
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::middle) << all_text(blame);
  EXPECT_EQ(blame.asn, 64600);
}

TEST(Blame, NamesBothAsesThatLieOnTheSamePathsAndAccusesNeither) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65008; ++client) {
    const bool bad = client <= 65004;
    const std::vector<net::Asn> path =
        bad ? std::vector<net::Asn>{64500, 64600, client} : std::vector<net::Asn>{64501, client};
    quartets.push_back(seen("AMS", path, fmt::format("10.0.{}.0/24", client - 65000), bad));
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::ambiguous);
  EXPECT_FALSE(blame.asn);
  EXPECT_THAT(all_text(blame), ::testing::HasSubstr("AS 64500, AS 64600: cannot be told apart"));
}

TEST(Blame, OneGoodPathThroughOneOfTwoSuchAsesIsNotEnoughToTellThemApartButTwoAre) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65010; ++client) {
    const std::string prefix = fmt::format("10.0.{}.0/24", client - 65000);
    const bool bad = client <= 65008;
    quartets.push_back(
        seen("AMS", bad ? std::vector<net::Asn>{64500, 64600, client} : std::vector<net::Asn>{64501, client},
             prefix, bad));
  }
  quartets.push_back(seen("AMS", {64500, 65011}, "10.0.11.0/24", false));
  EXPECT_EQ(asked(quartets).verdict, BlameVerdict::ambiguous) << "that may be chance";
  quartets.push_back(seen("AMS", {64500, 65012}, "10.0.12.0/24", false));
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::middle) << all_text(blame);
  EXPECT_EQ(blame.asn, 64600);
}

TEST(Blame, AClientThatWasSeenAtOnePopOnlyIsAmbiguous) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65006; ++client) {
    for (int i = 0; i < 3; ++i) {
      const std::string prefix = fmt::format("10.{}.{}.0/24", client - 65000, i);
      quartets.push_back(seen("AMS", {64500, client}, prefix, client == 65001));
    }
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::ambiguous) << all_text(blame);
}

TEST(Blame, AClientThatIsGoodElsewhereIsNotAtFaultButTheWayToIt) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65006; ++client) {
    for (int i = 0; i < 3; ++i) {
      const std::string prefix = fmt::format("10.{}.{}.0/24", client - 65000, i);
      quartets.push_back(seen("AMS", {64500, client}, prefix, client == 65001));
      quartets.push_back(seen("FRA", {64501, client}, prefix, false));
    }
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::middle) << all_text(blame);
  EXPECT_EQ(blame.asn, 64500);
  EXPECT_EQ(blame.pop, "AMS");
}

TEST(Blame, WhatOnlyOnePrefixAtOnePopShowsIsAmbiguous) {
  const auto only = [](const Quartet& q) { return q.client_asn == 65003 && q.pop == "AMS"; };
  const auto blame = asked(TwoPops(only).quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::ambiguous);
  EXPECT_FALSE(blame.asn);
  EXPECT_EQ(blame.pop, "");
}

TEST(Blame, WhatManyNetworksOfOnePrefixShowAtOnePopIsAmbiguousToo) {
  std::vector<Quartet> quartets;
  for (int i = 0; i < 16; ++i) {
    Quartet each = seen("AMS", {64500, 65001}, "10.1.0.0/20", true);
    each.client = prefix_of(fmt::format("10.1.{}.0/24", i));
    quartets.push_back(each);
  }
  EXPECT_EQ(asked(quartets).verdict, BlameVerdict::ambiguous);
}

TEST(Blame, FewerThanFiveQuartetsAreInsufficient) {
  std::vector<Quartet> quartets = TwoPops([](const Quartet&) { return true; }).quartets;
  quartets.resize(4);
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::insufficient);
  EXPECT_EQ(blame.share, 0.0);
  EXPECT_THAT(all_text(blame), ::testing::HasSubstr("4 quartets"));
}

TEST(Blame, QuartetsOfFewSamplesDoNotCount) {
  std::vector<Quartet> quartets = TwoPops([](const Quartet& q) { return q.pop == "AMS"; }).quartets;
  for (std::size_t i = 4; i < quartets.size(); ++i) quartets[i].samples = 9;
  EXPECT_EQ(asked(quartets).verdict, BlameVerdict::insufficient);
  for (Quartet& each : quartets) each.samples = 10;
  EXPECT_EQ(asked(quartets).verdict, BlameVerdict::edge);
}

TEST(Blame, NothingBadIsInsufficientAndNothingAtAllToo) {
  EXPECT_EQ(asked(TwoPops([](const Quartet&) { return false; }).quartets).verdict,
            BlameVerdict::insufficient);
  EXPECT_EQ(asked({}).verdict, BlameVerdict::insufficient);
}

TEST(Blame, TwoFaultsAtOnceAreAmbiguousWithoutASubject) {
  const auto two = [](const Quartet& q) {
    return q.pop == "AMS" || q.client_asn == 65003 || q.client_asn == 65004;
  };
  EXPECT_EQ(asked(TwoPops(two).quartets).verdict, BlameVerdict::ambiguous);
}

TEST(Blame, AFaultElsewhereDoesNotHideTheCauseOfASubject) {
  std::vector<Quartet> quartets;
  for (const std::string pop : {"AMS", "FRA", "LON", "PAR"}) {
    for (net::Asn client = 65001; client <= 65010; ++client) {
      const net::Asn transit = client <= 65005 ? 64500 : 64501;
      const bool client_fault = client == 65007, edge_fault = pop == "PAR";
      if (client_fault && edge_fault) continue;
      const std::string prefix = fmt::format("10.0.{}.0/24", client - 65000);
      quartets.push_back(seen(pop, {transit, client}, prefix, client_fault || edge_fault));
    }
  }
  const auto of_client = asked(quartets, BlameSubject{prefix_of("10.0.7.0/24"), "AMS"});
  EXPECT_EQ(of_client.verdict, BlameVerdict::client) << all_text(of_client);
  EXPECT_EQ(of_client.asn, 65007);
  const auto of_edge = asked(quartets, BlameSubject{prefix_of("10.0.1.0/24"), "PAR"});
  EXPECT_EQ(of_edge.verdict, BlameVerdict::edge) << all_text(of_edge);
  EXPECT_EQ(of_edge.pop, "PAR");
}

TEST(Blame, ASubjectThatTwoFaultsTouchIsAmbiguous) {
  const auto two = [](const Quartet& q) { return q.pop == "AMS" || q.client_asn == 65003; };
  std::vector<Quartet> quartets = TwoPops(two).quartets;
  for (net::Asn client = 65001; client <= 65006; ++client) {
    for (const std::string pop : {"LON", "PAR", "NYC"}) {
      quartets.push_back(seen(pop, {client % 2 == 0 ? 64500U : 64501U, client},
                              fmt::format("10.0.{}.0/24", client - 65000), client == 65003));
    }
  }
  const auto blame = asked(quartets, BlameSubject{prefix_of("10.0.3.0/24"), "AMS"});
  EXPECT_EQ(blame.verdict, BlameVerdict::ambiguous) << all_text(blame);
}

TEST(Blame, APopWithOneClientAsOnlyIsNotAccused) {
  std::vector<Quartet> quartets;
  for (int i = 0; i < 6; ++i) {
    const std::string prefix = fmt::format("10.1.{}.0/24", i);
    quartets.push_back(seen("AMS", {64500, 65001}, prefix, true));
    quartets.push_back(seen("FRA", {64501, 65001}, prefix, false));
    quartets.push_back(seen("FRA", {64500, 65002}, fmt::format("10.2.{}.0/24", i), false));
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::ambiguous) << all_text(blame);
}

TEST(Blame, APopWhoseOnlyLinkLeadsToAnAsThatIsGoodElsewhereIsAccusedItself) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65006; ++client) {
    const std::string prefix = fmt::format("10.0.{}.0/24", client - 65000);
    quartets.push_back(seen("AMS", {64500, client}, prefix, true));
    quartets.push_back(seen("FRA", {64500, client}, prefix, false));
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::edge) << all_text(blame);
  EXPECT_EQ(blame.pop, "AMS");
}

TEST(Blame, APopWhoseOnlyLinkLeadsToAnAsThatIsSeenNowhereElseIsAmbiguous) {
  std::vector<Quartet> quartets;
  for (net::Asn client = 65001; client <= 65006; ++client) {
    const std::string prefix = fmt::format("10.0.{}.0/24", client - 65000);
    quartets.push_back(seen("AMS", {64500, client}, prefix, true));
    quartets.push_back(seen("FRA", {64501, client}, prefix, false));
  }
  EXPECT_EQ(asked(quartets).verdict, BlameVerdict::ambiguous);
}

TEST(Blame, AClientAndATransitThatServesItOnlyCannotBeToldApart) {
  std::vector<Quartet> quartets;
  for (const std::string pop : {"AMS", "FRA", "LON"}) {
    for (net::Asn client = 65001; client <= 65004; ++client) {
      const std::string prefix = fmt::format("10.0.{}.0/24", client - 65000);
      const net::Asn transit = client == 65001 ? 64500 : 64501;
      quartets.push_back(seen(pop, {transit, client}, prefix, client == 65001));
    }
  }
  EXPECT_EQ(asked(quartets).verdict, BlameVerdict::ambiguous);
}

TEST(Blame, OnePrefixOfAClientIsTheClientToo) {
  std::vector<Quartet> quartets;
  for (const std::string pop : {"AMS", "FRA", "LON", "PAR"}) {
    for (net::Asn client = 65001; client <= 65006; ++client) {
      for (int i = 0; i < 2; ++i) {
        const std::string prefix = fmt::format("10.{}.{}.0/24", client - 65000, i);
        quartets.push_back(
            seen(pop, {client % 2 == 0 ? 64500U : 64501U, client}, prefix, client == 65001 && i == 0));
      }
    }
  }
  const auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::client) << all_text(blame);
  EXPECT_EQ(blame.asn, 65001);
}

TEST(Blame, WithoutPathsEdgeAndClientAreStillToldAndItSaysThatTheMiddleIsNotJudged) {
  std::vector<Quartet> quartets = TwoPops([](const Quartet& q) { return q.pop == "AMS"; }).quartets;
  for (Quartet& each : quartets) each.as_path.clear();
  auto blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::edge);
  EXPECT_THAT(all_text(blame), ::testing::HasSubstr("12 of 12 quartets is unknown"));
  for (Quartet& each : quartets) {
    each.bad = each.prefix == prefix_of("10.0.3.0/24");
    each.client_asn = 0;
  }
  blame = asked(quartets);
  EXPECT_EQ(blame.verdict, BlameVerdict::client);
  EXPECT_FALSE(blame.asn) << "nobody knows it";
}

TEST(Blame, PrependsChangeNothing) {
  std::vector<Quartet> quartets =
      TwoPops([](const Quartet& q) { return q.as_path.front() == 64500; }).quartets;
  const auto plain = asked(quartets);
  for (Quartet& each : quartets) {
    each.as_path = {each.as_path[0], each.as_path[0], each.as_path[1], each.as_path[1], each.as_path[1]};
  }
  EXPECT_EQ(asked(quartets), plain);
}

TEST(Blame, TheOrderOfQuartetsChangesNothing) {
  std::vector<Quartet> quartets =
      TwoPops([](const Quartet& q) { return q.as_path.front() == 64500; }).quartets;
  const auto first = asked(quartets);
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(quartets, random);
    ASSERT_EQ(asked(quartets), first);
  }
}

TEST(Blame, ShowsTheTableWithTheBestCauseFirst) {
  const auto blame = asked(TwoPops([](const Quartet& q) { return q.pop == "AMS"; }).quartets);
  ASSERT_FALSE(blame.evidence.empty());
  const model::BlameEvidence& first = blame.evidence.front();
  EXPECT_EQ(first.candidate, BlameVerdict::edge);
  EXPECT_EQ(first.pop, "AMS");
  EXPECT_EQ(std::tuple(first.quartets, first.bad, first.quartets_outside, first.bad_outside),
            std::tuple(6, 6, 6, 0));
  EXPECT_TRUE(first.fits);
  EXPECT_EQ(first.text, "PoP AMS: 6 of 6 quartets bad, 0 of 6 others; explains 100 % of what is bad around");
  EXPECT_LE(blame.evidence.size(), 13U);
}

TEST(Blame, TellsOfRouteEventsOfBadPrefixesWithinTenMinutes) {
  const std::vector<Quartet> quartets = TwoPops([](const Quartet& q) { return q.pop == "AMS"; }).quartets;
  const auto event = [](std::string_view prefix, std::chrono::seconds before) {
    return RouteEvent{blame_moment - before, prefix_of(prefix), "AMS", "path changed"};
  };
  const std::vector<RouteEvent> events{
      event("10.0.1.0/24", std::chrono::minutes(11)), event("10.0.1.0/24", std::chrono::seconds(-240)),
      event("10.0.2.0/24", std::chrono::seconds(30)), event("192.0.2.0/24", std::chrono::seconds(1))};
  const auto blame = latency::blame({quartets, std::nullopt, blame_moment, events});
  std::vector<std::string> told;
  for (const model::BlameEvidence& each : blame.evidence) {
    if (each.at) told.push_back(each.text);
  }
  EXPECT_THAT(told, ::testing::ElementsAre("10.0.2.0/24: path changed 30 s before",
                                           "10.0.1.0/24: path changed 4 min after"));
}

TEST(Blame, SurvivesItsJson) {
  const std::vector<RouteEvent> events{
      {blame_moment - std::chrono::seconds(30), prefix_of("10.0.2.0/24"), "AMS", "path changed"}};
  for (const auto is_bad : {+[](const Quartet& q) { return q.pop == "AMS"; },
                            +[](const Quartet& q) { return q.client_asn == 65002; },
                            +[](const Quartet& q) { return q.as_path.front() == 64500; },
                            +[](const Quartet&) { return false; }}) {
    const std::vector<Quartet> quartets = TwoPops(is_bad).quartets;
    const model::Blame made = latency::blame({quartets, std::nullopt, blame_moment, events});
    EXPECT_EQ(model::blame_from_json(to_json(made)).value(), made);
  }
  EXPECT_EQ(json::serialize(to_json(model::Blame{})),
            R"({"verdict":"insufficient","share":0E0,"evidence":[]})");
  EXPECT_FALSE(model::blame_from_json(json::object{{"verdict", "nobody"}, {"share", 0}}));
}

}  // namespace
}  // namespace peering::latency
