#include "alert/silencer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peering::alert {
namespace {

using model::Event;
using model::EventState;
using testing::ElementsAre;
using testing::IsEmpty;

TimePoint second(int number) { return time_from_us(1'000'000'000'000'000 + number * 1'000'000LL); }

Event event(std::string_view id, EventState state = EventState::open, std::string_view tenant = "T1") {
  Event out;
  out.id = model::EventId(std::string(id));
  out.kind = model::EventKind::withdrawal;
  out.state = state;
  out.connection =
      fmt::format("/subscriptions/{}/resourceGroups/g/providers/Microsoft.Peering/peeringServices/c", tenant);
  out.prefix_resource = out.connection + "/prefixes/p";
  return out;
}

model::SilencePointer silence(std::string_view name, int from, int to, std::string_view kind = "withdrawal") {
  const json::object properties{{"matchers", json::array{json::object{{"name", "kind"}, {"value", kind}}}},
                                {"startsAt", format_rfc3339(second(from))},
                                {"endsAt", format_rfc3339(second(to))}};
  return std::make_shared<const model::Silence>(model::silence_from_json(name, properties).value());
}

model::Registry registry(std::vector<model::SilencePointer> silences) {
  model::Registry out;
  out.revision = model::Revision(1);
  out.silences =
      std::make_shared<const model::Silences>(model::Silences{{"/subscriptions/t1", std::move(silences)}});
  return out;
}

std::vector<std::string> marked(Silencer& silencer, Event of, const model::Registry& registry, int at) {
  silencer.mark(std::span(&of, 1), registry, second(at));
  return of.silenced_by;
}

TEST(Silencer, NamesEverySilenceOfTheTenantThatHolds) {
  Silencer silencer;
  const auto given = registry({silence("a", 0, 9), silence("b", 0, 9), silence("late", 5, 9),
                               silence("other", 0, 9, "origin-hijack")});
  EXPECT_THAT(marked(silencer, event("1"), given, 1), ElementsAre("a", "b"));
  EXPECT_THAT(marked(silencer, event("2", EventState::open, "T2"), given, 1), IsEmpty())
      << "another tenant's";
  EXPECT_THAT(marked(silencer, event("3"), model::Registry{}, 1), IsEmpty());
}

TEST(Silencer, WhoSilencedAnEventDoesNotHearThatItFlaps) {
  Silencer silencer;
  Event flapping = event("1");
  flapping.kind = model::EventKind::flapping;
  flapping.flapping = model::Flapping{model::EventId("2"), model::EventKind::withdrawal, {}};
  EXPECT_THAT(marked(silencer, flapping, registry({silence("a", 0, 9)}), 1), ElementsAre("a"));
  EXPECT_THAT(marked(silencer, flapping, registry({silence("f", 0, 9, "flapping")}), 1), ElementsAre("f"));
  flapping.flapping->kind = model::EventKind::origin_hijack;
  EXPECT_THAT(marked(silencer, flapping, registry({silence("a", 0, 9)}), 1), IsEmpty());
}

TEST(Silencer, GivesOpenEventsAgainWhenTheSilenceIsOver) {
  Silencer silencer;
  const auto given = registry({silence("a", 0, 10)});
  marked(silencer, event("1"), given, 1);
  marked(silencer, event("2"), given, 1);
  marked(silencer, event("2", EventState::resolved), given, 5);
  EXPECT_THAT(silencer.ended(given, second(9)), IsEmpty());
  const auto told = silencer.ended(given, second(10));
  ASSERT_EQ(told.size(), 1U) << "what is over is not told";
  EXPECT_EQ(told[0].id.value, "1");
  EXPECT_THAT(told[0].silenced_by, IsEmpty());
  EXPECT_TRUE(silencer.empty());
}

TEST(Silencer, ASilenceThatIsTakenAwayOrReplacedCountsNoMore) {
  Silencer silencer;
  const auto both = registry({silence("a", 0, 10), silence("b", 0, 10)}),
             one = registry({silence("b", 0, 10)});
  EXPECT_THAT(silencer.ended(one, second(0)), IsEmpty());
  marked(silencer, event("1"), both, 1);
  EXPECT_THAT(silencer.ended(one, second(2)), IsEmpty()) << "the other one still holds";
  EXPECT_EQ(silencer.ended(registry({}), second(3)).size(), 1U);
}

TEST(Silencer, LooksAgainAtWhatASilenceBetweenTwoLooksHasSilenced) {
  Silencer silencer;
  const auto before = registry({silence("other", 0, 10, "origin-hijack")});
  auto more = registry({silence("other", 0, 10, "origin-hijack"), silence("a", 0, 10)});
  (*std::const_pointer_cast<model::Silences>(more.silences))["/subscriptions/t1"][0] =
      before.silences->at("/subscriptions/t1")[0];
  Event hijack = event("0");
  hijack.kind = model::EventKind::origin_hijack;
  marked(silencer, hijack, before, 0);
  EXPECT_THAT(silencer.ended(before, second(1)), IsEmpty());
  marked(silencer, event("1"), more, 1);
  EXPECT_EQ(silencer.ended(before, second(2)).size(), 1U);
}

TEST(Silencer, KnowsAfterARestartWhatWasSilencedAndWaitsForTheRegistry) {
  Silencer silencer;
  Event known = event("1"), other = event("2");
  known.silenced_by = {"a"};
  silencer.restore(std::vector<Event>{known, other});
  EXPECT_THAT(silencer.ended(model::Registry{}, second(1)), IsEmpty()) << "no snapshot yet";
  EXPECT_THAT(silencer.ended(registry({silence("a", 0, 10)}), second(2)), IsEmpty());
  EXPECT_EQ(silencer.ended(registry({}), second(3)).size(), 1U);
}

}  // namespace
}  // namespace peering::alert
