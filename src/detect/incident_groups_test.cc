#include "detect/incident_groups.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/incident.h"

namespace peering::detect {
namespace {

using model::Event;
using model::EventKind;
using model::EventState;

constexpr std::int64_t start_s = 1'700'000'400;  // begins a step of ten minutes

std::string connection(std::string_view tenant, std::string_view name = "c") {
  return fmt::format("/subscriptions/{}/resourceGroups/g/providers/Microsoft.Peering/peeringServices/{}",
                     tenant, name);
}

Event event(EventKind kind, std::string_view prefix, int after_s, std::string_view tenant = "T1") {
  Event out;
  out.kind = kind;
  out.state = EventState::open;
  out.connection = connection(tenant);
  out.prefix_resource = out.connection + "/prefixes/" + std::string(prefix);
  out.prefix = out.observed = *net::Prefix::parse(prefix);
  out.expected_origins = {64500};
  out.first_seen = out.last_seen = time_from_us((start_s + after_s) * 1'000'000);
  out.id = model::make_event_id(kind, out.prefix_resource, out.observed, "", out.first_seen);
  out.incident_id = out.id.value;
  return out;
}

Event hijack(std::string_view prefix, int after_s, net::Asn suspect = 64666, std::string_view tenant = "T1") {
  Event out = event(EventKind::origin_hijack, prefix, after_s, tenant);
  out.suspect = out.origin = suspect;
  return out;
}

Event withdrawal(std::string_view prefix, int after_s, net::Asn peer = 64496) {
  Event out = event(EventKind::withdrawal, prefix, after_s);
  out.peers = {{"edge1", fmt::format("192.0.2.{}", peer % 250), peer}};
  return out;
}

Event resolved(Event of, int after_s) {
  of.incident_id = of.id.value;  // as the detectors have it
  of.state = EventState::resolved;
  of.resolved_at = time_from_us((start_s + after_s) * 1'000'000);
  return of;
}

std::string given(IncidentGroups& groups, Event of) {
  groups.assign(std::span(&of, 1));
  return of.incident_id;
}

TEST(IncidentGroups, EventsOfOneSuspectAreOneIncident) {
  IncidentGroups groups;
  const std::string first = given(groups, hijack("203.0.113.0/24", 0));
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, hijack("203.0.113.0/24", 0).id.value);
  EXPECT_EQ(given(groups, hijack("198.51.100.0/24", 30)), first);
  Event leak = hijack("192.0.2.0/24", 1800);
  leak.kind = EventKind::route_leak;
  EXPECT_EQ(given(groups, leak), first) << "a leak by the same AS";
  EXPECT_NE(given(groups, hijack("203.0.113.0/24", 31, 64667)), first) << "another suspect";
}

TEST(IncidentGroups, AnEventThatEndedAndCameBackAtOnceIsStillFollowed) {
  IncidentGroups groups;
  std::vector<Event> versions{hijack("203.0.113.0/24", 0), resolved(hijack("203.0.113.0/24", 0), 5),
                              hijack("203.0.113.0/24", 0)};
  groups.assign(versions);
  EXPECT_EQ(versions[2].incident_id, versions[0].incident_id);
  EXPECT_TRUE(groups.follows(versions[2].id));
  // Ten minutes on, only an incident that goes on can be joined.
  EXPECT_EQ(given(groups, hijack("198.51.100.0/24", 900)), versions[0].incident_id);
}

TEST(IncidentGroups, TenantsNeverShareOne) {
  IncidentGroups groups;
  EXPECT_NE(given(groups, hijack("203.0.113.0/24", 0, 64666, "T1")),
            given(groups, hijack("203.0.113.0/24", 0, 64666, "T2")));
  EXPECT_EQ(given(groups, hijack("203.0.113.0/24", 0, 64666, "t1")),
            given(groups, hijack("198.51.100.0/24", 0, 64666, "T1")))
      << "ids compare without case";
}

TEST(IncidentGroups, AnEventOfNoTenantOrNoCauseStandsAlone) {
  IncidentGroups groups;
  Event nobody = hijack("203.0.113.0/24", 0);
  nobody.connection.clear();
  EXPECT_EQ(given(groups, nobody), nobody.id.value);
  const Event news = event(EventKind::announcement, "203.0.113.0/24", 0);
  EXPECT_EQ(given(groups, news), news.id.value);
}

TEST(IncidentGroups, LossesOfOneNeighbourOrOneOriginAreOneIncident) {
  IncidentGroups groups;
  Event down = event(EventKind::session_state, "203.0.113.0/24", 0);
  down.peers = {{"edge2", "192.0.2.9", 64496}};
  const std::string first = given(groups, down);
  Event other_origin = withdrawal("198.51.100.0/24", 5);
  other_origin.expected_origins = {64501};
  EXPECT_EQ(given(groups, other_origin), first) << "the same neighbour at another router";
  Event through_other = withdrawal("192.0.2.0/24", 6, 64497);
  through_other.expected_origins = {64501};
  EXPECT_EQ(given(groups, through_other), first) << "the same origin by another neighbour";
  Event far = event(EventKind::visibility_loss, "192.0.2.0/25", 9);
  far.expected_origins = {64510};
  EXPECT_NE(given(groups, far), first) << "neither";
  far.neighbor = 64496;
  far.incident_id = far.id.value += "x";
  EXPECT_EQ(given(groups, far), first) << "a required upstream";
}

TEST(IncidentGroups, ARouterThatIsGoneIsOneIncidentForAllConnectionsOfATenant) {
  IncidentGroups groups;
  Event one = event(EventKind::session_state, "203.0.113.0/24", 0), other = one;
  one.peers = other.peers = {{"edge1", "", 0}};
  other.connection = connection("T1", "d");
  other.incident_id = other.id.value += "d";
  EXPECT_EQ(given(groups, one), given(groups, other));
}

TEST(IncidentGroups, AnIncidentThatIsOverOrOldTakesNoMore) {
  IncidentGroups groups;
  const Event first = hijack("203.0.113.0/24", 0);
  const std::string incident = given(groups, first);
  EXPECT_NE(given(groups, hijack("198.51.100.0/24", 3600)), incident) << "an hour later";
  EXPECT_EQ(given(groups, resolved(first, 60)), incident);
  EXPECT_NE(given(groups, hijack("192.0.2.0/24", 1200)), incident) << "nothing of it is open";
}

TEST(IncidentGroups, TheOrderOfArrivalDoesNotMatter) {
  std::vector<Event> events;
  for (int i = 0; i < 6; ++i) events.push_back(hijack(fmt::format("10.0.{}.0/24", i), i * 90));
  for (int i = 0; i < 6; ++i) events.push_back(withdrawal(fmt::format("10.1.{}.0/24", i), i * 90));
  std::vector<Event> at_once = events;
  IncidentGroups first;
  first.assign(at_once);
  std::map<std::string, std::string> wanted;
  for (const Event& each : at_once) wanted[each.id.value] = each.incident_id;
  std::ranges::reverse(events);
  IncidentGroups second;
  for (const Event& each : events) EXPECT_EQ(given(second, each), wanted[each.id.value]);
}

TEST(IncidentGroups, ALaterVersionAndTheEndStayInTheIncident) {
  IncidentGroups groups;
  Event first = withdrawal("203.0.113.0/24", 0);
  const std::string incident = given(groups, first);
  first.peers.insert(first.peers.begin(), {"edge7", "192.0.2.7", 64999});
  EXPECT_EQ(given(groups, first), incident) << "whatever its evidence looks like now";
  EXPECT_EQ(given(groups, resolved(first, 50)), incident);
}

TEST(IncidentGroups, OpenEventsRestoreTheStateAfterARestart) {
  IncidentGroups before;
  std::vector<Event> stored = {hijack("203.0.113.0/24", 0), hijack("198.51.100.0/24", 590)};
  before.assign(stored);
  const std::string incident = stored[0].incident_id;
  Event over = resolved(stored[0], 600);
  over.incident_id = incident;
  IncidentGroups after;
  after.restore(std::vector<Event>{over, stored[1]});
  EXPECT_EQ(given(after, hijack("192.0.2.0/24", 700)), incident);
  EXPECT_EQ(given(after, resolved(stored[1], 800)), incident) << "the detectors may not know it";
}

TEST(IncidentGroups, WhatWasOverWhenItWasMadeJoinsButBeginsNothing) {
  IncidentGroups groups;
  Event other_way = withdrawal("203.0.113.0/24", 10);
  other_way.state = EventState::resolved;
  EXPECT_EQ(given(groups, other_way), other_way.id.value);
  const std::string incident = given(groups, withdrawal("198.51.100.0/24", 0));
  EXPECT_EQ(given(groups, other_way), incident);
}

TEST(IncidentId, SaysWhenItsEventsMayBegin) {
  const auto at = time_from_us(start_s * 1'000'000 + 599'000'000);
  const std::string id = model::make_incident_id("/subscriptions/t", "as 64666", at);
  const auto span = model::incident_span(id);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->from, time_from_us((start_s - 600) * 1'000'000));
  EXPECT_EQ(span->to, time_from_us((start_s + 3600) * 1'000'000));
  EXPECT_FALSE(model::incident_span("zz"));
  EXPECT_FALSE(model::incident_span(std::string(32, 'Z')));
}

}  // namespace
}  // namespace peering::detect
