// Silences: written, shown with their state, checked, owned.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using testing::HasSubstr;

class SilencesTest : public ApiFixture {
 protected:
  const std::string list = std::string(sub_a) + "/providers/Open.Peering/silences", path = list + "/Nights";
  static std::string body(std::string_view ends_at, std::string_view more = "") {
    return fmt::format(
        R"({{"properties":{{"matchers":[{{"name":"kind","value":"withdrawal"}}],"endsAt":"{}"{}}}}})",
        ends_at, more);
  }
};

TEST_F(SilencesTest, AreWrittenShownListedAndDeleted) {
  make_group();
  const Reply made = put(path, body("2026-11-23T13:00:00+01:00", R"(,"startsAt":"2026-11-23T11:00:00Z")"));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("name"), "Nights");
  EXPECT_EQ(made.body.at("type"), "Open.Peering/silences");
  EXPECT_EQ(made.body.at("properties").at("endsAt"), "2026-11-23T12:00:00Z");
  EXPECT_EQ(made.body.at("properties").at("state"), "expired") << "it is noon";
  ASSERT_EQ(put(path, body("2026-11-24T00:00:00Z")).status, 200);
  EXPECT_TRUE(waited_for) << "it is in force with the answer";
  EXPECT_EQ(get(path).body.at("properties").at("state"), "active");
  clock += std::chrono::hours(24);
  EXPECT_EQ(get(path).body.at("properties").at("state"), "expired") << "although nobody wrote it";
  EXPECT_EQ(get(list).items(), 1U);
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(SilencesTest, AreRefusedWithFieldValueAndRule) {
  make_group();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({})", "properties.matchers"},
      {R"({"properties":7})", "properties"},
      {body("soon"), "properties.endsAt 'soon'"},
      {body("2026-11-24T00:00:00Z", R"(,"colour":"red")"), "properties.colour"},
      {R"({"properties":{"matchers":[{"name":"kind","value":"rain"}],"endsAt":"2026-11-24T00:00:00Z"}})",
       "properties.matchers[0].value 'rain'"},
  };
  for (const auto& [given, word] : cases) {
    const Reply reply = put(path, given);
    EXPECT_EQ(reply.status, 400) << given;
    EXPECT_THAT(reply.message(), HasSubstr(word)) << given;
  }
  EXPECT_EQ(get(list).items(), 0U);
}

TEST_F(SilencesTest, AreAnOwnersLikeChannels) {
  make_group();
  for (const auto& [role, owns] : std::vector<std::pair<std::string, bool>>{
           {"Reader", false}, {"Contributor", false}, {"Owner", true}}) {
    const std::string caller = token(role, sub_a);
    EXPECT_EQ(send_as(caller, Method::put, versioned(path), body("2026-11-24T00:00:00Z")).status < 300, owns)
        << role;
    EXPECT_EQ(send_as(caller, Method::get, versioned(list)).status == 200, owns) << role;
  }
  make_group(sub_b);
  EXPECT_EQ(send_as(token("Owner", sub_b), Method::get, versioned(path)).status, 404);
}

TEST_F(SilencesTest, OfASubscriptionAreNotWithoutEnd) {
  make_group();
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(put(fmt::format("{}/s{}", list, i), body("2026-11-24T00:00:00Z")).status, 201);
  }
  const Reply refused = put(list + "/more", body("2026-11-24T00:00:00Z"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.message(), HasSubstr("500"));
  EXPECT_EQ(put(list + "/s7", body("2026-11-25T00:00:00Z")).status, 200) << "what is there can be replaced";
}

}  // namespace
}  // namespace peering::api
