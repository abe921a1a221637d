// What the operator decides on peerings, and what the wire says of their sessions.
#include <gmock/gmock.h>

#include "api/peering_fixture.h"
#include "api/peering_sessions.h"

namespace peering::api {
namespace {

using testing::HasSubstr;

class PeeringStates : public Peerings {
 protected:
  static json::value with_address(std::string_view peer = "192.0.2.1") {
    json::value body = direct();
    json::object& session = connection(body).at("bgpSession").as_object();
    session["peerSessionIPv4Address"] = peer;
    session.erase("sessionPrefixV4");
    session.erase("sessionPrefixV6");
    return body;
  }
  void approve_asn() { ASSERT_EQ(decide(asn, "approve").status, 200); }
  void make_approved(const json::value& body = with_address()) {
    ASSERT_EQ(put_at(body).status, 201);
    approve_asn();
    ASSERT_EQ(decide_on_connection("approve").status, 200);
  }
  json::value shown() {
    Reply reply = get(path);
    return connection(reply.body);
  }
  std::string state() { return *find_string(shown(), "connectionState"); }
  std::string session_state(std::string_view version = "4") {
    return find_string(shown().at("bgpSession"), fmt::format("sessionStateV{}", version)).value_or("");
  }
  void seen(std::string_view state) { sessions = {session(state)}; }
};

TEST_F(PeeringStates, APeerAsnIsApprovedAndRejectedByTheOperator) {
  EXPECT_EQ(get(asn).property("validationState"), "Pending");
  EXPECT_EQ(decide(asn, "approve").property("validationState"), "Approved");
  EXPECT_EQ(get(asn).property("validationState"), "Approved");
  const Reply rejected = decide(asn, "reject", R"({"reason":"the NOC does not answer"})");
  EXPECT_EQ(rejected.property("validationState"), "Failed");
  EXPECT_EQ(get(asn).property("errorMessage"), "the NOC does not answer");
  EXPECT_EQ(put(asn, R"({"properties":{"peerAsn":13335}})").property("errorMessage"),
            "the NOC does not answer")
      << "the number is the same";
  EXPECT_EQ(decide(asn, "approve").property("errorMessage"), "");
  EXPECT_EQ(decide(asn + "x", "approve").code(), "ResourceNotFound");
  EXPECT_EQ(decide(asn, "approve", R"({"because":"x"})").code(), "InvalidRequestContent");
}

TEST_F(PeeringStates, OnlyAnOperatorDecides) {
  ASSERT_EQ(put_at(with_address()).status, 201);
  for (const char* role : {"Owner", "Partner"}) {
    const std::string mine = token(role, sub_a);
    for (const std::string& each :
         {asn + "/providers/Open.Peering/approve",
          fmt::format("{}/providers/Open.Peering/connections/{}/approve", path, identifier)}) {
      EXPECT_EQ(send_as(mine, http::Method::post, versioned(each)).code(), "AuthorizationFailed") << each;
    }
  }
  EXPECT_EQ(state(), "PendingApproval");
}

TEST_F(PeeringStates, AConnectionIsApprovedAfterItsPeerAsn) {
  ASSERT_EQ(put_at(direct()).status, 201);
  const Reply early = decide_on_connection("approve");
  EXPECT_EQ(early.status, 409);
  EXPECT_THAT(early.message(), HasSubstr("is not approved"));
  approve_asn();
  EXPECT_EQ(decide_on_connection("approve").status, 200);
  EXPECT_EQ(decide(path, "connections/11111111-1111-4111-8111-111111111111/approve").code(),
            "ResourceNotFound");
  EXPECT_EQ(decide(list + "/none", fmt::format("connections/{}/approve", identifier), "{").code(),
            "ParentResourceNotFound")
      << "the parent comes before the body";
  EXPECT_EQ(decide_on_connection("approve", "{").code(), "InvalidRequestContent");
}

TEST_F(PeeringStates, ARejectedConnectionSaysWhyUntilItIsAnotherOne) {
  ASSERT_EQ(put_at(with_address()).status, 201);
  ASSERT_EQ(decide_on_connection("reject", R"({"reason":"no port is free"})").status, 200);
  EXPECT_EQ(state(), "ProvisioningFailed");
  EXPECT_EQ(find_string(shown(), "errorMessage"), "no port is free");
  EXPECT_EQ(session_state(), "None");
  ASSERT_EQ(put_at(with_address()).status, 200);
  EXPECT_EQ(state(), "ProvisioningFailed");
  ASSERT_EQ(put_at(with_address("192.0.2.9")).status, 200);
  EXPECT_EQ(state(), "PendingApproval");
  EXPECT_FALSE(shown().as_object().contains("errorMessage"));
}

TEST_F(PeeringStates, AnApprovedConnectionFollowsItsSession) {
  seen("Established");
  ASSERT_EQ(put_at(with_address()).status, 201);
  EXPECT_EQ(state(), "PendingApproval") << "whatever the wire says";
  EXPECT_EQ(session_state(), "PendingAdd");
  approve_asn();
  sessions.clear();
  ASSERT_EQ(decide_on_connection("approve").status, 200);
  EXPECT_EQ(state(), "ProvisioningStarted");
  EXPECT_EQ(session_state(), "PendingAdd");
  EXPECT_EQ(session_state("6"), "None") << "it has no address of the family";
  seen("Established");
  EXPECT_EQ(state(), "Active");
  EXPECT_EQ(session_state(), "Established");
  EXPECT_EQ(shown().at("provisionedBandwidthInMbps"), json::value(10000));
  Reply list_reply = get(list);
  EXPECT_EQ(connection(list_reply.body.at("value").at(0)), shown());
  seen("Idle");
  EXPECT_EQ(state(), "ProvisioningCompleted");
  EXPECT_EQ(session_state(), "Idle");
  EXPECT_EQ(shown().at("provisionedBandwidthInMbps"), json::value(0));
  seen("");
  EXPECT_EQ(state(), "ProvisioningStarted") << "the router tells nothing any more";
  EXPECT_EQ(session_state(), "None");
}

TEST_F(PeeringStates, OneOfTwoFamiliesIsEnough) {
  json::value body = with_address();
  connection(body).at("bgpSession").as_object()["peerSessionIPv6Address"] = "2001:db8::1";
  make_approved(body);
  sessions = {session("Established", "2001:db8::1")};
  EXPECT_EQ(state(), "Active");
  EXPECT_EQ(session_state("6"), "Established");
  EXPECT_EQ(session_state(), "PendingAdd");
}

TEST_F(PeeringStates, ASessionIsFoundByTheSessionPrefixToo) {
  json::value body = direct();
  connection(body).at("bgpSession").as_object()["sessionPrefixV4"] = "192.0.2.0/31";
  make_approved(body);
  seen("Established");
  EXPECT_EQ(state(), "Active");
  sessions = {session("Established", "192.0.2.2")};
  EXPECT_EQ(state(), "ProvisioningStarted");
}

TEST_F(PeeringStates, ASessionOfAnotherAsNumberIsAClash) {
  make_approved();
  seen("Established");
  sessions[0].peer_asn = 3333;
  EXPECT_EQ(state(), "ProvisioningFailed");
  EXPECT_EQ(find_string(shown(), "errorMessage"), "IPv4 address is already configured with a different ASN");
  EXPECT_EQ(session_state(), "PendingAdd");
}

TEST_F(PeeringStates, ThePeerOnAnotherOfOurAddressesIsAnotherConnections) {
  json::value body = with_address();
  connection(body).at("bgpSession").as_object()["microsoftSessionIPv4Address"] = "192.0.2.0";
  make_approved(body);
  seen("Established");
  sessions[0].local_address = *net::Address::parse("198.51.100.1");
  EXPECT_EQ(state(), "ProvisioningStarted");
  sessions[0].local_address = *net::Address::parse("192.0.2.0");
  EXPECT_EQ(state(), "Active");
}

TEST_F(PeeringStates, AnAddressOfAnotherAsNumbersConnectionIsRefused) {
  make_approved();
  make_group(sub_b);
  const std::string other = std::string(sub_b) + "/providers/Microsoft.Peering/peerAsns/other";
  ASSERT_EQ(put(other, R"({"properties":{"peerAsn":3333}})").status, 201);
  ASSERT_EQ(decide(other, "approve").status, 200);
  json::value body = with_address();
  body.at("properties").at("direct").at("peerAsn").as_object()["id"] = other;
  const std::string second =
      std::string(sub_b) + "/resourceGroups/rg1/providers/Microsoft.Peering/peerings/p";
  Reply made = put(second, json::serialize(body));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(find_string(connection(made.body), "connectionState"), "ProvisioningFailed");
  EXPECT_EQ(find_string(connection(made.body), "errorMessage"),
            "IPv4 address is already configured with a different ASN");
  const Reply refused = decide(second, fmt::format("connections/{}/approve", identifier));
  EXPECT_EQ(refused.status, 409);
  ASSERT_EQ(remove(path).status, 200);
  Reply again = put(second, json::serialize(body));
  EXPECT_EQ(find_string(connection(again.body), "connectionState"), "PendingApproval") << "it is free now";
}

TEST_F(PeeringStates, APutWithoutIdentifiersKeepsThoseThatAreStored) {
  make_approved();
  seen("Established");
  const json::value before = shown();
  json::value body = with_address();
  connection(body).as_object().erase("connectionIdentifier");
  Reply again = put_at(body);
  EXPECT_EQ(connection(again.body), before);
  // One more in front: the stored one is named by the body, so the first gets its own.
  json::array& connections = body.at("properties").at("direct").at("connections").as_array();
  connections.push_back(connections[0]);
  connections[1].as_object()["connectionIdentifier"] = identifier;
  Reply two = put_at(body);
  json::value& block = two.body.at("properties").at("direct");
  EXPECT_NE(block.at("connections").at(0).at("connectionIdentifier"), before.at("connectionIdentifier"));
  EXPECT_EQ(find_string(block.at("connections").at(0), "connectionState"), "PendingApproval");
  EXPECT_EQ(block.at("connections").at(1), before);
}

TEST_F(PeeringStates, AnotherAddressIsToBeApprovedAgain) {
  make_approved();
  seen("Established");
  ASSERT_EQ(put_at(with_address("192.0.2.9")).status, 200);
  EXPECT_EQ(state(), "PendingApproval");
}

TEST_F(PeeringStates, MoreBandwidthIsThereOnceItIsApproved) {
  make_approved();
  seen("Established");
  json::value body = with_address();
  connection(body).as_object()["bandwidthInMbps"] = 100000;
  ASSERT_EQ(put_at(body).status, 200);
  EXPECT_EQ(state(), "Active");
  EXPECT_EQ(shown().at("provisionedBandwidthInMbps"), json::value(10000));
  ASSERT_EQ(decide_on_connection("approve").status, 200);
  EXPECT_EQ(shown().at("provisionedBandwidthInMbps"), json::value(100000));
}

TEST_F(PeeringStates, AddressesThatWeGiveComeWithTheApprovalAndStay) {
  json::value body = direct();
  connection(body).as_object()["sessionAddressProvider"] = "Microsoft";
  connection(body).as_object().erase("bgpSession");
  ASSERT_EQ(put_at(body).status, 201);
  approve_asn();
  const std::string given = R"({"bgpSession":{"sessionPrefixV4":"192.0.2.0/31",
      "microsoftSessionIPv4Address":"192.0.2.0","peerSessionIPv4Address":"192.0.2.1"}})";
  ASSERT_EQ(decide_on_connection("approve", given).status, 200);
  seen("Established");
  EXPECT_EQ(state(), "Active");
  EXPECT_EQ(find_string(shown().at("bgpSession"), "peerSessionIPv4Address"), "192.0.2.1");
  ASSERT_EQ(put_at(body).status, 200);
  EXPECT_EQ(state(), "Active");
}

TEST_F(PeeringStates, AddressesOfThePeerAreNotOursToGive) {
  ASSERT_EQ(put_at(with_address()).status, 201);
  approve_asn();
  const Reply refused =
      decide_on_connection("approve", R"({"bgpSession":{"peerSessionIPv4Address":"192.0.2.7"}})");
  EXPECT_EQ(refused.code(), "BadArgument");
  EXPECT_EQ(state(), "PendingApproval");
}

TEST_F(PeeringStates, NobodyNeedsToApproveWhereThatIsConfigured) {
  Services automatic = services();
  automatic.settings.approves_automatically = true;
  api = std::make_unique<Api>(std::move(automatic));
  ASSERT_EQ(put_at(with_address()).status, 201);
  EXPECT_EQ(state(), "PendingApproval") << "its peer ASN is from before";
  ASSERT_EQ(remove(path).status, 200);
  ASSERT_EQ(remove(asn).status, 200);
  EXPECT_EQ(put(asn, R"({"properties":{"peerAsn":13335}})").property("validationState"), "Approved");
  json::value body = with_address();
  ASSERT_EQ(put_at(body).status, 201);
  EXPECT_EQ(state(), "ProvisioningStarted");
  connection(body).as_object()["bandwidthInMbps"] = 20000;
  ASSERT_EQ(put_at(body).status, 200);
  seen("Established");
  EXPECT_EQ(shown().at("provisionedBandwidthInMbps"), json::value(20000));
}

TEST_F(PeeringStates, APeerAsnThatAPeeringUsesStays) {
  ASSERT_EQ(put_at(direct()).status, 201);
  const Reply kept = remove(asn);
  EXPECT_EQ(kept.status, 409);
  EXPECT_EQ(kept.code(), "Conflict");
  EXPECT_THAT(kept.message(), HasSubstr(path));
  EXPECT_EQ(put(asn, R"({"properties":{"peerAsn":3333}})").code(), "Conflict");
  ASSERT_EQ(remove(path).status, 200);
  EXPECT_EQ(remove(asn).status, 200);
  EXPECT_EQ(remove(asn).status, 204);
}

class Probes : public PeeringStates {
 protected:
  Reply ask(http::Method method, std::string_view version, std::string body = {}) {
    return send(request(method, fmt::format("{}?api-version={}", path, version), std::move(body)));
  }
  Reply put_in(std::string_view version, const json::value& body) {
    return ask(http::Method::put, version, json::serialize(body));
  }
  /// Those of the peering, null: none are shown.
  json::value shown_at(std::string_view version) {
    const json::value body = ask(http::Method::get, version).body;
    const json::value* out = find(body, "properties", "connectivityProbes");
    return out ? *out : json::value();
  }
};

TEST_F(Probes, AreKeptAsTheyWereAskedFor) {
  json::value body = direct();
  const json::value probes =
      *parse_json(R"([{"endpoint":"192.0.2.7","azureRegion":"eastus","protocol":"ICMP"}])");
  body.at("properties").as_object()["connectivityProbes"] = probes;
  const auto put_now = [&] { return put_in("2025-05-01", body); };
  EXPECT_EQ(put_now().body.at("properties").at("connectivityProbes"), probes);
  body.at("properties").at("connectivityProbes").at(0).as_object()["protocol"] = "SCTP";
  EXPECT_EQ(put_now().code(), "InvalidRequestContent");
  body.at("properties").at("connectivityProbes").at(0).as_object()["endpoint"] = "example.net";
  EXPECT_EQ(put_now().code(), "BadArgument");
}

TEST_F(Probes, AreNeitherSeenNorTakenAwayByClientsOfEarlierVersions) {
  json::value body = direct();
  const json::value probes = *parse_json(R"([{"endpoint":"192.0.2.7","protocol":"TCP"}])");
  body.at("properties").as_object()["connectivityProbes"] = probes;
  ASSERT_EQ(put_in("2022-10-01", body).status, 201);
  EXPECT_EQ(shown_at("2025-05-01"), json::value()) << "the version has no such property";
  ASSERT_EQ(put_in("2025-05-01", body).status, 200);
  EXPECT_EQ(shown_at("2022-10-01"), json::value());
  EXPECT_EQ(shown_at("2020-01-01-preview"), json::value());
  ASSERT_EQ(put_in("2022-10-01", direct()).status, 200);
  EXPECT_EQ(shown_at("2025-05-01"), probes);
  ASSERT_EQ(put_in("2025-05-01", direct()).status, 200);
  EXPECT_EQ(shown_at("2025-05-01"), json::value());
}

class PeeringService : public PeeringStates {
 protected:
  /// Two connections for Peering Service.
  static json::value two(std::string_view sku = "Premium_Direct_Free") {
    json::value body = with_address();
    body.as_object()["sku"] = json::object{{"name", sku}};
    json::array& connections = body.at("properties").at("direct").at("connections").as_array();
    connections.push_back(connections[0]);
    connections[1].at("bgpSession").as_object()["peerSessionIPv4Address"] = "192.0.2.3";
    connections[1].as_object()["connectionIdentifier"] = second;
    return body;
  }
  void approve_both(const json::value& body) {
    make_approved(body);
    ASSERT_EQ(decide(path, fmt::format("connections/{}/approve", second)).status, 200);
  }
  std::string fault() { return find_string(shown(), "errorMessage").value_or(""); }

  static constexpr std::string_view second = "8AB00818-D533-4504-A25A-03A17F61201C";
};

TEST_F(PeeringService, NeedsTwoRoutersThatReallyHaveTheSessions) {
  approve_both(two());
  EXPECT_EQ(fault(), "");
  sessions = {session("Established"), session("Established", "192.0.2.3")};
  EXPECT_EQ(fault(), "Peering Service needs connections on two different routers");
  EXPECT_EQ(state(), "Active") << "the session itself is there";
  sessions[1].router = "edge-2";
  EXPECT_EQ(fault(), "");
}

TEST_F(PeeringService, NeedsItsSku) {
  approve_both(two("Basic_Direct_Free"));
  EXPECT_EQ(fault(), "Peering Service needs the sku Premium_Direct_Free");
}

TEST_F(PeeringService, NeedsOneBandwidthThatIsEnough) {
  json::value body = two();
  connection(body).as_object()["bandwidthInMbps"] = 20000;
  approve_both(body);
  EXPECT_EQ(fault(), "Peering Service needs the same bandwidth for all its connections");
  for (json::value& each : body.at("properties").at("direct").at("connections").as_array()) {
    each.as_object()["bandwidthInMbps"] = 1000;
  }
  ASSERT_EQ(put_at(body).status, 200);
  EXPECT_EQ(fault(), "Peering Service needs connections of at least 10000 Mbps");
}

TEST_F(PeeringService, NeedsTwoConnectionsButWithARouteServerOne) {
  json::value body = with_address();
  body.as_object()["sku"] = json::object{{"name", "Premium_Direct_Free"}};
  make_approved(body);
  EXPECT_EQ(fault(), "Peering Service needs at least two connections");
  body.at("properties").at("direct").as_object()["directPeeringType"] = "IxRs";
  ASSERT_EQ(put_at(body).status, 200);
  EXPECT_EQ(fault(), "");
}

TEST_F(PeeringService, OthersAskWhetherAPeeringIsActiveAndThroughWhichRouters) {
  approve_both(two());
  sessions = {session("Established"), session("Idle", "192.0.2.3", "edge-2")};
  const auto stored = resources.get(model::lower(path));
  ASSERT_TRUE(stored && *stored);
  const json::value document = *parse_json((*stored)->document);
  const PeeringNow now = peering_now(document.as_object(), model::BgpSessions(sessions));
  EXPECT_TRUE(now.active());
  EXPECT_EQ(now.asn, 13335U);
  EXPECT_EQ(now.location, "peeringLocation0");
  ASSERT_EQ(now.connections.size(), 2U);
  EXPECT_EQ(now.connections[1].state, state_completed);
  EXPECT_EQ(now.connections[1].sessions.at(0).router, "edge-2");
  ASSERT_EQ(now.established().size(), 1U);
  EXPECT_EQ(now.established()[0].router, "edge-1");
}

}  // namespace
}  // namespace peering::api
