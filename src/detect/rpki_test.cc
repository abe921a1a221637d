// Held routes under changing ROAs and attestations.
#include "detect/detect_fixture.h"

namespace peering::detect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const rib::Vrp right{p("203.0.113.0/24"), 24, 64500}, foreign{p("203.0.113.0/24"), 24, 64666};

std::vector<std::string> kinds(const std::vector<model::Event>& events) {
  std::vector<std::string> out;
  for (const model::Event& event : events) {
    out.push_back(fmt::format("{} {}", to_string(event.kind), to_string(event.state)));
  }
  return out;
}

struct Announced : Scene {
  rib::PeerPointer upstream = peer(64496);
  explicit Announced(Settings settings = {}) : Scene(std::move(settings)) {
    expect("203.0.113.0/24");
    apply();
    announce(upstream, {64496, 64500});
  }
};

TEST(Rpki, ARouteThatBecomesInvalidIsToldAndResolvedWhenItIsValidAgain) {
  Announced scene;
  EXPECT_THAT(kinds(scene.roas({right})), IsEmpty()) << "the first data is no change";
  const auto turned = scene.roas({foreign});
  EXPECT_THAT(kinds(turned), ElementsAre("roa-change resolved", "rpki-invalid open"));
  EXPECT_EQ(turned[1].rpki, "invalid");
  EXPECT_EQ(turned[1].level, model::Level::error);
  EXPECT_EQ(turned[1].type, "PrefixRpkiStateChangeEvent");
  EXPECT_EQ(turned[1].first_seen, scene.now());
  EXPECT_THAT(turned[1].description, HasSubstr("the ROAs allow AS64666 203.0.113.0/24"));
  EXPECT_THAT(turned[0].description,
              HasSubstr("added AS64666 203.0.113.0/24; removed AS64500 203.0.113.0/24"));
  scene.wait(std::chrono::seconds(5));
  EXPECT_THAT(kinds(scene.roas({right})), ElementsAre("roa-change resolved", "rpki-invalid resolved"));
  scene.wait(std::chrono::seconds(5));
  const auto again = scene.roas({foreign});
  EXPECT_THAT(kinds(again), ElementsAre("roa-change resolved", "rpki-invalid open"));
  EXPECT_NE(again[1].id, turned[1].id) << "another time, another event";
}

TEST(Rpki, ARouteIsInvalidFromItsAnnouncementOn) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  scene.roas({foreign});
  const auto events = scene.announce(scene.peer(64496), {64496, 64500});
  EXPECT_THAT(kinds(events), testing::Contains("rpki-invalid open"));
  for (const model::Event& event : events) EXPECT_EQ(event.rpki, "invalid");
}

TEST(Rpki, ChangesElsewhereAreNoNews) {
  Announced scene;
  scene.roas({right});
  EXPECT_THAT(scene.roas({right, {p("198.51.100.0/24"), 24, 1}}), IsEmpty());
}

TEST(Rpki, AChangeThatKeepsTheRouteValidIsOnlyInformation) {
  Announced scene;
  scene.roas({right});
  const auto events = scene.roas({right, {p("203.0.0.0/16"), 24, 64501}});
  EXPECT_THAT(kinds(events), ElementsAre("roa-change resolved"));
  EXPECT_EQ(events[0].level, model::Level::information);
  EXPECT_THAT(kinds(scene.roas({right, {p("203.0.0.0/16"), 24, 64501}, {p("203.0.113.128/25"), 25, 0}})),
              ElementsAre("roa-change resolved"))
      << "a ROA inside the prefix";
}

TEST(Rpki, AMissingRoaIsInformationAndALostOneIsAnother) {
  Announced scene;
  const rib::Vrp elsewhere{p("198.51.100.0/24"), 24, 1};
  EXPECT_THAT(brief(scene.roas({elsewhere})), ElementsAre("rpki-not-found Information open"));
  EXPECT_THAT(kinds(scene.roas({elsewhere, right})),
              ElementsAre("roa-change resolved", "rpki-not-found resolved"));
  EXPECT_THAT(kinds(scene.roas({elsewhere})), ElementsAre("roa-change resolved", "rpki-roa-lost open"));
  scene.announce(scene.upstream, {64496, 64496, 64500});
  EXPECT_THAT(scene.open(), testing::SizeIs(1)) << "a new path does not bring the ROA back";
  EXPECT_THAT(kinds(scene.roas({right})), ElementsAre("roa-change resolved", "rpki-roa-lost resolved"));
}

TEST(Rpki, AForeignOriginIsAHijackAndCarriesItsState) {
  Scene scene;
  scene.expect("203.0.113.0/24");
  scene.apply();
  scene.roas({right});
  const auto events = scene.announce(scene.peer(64496), {64496, 64666});
  ASSERT_THAT(kinds(events), ElementsAre("origin-hijack open"));
  EXPECT_EQ(events[0].rpki, "invalid");
}

TEST(Rpki, WithoutDataNothingIsHiddenAndNothingEnds) {
  Announced scene;
  scene.roas({foreign});
  ASSERT_THAT(scene.open(), testing::SizeIs(1));
  EXPECT_THAT(scene.know({}), IsEmpty()) << "the data expired";
  scene.announce(scene.upstream, {64496, 64496, 64500});
  EXPECT_THAT(scene.open(), testing::SizeIs(1)) << "we do not know better";
  EXPECT_THAT(kinds(scene.withdraw(scene.upstream)), testing::Contains("rpki-invalid resolved"));
}

TEST(Rpki, ARestartBeforeTheDataIsThereEndsNothing) {
  Announced scene;
  scene.roas({foreign});
  const model::EventId id = scene.open().at(0).id;
  scene.restart();
  scene.announce(scene.upstream, {64496, 64500});
  ASSERT_THAT(scene.open(), testing::SizeIs(1));
  EXPECT_THAT(scene.roas({foreign}), IsEmpty());
  EXPECT_EQ(scene.open().at(0).id, id);
  EXPECT_THAT(kinds(scene.roas({right})), testing::Contains("rpki-invalid resolved"));
}

TEST(Rpki, ALeakByAttestationNeedsNoRelationships) {
  Announced scene;
  scene.announce(scene.upstream, {64496, 64497, 64498, 64500});
  Knowledge knowledge;
  const std::vector<wire::rtr::Aspa> aspas{{64500, {64498}}, {64498, {0}}, {64496, {0}}};
  knowledge.aspas = std::make_shared<const rib::AspaTable>(aspas);
  const auto events = scene.know(knowledge);
  ASSERT_THAT(kinds(events), ElementsAre("route-leak open"));
  EXPECT_EQ(events[0].suspect, 64497U);
  EXPECT_THAT(kinds(scene.know({})), ElementsAre("route-leak resolved")) << "nobody attests it now";
}

TEST(Rpki, ABogonIsNamedInTheEvidence) {
  Settings settings;
  settings.bogons = std::make_shared<const rib::PrefixSet>(std::vector{p("203.0.113.0/24")});
  Scene scene(settings);
  scene.expect("203.0.113.0/24");
  scene.apply();
  const auto events = scene.announce(scene.peer(64496), {64496, 64666});
  ASSERT_THAT(events, testing::SizeIs(1));
  EXPECT_THAT(events[0].evidence, testing::Contains(HasSubstr("bogon")));
}

TEST(Rpki, OnlyTheOwnerTellsOfRoaChanges) {
  Settings settings;
  settings.owns = [](const net::Prefix&) { return false; };
  Announced scene(settings);
  scene.roas({right});
  EXPECT_THAT(kinds(scene.roas({foreign})), ElementsAre("rpki-invalid open"));
}

TEST(Rpki, ARoaThatExpiresSoonIsToldOnceForEachPrefixAroundIt) {
  Announced scene;
  scene.expect("203.0.113.128/25", {}, "half");
  scene.expect("198.51.100.0/24", {}, "elsewhere");
  scene.apply();
  scene.roas({right});
  const auto know_until = [&](TimePoint at) {
    Knowledge knowledge = scene.known();
    knowledge.expiring =
        std::make_shared<const std::vector<rib::Expiry>>(std::vector{rib::Expiry{right, at}});
    return scene.know(std::move(knowledge));
  };
  const TimePoint until = scene.now() + std::chrono::hours(1);
  const auto told = know_until(until);
  ASSERT_THAT(kinds(told), ElementsAre("roa-change resolved", "roa-change resolved"));
  EXPECT_EQ(told[0].prefix, p("203.0.113.0/24"));
  EXPECT_EQ(told[1].prefix, p("203.0.113.128/25"));
  EXPECT_THAT(told[0].description, HasSubstr("expires at " + format_rfc3339(until)));
  scene.wait(std::chrono::seconds(60));
  const auto again = know_until(until);
  ASSERT_THAT(again, testing::SizeIs(2));
  EXPECT_EQ(again[0].id, told[0].id) << "the same event";
  EXPECT_NE(know_until(until + std::chrono::hours(8))[0].id, told[0].id) << "another expiry, another event";
}

TEST(Rpki, ARoaThatExpiresSoonIsToldToWhoeverRegistersThen) {
  Announced scene;
  scene.roas({right});
  Knowledge knowledge = scene.known();
  const TimePoint until = scene.now() + std::chrono::hours(1);
  knowledge.expiring =
      std::make_shared<const std::vector<rib::Expiry>>(std::vector{rib::Expiry{right, until}});
  ASSERT_THAT(scene.know(std::move(knowledge)), testing::SizeIs(1));
  scene.expect("203.0.112.0/23", {}, "both");
  scene.expect("198.51.100.0/24", {}, "elsewhere");
  const auto told = scene.apply();
  ASSERT_THAT(kinds(told), ElementsAre("roa-change resolved"));
  EXPECT_EQ(told[0].prefix, p("203.0.112.0/23"));
  EXPECT_THAT(told[0].description, HasSubstr("expires at " + format_rfc3339(until)));
  EXPECT_THAT(scene.apply(), IsEmpty()) << "once";
}

}  // namespace
}  // namespace peering::detect
