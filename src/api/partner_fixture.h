// An API with a partner's peerings and their sessions, for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/api_fixture.h"
#include "api/prefix_validation.h"

namespace peering::api {

/// The partner is AS13335, the peerAsn `asn1` of subscription A.
class PartnerFixture : public ApiFixture {
 protected:
  PartnerFixture() {
    Catalog known = *catalog;
    for (const std::string_view name : {"Auckland", "Sydney"}) {
      std::erase_if(known.metros, [&](const Metro& metro) { return metro.name == name; });
      Metro metro;
      metro.name = name;
      metro.country = "NZ";
      known.metros.push_back(metro);
    }
    catalog = std::make_shared<const Catalog>(known);
    make_group();
    EXPECT_EQ(put(asn, R"({"properties":{"peerAsn":13335,"peerName":"Kordia Limited"}})").status, 201);
    EXPECT_EQ(post(asn + "/providers/Open.Peering/approve", "").status, 200);
  }

  /// A peering for the service, approved, whose connections have these peers' addresses and are Active, each
  /// on a router of its own: "<name>-0" and so on. Its id.
  std::string make_peering(std::string_view name, std::string_view metro = "Auckland",
                           const std::vector<std::string>& peers = {"192.0.2.1"}) {
    const std::string path =
        fmt::format("{}/resourceGroups/rg1/providers/Microsoft.Peering/peerings/{}", sub_a, name);
    json::array connections;
    for (const std::string& peer : peers) {
      const char* member =
          net::Address::parse(peer)->is_v4() ? "peerSessionIPv4Address" : "peerSessionIPv6Address";
      connections.push_back(json::object{{"bandwidthInMbps", 10000},
                                         {"useForPeeringService", true},
                                         {"bgpSession", json::object{{member, peer}}}});
    }
    const json::object direct{{"directPeeringType", "Edge"},
                              {"peerAsn", json::object{{"id", asn}}},
                              {"connections", std::move(connections)}};
    const json::object body{{"location", "eastus"},
                            {"kind", "Direct"},
                            {"sku", json::object{{"name", "Premium_Direct_Free"}}},
                            {"properties", json::object{{"peeringLocation", metro}, {"direct", direct}}}};
    const Reply made = put(path, json::serialize(body));
    EXPECT_EQ(made.status, 201) << made.text;
    const json::value shown = made.body.at("properties").at("direct").at("connections");
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const std::string id = *find_string(shown.at(i), "connectionIdentifier");
      const Reply approved =
          post(fmt::format("{}/providers/Open.Peering/connections/{}/approve", path, id), "");
      EXPECT_EQ(approved.status, 200) << approved.text;
      add_session(peers[i], fmt::format("{}-{}", name, i));
    }
    return path;
  }

  void add_session(std::string_view peer, std::string_view router) {
    model::BgpSession session;
    session.router = router;
    session.peer_address = *net::Address::parse(peer);
    session.peer_asn = 13335;
    session.established = true;
    session.state = "Established";
    sessions.push_back(session);
  }
  /// The sessions with the peer go down.
  void lose_session(std::string_view peer) {
    for (model::BgpSession& session : sessions) {
      if (session.peer_address != *net::Address::parse(peer)) continue;
      session.established = false;
      session.state = "Idle";
    }
  }

  /// A route from the peer, by its session.
  void announce(std::string_view prefix, std::vector<net::Asn> path, std::string_view peer = "192.0.2.1") {
    rib::Route made = route(prefix, std::move(path));
    auto from = std::make_shared<rib::Peer>(*made.peer);
    from->key.address = *net::Address::parse(peer);
    for (const model::BgpSession& session : sessions) {
      if (session.peer_address == from->key.address) from->key.router = session.router;
    }
    made.peer = from;
    routes.push_back(made);
  }

  static inline const std::string asn = std::string(sub_a) + "/providers/Microsoft.Peering/peerAsns/asn1";
};

}  // namespace peering::api
