// Prefixes, their validation, their events.
#include <thread>

#include <gmock/gmock.h>

#include "api/access.h"
#include "api/api_fixture.h"
#include "api/prefix_validation.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using Prefixes = ApiFixture;

constexpr std::string_view announced = "203.0.113.0/24";

TEST_F(Prefixes, ANewPrefixIsPendingAndSucceeded) {
  const std::string service = make_service("Svc1");
  const Reply made = put(service_path("svc1") + "/prefixes/P1",
                         R"({"properties":{"prefix":"203.0.113.0/24",
         "peeringServicePrefixKey":"00000000-0000-0000-0000-000000000000",
         "prefixValidationState":"Verified"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body, *parse_json(fmt::format(
                           R"({{"properties":{{"prefix":"203.0.113.0/24","prefixValidationState":"Pending",
         "learnedType":"None",
      "peeringServicePrefixKey":"00000000-0000-0000-0000-000000000000","provisioningState":"Succeeded"}},
         "name":"P1",
      "id":"{}/prefixes/P1","type":"Microsoft.Peering/peeringServices/prefixes"}})",
                           service)));
}

TEST_F(Prefixes, WhatIsNoPrefixIsRefusedByField) {
  const std::string path = make_service() + "/prefixes/p";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"203.0.113.5/24", "host bits are set; the network is 203.0.113.0/24"},
      {"203.0.113.0", "a length is missing"},
      {"203.0.113.0/33", "0 to 32"},
      {"203.0.113.0/-1", "0 to 32"},
      {"203.0.113/24", "no IPv4 or IPv6 address"},
      {"2001:db8::1/32", "host bits"},
      {"0.0.0.0/0", "default route"},
      {"::/0", "default route"},
      {"", "required"},
      {std::string(300, '1'), "at most"},
  };
  for (const auto& [prefix, rule] : cases) {
    const Reply reply = put(path, prefix_body(prefix));
    EXPECT_EQ(reply.status, 400) << prefix;
    EXPECT_THAT(reply.message(), HasSubstr("properties.prefix '")) << prefix;
    EXPECT_THAT(reply.message(), HasSubstr(rule)) << prefix;
  }
  for (const std::string body :
       {"{}", R"({"properties":[]})", R"({"properties":{"prefix":7}})",
        R"({"properties":{"prefix":"203.0.113.0/24","peeringServicePrefixKey":1}})"}) {
    EXPECT_EQ(put(path, body).code(), "InvalidRequestContent") << body;
  }
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Prefixes, PrivateAndLongPrefixesPassThePutAndAreJudgedLater) {
  const std::string service = make_service();
  for (const std::string prefix : {"192.168.1.0/24", "240.0.0.0/24", "200.25.69.0/31"}) {
    EXPECT_EQ(put(service + "/prefixes/p" + std::to_string(prefix.size()) + prefix.substr(0, 3),
                  prefix_body(prefix))
                  .status,
              201)
        << prefix;
  }
  const Reply reply = get(service + "/prefixes/p14192");
  EXPECT_EQ(reply.property("prefixValidationState"), "Failed");
  EXPECT_THAT(reply.property("errorMessage"), HasSubstr("Peering service prefix is invalid"));
}

TEST_F(Prefixes, Ipv6IsServedInCanonicalForm) {
  const Reply reply = put(make_service() + "/prefixes/six", prefix_body("2001:DB8:0::/32"));
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.property("prefix"), "2001:db8::/32");
}

TEST_F(Prefixes, TheStateFollowsTheRoutesThatAreSeen) {
  const std::string path = make_prefix(announced);
  EXPECT_EQ(get(path).property("prefixValidationState"), "Pending");
  EXPECT_EQ(get(path).property("errorMessage"), "");
  clock += std::chrono::seconds(6);
  Reply reply = get(path);
  EXPECT_EQ(reply.property("prefixValidationState"), "Failed");
  EXPECT_THAT(reply.property("errorMessage"), HasSubstr("not announced"));
  EXPECT_EQ(reply.property("learnedType"), "None");
  routes = {route(announced, {64496, 64500})};
  reply = get(path);
  EXPECT_EQ(reply.property("prefixValidationState"), "Verified");
  EXPECT_EQ(reply.property("learnedType"), "ViaSession");
  EXPECT_EQ(find(reply.body, "properties", "errorMessage"), nullptr);
  routes.clear();
  EXPECT_EQ(get(path).property("prefixValidationState"), "Failed");
}

TEST_F(Prefixes, AnUnexpectedOriginIsNotVerified) {
  const std::string path = make_prefix(announced);
  put(path + "/providers/Open.Peering/monitoring/default", R"({"properties":{"asn":[64500]}})");
  routes = {route(announced, {64496, 64511})};
  const Reply reply = get(path);
  EXPECT_EQ(reply.property("prefixValidationState"), "Failed");
  EXPECT_THAT(reply.property("errorMessage"), HasSubstr("AS64511"));
}

TEST_F(Prefixes, APrefixCannotBeChangedButItsKeyCan) {
  const std::string path = make_prefix(announced);
  EXPECT_EQ(put(path, prefix_body(announced)).status, 200);
  const Reply reply = put(path, prefix_body("198.51.100.0/24"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.message(), HasSubstr("cannot be changed"));
  clock += std::chrono::seconds(60);
  EXPECT_EQ(get(path).property("prefixValidationState"), "Failed");
  EXPECT_EQ(put(path, prefix_body(announced)).property("prefixValidationState"), "Failed");
  // A new key starts validation again.
  const Reply keyed =
      put(path, R"({"properties":{"prefix":"203.0.113.0/24","peeringServicePrefixKey":"k"}})");
  EXPECT_EQ(keyed.status, 200);
  EXPECT_EQ(keyed.property("prefixValidationState"), "Pending");
}

TEST_F(Prefixes, OnePrefixIsRegisteredOnce) {
  make_prefix(announced);
  const Reply same_service = put(service_path("svc1") + "/prefixes/p2", prefix_body(announced));
  EXPECT_EQ(same_service.status, 409);
  EXPECT_EQ(same_service.code(), "Conflict");
  const std::string other = make_service("svc9", sub_b);
  const Reply other_service = put(other + "/prefixes/p", prefix_body(announced));
  EXPECT_EQ(other_service.status, 409);
  EXPECT_THAT(other_service.message(), testing::Not(HasSubstr("svc1")));
  EXPECT_EQ(remove(service_path("svc1") + "/prefixes/p1").status, 200);
  EXPECT_EQ(put(other + "/prefixes/p", prefix_body(announced)).status, 201);
}

TEST_F(Prefixes, DeleteIsIdempotentAndListsAreComplete) {
  const std::string path = make_prefix(announced);
  const std::string service = service_path("svc1");
  put(service + "/prefixes/p2", prefix_body("198.51.100.0/24"));
  EXPECT_EQ(get(service + "/prefixes").items(), 2U);
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).code(), "ResourceNotFound");
  EXPECT_EQ(get(service + "/prefixes").items(), 1U);
  EXPECT_EQ(get(service_path("none") + "/prefixes").code(), "ParentResourceNotFound");
  EXPECT_EQ(remove(service_path("none") + "/prefixes/p").code(), "ParentResourceNotFound");
}

TEST_F(Prefixes, EventsAppearOnlyWhenExpandedNewestFirst) {
  const std::string path = make_prefix(announced);
  EXPECT_EQ(find(get(path).body, "properties", "events"), nullptr);
  EXPECT_TRUE(get(path + "?$expand=events").body.at("properties").at("events").as_array().empty());
  store_events(
      {event(path, model::EventKind::withdrawal, model::Level::warning, "2026-11-23T10:00:00Z"),
       event(path, model::EventKind::origin_hijack, model::Level::critical, "2026-11-23T11:00:00Z")});
  EXPECT_EQ(find(get(path + "?$expand=other").body, "properties", "events"), nullptr);
  for (const std::string& target :
       {path + "?$expand=EVENTS", path.substr(0, path.rfind('/')) + "?%24expand=events"}) {
    const Reply reply = get(target);
    const json::value& shown = find(reply.body, "value") ? reply.body.at("value").at(0) : reply.body;
    const json::array& events = shown.at("properties").at("events").as_array();
    ASSERT_EQ(events.size(), 2U) << target;
    EXPECT_EQ(events[0],
              *parse_json(R"({"eventTimestamp":"2026-11-23T11:00:00Z","eventType":"PrefixOriginAsChangeEvent",
      "eventSummary":"what happened","eventLevel":"Critical","eventDescription":"why"})"));
  }
}

TEST_F(Prefixes, OfTwoRegistrationsAtOnceForOneNameOneCreates) {
  const std::string path = make_service() + "/prefixes/p";
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> created{0}, replaced{0}, other{0};
    const auto attempt = [&] {
      const int status = put(path, prefix_body(announced)).status;
      ++(status == 201 ? created : status == 200 ? replaced : other);
    };
    std::thread first(attempt), second(attempt);
    first.join();
    second.join();
    EXPECT_EQ(created, 1);
    EXPECT_EQ(replaced, 1);
    EXPECT_EQ(other, 0);
    EXPECT_EQ(remove(path).status, 200);
  }
}

TEST_F(Prefixes, OfTwoDifferentRegistrationsForOneNameOneWins) {
  const std::string path = make_service() + "/prefixes/p";
  std::atomic<int> created{0}, refused{0};
  const auto attempt = [&](std::string_view prefix) {
    const int status = put(path, prefix_body(prefix)).status;
    if (status == 201) ++created;
    if (status == 400 || status == 409) ++refused;
  };
  std::thread first(attempt, announced), second(attempt, "198.51.100.0/24");
  first.join();
  second.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(refused, 1);
}

TEST_F(Prefixes, OfTwoServicesThatRegisterOnePrefixAtOnceOneWins) {
  const std::string a = make_service("a", sub_a), b = make_service("b", sub_b);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> created{0}, conflicts{0};
    const auto attempt = [&](const std::string& service) {
      const int status = put(service + "/prefixes/p", prefix_body(announced)).status;
      if (status == 201) ++created;
      if (status == 409) ++conflicts;
    };
    std::thread first(attempt, a), second(attempt, b);
    first.join();
    second.join();
    EXPECT_EQ(created, 1);
    EXPECT_EQ(conflicts, 1);
    EXPECT_EQ((remove(a + "/prefixes/p").status == 200) + (remove(b + "/prefixes/p").status == 200), 1);
  }
}

TEST_F(Prefixes, AWriteThatAnotherNodeOvertookIsDoneAgain) {
  make_group(sub_a);
  resources.meanwhile = [&] {
    store::Write write;
    write.key = model::lower(service_path("s"));
    write.type = peering_service_type;
    write.document =
        fmt::format(R"({{"id":"{}","name":"s","location":"eastus","properties":{{}}}})", service_path("s"));
    ASSERT_TRUE(resources.commit({&write, 1}));
  };
  EXPECT_EQ(put(service_path("s"), service_body).status, 200);
}

rib::Route with_path(std::vector<net::Asn> path, std::vector<std::uint32_t> communities = {}) {
  auto peer = std::make_shared<rib::Peer>();
  auto attributes = std::make_shared<wire::bgp::PathAttributes>();
  attributes->as_path = wire::bgp::AsPath::sequence(std::move(path));
  attributes->communities = std::move(communities);
  return rib::Route{*net::Prefix::parse(announced), peer, attributes, TimePoint{}};
}

class RoutesOfAPrefix : public testing::Test {
 protected:
  RoutesOfAPrefix() {
    expected.prefix = *net::Prefix::parse(announced);
    expected.any_origin = true;
  }
  PrefixValidation of(std::vector<rib::Route> routes, const ServiceProvider* provider = nullptr) const {
    return validate_prefix({.expectation = expected,
                            .routes = routes,
                            .provider_name = provider ? provider->name : "",
                            .provider = provider,
                            .primary_metro = "",
                            .backup_metro = "",
                            .key = "",
                            .partners = {},
                            .network = {},
                            .settings = settings,
                            .age = std::chrono::hours(1)});
  }
  model::Expectation expected;
  Settings settings;
};

TEST_F(RoutesOfAPrefix, PathsMustBeShortAndPublic) {
  EXPECT_EQ(of({with_path({1, 2, 3})}).state, "Verified");
  EXPECT_THAT(of({with_path({1, 2, 3, 4})}).error_message,
              HasSubstr("AS path length for prefix 203.0.113.0/24 should be <=3"));
  EXPECT_THAT(of({with_path({1, 64512})}).error_message, HasSubstr("shouldn't have any private ASN"));
}

TEST_F(RoutesOfAPrefix, TheCommunityIsAskedForWhenConfigured) {
  settings.peering_service_community = 8075U << 16 | 8007U;
  EXPECT_THAT(of({with_path({1, 2})}).error_message, HasSubstr("should have the MAPS community 8075:8007"));
  EXPECT_EQ(of({with_path({1, 2}, {8075U << 16 | 8007U})}).state, "Verified");
}

TEST_F(RoutesOfAPrefix, OneGoodRouteIsEnoughAndMoreSpecificsAreNone) {
  EXPECT_EQ(of({with_path({1, 2, 3, 4}), with_path({1, 2})}).state, "Verified");
  rib::Route narrow = with_path({1, 2});
  narrow.prefix = *net::Prefix::parse("203.0.113.0/25");
  EXPECT_EQ(of({narrow}).state, "Failed");
}

TEST_F(RoutesOfAPrefix, TheProviderIsNamedOnlyWhenItsNumberIsInThePath) {
  const ServiceProvider provider{"P", {}, {64496}};
  EXPECT_EQ(of({with_path({64496, 2})}, &provider).learned_type, "ViaServiceProvider");
  EXPECT_EQ(of({with_path({1, 2})}, &provider).learned_type, "ViaSession");
}

TEST(PrivatePrefixes, AreKnown) {
  for (const std::string_view text : {"10.1.0.0/16", "192.168.1.0/24", "100.64.0.0/10", "127.0.0.0/8",
                                      "240.0.0.0/24", "fd00::/8", "fe80::/64"}) {
    EXPECT_TRUE(is_private(*net::Prefix::parse(text))) << text;
  }
  for (const std::string_view text : {"8.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "172.32.0.0/16"}) {
    EXPECT_FALSE(is_private(*net::Prefix::parse(text))) << text;
  }
}

}  // namespace
}  // namespace peering::api
