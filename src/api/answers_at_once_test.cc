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
