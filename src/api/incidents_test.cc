// Incidents: events grouped by what they name, in pages, filtered.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "http/query.h"
#include "model/incident.h"

namespace peering::api {
namespace {

using model::EventKind;
using model::EventState;
using model::Level;
using testing::ElementsAre;
using testing::HasSubstr;

class Incidents : public ApiFixture {
 protected:
  static std::string incidents_of(const std::string& path) {
    return path + "/providers/Open.Peering/incidents";
  }

  // One of an incident that began on the day at `began`.
  model::Event member(const std::string& prefix, std::string_view began, std::string_view at,
                      EventKind kind = EventKind::origin_hijack, EventState state = EventState::open) {
    model::Event out = event(prefix, kind, Level::critical, fmt::format("2026-11-23T{}Z", at));
    out.state = state;
    if (state == EventState::resolved) out.resolved_at = out.first_seen + std::chrono::seconds(90);
    out.suspect = 64666;
    out.observed = out.prefix = *net::Prefix::parse("203.0.113.0/24");
    out.incident_id =
        model::make_incident_id("t", "as", *parse_rfc3339(fmt::format("2026-11-23T{}Z", began)));
    return out;
  }
  Reply filtered(const std::string& scope, const std::string& filter) {
    return get(incidents_of(scope) + "?$filter=" + http::percent_encode(filter));
  }
};

TEST_F(Incidents, GroupEventsWithStateDurationAndEvidence) {
  const std::string prefix = make_prefix();
  model::Event last = member(prefix, "10:00:00", "10:05:00", EventKind::subprefix_hijack);
  last.evidence = {"AS path 64496 64666"};
  store_events({member(prefix, "10:00:00", "10:01:00", EventKind::origin_hijack, EventState::resolved), last,
                event(prefix, EventKind::announcement, Level::information, "2026-11-23T10:02:00Z")});
  const Reply reply = get(incidents_of(prefix));
  ASSERT_EQ(reply.status, 200) << reply.text;
  ASSERT_EQ(reply.items(), 2U);
  const json::value& alone = reply.body.at("value").at(0);
  EXPECT_EQ(alone.at("eventCount"), 1);
  EXPECT_EQ(alone.at("state"), "resolved");
  const json::value& both = reply.body.at("value").at(1);
  EXPECT_EQ(find_string(both, "id"), last.incident_id);
  EXPECT_EQ(both.at("state"), "open");
  EXPECT_EQ(both.at("level"), "Critical");
  EXPECT_EQ(both.at("eventCount"), 2);
  EXPECT_EQ(both.at("openEventCount"), 1);
  EXPECT_EQ(both.at("firstSeen"), "2026-11-23T10:01:00Z");
  EXPECT_EQ(both.at("durationSeconds").to_number<double>(), 7140.0) << "until now, which is noon";
  EXPECT_EQ(both.at("suspectAsns"), json::array{64666});
  EXPECT_EQ(both.at("evidence").as_array().size(), 2U);
  EXPECT_THAT(json::serialize(both.at("evidence")), HasSubstr("203.0.113.0/24: AS path 64496 64666"));
  EXPECT_THAT(*find_string(both, "summary"), HasSubstr("AS64666: 2 events on 1 prefix"));
  EXPECT_EQ(both.at("complete"), true);
}

TEST_F(Incidents, AreResolvedWhenAllTheirEventsAre) {
  const std::string prefix = make_prefix();
  store_events({member(prefix, "10:00:00", "10:00:00", EventKind::origin_hijack, EventState::resolved),
                member(prefix, "10:00:00", "10:10:00", EventKind::origin_hijack, EventState::resolved)});
  const Reply reply = get(incidents_of(prefix));
  ASSERT_EQ(reply.items(), 1U) << reply.text;
  EXPECT_EQ(reply.body.at("value").at(0).at("state"), "resolved");
  EXPECT_EQ(reply.body.at("value").at(0).at("resolvedAt"), "2026-11-23T10:11:30Z");
  EXPECT_EQ(reply.body.at("value").at(0).at("durationSeconds").to_number<double>(), 690.0);
}

TEST_F(Incidents, ComeOnceWhateverThePages) {
  const std::string prefix = make_prefix();
  std::vector<model::Event> events;
  // Two that overlap, and what stands alone between their events.
  for (int minute = 0; minute < 40; minute += 2) {
    events.push_back(member(prefix, minute < 4 || minute % 4 == 0 ? "10:00:00" : "10:10:00",
                            fmt::format("10:{:02}:00", minute)));
    events.push_back(event(prefix, EventKind::announcement, Level::information,
                           fmt::format("2026-11-23T10:{:02}:30Z", minute)));
  }
  store_events(events);
  for (const int top : {1, 3, 100}) {
    std::map<std::string, int> seen;
    std::string next = versioned(fmt::format("{}?$top={}", incidents_of(service_path("svc1")), top));
    while (!next.empty()) {
      const Reply reply = send(request(http::Method::get, next));
      ASSERT_EQ(reply.status, 200) << reply.text;
      for (const json::value& item : reply.body.at("value").as_array()) ++seen[*find_string(item, "id")];
      const auto link = find_string(reply.body, "nextLink");
      next = link ? link->substr(link->find("/subscriptions")) : "";
    }
    EXPECT_EQ(seen.size(), 22U) << top;
    for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
  }
}

TEST_F(Incidents, AreFilteredByWhatTheirEventsAreTogether) {
  const std::string prefix = make_prefix();
  const model::Event old =
      member(prefix, "09:00:00", "09:00:00", EventKind::withdrawal, EventState::resolved);
  const model::Event alone =
      event(prefix, EventKind::announcement, Level::information, "2026-11-23T11:00:00Z");
  store_events({old, member(prefix, "10:00:00", "10:00:00"),
                member(prefix, "10:00:00", "10:20:00", EventKind::subprefix_hijack, EventState::resolved),
                alone});
  const std::vector<std::pair<std::string, std::size_t>> cases = {
      {"", 3},
      {"state eq 'open'", 1},
      {"state ne 'open'", 2},
      {"state eq 'resolved'", 2},
      {"kind eq 'subprefix-hijack'", 1},
      {"kind eq 'subprefix-hijack' and kind eq 'origin-hijack'", 1},
      {"kind ne 'subprefix-hijack'", 2},
      {"level ge 'Warning'", 2},
      {"level eq 'Information'", 1},
      {"firstSeen lt 2026-11-23T10:10:00Z", 2},
      {"firstSeen le 2026-11-23T10:00:00Z", 2},
      {"firstSeen ge 2026-11-23T10:10:00Z", 1},
      {"firstSeen ge 2026-11-23T10:00:00Z and firstSeen lt 2026-11-23T10:10:00Z", 1},
      {"suspectAsn eq 64666", 2},
      {"suspectAsn ne 64666", 1},
      {"type eq 'prefixwithdrawalevent'", 3},
      {"id eq '" + old.incident_id + "'", 1},
      {"id eq '" + alone.id.value + "'", 1},
      {"id ne '" + alone.id.value + "'", 2},
      {"id eq '" + std::string(32, 'f') + "'", 0},
      {"id eq 'no such'", 0},
  };
  for (const auto& [filter, count] : cases) {
    const Reply reply = filtered(prefix, filter);
    ASSERT_EQ(reply.status, 200) << filter << reply.text;
    EXPECT_EQ(reply.items(), count) << filter << reply.text;
  }
  for (const std::string filter :
       {"colour eq 'red'", "level eq 'Loud'", "kind gt 'withdrawal'", "kind eq 'weather'", "state eq 'ajar'",
        "firstSeen ge yesterday", "suspectAsn eq 'AS1'"}) {
    const Reply reply = filtered(prefix, filter);
    EXPECT_EQ(reply.status, 400) << filter;
    EXPECT_THAT(reply.message(), HasSubstr("$filter")) << filter;
  }
}

TEST_F(Incidents, OfAScopeHaveOnlyEventsOfTheScope) {
  const std::string one = make_prefix(), other = make_service() + "/prefixes/p2";
  put(other, prefix_body("198.51.100.0/24"));
  store_events({member(one, "10:00:00", "10:00:00"), member(other, "10:00:00", "10:01:00")});
  EXPECT_EQ(get(incidents_of(one)).body.at("value").at(0).at("eventCount"), 1);
  EXPECT_EQ(get(incidents_of(service_path("svc1"))).body.at("value").at(0).at("eventCount"), 2);
  EXPECT_EQ(get(incidents_of(std::string(sub_a))).body.at("value").at(0).at("eventCount"), 2);
  EXPECT_EQ(get(incidents_of(service_path("nobody"))).status, 404);
}

}  // namespace
}  // namespace peering::api
