// Lists of all resources, and their tags.
#include <gmock/gmock.h>

#include "api/partner_fixture.h"

namespace peering::api {
namespace {

using http::Method;
using testing::ElementsAre;
using testing::IsEmpty;

class Resources : public PartnerFixture {
 protected:
  std::vector<std::string> names(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.text;
    std::vector<std::string> out;
    if (reply.status != 200) return out;
    for (const json::value& each : reply.body.at("value").as_array())
      out.push_back(*find_string(each, "name"));
    return out;
  }
  std::vector<std::string> found(std::string filter) {
    std::string encoded;
    for (const char c : filter) encoded += c == ' ' ? "%20" : std::string(1, c);
    return names(get(all + "?$filter=" + encoded));
  }
  static std::string tags_of(const std::string& resource) {
    return resource + "/providers/Microsoft.Resources/tags/default";
  }
  static std::string given(std::string_view tags, std::string_view operation = "") {
    const std::string first = operation.empty() ? "" : fmt::format(R"("operation":"{}",)", operation);
    return fmt::format(R"({{{}"properties":{{"tags":{}}}}})", first, tags);
  }
  json::value tags(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.status == 200 ? reply.body.at("properties").at("tags") : json::value();
  }

  const std::string all = std::string(sub_a) + "/resources";
  const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
};

TEST_F(Resources, PeeringsAndServicesAreListedTogether) {
  const std::string peering = make_peering("akl1");
  make_service("office");
  make_group(sub_a, "rg2");
  EXPECT_EQ(put(service_path("branch", sub_a, "rg2"), service_body).status, 201);
  EXPECT_THAT(names(get(all)), ElementsAre("akl1", "office", "branch"));
  EXPECT_THAT(names(get(group + "/resources")), ElementsAre("akl1", "office"));
  const Reply first = get(all + "?$top=2&$expand=createdTime,changedTime,provisioningState");
  EXPECT_THAT(names(first), ElementsAre("akl1", "office"));
  const json::value& shown = first.body.at("value").at(0);
  EXPECT_EQ(find_string(shown, "id"), peering);
  EXPECT_EQ(find_string(shown, "type"), "Microsoft.Peering/peerings");
  EXPECT_EQ(find_string(shown, "kind"), "Direct");
  EXPECT_EQ(find_string(shown, "createdTime"), "2026-11-23T12:00:00Z");
  EXPECT_EQ(find_string(shown, "provisioningState"), "Succeeded");
  EXPECT_FALSE(shown.as_object().contains("properties"));
  const std::string next = *find_string(first.body, "nextLink");
  EXPECT_THAT(names(send(request(Method::get, next.substr(next.find("/subscriptions"))))),
              ElementsAre("branch"));
}

TEST_F(Resources, AreFilteredAsAzuresClientsAsk) {
  make_peering("akl1");
  const std::string office = make_service("office");
  make_service("branch");
  ASSERT_EQ(patch(office, R"({"tags":{"Site":"ams"}})").status, 200);
  EXPECT_THAT(found("resourceType eq 'microsoft.peering/peerings'"), ElementsAre("akl1"));
  EXPECT_THAT(found("name eq 'BRANCH'"), ElementsAre("branch"));
  EXPECT_THAT(found("tagName eq 'site'"), ElementsAre("office"));
  EXPECT_THAT(found("tagname eq 'site' and tagvalue eq 'ams'"), ElementsAre("office"));
  EXPECT_THAT(found("tagname eq 'site' and tagvalue eq 'AMS'"), IsEmpty());
  EXPECT_THAT(found("resourceGroup eq 'RG1' and name eq 'office'"), ElementsAre("office"));
  EXPECT_THAT(found("resourceGroup eq 'other'"), IsEmpty());
  EXPECT_THAT(found("location eq 'East US'"), ElementsAre("akl1", "branch", "office"));
  for (const char* query : {"$filter=name%20ne%20'x'", "$filter=tagValue%20eq%20'x'",
                            "$filter=color%20eq%20'x'", "$filter=(", "$expand=all", "$top=0"}) {
    EXPECT_EQ(get(all + "?" + query).status, 400) << query;
  }
}

TEST_F(Resources, ASubscriptionListsToEachWhatSheMayRead) {
  make_service("office");
  make_group(sub_a, "rg2");
  make_group(sub_a, "rg3");
  ASSERT_EQ(put(service_path("branch", sub_a, "rg2"), service_body).status, 201);
  const std::string groups = std::string(sub_a) + "/resourceGroups";
  const std::string services = std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices";
  const std::string peerings = std::string(sub_a) + "/providers/Microsoft.Peering/peerings";
  const std::string whole = token("Reader", sub_a);
  EXPECT_THAT(names(send_as(whole, Method::get, versioned(groups))), ElementsAre("rg1", "rg2", "rg3"));
  EXPECT_THAT(names(send_as(whole, Method::get, versioned(services))), ElementsAre("office", "branch"));
  for (const std::string& scope : {groups + "/rg2", service_path("branch", sub_a, "rg2")}) {
    const std::string part = token("Reader", scope);
    EXPECT_THAT(names(send_as(part, Method::get, versioned(groups))), ElementsAre("rg2")) << scope;
    EXPECT_THAT(names(send_as(part, Method::get, versioned(services))), ElementsAre("branch")) << scope;
    EXPECT_THAT(names(send_as(part, Method::get, versioned(peerings))), IsEmpty()) << scope;
    const Reply page = send_as(part, Method::get, versioned(groups + "?$top=1"));
    EXPECT_FALSE(page.body.as_object().contains("nextLink")) << scope;
  }
  make_group(sub_b);
  EXPECT_EQ(send_as(token("Owner", sub_b), Method::get, versioned(groups)).code(), "SubscriptionNotFound");
}

TEST_F(Resources, OfOthersAreNotListed) {
  make_service("office");
  const std::string branch = make_service("branch");
  const std::string mine = token("Reader", branch);
  EXPECT_THAT(names(send_as(mine, Method::get, versioned(all))), ElementsAre("branch"));
  EXPECT_THAT(names(send_as(mine, Method::get, versioned(group + "/resources"))), ElementsAre("branch"));
  make_service("zulu");
  for (const int top : {1, 2}) {
    const Reply page = send_as(mine, Method::get, versioned(fmt::format("{}?$top={}", all, top)));
    EXPECT_THAT(names(page), ElementsAre("branch"));
    EXPECT_FALSE(page.body.as_object().contains("nextLink")) << "its token would name what is not hers";
  }
  make_group(sub_b);
  EXPECT_EQ(send_as(token("Owner", sub_b), Method::get, versioned(all)).code(), "SubscriptionNotFound");
}

TEST_F(Resources, TagsAreReadAndWrittenAlone) {
  const std::string office = make_service("office"), path = tags_of(office);
  EXPECT_EQ(tags(get(path)), json::value(json::object()));
  EXPECT_EQ(tags(put(path, given(R"({"a":"1","b":"2"})"))),
            (json::value(json::object{{"a", "1"}, {"b", "2"}})));
  EXPECT_EQ(tags(patch(path, given(R"({"A":"3","c":"4"})", "merge"))),
            (json::value(json::object{{"a", "3"}, {"b", "2"}, {"c", "4"}})));
  EXPECT_EQ(tags(patch(path, given(R"({"b":"other","c":"4"})", "Delete"))),
            (json::value(json::object{{"a", "3"}, {"b", "2"}})));
  EXPECT_EQ(get(office).body.at("tags"), (json::value(json::object{{"a", "3"}, {"b", "2"}})));
  EXPECT_EQ(tags(patch(path, given(R"({"z":"9"})", "Replace"))), (json::value(json::object{{"z", "9"}})));
  EXPECT_EQ(find_string(get(path).body, "id"), office + "/providers/Microsoft.Resources/tags/default");
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_FALSE(get(office).body.as_object().contains("tags"));
  for (const std::string& scope : {std::string(sub_a), group, make_peering("akl1")}) {
    EXPECT_EQ(tags(put(tags_of(scope), given(R"({"a":"1"})"))), (json::value(json::object{{"a", "1"}})))
        << scope;
    EXPECT_EQ(get(scope).body.at("tags"), (json::value(json::object{{"a", "1"}}))) << scope;
  }
  const Reply counted = get(std::string(sub_a) + "/tagNames");
  ASSERT_EQ(counted.items(), 1U) << counted.text;
  EXPECT_EQ(counted.body.at("value").at(0).at("count").at("value"), json::value(2));
}

TEST_F(Resources, TagsHaveTheirRules) {
  const std::string office = make_service("office"), path = tags_of(office);
  EXPECT_EQ(put(path, given(R"({"a":1})")).status, 400);
  EXPECT_EQ(put(path, given(R"({"a":"1","A":"2"})")).status, 400);
  EXPECT_EQ(patch(path, given("{}")).status, 400);
  EXPECT_EQ(patch(path, given("{}", "Mix")).status, 400);
  EXPECT_EQ(get(tags_of(service_path("none"))).code(), "ResourceNotFound");
  EXPECT_EQ(get(tags_of("")).status, 404);
  ASSERT_EQ(put(office + "/prefixes/p", prefix_body("203.0.113.0/24")).status, 201);
  EXPECT_EQ(put(tags_of(office + "/prefixes/p"), given("{}")).code(), "ResourceTypeNotSupported");
  const std::string peering = make_peering("akl1"), partner = token("Partner", sub_a),
                    reader = token("Reader", sub_a);
  const auto write = [&](const std::string& token, const std::string& resource) {
    return send_as(token, Method::put, versioned(tags_of(resource)), given(R"({"a":"1"})")).status;
  };
  EXPECT_EQ(write(partner, peering), 200);
  EXPECT_EQ(write(partner, office), 403);
  EXPECT_EQ(write(partner, group), 403);
  EXPECT_EQ(write(reader, peering), 403);
  EXPECT_EQ(write(token("Contributor", group), office), 200);
  EXPECT_EQ(write(token("Contributor", group), std::string(sub_a)), 403);
  EXPECT_EQ(send_as(reader, Method::get, versioned(path)).status, 200);
}

}  // namespace
}  // namespace peering::api
