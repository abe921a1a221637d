#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/alert.h"
#include "model/registry.h"
#include "model/sample.h"

namespace peering::model {
namespace {

net::Prefix p(std::string_view text) { return net::Prefix::parse(text).value(); }

Event hijack() {
  Event e;
  e.kind = EventKind::origin_hijack;
  e.type = "PrefixOriginAsChangeEvent";
  e.level = Level::critical;
  e.state = EventState::open;
  e.connection = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Peering/peeringServices/Seattle";
  e.prefix_resource = e.connection + "/prefixes/web";
  e.prefix = e.observed = p("203.0.113.0/24");
  e.origin = 64511;
  e.expected_origins = {64500};
  e.as_path = {64496, 64511};
  e.suspect = 64511;
  e.neighbor = 64496;
  e.peers = {{"edge-1", "192.0.2.1", 64496}};
  e.confidence = 0.75;
  e.first_seen = time_from_us(1'700'000'000'123'456);
  e.last_seen = e.detected_at = e.first_seen + Microseconds(5);
  e.summary = "203.0.113.0/24 is announced by AS64511";
  e.evidence = {"AS path 64496 64511"};
  e.id = make_event_id(e.kind, e.prefix_resource, e.observed, "64511", e.first_seen);
  e.incident_id = e.id.value;
  return e;
}

TEST(Event, SurvivesItsJson) {
  Event e = hijack();
  EXPECT_EQ(event_from_json(to_json(e)).value(), e);
  e.monitored = 64496;
  EXPECT_EQ(event_from_json(to_json(e)).value(), e);
  e.reopened = 2;
  e.damped = true;
  e.flapping = Flapping{EventId("0123"), EventKind::withdrawal, Level::critical};
  EXPECT_EQ(event_from_json(to_json(e)).value(), e);
  e.summarized_by = EventId("4567");
  e.mass = Mass{EventKind::route_leak, "PrefixLeakEvent", 180, 178, {e.observed, e.prefix}};
  EXPECT_EQ(event_from_json(to_json(e)).value(), e);
  e.silenced_by = {"nights", "works"};
  EXPECT_EQ(event_from_json(to_json(e)).value(), e);
  e.state = EventState::resolved;
  e.resolved_at = e.first_seen + Microseconds(2'500'000);
  EXPECT_EQ(event_from_json(to_json(e)).value(), e);
  EXPECT_EQ(to_json(e).at("durationSeconds"), 2.5);
}

TEST(Event, IdIsTheHashOfItsIdentity) {
  const Event e = hijack();
  EXPECT_EQ(e.id.value.size(), 32U);
  EXPECT_EQ(e.id, make_event_id(e.kind, e.prefix_resource, e.observed, "64511", e.first_seen));
  EXPECT_NE(e.id, make_event_id(e.kind, e.prefix_resource, e.observed, "64512", e.first_seen));
}

TEST(Event, ADamagedRecordNamesTheField) {
  json::value damaged = to_json(hijack());
  damaged.as_object()["prefix"] = "203.0.113.1/24";
  EXPECT_THAT(event_from_json(damaged).error().message, testing::HasSubstr("host bits"));
  damaged.as_object().erase("kind");
  EXPECT_THAT(event_from_json(damaged).error().message, testing::HasSubstr("kind"));
  EXPECT_FALSE(event_from_json(json::value(3)).has_value());
}

TEST(Event, AzureShapeHasFiveFields) { EXPECT_EQ(to_azure_json(hijack()).as_object().size(), 5U); }

TEST(Event, EveryKindHasANameThatReadsBack) {
  for (int i = 0; i <= static_cast<int>(EventKind::latency_recovered); ++i) {
    const auto kind = static_cast<EventKind>(i);
    ASSERT_FALSE(to_string(kind).empty()) << i;
    EXPECT_EQ(parse_event_kind(to_string(kind)), kind);
  }
}

TEST(Alert, AndDeliverySurviveTheirJson) {
  Alert alert{"id",
              EventId("event"),
              "/c",
              EventKind::withdrawal,
              Level::critical,
              EventState::open,
              time_from_us(1'000'000),
              std::nullopt,
              "gone",
              {"/channel"}};
  EXPECT_EQ(alert_from_json(to_json(alert)).value(), alert);
  alert.state = EventState::resolved;
  alert.resolved = time_from_us(3'000'000);
  EXPECT_EQ(alert_from_json(to_json(alert)).value(), alert);
  const Delivery delivery{"d", "a", "/channel", "{}", time_from_us(1), time_from_us(2), 3, "refused"};
  EXPECT_EQ(delivery_from_json(to_json(delivery)).value(), delivery);
}

Result<Expectation> expectation(std::string_view text, bool strict = true) {
  return expectation_from_json(parse_json(text).value(), strict);
}

TEST(Expectation, KeepsWhatIsExpectedOfPaths) {
  const auto value = parse_json(R"({"prefix": "203.0.113.0/24", "asn": [64500], "peers": "any",
      "require_upstreams": [64496], "lengths": {"min": 25, "max": 28}, "policies": ["no-export"],
      "prepend_seq": [[64500, 64496], [64497]],
      "path": [{"match": "174,64500$", "notMatch": "^1", "maxLength": 9, "description": "d"},
               {"minLength": 2}]})")
                         .value();
  const Expectation e = expectation_from_json(value, true).value();
  EXPECT_TRUE(e.any_peer_as_upstream);
  EXPECT_TRUE(e.no_export);
  EXPECT_EQ(e.lengths, (LengthRange{25, 28}));
  EXPECT_THAT(e.require_upstreams, testing::ElementsAre(64496));
  EXPECT_THAT(e.prepend_sequences,
              testing::ElementsAre(testing::ElementsAre(64500, 64496), testing::ElementsAre(64497)));
  ASSERT_EQ(e.path_rules.size(), 2U);
  EXPECT_EQ(e.path_rules[0].description, "d");
  EXPECT_EQ(expectation_from_json(to_json(e), true).value(), e);
  for (const char* bad : {R"("path": {})",
                          R"("path": [{}])",
                          R"("path": [{"match": 7}])",
                          R"-("path": [{"match": "("}])-",
                          R"-("path": [{"match": "(?=64500)"}])-",
                          R"("path": [{"minLength": -1}])",
                          R"("path": [{"maxLength": "4"}])",
                          R"("path": [{"minLength": 5, "maxLength": 4}])",
                          R"("path": [{"match": "1", "colour": 2}])",
                          R"("asn": [64500], "upstreams": [64500])",
                          R"("peers": "all")",
                          R"("lengths": {})",
                          R"("lengths": {"min": 9, "max": 8})",
                          R"("policies": ["export"])",
                          R"("prepend_seq": [1])",
                          R"("upstreams": [1e-400])",
                          R"("upstreams": [0.1e1])",
                          R"("asn": 1e400)",
                          R"("asn": [4294967296])",
                          R"("upstreams": [-1])"}) {
    const auto broken = parse_json(fmt::format(R"({{"prefix": "203.0.113.0/24", {}}})", bad)).value();
    EXPECT_FALSE(expectation_from_json(broken, true)) << bad;
  }
}

TEST(Expectation, AFileSaysTheSameInOtherFormsThanTheApi) {
  const auto value = parse_json(R"({"prefix": "203.0.113.0/24", "asn": 64500, "upstreams": [{"from": 64496,
    "to": 64498}, 64510], "path": {"maxLength": 4}, "lengths": null, "group": null})")
                         .value();
  EXPECT_FALSE(expectation_from_json(value, true));
  const auto e = expectation_from_json(value, false);
  ASSERT_TRUE(e) << e.error().message;
  EXPECT_THAT(*e->upstreams, testing::ElementsAre(64496, 64497, 64498, 64510));
  EXPECT_EQ(e->path_rules.size(), 1U);
  EXPECT_FALSE(e->lengths);
  const auto wide =
      parse_json(R"({"prefix": "203.0.113.0/24", "upstreams": [{"from": 0, "to": 4294967295}]})");
  EXPECT_FALSE(expectation_from_json(*wide, false));
}

TEST(Expectation, AnOriginMayBeAnUpstreamOfAnother) {
  EXPECT_TRUE(expectation(R"({"asn": [64500, 64501], "upstreams": [64500]})"));
  EXPECT_TRUE(expectation(R"({"asn": [{"from": 64500, "to": 64509}], "upstreams": [64500]})"));
  EXPECT_TRUE(expectation(R"({"asn": "any", "upstreams": [64500]})"));
}

TEST(PathRule, FiresWhenAllThatItSaysHolds) {
  const auto rule = [](const char* text) {
    std::vector<std::string> unknown;
    return path_rule_from_json(parse_json(text).value(), unknown).value();
  };
  EXPECT_TRUE(rule(R"({"match": "174"})").fires("1,1174,3", 3))
      << "a pattern says itself where a number ends";
  EXPECT_FALSE(rule(R"-({"match": "(^|,)174(,|$)"})-").fires("1,1174,3", 3));
  EXPECT_TRUE(rule(R"({"notMatch": "^2"})").fires("1,2", 2));
  EXPECT_FALSE(rule(R"({"match": "2", "notMatch": "^1"})").fires("1,2", 2));
  EXPECT_TRUE(rule(R"({"minLength": 3})").fires("1,2", 2));
  EXPECT_FALSE(rule(R"({"minLength": 2})").fires("1,2", 2));
  EXPECT_TRUE(rule(R"({"maxLength": 1})").fires("1,2", 2));
  EXPECT_FALSE(rule(R"({"match": "1", "maxLength": 2})").fires("1,2", 2)) << "a limit that holds";
  EXPECT_TRUE(rule(R"({"minLength": 3, "maxLength": 5})").fires("1,2", 2));
}

TEST(PathRule, MatchingTakesLinearTime) {
  const auto pattern = PathPattern::parse("^(([0-9]+,?)+)+x$");
  ASSERT_TRUE(pattern);
  std::string path = "1";
  for (int i = 0; i < 4000; ++i) path += ",4200000000";
  EXPECT_FALSE(pattern->matches(path)) << "a backtracking matcher would not come back";
  EXPECT_FALSE(PathPattern::parse(std::string(1025, 'a')));
  EXPECT_FALSE(PathPattern::parse("((a{1000}){1000}){1000}"));
}

TEST(Expectation, ReadsNumbersRangesAnyAndNobody) {
  const auto some =
      expectation(R"({"prefix": "203.0.113.0/24", "asn": [64500, {"from": 64510, "to": 64519}]})").value();
  EXPECT_TRUE(some.allows_origin(64500));
  EXPECT_TRUE(some.allows_origin(64519));
  EXPECT_FALSE(some.allows_origin(64520));
  EXPECT_TRUE(expectation(R"({"asn": "any"})")->allows_origin(1));
  EXPECT_TRUE(expectation(R"({"prefix": "203.0.113.0/24"})")->allows_origin(1));
  EXPECT_FALSE(expectation(R"({"asn": []})")->allows_origin(1));
  EXPECT_EQ(expectation(R"({"prefix": "203.0.113.7/24"})")->prefix, p("203.0.113.0/24"));
}

TEST(Expectation, SurvivesItsJson) {
  const auto e =
      expectation(R"({"prefix": "2001:db8::/32", "asn": [1, {"from": 5, "to": 9}], "upstreams": [7],
    "backup_upstreams": [8], "ignoreMorespecifics": true,
    "excludeKinds": ["new-prefix", "resolved"], "group": "a"})");
  EXPECT_EQ(expectation_from_json(to_json(*e), true).value(), *e);
}

TEST(Expectation, RefusalsNameTheKey) {
  EXPECT_THAT(expectation(R"({"asns": [1]})").error().message, testing::HasSubstr("'asns'"));
  EXPECT_THAT(expectation(R"({"asn": "none"})").error().message, testing::HasSubstr("asn"));
  EXPECT_THAT(expectation(R"({"asn": [-1]})").error().message, testing::HasSubstr("-1"));
  EXPECT_THAT(expectation(R"({"includeKinds": ["hijack"]})").error().message,
              testing::HasSubstr("includeKinds"));
  std::vector<std::string> unknown;
  EXPECT_TRUE(expectation_from_json(parse_json(R"({"color": 1})").value(), false, &unknown).has_value());
  EXPECT_THAT(unknown, testing::ElementsAre("color"));
}

TEST(AlertOptIn, ReadsAndWrites) {
  const auto opt_in = alert_opt_in_from_json(
      parse_json(
          R"({"enabled": true, "channels": ["noc"], "minimumLevel": "error", "kinds": ["withdrawal"]})")
          .value());
  EXPECT_EQ(opt_in->minimum_level, Level::error);
  EXPECT_EQ(alert_opt_in_from_json(to_json(*opt_in)).value(), *opt_in);
  EXPECT_FALSE(alert_opt_in_from_json(parse_json(R"({"enabled": 1})").value()).has_value());
  EXPECT_FALSE(alert_opt_in_from_json(parse_json(R"({"channel": "x"})").value()).has_value());
}

TEST(Sample, ClientsAreMasked) {
  EXPECT_EQ(mask_client(net::Address::parse("203.0.113.9").value()), p("203.0.113.0/24"));
  EXPECT_EQ(mask_client(net::Address::parse("2001:db8:1:2::9").value()), p("2001:db8:1::/48"));
}

}  // namespace
}  // namespace peering::model
