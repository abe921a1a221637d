// Where peers can connect, as the operator's catalogue says.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace peering::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PeeringLocations : public ApiFixture {
 protected:
  PeeringLocations() {
    make_group();
    catalog = std::make_shared<const Catalog>(*parse_catalog(R"({
      "countries": [{"name": "Japan", "latitude": 35.5, "longitude": 138, "states": [{"name": "Osaka"}]},
        {"name": "United States", "states": [
          {"name": "Hawaii", "latitude": 20.8, "longitude": -156.8},
          {"name": "Maine", "latitude": 45.4, "longitude": -69.2},
          {"name": "Nowhere"}]}],
      "providers": [{"name": "IIJ", "metros": ["osaka"]}, 
                    {"name": "East", "metros": ["Ashburn", "Unlisted"]}],
      "bandwidthOffers": [{"offerName": "10Gbps", "valueInMbps": 10000}],
      "metros": [
        {"name": "Ashburn", "country": "US", "region": "East US", "latitude": 39.04, "longitude": -77.49,
         "facilities": [{"address": "address1", "directPeeringType": "Edge", "peeringDBFacilityId": 99999},
                        {"address": "address3", "directPeeringType": "cdn"}]},
        {"name": "Osaka", "country": "JP", "latitude": 34.69, "longitude": 135.5,
         "facilities": [{"address": "address2", "directPeeringType": "Edge"}],
         "exchanges": [{"exchangeName": "name1", "bandwidthInMbps": 10000,
           "microsoftIPv4Address": "192.168.131.1,192.168.131.2", "microsoftIPv6Address": "fd00::1:1",
           "facilityIPv4Prefix": "192.168.128.0/17", "facilityIPv6Prefix": "fd00::1000:0/98",
           "peeringDBFacilityId": 99}],
         "cdnPrefixes": [{"prefix": "192.168.1.0/24", "azureRegion": "Japan West",
           "azureService": "AzureCompute", "isPrimaryRegion": true, "bgpCommunity": "0000:0000"},
           {"prefix": "2001:db8::/32"}]}]})"));
  }
  static std::string path(std::string_view operation) {
    return fmt::format("{}/providers/Microsoft.Peering/{}", sub_a, operation);
  }
  static std::vector<std::string> names(const Reply& reply) {
    std::vector<std::string> out;
    for (const json::value& each : reply.body.at("value").as_array())
      out.push_back(*find_string(each, "name"));
    return out;
  }
  Reply check(std::string_view location, std::string_view provider) {
    return post(path("checkServiceProviderAvailability"),
                json::serialize(json::object{{"peeringServiceLocation", location},
                                             {"peeringServiceProvider", provider}}));
  }
};

TEST_F(PeeringLocations, DirectOnesShowBuildingsAndOffers) {
  const Reply reply = get(path("peeringLocations?kind=Direct"));
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_THAT(names(reply), ElementsAre("Ashburn", "Osaka"));
  EXPECT_EQ(reply.body.at("value").at(0),
            *parse_json(fmt::format(R"({{"kind":"Direct","properties":{{"direct":{{
      "peeringFacilities":[
        {{"address":"address1","directPeeringType":"Edge","peeringDBFacilityId":99999,
          "peeringDBFacilityLink":"https://www.peeringdb.com/fac/99999"}},
        {{"address":"address3","directPeeringType":"Cdn"}}],
      "bandwidthOffers":[{{"offerName":"10Gbps","valueInMbps":10000}}]}},
      "peeringLocation":"Ashburn","country":"US","azureRegion":"East US"}},"name":"Ashburn",
      "id":"{}/providers/Microsoft.Peering/peeringLocations/Ashburn",
      "type":"Microsoft.Peering/peeringLocations"}})",
                                    sub_a)));
}

TEST_F(PeeringLocations, TheTypeFiltersBuildingsAndMetrosWithoutAnyDropOut) {
  const Reply reply = get(path("peeringLocations?kind=direct&directPeeringType=CDN"));
  EXPECT_THAT(names(reply), ElementsAre("Ashburn"));
  EXPECT_EQ(
      reply.body.at("value").at(0).at("properties").at("direct").at("peeringFacilities").as_array().size(),
      1U);
  EXPECT_EQ(get(path("peeringLocations?kind=Direct&directPeeringType=Voice")).items(), 0U);
}

TEST_F(PeeringLocations, ExchangesShowOurPorts) {
  const Reply reply = get(path("peeringLocations?kind=Exchange"));
  EXPECT_EQ(reply.body, *parse_json(fmt::format(R"({{"value":[{{"kind":"Exchange","properties":{{"exchange":{{
      "peeringFacilities":[{{"exchangeName":"name1","bandwidthInMbps":10000,
        "microsoftIPv4Address":"192.168.131.1,192.168.131.2","microsoftIPv6Address":"fd00::1:1",
        "facilityIPv4Prefix":"192.168.128.0/17","facilityIPv6Prefix":"fd00::1000:0/98",
        "peeringDBFacilityId":99,"peeringDBFacilityLink":"https://www.peeringdb.com/ix/99"}}]}},
      "peeringLocation":"Osaka","country":"JP"}},"name":"Osaka",
      "id":"{}/providers/Microsoft.Peering/peeringLocations/Osaka",
      "type":"Microsoft.Peering/peeringLocations"}}]}})",
                                                sub_a)));
}

TEST_F(PeeringLocations, CdnPrefixesAreThoseOfTheMetro) {
  const Reply reply = get(path("cdnPeeringPrefixes?peeringLocation=OSAKA"));
  EXPECT_THAT(names(reply), ElementsAre("CdnPrefix_192_168_1_0_24", "CdnPrefix_2001_db8___32"));
  EXPECT_EQ(reply.body.at("value").at(0),
            *parse_json(fmt::format(R"({{"properties":{{"prefix":"192.168.1.0/24",
      "azureRegion":"Japan West","azureService":"AzureCompute","isPrimaryRegion":true,
      "bgpCommunity":"0000:0000"}},
      "name":"CdnPrefix_192_168_1_0_24",
      "id":"{}/providers/Microsoft.Peering/cdnPeeringPrefixes/CdnPrefix_192_168_1_0_24",
      "type":"Microsoft.Peering/cdnPeeringPrefixes"}})",
                                    sub_a)));
  EXPECT_EQ(get(path("cdnPeeringPrefixes?peeringLocation=Atlantis")).text, R"({"value":[]})");
}

TEST_F(PeeringLocations, LegacyPeeringsAreNone) {
  for (const std::string_view more : {"", "&asn=65000", "&directPeeringType=Edge"}) {
    const Reply reply =
        get(path(fmt::format("legacyPeerings?peeringLocation=peeringLocation0&kind=Exchange{}", more)));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.text, R"({"value":[]})");
  }
}

TEST_F(PeeringLocations, ParametersAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"peeringLocations", "kind ''"},
      {"peeringLocations?kind=Both", "kind 'Both'"},
      {"peeringLocations?kind=Direct&directPeeringType=Fast", "directPeeringType 'Fast'"},
      {"cdnPeeringPrefixes", "peeringLocation ''"},
      {"legacyPeerings?kind=Direct", "peeringLocation ''"},
      {"legacyPeerings?peeringLocation=Ashburn", "kind ''"},
      {"legacyPeerings?peeringLocation=Ashburn&kind=Both", "kind 'Both'"},
      {"legacyPeerings?peeringLocation=Ashburn&kind=Direct&directPeeringType=x", "directPeeringType 'x'"},
      {"legacyPeerings?peeringLocation=Ashburn&kind=Direct&asn=-1", "asn '-1'"},
      {"legacyPeerings?peeringLocation=Ashburn&kind=Direct&asn=one", "asn 'one'"},
  };
  for (const auto& [query, said] : cases) {
    const Reply reply = get(path(query));
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(reply.code(), "BadArgument") << query;
    EXPECT_THAT(reply.message(), HasSubstr(said));
  }
}

TEST_F(PeeringLocations, PagesKeepTheQuestion) {
  Reply page = get(path("peeringLocations?kind=Direct&$top=1"));
  EXPECT_THAT(names(page), ElementsAre("Ashburn"));
  const std::string link = find_string(page.body, "nextLink").value_or("");
  page = send(request(http::Method::get, link.substr(link.find("/subscriptions"))));
  EXPECT_THAT(names(page), ElementsAre("Osaka"));
  EXPECT_FALSE(page.body.as_object().contains("nextLink"));
}

TEST_F(PeeringLocations, AProviderIsAvailableWithinAThousandMiles) {
  EXPECT_EQ(check("Osaka", "IIJ").text, R"("Available")");
  EXPECT_EQ(check("osaka ", "iij").text, R"("Available")");
  EXPECT_EQ(check("Maine", "East").text, R"("Available")");
  EXPECT_EQ(check("Hawaii", "East").text, R"("Unavailable")");
  EXPECT_EQ(check("Osaka", "East").text, R"("Unavailable")");
  EXPECT_EQ(check("Nowhere", "East").text, R"("Unavailable")");
  EXPECT_EQ(check("Osaka", "Nobody").text, R"("Unavailable")");
  EXPECT_EQ(check("Atlantis", "IIJ").text, R"("Unavailable")");
  EXPECT_EQ(check("Osaka", "IIJ").status, 200);
}

TEST_F(PeeringLocations, TheQuestionOfAvailabilityNeedsBothNames) {
  for (const std::string body : {"", "[]", "{}", R"({"peeringServiceLocation":"Osaka"})",
                                 R"({"peeringServiceLocation":1,"peeringServiceProvider":"IIJ"})"}) {
    const Reply reply = post(path("checkServiceProviderAvailability"), body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.code(), "InvalidRequestContent") << body;
  }
}

TEST_F(PeeringLocations, AreForTenantsOfTheSubscriptionOnly) {
  make_group(sub_b);
  const std::string stranger = token("Owner", sub_b);
  for (const std::string_view query :
       {"peeringLocations?kind=Direct", "cdnPeeringPrefixes?peeringLocation=Osaka",
        "legacyPeerings?kind=Direct&peeringLocation=Osaka"}) {
    EXPECT_EQ(send_as(stranger, http::Method::get, versioned(path(query))).code(), "SubscriptionNotFound");
  }
}

TEST(DefaultCatalogue, KnowsWhereEveryProviderAndStateIs) {
  const auto catalog = load_catalog("");
  ASSERT_TRUE(catalog) << catalog.error().message;
  for (const ServiceProvider& provider : catalog->providers) {
    for (const std::string& name : provider.metros) {
      const Metro* metro = catalog->find_metro(name);
      ASSERT_NE(metro, nullptr) << name;
      EXPECT_TRUE(metro->coordinates) << name;
    }
  }
  for (const ServiceLocation& location : catalog->locations) {
    EXPECT_TRUE(location.coordinates) << location.state;
  }
  EXPECT_TRUE(catalog->is_near("Osaka", "IIJ"));
  EXPECT_FALSE(catalog->is_near("Hawaii", "IIJ"));
  EXPECT_EQ(catalog->find_metro("seattle")->cdn_prefixes.size(), 8U);
}

TEST(CatalogueFile, NamesWhatIsWrongWithAMetro) {
  const auto message = [](std::string_view metro) {
    const auto catalog =
        parse_catalog(fmt::format(R"({{"countries":[],"providers":[],"metros":[{}]}})", metro));
    return catalog ? std::string() : catalog.error().message;
  };
  EXPECT_EQ(message(R"({"name":"Osaka","country":"JP"})"), "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"country":"JP"})", "catalogue.metros[0].name"},
      {R"({"name":"Osaka","country":"JP","city":1})", "no such key"},
      {R"({"name":"Osaka","country":"JP","latitude":91,"longitude":0})", "metros[0].latitude '91'"},
      {R"({"name":"Osaka","country":"JP","latitude":"1","longitude":0})", "metros[0].latitude"},
      {R"({"name":"Osaka","country":"JP","latitude":1})", "metros[0].longitude"},
      {R"({"name":"Osaka","country":"JP"},{"name":"OSAKA","country":"JP"})", "listed once"},
      {R"({"name":"Osaka","country":"JP","facilities":[{"address":"a","directPeeringType":"x"}]})",
       "facilities[0].directPeeringType 'x'"},
      {R"({"name":"Osaka","country":"JP","exchanges":[{"exchangeName":"a","bandwidthInMbps":0}]})",
       "exchanges[0].bandwidthInMbps '0'"},
      {R"({"name":"Osaka","country":"JP","cdnPrefixes":[{"prefix":"192.0.2.1/24"}]})",
       "cdnPrefixes[0].prefix '192.0.2.1/24'"},
  };
  for (const auto& [metro, said] : cases) EXPECT_THAT(message(metro), HasSubstr(said)) << metro;
}

TEST(Distance, IsTheGreatCircles) {
  EXPECT_NEAR(distance_miles({51.51, -0.13}, {48.86, 2.35}), 213, 2);
  EXPECT_NEAR(distance_miles({0, 179.5}, {0, -179.5}), 69.1, 0.2);
  EXPECT_NEAR(distance_miles({90, 0}, {-90, 0}), 12437, 2);
  EXPECT_EQ(distance_miles({10, 10}, {10, 10}), 0);
}

}  // namespace
}  // namespace peering::api
