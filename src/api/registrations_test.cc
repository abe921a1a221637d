// What partners register for their customers.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "api/arm/names.h"
#include "api/partner_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

class Registrations : public PartnerFixture {
 protected:
  Registrations() {
    peering = make_peering("peer1");
    asns = peering + "/registeredAsns";
    prefixes = peering + "/registeredPrefixes";
  }
  std::string peering, asns, prefixes;
};

TEST_F(Registrations, AnAsnGetsAKeyThatStays) {
  const Reply made = put(asns + "/Customer1", R"({"properties":{"asn":65001}})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(arm::is_guid(made.property("peeringServicePrefixKey")));
  EXPECT_EQ(made.property("provisioningState"), "Succeeded");
  EXPECT_EQ(made.body.at("type"), json::value("Microsoft.Peering/peerings/registeredAsns"));
  EXPECT_EQ(made.body.at("id"), json::value(asns + "/Customer1"));
  const Reply again =
      put(asns + "/customer1", R"({"properties":{"asn":65001,"peeringServicePrefixKey":"mine"}})");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, made.body);
  EXPECT_EQ(get(asns).body, json::value({{"value", json::array{made.body}}}));
  EXPECT_EQ(remove(asns + "/customer1").status, 200);
  EXPECT_EQ(remove(asns + "/customer1").status, 204);
}

TEST_F(Registrations, AnAsnOrAPrefixTwiceIsRefused) {
  ASSERT_EQ(put(asns + "/a", R"({"properties":{"asn":3333}})").status, 201);
  ASSERT_EQ(put(prefixes + "/a", prefix_body("203.0.113.0/24")).status, 201);
  const std::string other = make_peering("peer2");
  for (const std::string& where : {peering, other}) {
    EXPECT_EQ(put(where + "/registeredAsns/b", R"({"properties":{"asn":3333}})").code(), "Conflict");
    EXPECT_EQ(put(where + "/registeredPrefixes/b", prefix_body("203.0.113.0/24")).status, 409);
  }
  EXPECT_EQ(put(asns + "/a", R"({"properties":{"asn":3334}})").code(), "BadArgument");
  EXPECT_EQ(put(prefixes + "/a", prefix_body("198.51.100.0/24")).code(), "BadArgument");
}

TEST_F(Registrations, NeedAPeeringWithAnActiveConnection) {
  const Reply orphan = put(peering + "x/registeredAsns/a", R"({"properties":{"asn":3333}})");
  EXPECT_EQ(orphan.status, 404);
  EXPECT_EQ(orphan.code(), "ParentResourceNotFound");
  ASSERT_EQ(put(asns + "/there", R"({"properties":{"asn":3334}})").status, 201);
  lose_session("192.0.2.1");
  for (const auto& [path, body] : {std::pair(asns + "/a", std::string(R"({"properties":{"asn":3333}})")),
                                   std::pair(prefixes + "/a", prefix_body("203.0.113.0/24"))}) {
    const Reply refused = put(path, body);
    EXPECT_EQ(refused.status, 400) << refused.text;
    EXPECT_THAT(refused.message(), HasSubstr("at least one connection in the state Active"));
  }
  EXPECT_EQ(put(asns + "/there", R"({"properties":{"asn":3334}})").status, 200);
}

TEST_F(Registrations, NamesFieldValueAndRuleOfWhatDoesNotFit) {
  EXPECT_EQ(put(asns + "/a", R"({"properties":{}})").code(), "InvalidRequestContent");
  EXPECT_EQ(put(asns + "/a", R"({"properties":{"asn":"3333"}})").code(), "InvalidRequestContent");
  EXPECT_THAT(put(asns + "/a", R"({"properties":{"asn":0}})").message(), HasSubstr("properties.asn"));
  EXPECT_THAT(put(asns + "/a", R"({"properties":{"asn":4294967296}})").message(), HasSubstr("4294967296"));
  EXPECT_EQ(put(prefixes + "/a", prefix_body("203.0.113.0")).status, 400);
  EXPECT_EQ(put(prefixes + "/a", prefix_body("0.0.0.0/0")).code(), "BadArgument");
}

TEST_F(Registrations, APrefixIsValidatedAndAgainWhenAsked) {
  const std::string path = prefixes + "/p1";
  const Reply made = put(path, prefix_body("203.0.113.0/24"));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.property("prefixValidationState"), "Pending");
  const std::string key = made.property("peeringServicePrefixKey");
  EXPECT_TRUE(arm::is_guid(key));
  clock += validation_patience + std::chrono::seconds(1);
  EXPECT_EQ(get(path).property("prefixValidationState"), "Failed");
  const Reply again = post(path + "/validate", "");
  EXPECT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.property("prefixValidationState"), "Pending");
  EXPECT_EQ(again.property("peeringServicePrefixKey"), key);
  announce("203.0.113.0/24", {13335, 3333});
  EXPECT_EQ(get(path).property("prefixValidationState"), "Verified");
  EXPECT_EQ(get(prefixes).body.at("value").at(0), get(path).body);
  EXPECT_EQ(post(prefixes + "/none/validate", "").code(), "ResourceNotFound");
}

TEST_F(Registrations, GoWithTheirPeeringAndAreForPartners) {
  ASSERT_EQ(put(asns + "/a", R"({"properties":{"asn":3333}})").status, 201);
  const std::string body = R"({"properties":{"asn":3334}})";
  EXPECT_EQ(send_as(token("Reader", sub_a), http::Method::put, versioned(asns + "/b"), body).status, 403);
  EXPECT_EQ(send_as(token("Partner", sub_a), http::Method::put, versioned(asns + "/b"), body).status, 201);
  const Reply foreign = send_as(token("Owner", sub_b), http::Method::get, versioned(asns + "/a"));
  EXPECT_EQ(foreign.code(), "SubscriptionNotFound");
  EXPECT_EQ(remove(peering).status, 200);
  EXPECT_EQ(get(asns + "/a").code(), "ParentResourceNotFound");
  ASSERT_EQ(make_peering("peer1"), peering);
  EXPECT_EQ(get(asns).items(), 0U);
}

}  // namespace
}  // namespace peering::api
