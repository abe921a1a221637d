// Peerings: direct and exchange, what is computed, what is refused.
#include <gmock/gmock.h>

#include "api/arm/names.h"
#include "api/peering_fixture.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

TEST_F(Peerings, ADirectOneWaitsForApprovalWhateverTheBodySays) {
  Reply made = put_at(direct());
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("id"), json::value(path));
  EXPECT_EQ(made.body.at("kind"), json::value("Direct"));
  EXPECT_EQ(made.body.at("sku"), *parse_json(R"({"name":"Basic_Direct_Free","tier":"Basic",
      "family":"Direct","size":"Free"})"));
  EXPECT_EQ(made.property("provisioningState"), "Succeeded");
  EXPECT_EQ(made.body.at("properties").at("direct").at("useForPeeringService"), json::value(true));
  const json::value& shown = connection(made.body);
  EXPECT_EQ(shown.at("connectionState"), json::value("PendingApproval"));
  EXPECT_EQ(shown.at("provisionedBandwidthInMbps"), json::value(0));
  EXPECT_EQ(shown.at("bgpSession").at("sessionStateV4"), json::value("PendingAdd"));
  EXPECT_EQ(shown.at("bgpSession").at("md5AuthenticationKey"), json::value("k"));
  const Reply again = put_at(direct());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, made.body);
  EXPECT_EQ(get(list + "/PEER1").body, made.body);
  for (const std::string& each : {list, std::string(sub_a) + "/providers/Microsoft.Peering/peerings"}) {
    EXPECT_EQ(get(each).body, json::value({{"value", json::array{made.body}}}));
  }
}

TEST_F(Peerings, AnExchangeOneGetsAnIdentifierForEachConnection) {
  Reply made = put_at(exchange());
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(arm::is_guid(find_string(connection(made.body), "connectionIdentifier").value_or("")));
  EXPECT_FALSE(connection(made.body).as_object().contains("microsoftTrackingId"));
}

TEST_F(Peerings, ARouteServerForcesThePeersAddressesAndTheService) {
  json::value body = direct();
  body.at("properties").at("direct").as_object()["directPeeringType"] = "ixrs";
  connection(body).as_object()["useForPeeringService"] = false;
  connection(body).as_object()["sessionAddressProvider"] = "Microsoft";
  Reply made = put_at(body);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("properties").at("direct").at("directPeeringType"), json::value("IxRs"));
  EXPECT_EQ(connection(made.body).at("useForPeeringService"), json::value(true));
  EXPECT_EQ(connection(made.body).at("sessionAddressProvider"), json::value("Peer"));
}

TEST_F(Peerings, WhatDoesNotFitIsRefusedByField) {
  const auto refused = [&](const json::value& body, std::string_view code, const std::string& said) {
    const Reply reply = put_at(body);
    EXPECT_EQ(reply.status, 400) << reply.text;
    EXPECT_EQ(reply.code(), code);
    EXPECT_THAT(reply.message(), HasSubstr(said));
  };
  json::value body = direct();
  body.as_object()["sku"] = json::object{{"name", "Basic_Exchange_Free"}};
  refused(body, "BadArgument", "sku.name");
  body.as_object()["sku"] = json::object{{"name", "Gold"}};
  refused(body, "InvalidRequestContent", "sku.name");
  body = direct();
  body.as_object()["kind"] = "Other";
  refused(body, "InvalidRequestContent", "kind");
  body = direct();
  body.as_object().erase("location");
  refused(body, "LocationRequired", "location");
  body = direct();
  body.at("properties").as_object()["peeringLocation"] = "Nowhere";
  refused(body, "BadArgument", "properties.peeringLocation");
  body = direct();
  connection(body).as_object()["peeringDBFacilityId"] = 1;
  refused(body, "BadArgument", "connections[0].peeringDBFacilityId");
  body = direct();
  connection(body).at("bgpSession").as_object()["sessionPrefixV4"] = "fd00::/127";
  refused(body, "BadArgument", "bgpSession.sessionPrefixV4");
  body = direct();
  body.at("properties").at("direct").at("peerAsn").as_object()["id"] = asn + "x";
  refused(body, "BadArgument", "peerAsn.id");
  EXPECT_EQ(get(path).code(), "ResourceNotFound");
}

TEST_F(Peerings, KindAndRegionStay) {
  ASSERT_EQ(put_at(direct()).status, 201);
  EXPECT_EQ(put_at(exchange()).code(), "BadArgument");
  json::value moved = direct();
  moved.as_object()["location"] = "westus";
  EXPECT_EQ(put_at(moved).code(), "InvalidResourceLocation");
}

TEST_F(Peerings, TagsMergeAndDeletingTwiceFindsNothing) {
  ASSERT_EQ(put_at(direct()).status, 201);
  EXPECT_EQ(patch(path, R"({"tags":{"a":"1"}})").body.at("tags"), json::value({{"a", "1"}}));
  EXPECT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(path).status, 204);
  EXPECT_EQ(get(path).status, 404);
}

TEST_F(Peerings, AreForPartnersAndInvisibleToOthers) {
  ASSERT_EQ(put_at(direct()).status, 201);
  const std::string body = json::serialize(direct());
  EXPECT_EQ(send_as(token("Partner", sub_a), http::Method::put, versioned(path), body).status, 200);
  EXPECT_EQ(send_as(token("Reader", sub_a), http::Method::put, versioned(path), body).status, 403);
  const std::string foreign = token("Owner", "/subscriptions/99999999-9999-9999-9999-999999999999");
  const Reply there = send_as(foreign, http::Method::get, versioned(path));
  const Reply absent = send_as(foreign, http::Method::get, versioned(list + "/none"));
  EXPECT_EQ(there.status, absent.status);
  EXPECT_GE(there.status, 403);
}

}  // namespace
}  // namespace peering::api
