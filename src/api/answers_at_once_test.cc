// Answers from memory: the same as from the stores, and not a moment longer than those have them.
#include <gtest/gtest.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

class AnswersAtOnce : public ApiFixture {
 protected:
  AnswersAtOnce() { tries_at_once = false; }

  std::optional<http::Response> ask(const std::string& path, const std::string& token) {
    http::Request given = request(http::Method::get, versioned(path));
    given.headers.set("Authorization", "Bearer " + token);
    return api->answer_at_once(given);
  }
  std::optional<http::Response> ask(const std::string& path) { return ask(path, admin); }
};

TEST_F(AnswersAtOnce, AreTheUsualAnswersWithFieldsOfTheirOwn) {
  const std::string path = make_service();
  const Reply usual = get(path);
  const auto first = ask(path), again = ask(path);
  ASSERT_TRUE(first && again);
  for (const auto& each : {*first, *again}) {
    EXPECT_EQ(each.status, 200);
    EXPECT_EQ(each.body, usual.text);
    EXPECT_EQ(each.headers.all().size(), usual.headers.all().size());
    for (const auto& [name, value] : usual.headers.all()) EXPECT_TRUE(each.headers.get(name)) << name;
  }
  EXPECT_NE(first->headers.get("x-ms-request-id"), again->headers.get("x-ms-request-id"));
  EXPECT_EQ(metrics
                .counter("peering_api_requests_total", "",
                         {{"operation", "PeeringServices_Get"}, {"status", "200"}})
                .value(),
            3);
}

TEST_F(AnswersAtOnce, FollowEachChange) {
  const std::string path = make_service();
  ASSERT_TRUE(ask(path));
  ASSERT_EQ(patch(path, R"({"tags":{"site":"a"}})").status, 200);
  EXPECT_NE(ask(path)->body.find(R"("site":"a")"), std::string::npos);
  ASSERT_EQ(patch(path, R"({"tags":{"site":"b"}})").status, 200);
  EXPECT_NE(ask(path)->body.find(R"("site":"b")"), std::string::npos);
  ASSERT_EQ(remove(path).status, 200);
  EXPECT_FALSE(ask(path)) << "what is not there is looked for in the store";
}

TEST_F(AnswersAtOnce, FollowTheSubscription) {
  const std::string path = make_service();
  ASSERT_TRUE(ask(path));
  const std::string initialize = "/providers/Microsoft.Peering/initializeConnectionMonitor";
  ASSERT_EQ(post(std::string(sub_a) + initialize, "").status, 200);
  EXPECT_NE(ask(path)->body.find("logAnalyticsWorkspaceProperties"), std::string::npos);
}

class ChangesAtOnce : public AnswersAtOnce {
 protected:
  http::Request put_of(const std::string& path, std::string body) const {
    return request(http::Method::put, versioned(path), std::move(body));
  }
  // What is given in the end, or nothing when it is for a worker.
  std::optional<http::Response> change(const http::Request& given) {
    std::optional<http::Response> out = api->answer_at_once(given);
    if (!out || !out->later) return out;
    std::optional<http::Response> whole;
    out->later([&](http::Response answer) { whole = std::move(answer); });
    return whole;
  }
};

TEST_F(ChangesAtOnce, ANewPrefixIsDecidedAndAnsweredWhenItIsCommitted) {
  const std::string path = make_service() + "/prefixes/p1";
  const http::Request given = put_of(path, prefix_body("203.0.113.0/24"));
  std::optional<http::Response> decided = api->answer_at_once(given);
  ASSERT_TRUE(decided && decided->later);
  EXPECT_EQ(get(path).status, 404) << "not before the commit";
  std::optional<http::Response> answer;
  decided->later([&](http::Response whole) { answer = std::move(whole); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201) << answer->body;
  EXPECT_TRUE(answer->headers.get("x-ms-request-id"));
  EXPECT_EQ(get(path).property("prefix"), "203.0.113.0/24");
  EXPECT_EQ(get(std::string(sub_a) + "/providers/Open.Peering/auditLog").status, 200);
  const store::LogPage log = resources.log({.scope = model::lower(path)}).value();
  EXPECT_EQ(log.entries.size(), 1U) << "audited as ever";
}

TEST_F(ChangesAtOnce, WhatIsThereAlreadyIsForAWorker) {
  const std::string path = make_prefix();
  refresh_registry();
  EXPECT_FALSE(change(put_of(path, prefix_body("203.0.113.0/24"))));
}

TEST_F(ChangesAtOnce, WhatTheRegistryDoesNotKnowYetIsDecidedAgain) {
  const std::string path = make_prefix();
  const auto same = change(put_of(path, prefix_body("203.0.113.0/24")));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->status, 200) << same->body;
  const auto other = change(put_of(path + "2", prefix_body("203.0.113.0/24")));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 409) << other->body;
}

TEST_F(ChangesAtOnce, RefusalsAreTheUsualOnes) {
  const std::string service = make_service();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"p1", prefix_body("203.0.113.7/24")}, {"p1", "{"}, {"no!", "{}"}};
  for (const auto& [name, body] : wrong) {
    const std::string path = service + "/prefixes/" + name;
    const auto quick = change(put_of(path, body));
    const Reply usual = put(path, body);
    ASSERT_TRUE(quick) << path;
    EXPECT_EQ(quick->status, usual.status);
    EXPECT_EQ(quick->body, usual.text);
  }
  http::Request reader = put_of(service + "/prefixes/p1", prefix_body("203.0.113.0/24"));
  reader.headers.set("Authorization", "Bearer " + token("Reader", sub_a));
  EXPECT_FALSE(change(reader)) << "it has to be written down";
  make_group(sub_b);
  reader.headers.set("Authorization", "Bearer " + token("Owner", sub_b));
  EXPECT_FALSE(change(reader));
}

TEST_F(ChangesAtOnce, OtherChangesAndMissingParentsAreForAWorker) {
  const std::string service = make_service();
  EXPECT_FALSE(change(put_of(service, service_body)));
  EXPECT_FALSE(change(put_of(service_path("none") + "/prefixes/p1", prefix_body("203.0.113.0/24"))));
  http::Request removal = put_of(service + "/prefixes/p1", "");
  removal.method = http::Method::delete_;
  EXPECT_FALSE(change(removal));
}

TEST_F(AnswersAtOnce, EndWithTheGroupAndAreNotThoseOfOneMadeAnew) {
  const std::string path = make_service();
  ASSERT_TRUE(ask(path));
  ASSERT_EQ(remove(path.substr(0, path.find("/providers/"))).status, 200);
  EXPECT_FALSE(ask(path));
  make_group();
  EXPECT_FALSE(ask(path));
}

TEST_F(AnswersAtOnce, AreOnlyForTheTokenThatGotThem) {
  const std::string path = make_service();
  make_group(sub_b, "rg1");
  const std::string mine = token("Reader", sub_a), other = token("Owner", sub_b);
  ASSERT_TRUE(ask(path, mine));
  const auto refused = ask(path, other);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 404);
  const auto forged = ask(path, mine.substr(0, mine.size() - 1) + (mine.back() == 'A' ? 'B' : 'A'));
  ASSERT_TRUE(forged);
  EXPECT_EQ(forged->status, 401);
  EXPECT_FALSE(ask(path, "no token of ours"));
  EXPECT_EQ(ask(path, mine)->status, 200);
}

TEST_F(AnswersAtOnce, EndWithTheToken) {
  const std::string path = make_service();
  const Reply made = post("/providers/Open.Peering/tokens",
                          json::serialize(json::object{
                              {"role", "Reader"}, {"scope", sub_a}, {"expires", "2026-11-23T13:00:00Z"}}));
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string expiring = find_string(made.body, "token").value(), withdrawn = token("Reader", sub_a);
  EXPECT_EQ(ask(path, expiring)->status, 200);
  EXPECT_EQ(ask(path, withdrawn)->status, 200);
  clock = *parse_rfc3339("2026-11-23T12:59:59Z");
  EXPECT_EQ(ask(path, expiring)->status, 200);
  clock = *parse_rfc3339("2026-11-23T13:00:00Z");
  EXPECT_EQ(ask(path, expiring)->status, 401);
  const std::string id = withdrawn.substr(3, withdrawn.find('.') - 3);
  ASSERT_LT(remove("/providers/Open.Peering/tokens/" + id).status, 205);
  EXPECT_FALSE(ask(path, withdrawn));
}

TEST_F(AnswersAtOnce, EndWithAnAssignedRole) {
  const std::string path = make_service();
  make_group(sub_b, "rg1");
  const std::string reader = token("Reader", sub_b), id = reader.substr(3, reader.find('.') - 3);
  const std::string assignment = path +
                                 "/providers/Microsoft.Authorization/roleAssignments/"
                                 "10000000-0000-4000-8000-000000000001";
  const auto seen = [&] {
    const auto answer = ask(path, reader);
    return answer && answer->status == 200;
  };
  EXPECT_FALSE(seen());
  const std::string body = json::serialize(
      json::object{{"properties", json::object{{"roleDefinitionId",
                                                "/providers/Microsoft.Authorization/roleDefinitions/"
                                                "acdd72a7-3385-48ef-bd42-f606fba81ae7"},
                                               {"principalId", id}}}});
  const Reply made = put(assignment, body);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(seen());
  ASSERT_EQ(remove(assignment).status, 200);
  EXPECT_FALSE(seen());
}

TEST_F(AnswersAtOnce, CountAgainstTheQuota) {
  const std::string path = make_service();
  Services limited = services();
  limited.settings.quotas.reads = 2;
  api = std::make_unique<Api>(limited);
  ASSERT_TRUE(api->bootstrap(folder));
  EXPECT_EQ(ask(path)->headers.get("x-ms-ratelimit-remaining-subscription-resource-requests"), "1");
  EXPECT_EQ(ask(path)->headers.get("x-ms-ratelimit-remaining-subscription-resource-requests"), "0");
  const auto refused = ask(path);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 429);
  EXPECT_TRUE(refused->headers.get("Retry-After"));
}

TEST_F(AnswersAtOnce, AreNotForWhatDependsOnMore) {
  const std::string prefix = make_prefix();
  EXPECT_FALSE(ask(prefix)) << "its validation follows the routes";
  EXPECT_FALSE(ask(service_path("svc1") + "/prefixes"));
  EXPECT_FALSE(ask("/metrics"));
}

}  // namespace
}  // namespace peering::api
