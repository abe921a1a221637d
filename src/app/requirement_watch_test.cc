// Verified prefixes that no longer meet a requirement, and what is none of their fault.
#include "app/requirement_watch.h"

#include <gtest/gtest.h>

namespace peering::app {
namespace {

constexpr std::chrono::seconds one_second{1};

class Watch : public testing::Test {
 protected:
  Watch() {
    model::Connection connection;
    connection.resource = "/Svc";
    registry->connections["/svc"] = std::make_shared<const model::Connection>(connection);
    model::RegisteredPrefix prefix;
    prefix.resource = "/Svc/prefixes/P";
    prefix.connection = "/Svc";
    prefix.expectation.prefix = *net::Prefix::parse("203.0.113.0/24");
    prefix.expectation.any_origin = true;
    prefix.changed_at = at - std::chrono::hours(1);
    registry->prefixes["/svc/prefixes/p"] = std::make_shared<const model::RegisteredPrefix>(prefix);
    session("Established");
  }
  RequirementWatch make() {
    return {{.catalog = [] { return std::make_shared<const api::Catalog>(); },
             .registry = [this] { return std::make_shared<const model::Registry>(*registry); },
             .sessions = [this] { return std::make_shared<const model::BgpSessions>(sessions); },
             .routes =
                 [this](const net::Prefix&) {
                   ++asked;
                   return answers ? Result<std::vector<rib::Route>>(routes)
                                  : Result<std::vector<rib::Route>>(fail(ErrorCode::unavailable, "busy"));
                 },
             .emit =
                 [this](std::vector<model::Event> told) {
                   events.insert(events.end(), told.begin(), told.end());
                 },
             .settings = {},
             .reconnect_grace = std::chrono::seconds(60)},
            metrics};
  }
  void session(std::string_view state) {
    model::BgpSession out;
    out.router = "edge1";
    out.peer_address = *net::Address::parse("192.0.2.1");
    out.established = state == "Established";
    out.state = state;
    sessions = {out};
  }
  void announce(std::vector<net::Asn> path = {64500, 64501}) {
    auto peer = std::make_shared<rib::Peer>();
    peer->key.router = "edge1";
    peer->key.address = *net::Address::parse("192.0.2.1");
    auto attributes = std::make_shared<wire::bgp::PathAttributes>();
    attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
    routes = {rib::Route{*net::Prefix::parse("203.0.113.0/24"), peer, attributes, at}};
  }
  void rounds(int count) {
    for (int i = 0; i < count; ++i) watch.round(at += one_second);
  }

  Metrics metrics;
  TimePoint at = *parse_rfc3339("2026-11-23T12:00:00Z");
  std::shared_ptr<model::Registry> registry = std::make_shared<model::Registry>();
  std::vector<model::BgpSession> sessions;
  std::vector<rib::Route> routes;
  std::vector<model::Event> events;
  bool answers = true;
  int asked = 0;
  RequirementWatch watch = make();
};

TEST_F(Watch, AWithdrawnRouteIsAViolationUntilItIsBack) {
  announce();
  rounds(3);
  EXPECT_TRUE(events.empty());
  routes.clear();
  rounds(5);
  ASSERT_EQ(events.size(), 1U) << "once";
  EXPECT_EQ(events[0].type, "PrefixRequirementViolationEvent");
  EXPECT_EQ(events[0].level, model::Level::warning);
  EXPECT_EQ(events[0].state, model::EventState::open);
  EXPECT_EQ(events[0].prefix_resource, "/Svc/prefixes/P");
  announce();
  rounds(2);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].id, events[0].id);
  EXPECT_EQ(events[1].state, model::EventState::resolved);
  EXPECT_TRUE(events[1].resolved_at);
}

TEST_F(Watch, AFlapBetweenTwoLooksIsNone) {
  announce();
  rounds(1);
  routes.clear();
  rounds(1);
  announce();
  rounds(3);
  EXPECT_TRUE(events.empty());
}

TEST_F(Watch, ALostRouterOrASessionThatCameBackIsNoWithdrawal) {
  announce();
  rounds(2);
  routes.clear();
  session("");
  rounds(5);
  sessions.clear();
  rounds(5);
  session("Established");
  rounds(5);
  EXPECT_TRUE(events.empty()) << "its routes may still come";
}

TEST_F(Watch, NothingIsToldOfWhatWasNeverVerified) {
  rounds(10);
  EXPECT_TRUE(events.empty());
}

TEST_F(Watch, ARoutingTableThatDoesNotAnswerIsLeftAloneAndViolatesNothing) {
  for (int i = 0; i < 10; ++i) {
    auto more =
        std::make_shared<model::RegisteredPrefix>(*registry->prefixes.find("/svc/prefixes/p")->second);
    more->resource = fmt::format("/Svc/prefixes/P{}", i);
    registry->prefixes[model::lower(more->resource)] = more;
  }
  announce();
  rounds(2);
  EXPECT_EQ(asked, 22);
  answers = false;
  rounds(1);
  EXPECT_EQ(asked, 23) << "once in a round";
  EXPECT_TRUE(events.empty());
}

TEST_F(Watch, ARouteThatBecomesWrongIsAViolation) {
  announce();
  rounds(1);
  announce({64500, 1, 2, 3, 64501});
  rounds(3);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_NE(events[0].description.find("AS path length"), std::string::npos) << events[0].description;
}

TEST_F(Watch, AnEventFromBeforeARestartIsResolvedByIt) {
  announce();
  rounds(1);
  routes.clear();
  rounds(3);
  ASSERT_EQ(events.size(), 1U);
  RequirementWatch next = make();
  next.restore(std::vector<model::Event>(events));
  next.round(at += one_second);
  EXPECT_EQ(events.size(), 1U);
  announce();
  next.round(at += one_second);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].id, events[0].id);
  EXPECT_EQ(events[1].state, model::EventState::resolved);
}

TEST_F(Watch, ThePrefixThatGoesTakesItsEventWithIt) {
  announce();
  rounds(1);
  routes.clear();
  rounds(3);
  ASSERT_EQ(events.size(), 1U);
  registry->prefixes.erase("/svc/prefixes/p");
  rounds(1);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].state, model::EventState::resolved);
}

}  // namespace
}  // namespace peering::app
