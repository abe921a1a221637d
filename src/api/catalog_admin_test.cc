// The operator changes the catalogue over the API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/api_fixture.h"
#include "api/arm/names.h"
#include "api/catalog_overlay.h"

namespace peering::api {
namespace {

using http::Method;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CatalogAdmin : public ApiFixture {
 protected:
  CatalogAdmin() {
    Services changed = services();
    changed.catalog = [this] { return in_force(); };
    api = std::make_unique<Api>(std::move(changed));
    make_group();
  }

  // What the program does with the stored rows.
  CatalogPointer in_force() {
    CatalogRows rows;
    const auto stored = resources.list({std::string(catalog_entry_type), "", "", 1000});
    for (const store::Resource& each : *stored) rows.emplace(each.key, *row_of(each.key, each.document));
    const auto laid = lay_over(catalog, rows);
    EXPECT_TRUE(laid) << laid.error().message;
    left_out = laid->left_out;
    return laid->catalog;
  }

  static std::string entry(std::string_view kind_and_name) {
    return fmt::format("/providers/Open.Peering/catalog/{}", kind_and_name);
  }
  Reply put_entry(std::string_view kind_and_name, std::string_view properties) {
    return put(entry(kind_and_name), fmt::format(R"({{"properties":{}}})", properties));
  }
  Reply send_if(Method method, std::string_view kind_and_name, std::string_view field, std::string_view value,
                std::string body = "") {
    http::Request given = request(method, versioned(entry(kind_and_name)), std::move(body));
    given.headers.set(field, value);
    return send(given);
  }
  std::vector<std::string> names(const std::string& list) {
    std::vector<std::string> out;
    const Reply reply = get(std::string(sub_a) + "/providers/Microsoft.Peering/" + list);
    EXPECT_EQ(reply.status, 200) << reply.text;
    for (const json::value& item : reply.body.at("value").as_array()) {
      out.emplace_back(item.at("name").as_string());
    }
    return out;
  }
  std::string availability(std::string_view state, std::string_view provider) {
    return post(std::string(sub_a) + "/providers/Microsoft.Peering/checkServiceProviderAvailability",
                json::serialize(
                    json::object{{"peeringServiceLocation", state}, {"peeringServiceProvider", provider}}))
        .text;
  }
  Reply register_at(std::string_view state, std::string_view provider, std::string_view metro) {
    const json::object properties{{"peeringServiceLocation", state},
                                  {"peeringServiceProvider", provider},
                                  {"providerPrimaryPeeringLocation", metro}};
    return put(service_path("svc1"),
               json::serialize(json::object{{"location", "eastus"}, {"properties", properties}}));
  }
  void add_iceland() {
    ASSERT_EQ(put_entry("countries/Iceland", R"({"latitude":64.9,"longitude":-18.6})").status, 201);
    ASSERT_EQ(put_entry("states/Iceland.Capital", R"({"name":"Capital Region","country":"Iceland"})").status,
              201);
    ASSERT_EQ(put_entry("metros/Reykjavik", R"({"country":"IS","latitude":64.14,"longitude":-21.92,
        "cdnPrefixes":[{"prefix":"203.0.113.0/24"}]})")
                  .status,
              201);
    ASSERT_EQ(put_entry("facilities/Reykjavik.fac-7", R"({"metro":"reykjavik","address":"a street",
        "directPeeringType":"Edge","peeringDBFacilityId":7,"name":"a building"})")
                  .status,
              201);
    ASSERT_EQ(put_entry("exchanges/Reykjavik.ix-8", R"({"metro":"Reykjavik","exchangeName":"an exchange",
        "peeringDBFacilityId":8})")
                  .status,
              201);
    ASSERT_EQ(put_entry("providers/north", R"({"name":"North / South","metros":["Reykjavik"],"asns":[3333]})")
                  .status,
              201);
  }

  std::vector<std::string> left_out;
};

TEST_F(CatalogAdmin, WhatIsWrittenIsInForceFromTheNextRequestOn) {
  EXPECT_EQ(register_at("Capital Region", "North / South", "Reykjavik").status, 400);
  add_iceland();
  EXPECT_THAT(names("peeringServiceCountries"), testing::Contains("Iceland"));
  EXPECT_THAT(names("peeringServiceLocations?country=iceland"), ElementsAre("Capital Region"));
  EXPECT_THAT(names("peeringServiceProviders"), testing::Contains("North / South"));
  EXPECT_THAT(names("peeringLocations?kind=Direct"), testing::Contains("Reykjavik"));
  EXPECT_THAT(names("peeringLocations?kind=Exchange"), testing::Contains("Reykjavik"));
  EXPECT_THAT(names("cdnPeeringPrefixes?peeringLocation=Reykjavik"), ElementsAre("CdnPrefix_203_0_113_0_24"));
  EXPECT_EQ(availability("Capital Region", "North / South"), "\"Available\"");
  EXPECT_EQ(availability("Osaka", "North / South"), "\"Unavailable\"");
  EXPECT_EQ(register_at("Capital Region", "North / South", "Reykjavik").status, 201);
  EXPECT_THAT(left_out, ElementsAre());
}

TEST_F(CatalogAdmin, EntriesAreResourcesWithAnEtagAndAnOrigin) {
  const Reply file = get(entry("metros/new-york"));
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(*find_string(file.body, "id"), "/providers/Open.Peering/catalog/metros/New-York");
  EXPECT_EQ(*find_string(file.body, "type"), "Open.Peering/catalog/metros");
  EXPECT_EQ(file.property("name"), "New York");
  EXPECT_EQ(file.property("origin"), "File");
  EXPECT_EQ(file.header("ETag"), fmt::format("\"{}\"", *find_string(file.body, "etag")));
  EXPECT_EQ(get(entry("metros/Atlantis")).code(), "ResourceNotFound");
  EXPECT_EQ(get(entry("oceans")).code(), "InvalidResourceType");

  const Reply changed = patch(entry("metros/New-York"), R"({"properties":{"region":"East US 9"}})");
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.property("origin"), "Api");
  EXPECT_EQ(changed.property("country"), "US") << "what a PATCH does not name stays";
  EXPECT_EQ(get(entry("metros/New-York")).text, changed.text);
  // The answer to a GET is the body of a PUT that changes nothing.
  const int before = commits;
  EXPECT_EQ(put(entry("metros/New-York"), changed.text).text, changed.text);
  EXPECT_EQ(commits, before);
  const Reply all = get(entry("metros") + "?$top=1000");
  EXPECT_EQ(all.items(), catalog->metros.size());
}

TEST_F(CatalogAdmin, ConditionsOfARequestHold) {
  const std::string old_tag = get(entry("metros/Tokyo")).header("ETag");
  const std::string body = R"({"properties":{"region":"Japan West"}})";
  EXPECT_EQ(send_if(Method::patch, "metros/Tokyo", "If-Match", "\"other\"", body).code(),
            "PreconditionFailed");
  EXPECT_EQ(send_if(Method::patch, "metros/Tokyo", "If-Match", "\"other\", " + old_tag, body).status, 200);
  const Reply stale = send_if(Method::delete_, "metros/Tokyo", "If-Match", old_tag);
  EXPECT_EQ(stale.status, 412);
  EXPECT_THAT(stale.message(), HasSubstr("If-Match"));
  const std::string fresh = R"({"properties":{"country":"IS"}})";
  EXPECT_EQ(send_if(Method::put, "metros/Reykjavik", "If-Match", "*", fresh).status, 412);
  EXPECT_EQ(send_if(Method::put, "metros/Reykjavik", "If-None-Match", "*", fresh).status, 201);
  EXPECT_EQ(send_if(Method::put, "metros/Reykjavik", "If-None-Match", "*", fresh).status, 412);
}

TEST_F(CatalogAdmin, MistakesAreToldByFieldValueAndRule) {
  const struct {
    std::string_view entry, properties, message;
  } cases[] = {
      {"metros/Here", R"({"country":"IS","latitude":91,"longitude":0})",
       "properties.latitude '91' is not accepted: degrees from -90 to 90"},
      {"metros/Here", R"({"country":"IS","latitude":9})", "properties.longitude"},
      {"metros/Here", "{}", "properties.country '' is not accepted: it is required"},
      {"metros/Here", R"({"country":"IS","population":3})", "properties 'population'"},
      {"metros/Here", R"({"country":"IS","facilities":[]})", "properties.facilities"},
      {"metros/Here", R"({"name":"tokyo","country":"JP"})",
       "properties.name 'tokyo' is not accepted: the entry 'Tokyo' is called so already"},
      {"metros/Here", R"({"country":"IS","cdnPrefixes":[{"prefix":"203.0.113.1/24"}]})",
       "properties.cdnPrefixes[0].prefix '203.0.113.1/24'"},
      {"states/Here", R"({"name":"Here"})", "properties.country"},
      {"states/Here", R"({"name":"Here","country":"Atlantis"})", "one of the catalogue's countries"},
      {"states/Here", R"({"name":"victoria","country":"Australia"})", "is called so already"},
      {"facilities/Here", R"({"metro":"Atlantis","address":"a","directPeeringType":"Edge"})",
       "properties.metro 'Atlantis' is not accepted: one of the catalogue's metros"},
      {"facilities/Here", R"({"metro":"Tokyo","address":"a","directPeeringType":"Moon"})",
       "properties.directPeeringType 'Moon'"},
      {"exchanges/Here", R"({"metro":"Tokyo","exchangeName":"x","bandwidthInMbps":-1})",
       "properties.bandwidthInMbps '-1'"},
      {"providers/Here", R"({"metros":["Tokyo","Atlantis"]})",
       "properties.metros[1] 'Atlantis' is not accepted: one of the catalogue's metros"},
      {"providers/Here", R"({"metros":["Tokyo"],"asns":[0]})", "properties.asns '0'"},
      {"providers/Here", R"({"name":"a\u0007b","metros":["Tokyo"]})", "without control characters"},
      {"bandwidthOffers/Here", R"({"valueInMbps":"many"})", "properties.valueInMbps"},
  };
  for (const auto& each : cases) {
    const Reply reply = put_entry(each.entry, each.properties);
    EXPECT_EQ(reply.status, 400) << each.properties << reply.text;
    EXPECT_THAT(reply.message(), HasSubstr(each.message)) << each.properties;
  }
  EXPECT_EQ(put(entry("metros/Here"), R"({"tags":{}})").status, 400);
  EXPECT_EQ(put(entry("metros/a%20b"), R"({"properties":{"country":"IS"}})").code(), "InvalidResourceName");
  EXPECT_EQ(put(entry("metros/Here"), "[]").status, 400);
  EXPECT_EQ(
      put_entry("metros/Here", fmt::format(R"({{"country":"IS","region":"{}"}})", std::string(1025, 'x')))
          .status,
      400);
  EXPECT_EQ(get(entry("metros/Here")).status, 404) << "nothing of it was stored";
}

TEST_F(CatalogAdmin, WhatIsInUseStaysAndSaysHowMuchUsesIt) {
  add_iceland();
  ASSERT_EQ(register_at("Capital Region", "North / South", "Reykjavik").status, 201);
  const auto refused = [&](const Reply& reply) {
    EXPECT_EQ(reply.status, 409) << reply.text;
    EXPECT_THAT(reply.message(), Not(HasSubstr("subscriptions")));
    return reply.message();
  };
  EXPECT_THAT(refused(remove(entry("metros/Reykjavik"))),
              HasSubstr("in use by 1 facility, 1 exchange, 1 provider and 1 connection."));
  EXPECT_THAT(refused(remove(entry("providers/north"))), HasSubstr("in use by 1 connection."));
  EXPECT_THAT(refused(remove(entry("states/Iceland.Capital"))), HasSubstr("in use by 1 connection."));
  EXPECT_THAT(refused(remove(entry("countries/Iceland"))), HasSubstr("in use by 1 state."));
  EXPECT_THAT(refused(patch(entry("metros/Reykjavik"), R"({"properties":{"name":"Smoky Bay"}})")),
              HasSubstr("be moved or called otherwise"));
  EXPECT_THAT(refused(patch(entry("providers/north"), R"({"properties":{"metros":["Tokyo"]}})")),
              HasSubstr("cannot leave these metros: in use by 1 connection."));
  EXPECT_EQ(patch(entry("providers/north"), R"({"properties":{"metros":["Tokyo","Reykjavik"]}})").status,
            200);

  const std::string asn = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/a1";
  ASSERT_EQ(put(asn, R"({"properties":{"peerAsn":3333}})").status, 201);
  const std::string peering =
      std::string(sub_a) + "/resourceGroups/rg1/providers/Microsoft.Peering/peerings/p1";
  ASSERT_EQ(put(peering, fmt::format(R"({{"location":"eastus","kind":"Direct",
      "sku":{{"name":"Basic_Direct_Free"}},"properties":{{"peeringLocation":"Reykjavik","direct":{{
      "peerAsn":{{"id":"{}"}},"connections":[{{"peeringDBFacilityId":7}}]}}}}}})",
                                     asn))
                .status,
            201);
  EXPECT_THAT(refused(remove(entry("facilities/Reykjavik.fac-7"))), HasSubstr("in use by 1 peering."));
  EXPECT_EQ(remove(entry("exchanges/Reykjavik.ix-8")).status, 200);

  ASSERT_EQ(remove(peering).status, 200);
  ASSERT_EQ(remove(service_path("svc1")).status, 200);
  for (const std::string_view each : {"providers/north", "facilities/Reykjavik.fac-7", "metros/Reykjavik",
                                      "states/Iceland.Capital", "countries/Iceland"}) {
    EXPECT_EQ(remove(entry(each)).status, 200) << each;
  }
  EXPECT_EQ(remove(entry("metros/Reykjavik")).status, 204);
  EXPECT_EQ(*in_force(), *catalog) << "as if nothing had been";
}

TEST_F(CatalogAdmin, TheFilesEntriesAreHiddenAndComeBack) {
  const std::string name = "providers/" + entry_name_of(CatalogKind::providers, {{"name", "IIJ"}});
  EXPECT_EQ(remove(entry(name)).status, 200);
  EXPECT_THAT(names("peeringServiceProviders"), Not(testing::Contains("IIJ")));
  EXPECT_EQ(get(entry(name)).status, 404);
  EXPECT_EQ(remove(entry(name)).status, 204);
  EXPECT_EQ(remove(entry(name) + "?reset=true").status, 200);
  EXPECT_THAT(names("peeringServiceProviders"), testing::Contains("IIJ"));
  EXPECT_EQ(remove(entry(name) + "?reset=true").status, 204);
  EXPECT_EQ(remove(entry(name) + "?reset=maybe").code(), "BadArgument");

  ASSERT_EQ(patch(entry(name), R"({"properties":{"asns":[2497]}})").status, 200);
  EXPECT_EQ(in_force()->find_provider("IIJ")->asns, std::vector<net::Asn>{2497});
  ASSERT_EQ(remove(entry(name) + "?reset=true").status, 200);
  EXPECT_EQ(*in_force(), *catalog);
}

TEST_F(CatalogAdmin, OnlyAnOperatorOfEverythingSeesOrChangesIt) {
  std::vector<std::string> strangers;
  for (const std::string_view role : {"Reader", "Contributor", "Owner", "Partner"}) {
    strangers.push_back(token(role, "/"));
  }
  strangers.push_back(token("Operator", sub_a));
  const struct {
    Method method;
    std::string path, body;
  } requests[] = {{Method::get, "/providers/Open.Peering/catalog", ""},
                  {Method::get, entry("metros"), ""},
                  {Method::get, entry("metros/Tokyo"), ""},
                  {Method::get, entry("metros/Atlantis"), ""},
                  {Method::put, entry("metros/Here"), R"({"properties":{"country":"IS"}})"},
                  {Method::patch, entry("metros/Tokyo"), R"({"properties":{"country":"IS"}})"},
                  {Method::delete_, entry("metros/Tokyo"), ""},
                  {Method::post, entry("apply"), R"({"entries":[]})"}};
  for (const std::string& stranger : strangers) {
    for (const auto& each : requests) {
      const Reply reply = send_as(stranger, each.method, versioned(each.path), each.body);
      EXPECT_EQ(reply.code(), "AuthorizationFailed") << each.path << reply.text;
    }
  }
  EXPECT_EQ(*in_force(), *catalog);
}

TEST_F(CatalogAdmin, ManyEntriesAreAppliedTogetherOrNotAtAll) {
  const auto apply = [&](std::string_view entries) {
    return post(entry("apply"), fmt::format(R"({{"entries":{}}})", entries));
  };
  const Reply refused = apply(R"([
      {"kind":"metros","name":"Here","properties":{"name":"Here","country":"IS"}},
      {"kind":"providers","name":"p","properties":{"name":"p","metros":["There"]}}])");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.message(), HasSubstr("entries[1]: properties.metros[0] 'There'"));
  EXPECT_EQ(in_force()->find_metro("Here"), nullptr);

  const std::string_view good = R"([
      {"kind":"metros","name":"Here","properties":{"name":"Here","country":"IS"}},
      {"kind":"providers","name":"p","properties":{"name":"p","metros":["Here"]}}])";
  EXPECT_EQ(apply(good).text, R"({"added":2,"changed":0,"unchanged":0})");
  const int before = commits;
  EXPECT_EQ(apply(good).text, R"({"added":0,"changed":0,"unchanged":2})");
  EXPECT_EQ(commits, before);
  EXPECT_THAT(apply(R"([{"kind":"seas","name":"x","properties":{}}])").message(),
              HasSubstr("entries[0].kind 'seas'"));
  EXPECT_THAT(apply(R"([{"kind":"metros","name":"a b","properties":{}}])").message(),
              HasSubstr("entries[0].name 'a b'"));
  EXPECT_THAT(apply(R"([{"kind":"metros","name":"Here","properties":{"country":"IS","name":"Here"}},
                        {"kind":"metros","name":"here","properties":{"country":"IS","name":"Here"}}])")
                  .message(),
              HasSubstr("an entry is given once"));
  EXPECT_EQ(post(entry("apply"), R"({"entries":7})").status, 400);
}

TEST_F(CatalogAdmin, AnotherWriterInBetweenIsNoticed) {
  ASSERT_EQ(put_entry("metros/Here", R"({"country":"IS"})").status, 201);
  resources.meanwhile = [this] {
    store::Write other;
    other.key = catalog_key(CatalogKind::metros, "Here");
    other.type = catalog_entry_type;
    const json::object properties{{"name", "Here"}, {"country", "IS"}, {"region", "first"}};
    other.document = json::serialize(document_of(CatalogRow{CatalogKind::metros, "Here", properties}));
    EXPECT_TRUE(resources.commit({&other, 1}));
  };
  const Reply second = patch(entry("metros/Here"), R"({"properties":{"latitude":64,"longitude":-21}})");
  EXPECT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(second.property("region"), "first") << "decided again on what was there";
}

TEST_F(CatalogAdmin, TheWholeIsServedInTheFormOfTheFile) {
  add_iceland();
  const Reply whole = get("/providers/Open.Peering/catalog");
  const auto again = parse_catalog(whole.text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *in_force());
}

TEST(CatalogEntriesOf, TheBuiltInCatalogueAreThatCatalogueAgain) {
  const auto catalog = load_catalog("");
  ASSERT_TRUE(catalog);
  const auto again = read_catalog(json::value(document_of(*catalog->entries)));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *catalog);
  EXPECT_GT(catalog->entries->size(), 500U);
  for (const CatalogKind kind : catalog_kinds) {
    for (const CatalogEntry* entry : catalog->entries->of_kind(kind)) {
      EXPECT_TRUE(check_entry(*entry, *catalog->entries)) << entry->name;
      EXPECT_EQ(catalog->entries->find(kind, model::lower(entry->name)), entry);
    }
  }
}

TEST(CatalogEntriesOf, NamesAreThoseOfResourcesAndNeverTheSame) {
  const auto catalog = parse_catalog(fmt::format(
      R"({{"countries":[{{"name":"Kenya","states":[{{"name":"Taita/Taveta"}},{{"name":"Taita Taveta"}}]}}],
      "providers":[{{"name":"{}","metros":[]}},{{"name":"日本","metros":[]}}],
      "metros":[{{"name":"A","country":"KE","facilities":[
      {{"address":"x","directPeeringType":"Edge","peeringDBFacilityId":3}},
      {{"address":"y","directPeeringType":"Edge","peeringDBFacilityId":3}},
      {{"address":"y","directPeeringType":"Cdn","peeringDBFacilityId":3}}]}}]}})",
      std::string(200, 'p')));
  ASSERT_TRUE(catalog) << catalog.error().message;
  const CatalogEntries& entries = *catalog->entries;
  const auto states = entries.of_kind(CatalogKind::states);
  EXPECT_EQ(states[0]->name, "Kenya.Taita-Taveta");
  EXPECT_THAT(states[1]->name, testing::StartsWith("Kenya.Taita-Taveta-"));
  const auto facilities = entries.of_kind(CatalogKind::facilities);
  EXPECT_EQ(facilities[0]->name, "A.fac-3");
  EXPECT_THAT(facilities[1]->name, testing::StartsWith("A.fac-3-"));
  EXPECT_EQ(facilities[2]->name, "A.fac-3.Cdn");
  for (const CatalogEntry* provider : entries.of_kind(CatalogKind::providers)) {
    EXPECT_TRUE(arm::is_resource_name(provider->name)) << provider->name;
  }
}

TEST(CatalogOverlay, ARowThatDoesNotFitTheFileWaitsForOneThatItFits) {
  const auto file = [](std::string_view metros) {
    return std::make_shared<const Catalog>(*parse_catalog(fmt::format(
        R"({{"countries":[],"providers":[{{"name":"p","metros":["A"]}}],"metros":[{}]}})", metros)));
  };
  const CatalogPointer with = file(R"({"name":"A","country":"KE"})"), without = file("");
  CatalogRows rows;
  const auto add = [&](CatalogKind kind, const std::string& name, json::object properties) {
    rows.emplace(catalog_key(kind, name), CatalogRow{kind, name, std::move(properties)});
  };
  add(CatalogKind::facilities, "f", {{"metro", "A"}, {"address", "x"}, {"directPeeringType", "Edge"}});
  add(CatalogKind::providers, "q", {{"name", "P"}, {"metros", json::array()}});
  const auto fits = lay_over(with, rows);
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->catalog->find_metro("A")->facilities.size(), 1U);
  EXPECT_THAT(fits->left_out, ElementsAre(HasSubstr("providers/q: properties.name 'P'")));
  const auto not_there = lay_over(without, rows);
  ASSERT_TRUE(not_there);
  EXPECT_EQ(not_there->left_out.size(), 2U);
  EXPECT_EQ(*lay_over(with, rows)->catalog, *fits->catalog);
}

TEST(CatalogOverlay, WhatLiesInAHiddenMetroIsHiddenToo) {
  const auto file = std::make_shared<const Catalog>(
      *parse_catalog(R"({"countries":[],"providers":[],"metros":[{"name":"A","country":"KE",
      "facilities":[{"address":"x","directPeeringType":"Edge"}]}]})"));
  CatalogRows rows;
  rows.emplace(catalog_key(CatalogKind::metros, "A"), CatalogRow{CatalogKind::metros, "A", std::nullopt});
  const auto laid = lay_over(file, rows);
  ASSERT_TRUE(laid) << laid.error().message;
  EXPECT_TRUE(laid->catalog->metros.empty());
  EXPECT_THAT(laid->left_out, ElementsAre(HasSubstr("facilities/A.x")));
}

TEST(CatalogOverlay, DamagedRowsAreNoEntries) {
  EXPECT_FALSE(row_of("/providers/open.peering/catalog/metros/a", "{"));
  EXPECT_FALSE(row_of("/providers/open.peering/catalog/metros/a", R"({"name":"a"})"));
  EXPECT_FALSE(row_of("/providers/open.peering/catalog/seas/a", R"({"name":"a","hidden":true})"));
  EXPECT_FALSE(row_of("/providers/open.peering/catalog/metros/a", R"({"properties":{}})"));
  EXPECT_TRUE(row_of("/providers/open.peering/catalog/metros/a", R"({"name":"a","hidden":true})"));
}

}  // namespace
}  // namespace peering::api
