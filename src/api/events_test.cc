// Events: pages, filters, and streams for followers.
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include "api/access.h"
#include "api/api_fixture.h"
#include "http/query.h"

namespace peering::api {
namespace {

using model::EventKind;
using model::Level;
using testing::HasSubstr;
using Events = ApiFixture;

// Collects what a stream writes.
class Collector : public http::BodySink {
 public:
  bool write(std::string chunk) override {
    const std::lock_guard lock(mutex_);
    if (closed_ || text_.size() > limit) return false;
    text_ += chunk;
    changed_.notify_all();
    return true;
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // True when `part` was written within 5 s.
  bool wait_for(std::string_view part) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5),
                             [&] { return text_.find(part) != std::string::npos; });
  }
  bool wait_closed() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return closed_; });
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  std::size_t limit = 1 << 24;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool closed_ = false;
};

class Streams : public ApiFixture {
 protected:
  Streams() { hub.start(); }
  std::shared_ptr<Collector> follow(http::Request given) {
    const http::Response response = api->handle(given);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
    auto sink = std::make_shared<Collector>();
    EXPECT_TRUE(response.stream);
    if (response.stream) response.stream(sink);
    return sink;
  }
  http::Request following(const std::string& path) const {
    http::Request out = request(http::Method::get, versioned(path));
    out.headers.set("Accept", "text/event-stream");
    return out;
  }
};

std::string events_of(const std::string& path) { return path + "/providers/Open.Peering/events"; }

TEST_F(Events, AreNewestFirstAndPaged) {
  const std::string prefix = make_prefix();
  std::vector<model::Event> all;
  for (int i = 0; i < 5; ++i) {
    all.push_back(
        event(prefix, EventKind::withdrawal, Level::warning, fmt::format("2026-11-23T10:0{}:00Z", i)));
  }
  store_events(all);
  for (const std::string& scope :
       {prefix, service_path("svc1"), std::string(sub_a) + "/resourceGroups/rg1", std::string(sub_a)}) {
    std::vector<std::string> seen;
    std::string next = versioned(events_of(scope) + "?$top=2");
    while (!next.empty()) {
      const Reply reply = send(request(http::Method::get, next));
      ASSERT_EQ(reply.status, 200) << reply.text;
      for (const json::value& item : reply.body.at("value").as_array())
        seen.push_back(*find_string(item, "firstSeen"));
      const auto link = find_string(reply.body, "nextLink");
      next = link ? link->substr(link->find("/subscriptions")) : "";
    }
    EXPECT_THAT(seen,
                testing::ElementsAre("2026-11-23T10:04:00Z", "2026-11-23T10:03:00Z", "2026-11-23T10:02:00Z",
                                     "2026-11-23T10:01:00Z", "2026-11-23T10:00:00Z"));
  }
}

TEST_F(Events, AreFilteredByTimeTypeLevelKindAndState) {
  const std::string prefix = make_prefix();
  model::Event open = event(prefix, EventKind::origin_hijack, Level::critical, "2026-11-23T11:00:00Z");
  open.state = model::EventState::open;
  store_events({event(prefix, EventKind::withdrawal, Level::warning, "2026-11-23T10:00:00Z"), open,
                event(prefix, EventKind::announcement, Level::information, "2026-11-23T12:00:00Z")});
  const std::vector<std::pair<std::string, std::size_t>> cases = {
      {"", 3},
      {"firstSeen ge 2026-11-23T11:00:00Z", 2},
      {"firstSeen gt 2026-11-23T11:00:00Z", 1},
      {"time gt 2026-11-23T11:00:00Z", 1},
      {"firstSeen lt '2026-11-23T11:00:00Z'", 1},
      {"firstSeen le 2026-11-23T11:00:00Z", 2},
      {"eventTimestamp ge 2026-11-23T10:30:00Z and firstSeen lt 2026-11-23T11:30:00Z", 1},
      {"level eq 'Critical'", 1},
      {"level ge 'warning'", 2},
      {"level ne 'Critical'", 2},
      {"level lt 'Critical'", 2},
      {"kind eq 'origin-hijack'", 1},
      {"kind ne 'origin-hijack'", 2},
      {"state eq 'open'", 1},
      {"state ne 'open'", 2},
      {"type eq 'prefixwithdrawalevent'", 2},
      {"state eq 'open' and level eq 'Information'", 0},
  };
  for (const auto& [filter, count] : cases) {
    const Reply reply = get(events_of(prefix) + "?$filter=" + http::percent_encode(filter));
    ASSERT_EQ(reply.status, 200) << filter << reply.text;
    EXPECT_EQ(reply.items(), count) << filter;
  }
  for (const std::string filter :
       {"colour eq 'red'", "level eq 'Loud'", "kind gt 'withdrawal'", "kind eq 'weather'",
        "firstSeen ge yesterday", "state eq 'ajar'", "level"}) {
    const Reply reply = get(events_of(prefix) + "?$filter=" + http::percent_encode(filter));
    EXPECT_EQ(reply.status, 400) << filter;
    EXPECT_THAT(reply.message(), HasSubstr("$filter")) << filter;
  }
}

TEST_F(Events, OfWhatIsNotThereAreNotFound) {
  make_service();
  EXPECT_EQ(get(events_of(service_path("none"))).code(), "ParentResourceNotFound");
  EXPECT_EQ(get(events_of(service_path("svc1"))).items(), 0U);
}

TEST_F(Events, AlertsAreListedInTheirScope) {
  const std::string prefix = make_prefix(), other_prefix = service_path("svc1") + "/prefixes/p2";
  put(other_prefix, prefix_body("198.51.100.0/24"));
  make_service("other", sub_b);
  store::EventCommit commit;
  commit.events.push_back(event(prefix, EventKind::withdrawal, Level::critical, "2026-11-23T10:00:00Z"));
  model::Alert alert;
  alert.event = commit.events.front().id;
  alert.id = alert.event.value;
  alert.connection = service_path("svc1");
  alert.opened = clock;
  alert.summary = "gone";
  commit.alerts.push_back(alert);
  ASSERT_TRUE(telemetry.append(commit));
  const auto alerts = [&](const std::string& scope) { return get(scope + "/providers/Open.Peering/alerts"); };
  EXPECT_EQ(*find_string(alerts(service_path("svc1")).body.at("value").at(0), "summary"), "gone");
  EXPECT_EQ(alerts(prefix).items(), 1U);
  EXPECT_EQ(alerts(other_prefix).items(), 0U);
  EXPECT_EQ(alerts(std::string(sub_a) + "/resourceGroups/rg1").items(), 1U);
  EXPECT_EQ(alerts(std::string(sub_a)).items(), 1U);
  EXPECT_EQ(alerts(std::string(sub_b)).items(), 0U);
}

TEST_F(Streams, TellWhatIsStoredFromNowOn) {
  const std::string prefix = make_prefix();
  store_events({event(prefix, EventKind::withdrawal, Level::warning, "2026-11-23T10:00:00Z")});
  const auto sink = follow(following(events_of(prefix)));
  ASSERT_TRUE(sink->wait_for(": following"));
  store_events({event(prefix, EventKind::origin_hijack, Level::critical, "2026-11-23T11:00:00Z")});
  ASSERT_TRUE(sink->wait_for("origin-hijack"));
  EXPECT_THAT(sink->text(), HasSubstr("id: 2\nevent: event\ndata: {\"id\":"));
  EXPECT_THAT(sink->text(), testing::Not(HasSubstr("withdrawal")));
}

TEST_F(Streams, GoOnWhereAFollowerLeftOff) {
  const std::string prefix = make_prefix();
  store_events({event(prefix, EventKind::withdrawal, Level::warning, "2026-11-23T10:00:00Z")});
  store_events({event(prefix, EventKind::origin_hijack, Level::critical, "2026-11-23T11:00:00Z")});
  http::Request given = following(events_of(service_path("svc1")));
  given.headers.set("Last-Event-ID", "1");
  const auto sink = follow(given);
  ASSERT_TRUE(sink->wait_for("origin-hijack"));
  EXPECT_THAT(sink->text(), testing::Not(HasSubstr("withdrawal")));
  const auto from_start =
      follow(request(http::Method::get, versioned(events_of(std::string(sub_a)) + "?follow=true&after=0")));
  ASSERT_TRUE(from_start->wait_for("origin-hijack"));
  EXPECT_THAT(from_start->text(), HasSubstr("withdrawal"));
  given.headers.set("Last-Event-ID", "soon");
  EXPECT_EQ(api->handle(given).status, 400);
}

TEST_F(Streams, ApplyFilterAndScope) {
  const std::string prefix = make_prefix();
  make_service("other", sub_b);
  const std::string elsewhere = service_path("other", sub_b) + "/prefixes/p";
  const auto sink =
      follow(following(events_of(prefix) + "?$filter=" + http::percent_encode("level eq 'Critical'")));
  store_events({event(elsewhere, EventKind::squatting, Level::critical, "2026-11-23T10:00:00Z"),
                event(prefix, EventKind::withdrawal, Level::warning, "2026-11-23T10:00:00Z"),
                event(prefix, EventKind::origin_hijack, Level::critical, "2026-11-23T11:00:00Z")});
  ASSERT_TRUE(sink->wait_for("origin-hijack"));
  EXPECT_THAT(sink->text(), testing::Not(HasSubstr("withdrawal")));
  EXPECT_THAT(sink->text(), testing::Not(HasSubstr("squatting")));
}

TEST_F(Streams, ServeALongBacklogWholeAndInOrder) {
  const std::string prefix = make_prefix();
  constexpr int count = 3000;
  std::vector<model::Event> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(event(prefix, EventKind::withdrawal, Level::warning,
                        fmt::format("2026-11-23T{:02}:{:02}:{:02}Z", i / 3600, i / 60 % 60, i % 60)));
  }
  store_events(all);
  const auto sink = follow(request(http::Method::get, versioned(events_of(prefix) + "?follow=true&after=0")));
  ASSERT_TRUE(sink->wait_for(fmt::format("id: {}\n", count / 10)));
  // What is stored meanwhile comes after the backlog, once.
  std::size_t at = 0;
  const std::string text = sink->text();
  for (int i = 1; i <= count / 10; ++i) {
    at = text.find(fmt::format("id: {}\n", i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(Streams, AFollowerThatIsGoneIsForgotten) {
  const std::string prefix = make_prefix();
  const auto sink = follow(following(events_of(prefix)));
  ASSERT_TRUE(sink->wait_for(": following"));
  sink->close();
  store_events({event(prefix, EventKind::withdrawal, Level::warning, "2026-11-23T10:00:00Z")});
  for (int i = 0; i < 500 && metrics.gauge("peering_event_followers", "").value() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(metrics.gauge("peering_event_followers", "").value(), 0);
}

TEST_F(Streams, EndWithTheHub) {
  const auto sink = follow(following(events_of(make_prefix())));
  hub.stop();
  EXPECT_TRUE(sink->wait_closed());
  EXPECT_EQ(api->handle(following(events_of(service_path("svc1")))).status, 503);
}

TEST_F(Events, AStreamEndsWhenItsTokenIsTakenBack) {
  const std::string prefix = make_prefix();
  EventHub quick(telemetry, metrics, {std::chrono::milliseconds(20), 1, 16});
  quick.start();
  Services mine = services();
  Api other(Services{mine.resources,
                     mine.telemetry,
                     mine.metrics,
                     quick,
                     mine.catalog,
                     mine.registry,
                     mine.routes,
                     mine.not_ready,
                     mine.resources_changed,
                     mine.wait_applied,
                     mine.deliveries_queued,
                     mine.accept_samples,
                     mine.latency_bins,
                     {},
                     mine.clock});
  const std::string reader = token("Reader", sub_a);
  http::Request given = request(http::Method::get, versioned(events_of(prefix)) + "&follow=true");
  given.headers.set("Authorization", "Bearer " + reader);
  const http::Response response = other.handle(given);
  ASSERT_TRUE(response.stream);
  const auto sink = std::make_shared<Collector>();
  response.stream(sink);
  ASSERT_TRUE(sink->wait_for(": keep-alive"));
  // One follower is all that this hub takes.
  EXPECT_EQ(other.handle(given).status, 503);
  remove("/providers/Open.Peering/tokens/" + *token_id_of(reader));
  EXPECT_TRUE(sink->wait_closed());
}

}  // namespace
}  // namespace peering::api
