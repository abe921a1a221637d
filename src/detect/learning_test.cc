#include "detect/learning.h"

#include <gmock/gmock.h>

#include "detect/detect_fixture.h"

namespace peering::detect {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Scenes in which an event opens, is learned from, and ends by itself.
class Learning : public testing::Test {
 protected:
  void watch(const std::function<void(model::Expectation&)>& change) {
    expected.prefix = p("203.0.113.0/24");
    expected.origins = {{64500, 64500}};
    change(expected);
    put();
  }
  void put() {
    scene.expect("203.0.113.0/24", [&](model::Expectation& e) { e = expected; });
    last = scene.apply();
  }
  // The event of the kind that is open after the announcement.
  model::Event event(model::EventKind kind, std::vector<net::Asn> path,
                     std::string_view prefix = "203.0.113.0/24") {
    for (const model::Event& each : scene.announce(scene.peer(path.front()), path, prefix)) {
      if (each.kind == kind && each.state == model::EventState::open) return each;
    }
    ADD_FAILURE() << "no event " << to_string(kind);
    return {};
  }
  tl::expected<Lesson, Refusal> lesson(const model::Event& of, bool force = false) {
    const rib::VrpTable table(vrps);
    return learn(of, expected, has_rpki ? &table : nullptr, force);
  }
  // Takes the lesson over; true when the event is resolved by that, and nothing else opens.
  bool ends(const model::Event& of, bool force = false) {
    const auto learned = lesson(of, force);
    if (!learned) {
      ADD_FAILURE() << learned.error().why;
      return false;
    }
    expected = learned->expectation;
    put();
    bool resolved = false;
    for (const model::Event& each : last) {
      if (each.id == of.id) resolved = each.state == model::EventState::resolved;
      if (each.state == model::EventState::open) ADD_FAILURE() << "opens " << to_string(each.kind);
    }
    return resolved;
  }

  Scene scene;
  model::Expectation expected;
  std::vector<model::Event> last;
  std::vector<rib::Vrp> vrps;
  bool has_rpki = false;
};

TEST_F(Learning, AForeignOriginBecomesAnAllowedOne) {
  watch([](model::Expectation&) {});
  EXPECT_TRUE(ends(event(model::EventKind::origin_hijack, {64496, 64501})));
  EXPECT_THAT(expected.origins, ElementsAre(model::AsnRange{64500, 64500}, model::AsnRange{64501, 64501}));
}

TEST_F(Learning, AnOriginComesWithTheUpstreamThatWouldBeTheNextEvent) {
  watch([](model::Expectation& e) { e.upstreams = {{64497}}; });
  const model::Event hijack = event(model::EventKind::origin_hijack, {64498, 64496, 64501});
  EXPECT_EQ(lesson(hijack)->reasons.size(), 2U);
  EXPECT_TRUE(ends(hijack));
  EXPECT_THAT(*expected.upstreams, ElementsAre(64497, 64496));
}

TEST_F(Learning, AnUpstreamAlone) {
  watch([](model::Expectation& e) { e.upstreams = {{64497}}; });
  EXPECT_TRUE(ends(event(model::EventKind::path_forged_first_hop, {64498, 64496, 64500})));
  EXPECT_THAT(*expected.upstreams, ElementsAre(64497, 64496));
  EXPECT_EQ(expected.origins.size(), 1U);
}

TEST_F(Learning, TheLengthOfAMoreSpecific) {
  watch([](model::Expectation&) {});
  EXPECT_TRUE(ends(event(model::EventKind::new_prefix, {64496, 64500}, "203.0.113.0/26")));
  EXPECT_EQ(expected.lengths, (model::LengthRange{26, 26}));
  EXPECT_TRUE(ends(event(model::EventKind::new_prefix, {64496, 64500}, "203.0.113.0/25")));
  EXPECT_EQ(expected.lengths, (model::LengthRange{25, 26}));
}

TEST_F(Learning, AForeignMoreSpecificNeedsOriginAndLength) {
  watch([](model::Expectation&) {});
  EXPECT_TRUE(ends(event(model::EventKind::subprefix_hijack, {64496, 64501}, "203.0.113.0/25")));
  EXPECT_EQ(expected.origins.size(), 2U);
  EXPECT_EQ(expected.lengths, (model::LengthRange{25, 25}));
}

TEST_F(Learning, ASequenceOfPrepends) {
  watch([](model::Expectation& e) { e.prepend_sequences = {{64496}}; });
  EXPECT_TRUE(ends(event(model::EventKind::path_rule, {64498, 64496, 64500, 64500, 64500})));
  EXPECT_THAT(expected.prepend_sequences, ElementsAre(ElementsAre(64496), ElementsAre(64496, 64500, 64500)));
}

TEST_F(Learning, ALimitOfLengthIsMovedButAPatternIsKept) {
  watch([](model::Expectation& e) {
    model::PathRule rule;
    rule.length_max = 2;
    e.path_rules = {rule};
  });
  EXPECT_TRUE(ends(event(model::EventKind::path_rule, {64498, 64497, 64496, 64500})));
  EXPECT_EQ(expected.path_rules.front().length_max, 4U);
  expected.path_rules.front().match = *model::PathPattern::parse(",64666,");
  expected.path_rules.front().length_max.reset();
  put();
  const auto refused = lesson(event(model::EventKind::path_rule, {64498, 64666, 64500}), true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().why, HasSubstr("64498,64666,64500"));
  EXPECT_FALSE(refused.error().forcible);
}

TEST_F(Learning, WhatTheRpkiCallsInvalidIsLearnedOnlyByForce) {
  has_rpki = true;
  vrps = {{p("203.0.113.0/24"), 24, 64500}};
  watch([](model::Expectation&) {});
  const model::Event hijack = event(model::EventKind::origin_hijack, {64496, 64501});
  const auto refused = lesson(hijack);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().forcible);
  EXPECT_THAT(refused.error().why, HasSubstr("RPKI invalid"));
  EXPECT_TRUE(ends(hijack, true));
}

TEST_F(Learning, AnEventOfTheRpkiEndsByForceAsItsKindIsNotJudgedAnyMore) {
  watch([](model::Expectation&) {});
  scene.announce(scene.peer(64496), {64496, 64500});
  model::Event invalid;
  for (const model::Event& each : scene.roas({{p("203.0.113.0/24"), 24, 64511}})) {
    if (each.kind == model::EventKind::rpki_invalid) invalid = each;
  }
  ASSERT_EQ(invalid.kind, model::EventKind::rpki_invalid);
  EXPECT_FALSE(lesson(invalid));
  EXPECT_TRUE(ends(invalid, true));
  EXPECT_THAT(expected.exclude_kinds, ElementsAre(model::EventKind::rpki_invalid));
}

TEST_F(Learning, TheNoExportPolicyIsDroppedOnlyByForce) {
  watch([](model::Expectation& e) { e.no_export = true; });
  const model::Event leak = event(model::EventKind::route_leak, {64499, 64498, 64496, 64500});
  EXPECT_TRUE(lesson(leak).error().forcible);
  EXPECT_TRUE(ends(leak, true));
  EXPECT_FALSE(expected.no_export);
}

TEST_F(Learning, WhatOnlyHappenedTeachesNothing) {
  model::Event withdrawn;
  withdrawn.kind = model::EventKind::withdrawal;
  EXPECT_FALSE(lesson(withdrawn, true).error().forcible);
  withdrawn.kind = model::EventKind::visibility_loss;
  EXPECT_FALSE(lesson(withdrawn, true));
}

TEST_F(Learning, ARequiredUpstreamThatIsGoneNeedNotBeThereAnyMore) {
  expected.require_upstreams = {64496, 64497};
  model::Event lost;
  lost.kind = model::EventKind::visibility_loss;
  lost.neighbor = 64496;
  EXPECT_THAT(lesson(lost)->expectation.require_upstreams, ElementsAre(64497));
}

TEST_F(Learning, WhatIsExpectedByNowHasNoReasons) {
  watch([](model::Expectation&) {});
  const model::Event hijack = event(model::EventKind::origin_hijack, {64496, 64501});
  expected.origins.push_back({64501, 64501});
  EXPECT_THAT(lesson(hijack)->reasons, IsEmpty());
}

}  // namespace

}  // namespace peering::detect
