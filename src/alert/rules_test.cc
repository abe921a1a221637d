#include "alert/rules.h"

#include <gtest/gtest.h>

namespace peering::alert {
namespace {

using model::Event;
using model::EventKind;
using model::EventState;
using model::Level;

constexpr std::string_view subscription = "/subscriptions/11111111-2222-3333-4444-555555555555";
const std::string connection_id =
    std::string(subscription) + "/resourceGroups/RG/providers/Microsoft.Peering/peeringServices/Acme";
const std::string channel_id = std::string(subscription) + "/providers/open.peering/alertchannels/ops";

model::Registry registry_with(const model::AlertOptIn& opt_in) {
  auto connection = std::make_shared<model::Connection>();
  connection->resource = connection_id;
  connection->subscription = subscription.substr(std::string_view("/subscriptions/").size());
  connection->alerts = opt_in;
  model::Registry out;
  out.connections[model::lower(connection_id)] = connection;
  return out;
}
const model::AlertOptIn wanted{true, {"Ops"}, Level::warning, std::nullopt};

Event event(EventState state, Level level = Level::critical) {
  Event out;
  out.id = model::EventId("0123456789abcdef0123456789abcdef");
  out.kind = EventKind::origin_hijack;
  out.type = "PrefixOriginAsChangeEvent";
  out.level = level;
  out.state = state;
  out.connection = connection_id;
  out.prefix = out.observed = *net::Prefix::parse("203.0.113.0/24");
  out.first_seen = out.last_seen = time_from_us(1'000'000'000);
  if (state == EventState::resolved) out.resolved_at = time_from_us(1'090'000'000);
  out.summary = "AS64666 announces 203.0.113.0/24";
  out.description = "Two peers see it.";
  return out;
}

store::EventCommit followed(const Event& event, const model::Registry& registry,
                            const std::optional<model::Alert>& known = std::nullopt) {
  store::EventCommit out;
  follow(event, registry, known, time_from_us(5), out);
  return out;
}

TEST(AlertRules, AnOpenEventOpensAnAlertOnEveryChannel) {
  auto two = wanted;
  two.channels = {"Ops", "night", "OPS"};
  const auto out = followed(event(EventState::open), registry_with(two));
  ASSERT_EQ(out.alerts.size(), 1U);
  EXPECT_EQ(out.alerts[0].id, event(EventState::open).id.value);
  EXPECT_EQ(out.alerts[0].state, EventState::open);
  ASSERT_EQ(out.outbox.size(), 2U);
  EXPECT_EQ(out.outbox[0].channel, channel_id);
  EXPECT_LT(out.outbox[0].due, out.outbox[1].due);
  EXPECT_NE(out.outbox[0].id, out.outbox[1].id);
}

TEST(AlertRules, ThePayloadSaysWhatHappened) {
  const auto out = followed(event(EventState::open), registry_with(wanted));
  const auto body = parse_json(out.outbox.at(0).payload);
  ASSERT_TRUE(body);
  EXPECT_EQ(find_string(*body, "id"), out.outbox[0].id);
  EXPECT_EQ(find_string(*body, "alertId"), out.alerts[0].id);
  EXPECT_EQ(find_string(*body, "state"), "open");
  EXPECT_EQ(find_string(*body, "level"), "Critical");
  EXPECT_EQ(find_string(*body, "kind"), "origin-hijack");
  EXPECT_EQ(find_string(*body, "connection"), connection_id);
  EXPECT_EQ(find_string(*body, "prefix"), "203.0.113.0/24");
  EXPECT_EQ(find_string(*body, "summary"), "AS64666 announces 203.0.113.0/24");
  EXPECT_EQ(find_string(*body, "openedAt"), "1970-01-01T00:16:40Z");
  EXPECT_EQ(find(*body, "resolvedAt"), nullptr);
  ASSERT_NE(find(*body, "event", "eventType"), nullptr);
}

TEST(AlertRules, WhoDidNotOptInHearsNothing) {
  auto off = wanted;
  off.enabled = false;
  auto other_kind = wanted;
  other_kind.kinds = std::vector<EventKind>{EventKind::withdrawal};
  EXPECT_TRUE(followed(event(EventState::open), registry_with(off)).alerts.empty());
  EXPECT_TRUE(followed(event(EventState::open), registry_with(other_kind)).alerts.empty());
  EXPECT_TRUE(followed(event(EventState::open), model::Registry{}).alerts.empty());
  EXPECT_TRUE(followed(event(EventState::open, Level::information), registry_with(wanted)).alerts.empty());
}

TEST(AlertRules, AnAlertThatOpenedResolvesWithItsDurationOnTheSameChannel) {
  const auto opened = followed(event(EventState::open), registry_with(wanted));
  const auto out = followed(event(EventState::resolved), registry_with(wanted), opened.alerts[0]);
  ASSERT_EQ(out.outbox.size(), 1U);
  EXPECT_EQ(out.outbox[0].channel, channel_id);
  EXPECT_NE(out.outbox[0].id, opened.outbox[0].id);
  EXPECT_EQ(out.outbox[0].alert, opened.outbox[0].alert);
  const auto body = parse_json(out.outbox[0].payload);
  EXPECT_EQ(find_string(*body, "state"), "resolved");
  EXPECT_EQ(find(*body, "durationSeconds")->to_number<double>(), 90.0);
  EXPECT_EQ(out.alerts.at(0).state, EventState::resolved);
}

TEST(AlertRules, AnAlertThatOpenedResolvesAlsoWhenTheOptInOrTheConnectionIsGone) {
  const auto opened = followed(event(EventState::open), registry_with(wanted));
  EXPECT_EQ(followed(event(EventState::resolved), registry_with({}), opened.alerts[0]).outbox.size(), 1U);
  EXPECT_EQ(followed(event(EventState::resolved), model::Registry{}, opened.alerts[0]).outbox.size(), 1U);
}

TEST(AlertRules, ALaterVersionUpdatesTheAlertAndSendsNothing) {
  const auto opened = followed(event(EventState::open, Level::error), registry_with(wanted));
  const auto out =
      followed(event(EventState::open, Level::critical), registry_with(wanted), opened.alerts[0]);
  EXPECT_TRUE(out.outbox.empty());
  EXPECT_EQ(out.alerts.at(0).level, Level::critical);
  EXPECT_EQ(out.alerts[0].channels, opened.alerts[0].channels);
}

TEST(AlertRules, AnEventThatRisesToTheWantedLevelOpensThen) {
  EXPECT_TRUE(followed(event(EventState::open, Level::information), registry_with(wanted)).outbox.empty());
  EXPECT_EQ(followed(event(EventState::open, Level::warning), registry_with(wanted)).outbox.size(), 1U);
}

TEST(AlertRules, TheEndOfWhatNobodyWasToldIsNoNews) {
  EXPECT_TRUE(followed(event(EventState::resolved), registry_with(wanted)).outbox.empty());
}

TEST(AlertRules, AnEventBornResolvedAlertsOnceWithoutAPair) {
  auto everything = wanted;
  everything.minimum_level = Level::information;
  auto born = event(EventState::resolved, Level::information);
  born.resolved_at.reset();
  const auto once = followed(born, registry_with(everything));
  ASSERT_EQ(once.outbox.size(), 1U);
  const auto body = parse_json(once.outbox[0].payload);
  EXPECT_EQ(find_string(*body, "state"), "resolved");
  EXPECT_EQ(find(*body, "durationSeconds")->to_number<double>(), 0.0);
  EXPECT_TRUE(followed(born, registry_with(everything), once.alerts[0]).outbox.empty());
}

TEST(AlertRules, ASilencedEventOpensNoAlertUntilItIsSilencedNoMore) {
  auto silenced = event(EventState::open);
  silenced.silenced_by = {"nights"};
  EXPECT_TRUE(followed(silenced, registry_with(wanted)).alerts.empty());
  silenced.silenced_by.clear();
  EXPECT_EQ(followed(silenced, registry_with(wanted)).outbox.size(), 1U);
}

TEST(AlertRules, AnAlertThatWasToldResolvesAlsoWhenItIsSilencedNow) {
  const auto opened = followed(event(EventState::open), registry_with(wanted));
  auto over = event(EventState::resolved);
  over.silenced_by = {"nights"};
  EXPECT_EQ(followed(over, registry_with(wanted), opened.alerts[0]).outbox.size(), 1U);
}

TEST(AlertRules, AnEventThatComesBackOpensAndResolvesItsAlertAgainUnderOtherDeliveries) {
  const auto opened = followed(event(EventState::open), registry_with(wanted));
  const auto over = followed(event(EventState::resolved), registry_with(wanted), opened.alerts[0]);
  auto back = event(EventState::open), over_again = event(EventState::resolved);
  back.reopened = over_again.reopened = 1;
  const auto again = followed(back, registry_with(wanted), over.alerts[0]);
  ASSERT_EQ(again.outbox.size(), 1U);
  EXPECT_EQ(again.alerts.at(0).state, EventState::open);
  EXPECT_EQ(again.outbox[0].alert, opened.outbox[0].alert);
  EXPECT_NE(again.outbox[0].id, opened.outbox[0].id) << "or the receiver would drop it";
  const auto end = followed(over_again, registry_with(wanted), again.alerts[0]);
  ASSERT_EQ(end.outbox.size(), 1U);
  EXPECT_NE(end.outbox[0].id, over.outbox[0].id);
}

TEST(AlertRules, ADampedVersionOpensNothingAndWhatWasToldResolvesAllTheSame) {
  auto damped = event(EventState::open), over = event(EventState::resolved);
  damped.damped = over.damped = true;
  EXPECT_TRUE(followed(damped, registry_with(wanted)).outbox.empty());
  const auto opened = followed(event(EventState::open), registry_with(wanted));
  EXPECT_EQ(followed(over, registry_with(wanted), opened.alerts[0]).outbox.size(), 1U);
}

TEST(AlertRules, WhoWantsAnEventIsToldThatItFlaps) {
  Event flapping = event(EventState::open, Level::warning);
  flapping.kind = EventKind::flapping;
  auto hijacks = wanted;
  hijacks.minimum_level = Level::critical;
  hijacks.kinds = std::vector<EventKind>{EventKind::origin_hijack};
  flapping.flapping = model::Flapping{flapping.id, EventKind::origin_hijack, Level::critical};
  EXPECT_EQ(followed(flapping, registry_with(hijacks)).outbox.size(), 1U);
  flapping.flapping->kind = EventKind::withdrawal;
  EXPECT_TRUE(followed(flapping, registry_with(hijacks)).outbox.empty());
  hijacks.kinds = std::vector<EventKind>{EventKind::withdrawal};
  flapping.flapping->level = Level::error;
  EXPECT_TRUE(followed(flapping, registry_with(hijacks)).outbox.empty());
}

TEST(AlertRules, TheSameEventTwiceGivesTheSameIds) {
  const auto first = followed(event(EventState::open), registry_with(wanted));
  const auto second = followed(event(EventState::open), registry_with(wanted));
  EXPECT_EQ(first.outbox, second.outbox);
  EXPECT_EQ(first.alerts, second.alerts);
}

}  // namespace
}  // namespace peering::alert
