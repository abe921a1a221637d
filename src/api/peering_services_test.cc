// Peering services, the catalogue, peer ASNs.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;
using PeeringServices = ApiFixture;
using PeerAsns = ApiFixture;
using CatalogueLists = ApiFixture;

TEST_F(PeeringServices, ACreatedServiceIsServedAsInTheRecordings) {
  make_group(sub_a, "Rg1");
  const Reply made = put(service_path("Svc1", sub_a, "rG1"), service_body);
  EXPECT_EQ(made.status, 201);
  const json::value expected = *parse_json(fmt::format(
      R"({{"properties":{{"peeringServiceLocation":"Victoria","peeringServiceProvider":"Kordia Limited",
         "provisioningState":"Succeeded"}},
      "location":"eastus","name":"Svc1",
         "id":"{}/resourceGroups/Rg1/providers/Microsoft.Peering/peeringServices/Svc1",
      "type":"Microsoft.Peering/peeringServices"}})",
      sub_a));
  EXPECT_EQ(made.body, expected);
  EXPECT_EQ(get(service_path("sVC1", sub_a, "RG1")).body, expected);
}

TEST_F(PeeringServices, PutReplacesAndNamesCompareWithoutCase) {
  make_group();
  put(service_path("Svc1"), R"({"location":"East US","tags":{"a":"1"},"sku":{"name":"Basic"}})");
  const Reply reply = put(service_path("SVC1"), service_body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(find_string(reply.body, "name"), "Svc1");
  EXPECT_EQ(find_string(reply.body, "location"), "East US");
  EXPECT_EQ(find(reply.body, "tags"), nullptr);
  EXPECT_EQ(find(reply.body, "sku"), nullptr);
  EXPECT_EQ(get(service_path("x").substr(0, service_path("x").size() - 2)).items(), 1U);
}

TEST_F(PeeringServices, ReadOnlyFieldsInABodyAreIgnored) {
  make_group();
  const Reply reply =
      put(service_path("s"), R"({"id":"/x","name":"y","type":"z","etag":"1","location":"eastus",
    "properties":{"provisioningState":"Failed","logAnalyticsWorkspaceProperties":{"key":"k"},
         "peeringServiceLocation":"Victoria"}})");
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.property("provisioningState"), "Succeeded");
  EXPECT_EQ(find_string(reply.body, "name"), "s");
  EXPECT_EQ(find(reply.body, "properties", "logAnalyticsWorkspaceProperties"), nullptr);
}

TEST_F(PeeringServices, TheLocationIsRequiredAndFixed) {
  make_group();
  EXPECT_EQ(put(service_path("s"), "{}").code(), "LocationRequired");
  EXPECT_EQ(put(service_path("s"), R"({"location":""})").code(), "LocationRequired");
  EXPECT_EQ(put(service_path("s"), R"({"location":"eastus"})").status, 201);
  EXPECT_EQ(put(service_path("s"), R"({"location":"East US"})").status, 200);
  const Reply reply = put(service_path("s"), R"({"location":"westus"})");
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(reply.code(), "InvalidResourceLocation");
}

TEST_F(PeeringServices, WrongTypesNameTheField) {
  make_group();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"location":5})", "location"},
      {R"({"location":"eastus","tags":[]})", "tags"},
      {R"({"location":"eastus","tags":{"a":{}}})", "tags.a"},
      {R"({"location":"eastus","sku":"Basic"})", "sku"},
      {R"({"location":"eastus","sku":{"name":""}})", "sku.name"},
      {R"({"location":"eastus","properties":7})", "properties"},
      {R"({"location":"eastus","properties":{"peeringServiceLocation":true}})",
       "properties.peeringServiceLocation"},
      {R"({"location":"eastus","properties":{"peeringServiceProvider":["x"]}})",
       "properties.peeringServiceProvider"},
  };
  for (const auto& [body, field] : cases) {
    const Reply reply = put(service_path("s"), body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.code(), "InvalidRequestContent") << body;
    EXPECT_THAT(reply.message(), HasSubstr(field + " '")) << body;
  }
  EXPECT_EQ(get(service_path("s")).status, 404);
}

TEST_F(PeeringServices, UnknownProvidersPlacesAndMetrosAreRefused) {
  make_group();
  const auto body = [](std::string_view properties) {
    return fmt::format(R"({{"location":"eastus","properties":{{{}}}}})", properties);
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("peeringServiceProvider":"Nobody")", "peeringServiceProvider 'Nobody'"},
      {R"("peeringServiceLocation":"Atlantis")", "peeringServiceLocation 'Atlantis'"},
      {R"("peeringServiceProvider":"Kordia Limited","providerPrimaryPeeringLocation":"Paris")",
       "providerPrimaryPeeringLocation 'Paris'"},
      {R"("peeringServiceProvider":"Kordia Limited","providerPrimaryPeeringLocation":"Auckland",
         "providerBackupPeeringLocation":"auckland")",
       "providerBackupPeeringLocation 'auckland'"},
      {R"("providerPrimaryPeeringLocation":"Auckland")", "providerPrimaryPeeringLocation 'Auckland'"},
  };
  for (const auto& [properties, text] : cases) {
    const Reply reply = put(service_path("s"), body(properties));
    EXPECT_EQ(reply.status, 400) << properties;
    EXPECT_THAT(reply.message(), HasSubstr(text)) << properties;
  }
  // The served data mixes cases: metros, providers and states compare without.
  EXPECT_EQ(put(service_path("s"),
                body(
                    R"("peeringServiceProvider":"INTERCLOUD","providerPrimaryPeeringLocation":"London",
         "providerBackupPeeringLocation":"paris","peeringServiceLocation":"victoria")"))
                .status,
            201);
}

TEST_F(PeeringServices, PatchMergesTagsOnly) {
  const std::string path = make_service();
  EXPECT_EQ(patch(path, R"({"tags":{"a":"1","b":"2"}})").status, 200);
  const Reply reply = patch(path, R"({"tags":{"B":null,"c":"3"},"location":"westus"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(*find(reply.body, "tags"), (json::value{{"a", "1"}, {"c", "3"}}));
  EXPECT_EQ(find_string(reply.body, "location"), "eastus");
  EXPECT_EQ(reply.property("peeringServiceProvider"), "Kordia Limited");
  EXPECT_EQ(patch(path, R"({"tags":{"a":1}})").status, 400);
  EXPECT_EQ(patch(service_path("none"), "{}").code(), "ResourceNotFound");
}

TEST_F(PeeringServices, DeleteTakesPrefixesAlongAndIsIdempotent) {
  const std::string prefix = make_prefix();
  const std::string service = service_path("svc1");
  const Reply reply = remove(service);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text, "");
  EXPECT_EQ(remove(service).status, 204);
  EXPECT_EQ(get(service).code(), "ResourceNotFound");
  EXPECT_THAT(get(service).message(),
              HasSubstr("Microsoft.Peering/peeringServices/svc1' under resource group 'rg1'"));
  EXPECT_EQ(get(prefix).code(), "ParentResourceNotFound");
}

TEST_F(PeeringServices, ListsAreByGroupAndBySubscription) {
  make_service("one");
  make_group(sub_a, "rg2");
  put(service_path("two", sub_a, "rg2"), service_body);
  make_service("other", sub_b);
  EXPECT_EQ(get(std::string(sub_a) + "/providers/Microsoft.Peering/peeringServices").items(), 2U);
  EXPECT_EQ(
      get(std::string(sub_a) + "/resourceGroups/rg2/providers/Microsoft.Peering/peeringServices").items(),
      1U);
  EXPECT_EQ(get(std::string(sub_b) + "/providers/Microsoft.Peering/peeringServices").items(), 1U);
}

TEST_F(PeeringServices, NamesOutsideTheRuleAreRefused) {
  make_group();
  for (const std::string& name :
       {std::string(64, 'n'), std::string("a%20b"), std::string("a$b"), std::string("%C3%A4")}) {
    const Reply reply = put(service_path(name), service_body);
    EXPECT_EQ(reply.status, 400) << name;
    EXPECT_EQ(reply.code(), "InvalidResourceName") << name;
    EXPECT_THAT(reply.message(), HasSubstr("peeringServiceName '")) << name;
  }
  EXPECT_EQ(put(service_path(std::string(63, 'n')), service_body).status, 201);
}

TEST_F(PeeringServices, EveryCommitWakesTheWatcherAndIsWaitedFor) {
  make_group();
  const int before = commits;
  put(service_path("s"), service_body);
  EXPECT_EQ(commits, before + 1);
  ASSERT_TRUE(waited_for);
  const auto seen = *waited_for;
  remove(service_path("s"));
  EXPECT_GT(*waited_for, seen);
  const int quiet = commits;
  get(service_path("s"));
  remove(service_path("s"));
  EXPECT_EQ(commits, quiet);
}

TEST_F(CatalogueLists, AreTheOperatorsCatalogue) {
  put(std::string(sub_a), "");
  const std::string scope = std::string(sub_a) + "/providers/Microsoft.Peering/";
  const Reply countries = get(scope + "peeringServiceCountries");
  EXPECT_EQ(countries.items(), 26U);
  EXPECT_EQ(countries.body.at("value").at(0),
            (json::value{{"name", "Australia"},
                         {"id", scope + "peeringServiceCountries/Australia"},
                         {"type", "Microsoft.Peering/peeringServiceCountries"}}));
  EXPECT_EQ(get(scope + "peeringServiceLocations").items(), 454U);
  const Reply japan = get(scope + "peeringServiceLocations?country=JAPAN");
  EXPECT_GT(japan.items(), 0U);
  for (const json::value& item : japan.body.at("value").as_array()) {
    EXPECT_EQ(item.at("properties").at("country").as_string(), "Japan");
    EXPECT_EQ(item.at("name"), item.at("properties").at("state"));
    EXPECT_EQ(item.at("type").as_string(), "Microsoft.Peering/peeringServiceLocations");
  }
  EXPECT_EQ(get(scope + "peeringServiceLocations?country=Atlantis").items(), 0U);
  const Reply providers = get(scope + "peeringServiceProviders");
  EXPECT_EQ(providers.items(), 35U);
  const json::value& first = providers.body.at("value").at(0);
  EXPECT_EQ(first.at("name"), first.at("properties").at("serviceProviderName"));
  EXPECT_EQ(*find_string(first, "id"), scope + "peeringServiceProviders/" + *find_string(first, "name"));
}

TEST_F(CatalogueLists, ArePagedWhenAsked) {
  put(std::string(sub_a), "");
  const std::string list =
      std::string(sub_a) + "/providers/Microsoft.Peering/peeringServiceCountries?$top=20";
  const Reply first = get(list);
  EXPECT_EQ(first.items(), 20U);
  const std::string link = *find_string(first.body, "nextLink");
  const Reply second = send(request(http::Method::get, link.substr(link.find("/subscriptions"))));
  EXPECT_EQ(second.items(), 6U);
  EXPECT_EQ(find(second.body, "nextLink"), nullptr);
}

TEST_F(PeerAsns, LiveInTheSubscriptionAndWaitForApproval) {
  put(std::string(sub_a), "");
  const std::string path = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/Contoso";
  const std::string body =
      R"({"properties":{"peerAsn":3356,"peerName":"Contoso","validationState":"Approved",
         "peerContactDetail":[{"role":"noc","email":"noc@contoso.com","phone":"+1"}]}})";
  const Reply made = put(path, body);
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.property("validationState"), "Pending");
  EXPECT_EQ(made.body.at("properties").at("peerAsn").as_int64(), 3356);
  EXPECT_EQ(*find_string(made.body.at("properties").at("peerContactDetail").at(0), "role"), "Noc");
  EXPECT_EQ(put(path, body).status, 200);
  EXPECT_EQ(get(path).body, made.body);
  EXPECT_EQ(get(std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns").items(), 1U);
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(PeerAsns, HadContactsWithoutRolesUntilTheEndOf2019) {
  put(std::string(sub_a), "");
  const std::string path = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/contoso";
  const std::string old = path + "?api-version=2019-09-01-preview";
  const auto put_contacts = [&](std::string_view info) {
    return send(request(http::Method::put, old,
                        fmt::format(R"({{"properties":{{"peerAsn":3333,"peerContactInfo":{}}}}})", info)));
  };
  const std::string_view info = R"({"emails":["noc@contoso.com","cto@contoso.com"],"phone":["+1"]})";
  const Reply made = put_contacts(info);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("properties").at("peerContactInfo"), *parse_json(info));
  EXPECT_EQ(find(made.body, "properties", "peerContactDetail"), nullptr);
  const json::value later = get(path).body.at("properties");
  EXPECT_EQ(later.at("peerContactDetail"),
            *parse_json(R"([{"email":"noc@contoso.com","phone":"+1"},{"email":"cto@contoso.com"}])"));
  EXPECT_EQ(find(later, "peerContactInfo"), nullptr);
  EXPECT_EQ(put_contacts(R"({"emails":"noc@contoso.com"})").code(), "InvalidRequestContent");
  EXPECT_THAT(put_contacts(R"({"phone":[1]})").message(),
              testing::HasSubstr("properties.peerContactInfo.phone"));
  EXPECT_EQ(put_contacts("7").code(), "InvalidRequestContent");
}

TEST_F(PeerAsns, NumbersThatCannotBePublicAreRefused) {
  put(std::string(sub_a), "");
  const std::string path = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/a";
  for (const std::string asn :
       {"0", "-1", "23456", "64512", "65535", "4294967295", "4294967296", "\"x\"", "1.5", "null"}) {
    const Reply reply = put(path, R"({"properties":{"peerAsn":)" + asn + "}}");
    EXPECT_EQ(reply.status, 400) << asn;
    EXPECT_THAT(reply.message(), HasSubstr("properties.peerAsn")) << asn;
  }
  EXPECT_EQ(put(path, R"({"properties":{"peerAsn":131072,"peerContactDetail":[{"role":"Boss"}]}})").status,
            400);
  EXPECT_EQ(put(path, R"({"properties":{"peerAsn":131072,"peerContactDetail":{}}})").status, 400);
  EXPECT_EQ(put(path, R"({"properties":{"peerAsn":4199999999}})").status, 201);
}

TEST(Catalog, TheCompiledInOneIsWholeAndSearchable) {
  const auto catalog = load_catalog("");
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_TRUE(catalog->has_location("Kuala Lumpur"));
  EXPECT_TRUE(catalog->has_location("Kuala Lumpur "));
  EXPECT_FALSE(catalog->has_location("Atlantis"));
  ASSERT_NE(catalog->find_provider("iij"), nullptr);
  EXPECT_TRUE(catalog->find_provider("IIJ")->has_metro("osaka"));
  EXPECT_NE(catalog->source, "");
}

TEST(Catalog, MistakesInTheOperatorsFileAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{", "no JSON"},
      {"[]", "catalogue '[]'"},
      {R"({"countries":[]})", "catalogue.providers"},
      {R"({"countries":[],"providers":[],"extra":1})", "extra"},
      {R"({"countries":[{"name":"A","states":[{"name":"x"},{"name":"X"}]}],"providers":[]})",
       "countries[0].states[1].name 'X'"},
      {R"({"countries":[{"states":[]}],"providers":[]})", "countries[0].name"},
      {R"({"countries":[{"name":"A","states":[]},{"name":"A","states":[]}],"providers":[]})",
       "countries 'A'"},
      {R"({"countries":[],"providers":[{"name":"P","metros":[5]}]})", "providers[0].metros '5'"},
      {R"({"countries":[],"providers":[{"name":"P","metros":[]},{"name":"p","metros":[]}]})",
       "providers[1].name 'p'"},
      {R"({"countries":[],"providers":[{"name":"P","metros":[],"asns":[0]}]})", "providers[0].asns '0'"},
  };
  for (const auto& [text, named] : cases) {
    const auto catalog = parse_catalog(text);
    ASSERT_FALSE(catalog) << text;
    EXPECT_THAT(catalog.error().message, HasSubstr(named)) << text;
  }
  const auto absent = load_catalog("/nowhere/catalog.json");
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().message, HasSubstr("/nowhere/catalog.json"));
}

}  // namespace
}  // namespace peering::api
