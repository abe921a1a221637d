// A partner with a peer ASN and bodies of peerings, for tests.
#pragma once

#include <string>
#include <utility>

#include "api/api_fixture.h"

namespace peering::api {

/// A subscription with a group and a peer ASN, at a metro with one facility and one exchange.
class Peerings : public ApiFixture {
 protected:
  Peerings() {
    Catalog known = *catalog;
    Metro metro;
    metro.name = "peeringLocation0";
    metro.country = "NZ";
    metro.facilities.push_back({"a street", "Edge", 99999});
    metro.exchanges.push_back({"an exchange", 0, "", "", "", "", 99998});
    known.metros.push_back(metro);
    catalog = std::make_shared<const Catalog>(known);
    make_group();
    EXPECT_EQ(put(asn, R"({"properties":{"peerAsn":13335,"peerName":"x"}})").status, 201);
  }

  static json::value direct() {
    return *parse_json(fmt::format(
        R"({{"location":"eastus","kind":"Direct","sku":{{"name":"Basic_Direct_Free"}},"properties":{{
        "peeringLocation":"peeringLocation0","provisioningState":"Failed",
        "direct":{{"directPeeringType":"Edge",
        "peerAsn":{{"id":"{}"}},"connections":[{{"bandwidthInMbps":10000,"sessionAddressProvider":"Peer",
        "useForPeeringService":true,"peeringDBFacilityId":99999,"connectionState":"Active",
        "bgpSession":{{"sessionPrefixV4":"192.168.0.0/31","sessionPrefixV6":"fd00::/127",
        "maxPrefixesAdvertisedV4":1000,"md5AuthenticationKey":"k","sessionStateV4":"Established"}},
        "connectionIdentifier":"5F4CB5C7-6B43-4444-9338-9ABC72606C16"}}]}}}}}})",
        asn));
  }
  static json::value exchange() {
    return *parse_json(fmt::format(
        R"({{"location":"eastus","kind":"Exchange","sku":{{"name":"Basic_Exchange_Free"}},"properties":{{
        "peeringLocation":"peeringLocation0","exchange":{{"peerAsn":{{"id":"{}"}},"connections":[
        {{"peeringDBFacilityId":99998,"bgpSession":{{"peerSessionIPv4Address":"192.168.2.1"}}}}]}}}}}})",
        asn));
  }
  static json::value& connection(json::value& peering) {
    json::value& properties = peering.at("properties");
    const char* block = properties.as_object().contains("direct") ? "direct" : "exchange";
    return properties.at(block).at("connections").at(0);
  }
  Reply put_at(const json::value& body) { return put(path, json::serialize(body)); }

  static inline const std::string asn = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/myAsn1";
  static inline const std::string group = std::string(sub_a) + "/resourceGroups/rg1";
  static inline const std::string list = group + "/providers/Microsoft.Peering/peerings";
  static inline const std::string path = list + "/Peer1";

  Reply decide(const std::string& id, std::string_view what, std::string body = "") {
    return post(fmt::format("{}/providers/Open.Peering/{}", id, what), std::move(body));
  }
  Reply decide_on_connection(std::string_view what, std::string body = "") {
    return decide(path, fmt::format("connections/{}/{}", identifier, what), std::move(body));
  }
  /// A session of a router with the peer's address.
  static model::BgpSession session(std::string_view state, std::string_view peer = "192.0.2.1",
                                   std::string_view router = "edge-1") {
    return {.router = std::string(router),
            .distinguisher = 0,
            .pop = "AMS",
            .peer_address = *net::Address::parse(peer),
            .local_address = std::nullopt,
            .peer_asn = 13335,
            .established = state == "Established",
            .state = std::string(state),
            .since = *parse_rfc3339("2026-11-23T11:00:00Z")};
  }

  static constexpr std::string_view identifier = "5F4CB5C7-6B43-4444-9338-9ABC72606C16";
};

}  // namespace peering::api
