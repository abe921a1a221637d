#include "detect/learned_links.h"

#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

constexpr TimePoint begin = time_from_us(1'795'600'000'000'000);
constexpr TimePoint later = begin + learning_time;

TEST(LearnedLinks, CallALinkNewOnlyWhereTheOriginIsKnownForAWhile) {
  LearnedLinks links;
  links.learn(64500, 64496, begin);
  EXPECT_FALSE(links.never_seen(64500, 64497, later - Microseconds(1'000'000))) << "its routes still come";
  EXPECT_TRUE(links.never_seen(64500, 64497, later));
  EXPECT_FALSE(links.never_seen(64500, 64496, later));
  EXPECT_FALSE(links.never_seen(64501, 64496, later)) << "nothing is known of that origin";
  links.learn(64500, 64497, later);
  EXPECT_FALSE(links.never_seen(64500, 64497, later));
}

TEST(LearnedLinks, KeepThousandsInAnyOrder) {
  LearnedLinks links;
  for (net::Asn i = 0; i < 10'000; ++i) links.learn((i * 7919) % 10'000, i % 3, begin);
  for (net::Asn i = 0; i < 10'000; ++i) links.learn((i * 7919) % 10'000, i % 3, later);
  EXPECT_EQ(links.size(), 10'000U) << "each once";
  for (net::Asn i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(links.never_seen((i * 7919) % 10'000, i % 3, later));
    EXPECT_TRUE(links.never_seen((i * 7919) % 10'000, 3, later));
  }
}

TEST(LearnedLinks, AreBounded) {
  LearnedLinks links;
  for (net::Asn i = 0; i <= learned_links_max; ++i) links.learn(i, 1, begin);
  EXPECT_EQ(links.size(), learned_links_max);
  EXPECT_FALSE(links.never_seen(learned_links_max, 2, later)) << "of what was not learned nothing is said";
  EXPECT_TRUE(links.never_seen(0, 2, later));
}

struct NewLinks : testing::Test {
  Scene scene;
  void SetUp() override {
    scene.expect("203.0.113.0/24");
    scene.apply();
    scene.announce(scene.peer(64499), {64499, 64510, 64500});
    scene.wait(std::chrono::hours(2));
  }
};

constexpr std::string_view never_seen_line = "AS64666 was never seen next to AS64500 before";

TEST_F(NewLinks, RaiseTheConfidenceOfWhatIsFoundAnyway) {
  const auto more = scene.announce(scene.peer(64496), {64496, 64666, 64500}, "203.0.113.128/25");
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].kind, model::EventKind::new_prefix);
  EXPECT_DOUBLE_EQ(more[0].confidence, 0.65);
  EXPECT_THAT(more[0].evidence, testing::Contains(never_seen_line));
  EXPECT_THAT(more[0].evidence, testing::Contains(testing::HasSubstr("+10 as the AS next to the origin")));
}

TEST_F(NewLinks, ThatAreKnownRaiseNothing) {
  const auto more = scene.announce(scene.peer(64496), {64496, 64510, 64500}, "203.0.113.128/25");
  ASSERT_EQ(more.size(), 1U);
  EXPECT_DOUBLE_EQ(more[0].confidence, 0.55);
  EXPECT_THAT(more[0].evidence, testing::Not(testing::Contains(testing::HasSubstr("never seen"))));
}

TEST_F(NewLinks, AreNoAlertByThemselvesAndAreKnownFromThenOn) {
  for (const model::Event& event : scene.announce(scene.peer(64496), {64496, 64666, 64500})) {
    EXPECT_EQ(event.level, model::Level::information) << event.summary;
  }
  const auto more = scene.announce(scene.peer(64496), {64496, 64666, 64500}, "203.0.113.128/25");
  EXPECT_DOUBLE_EQ(more.at(0).confidence, 0.55);
}

TEST_F(NewLinks, AreNotLearnedFromWhatIsWrong) {
  scene.expect("203.0.113.0/24", [](model::Expectation& e) { e.upstreams = {64510}; });
  scene.apply();
  const auto forged = scene.announce(scene.peer(64496), {64496, 64666, 64500});
  ASSERT_EQ(forged.at(0).kind, model::EventKind::path_forged_first_hop);
  EXPECT_DOUBLE_EQ(forged[0].confidence, 0.65);
  const auto again = scene.announce(scene.peer(64497), {64497, 64666, 64500});
  EXPECT_THAT(again.at(0).evidence, testing::Contains(never_seen_line));
  EXPECT_EQ(std::ranges::count(again[0].evidence, never_seen_line), 1);
  EXPECT_DOUBLE_EQ(again[0].confidence, 0.75) << "a second peer, and still the new link";
}

TEST_F(NewLinks, OfAnEventCountAfterARestartAsWell) {
  scene.announce(scene.peer(64496), {64496, 64666, 64500}, "203.0.113.128/25");
  scene.restart();
  const auto after = scene.announce(scene.peer(64497), {64497, 64666, 64500}, "203.0.113.128/25");
  EXPECT_DOUBLE_EQ(after.at(0).confidence, 0.75);
}

struct Registered : NewLinks {
  double confidence_of_hijack(std::vector<rib::RouteObject> objects) {
    Knowledge knowledge = scene.known();
    knowledge.route_objects = std::make_shared<const rib::RouteObjects>(objects);
    scene.know(knowledge);
    const auto hijack = scene.announce(scene.peer(64496), {64496, 64666});
    EXPECT_EQ(hijack.at(0).kind, model::EventKind::origin_hijack);
    evidence = hijack[0].evidence;
    return hijack[0].confidence;
  }
  std::vector<std::string> evidence;
};

TEST_F(Registered, OriginsLowerTheConfidence) {
  EXPECT_DOUBLE_EQ(confidence_of_hijack({{p("203.0.112.0/22"), 64666}, {p("203.0.113.0/24"), 64500}}), 0.45);
  EXPECT_THAT(evidence, testing::Contains(testing::HasSubstr("-10 as a route object has this origin")));
}

TEST_F(Registered, OtherOriginsRaiseIt) {
  EXPECT_DOUBLE_EQ(confidence_of_hijack({{p("203.0.113.0/24"), 64500}}), 0.65);
  EXPECT_THAT(evidence,
              testing::Contains(testing::HasSubstr("+10 as route objects have other origins only")));
}

TEST_F(Registered, NothingSaysNothing) {
  EXPECT_DOUBLE_EQ(confidence_of_hijack({{p("198.51.100.0/24"), 64666}}), 0.55);
}

}  // namespace
}  // namespace peering::detect
