"""Requirements of a prefix: what the server says of them, and what happens when they are no longer met."""
import json

import harness
from bmp import Peer, Router
from harness import Tenant, wait_for

PREFIX = "203.0.113.0/24"
GOOD = {"path": [64496, 64500], "communities": [(8075, 8007)]}


class Validation(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.tenant = Tenant(self.server.client())
        self.peer = Peer("198.51.100.1", 64496)
        self.router = self.connect()

    def connect(self):
        router = Router(self.server.address("bmp"))
        self.addCleanup(router.close)
        router.send(self.peer.up())
        return router

    def state(self):
        return self.tenant.client.ok("GET", self.tenant.url(self.tenant.prefix_id("office")))["properties"][
            "prefixValidationState"]

    def becomes(self, state):
        wait_for(lambda: self.state() == state, state, timeout_s=20)

    def violations(self):
        return [event["state"] for event in self.tenant.events("office")
                if event["kind"] == "requirement-violation"]

    def test_a_withdrawal_violates_until_the_prefix_is_announced_again(self):
        self.tenant.add_prefix("office", PREFIX, asn=[64500])
        self.router.send(self.peer.route([PREFIX], **GOOD))
        self.becomes("Verified")
        self.is_looked_at()
        self.router.send(self.peer.route(withdraw=[PREFIX]))
        self.becomes("Failed")
        wait_for(lambda: self.violations() == ["open"], "an open violation", timeout_s=30)
        self.router.send(self.peer.route([PREFIX], **GOOD))
        self.becomes("Verified")
        wait_for(lambda: set(self.violations()) == {"resolved"}, "its end", timeout_s=30)
        azure = [event for event in self.tenant.azure_events("office")
                 if event["eventType"] == "PrefixRequirementViolationEvent"]
        self.assertEqual({event["eventLevel"] for event in azure}, {"Warning"})

    def is_looked_at(self):
        """Until the watch has seen what is there now: its next two rounds are over."""
        rounds = lambda: self.server.metrics()["peering_requirement_rounds_total"]
        before = rounds()
        wait_for(lambda: rounds() >= before + 2, "two rounds of the watch", timeout_s=30)

    def test_the_command_line_shows_each_requirement_and_the_site(self):
        self.tenant.add_prefix("office", PREFIX, asn=[64500])
        self.router.send(self.peer.route([PREFIX], path=[64496, 64510, 64511, 64500], communities=[(8075, 8007)]))
        self.becomes("Failed")
        names = ("-g", self.tenant.group, "-n", "office")
        run = lambda *words: self.ctl(self.server, *words, subscription=self.tenant.subscription)
        shown = json.loads(run("validation", "show", *names, "--prefix-name", "office", "-o", "json"))
        failed = [each for each in shown["requirements"] if each["result"] == "fail"]
        self.assertEqual([(each["name"], each["session"]) for each in failed], [("asPathLength", "198.51.100.1")])
        self.assertIn("64496 64510 64511 64500", failed[0]["seen"])
        self.assertIn("asPathLength", run("validation", "show", *names, "--prefix-name", "office", "-o", "table"))
        self.assertIn(PREFIX, run("validation", "show", *names, "-o", "table"))
        site = json.loads(run("service", "redundancy", "office", "-g", self.tenant.group, "-o", "json"))
        self.assertFalse(site["redundant"])
        self.assertEqual(len(site["requirements"]), 4)

    def make_partner(self, peers):
        """The connection's provider with a peering of two connections, approved; returns the peering."""
        client, tenant = self.tenant.client, self.tenant
        root = f"/subscriptions/{tenant.subscription}/providers/Microsoft.Peering"
        name = tenant.service_body["properties"]["peeringServiceProvider"]
        asn, peering = f"{root}/peerAsns/partner", f"{tenant.provider_root}/peerings/partner"
        client.ok("PUT", tenant.url(asn), {"properties": {"peerAsn": 3333, "peerName": name}})
        client.ok("POST", tenant.extension(asn, "approve"))
        metro = client.ok("GET", tenant.url(f"{root}/peeringLocations", query="&kind=Direct"))["value"][0]["name"]
        connections = [{"bandwidthInMbps": 10000, "useForPeeringService": True,
                        "bgpSession": {"peerSessionIPv4Address": peer}} for peer in peers]
        made = client.ok("PUT", tenant.url(peering), {
            "location": "eastus", "kind": "Direct", "sku": {"name": "Premium_Direct_Free"}, "properties": {
                "peeringLocation": metro, "direct": {"peerAsn": {"id": asn}, "directPeeringType": "Edge",
                                                     "connections": connections}}})
        for each in made["properties"]["direct"]["connections"]:
            client.ok("POST", tenant.extension(peering, f"connections/{each['connectionIdentifier']}/approve"))
        return peering

    def failed(self):
        shown = self.tenant.client.ok("GET", self.tenant.extension(self.tenant.prefix_id("office"), "validation"))
        return [(each["name"], each.get("session")) for each in shown["requirements"] if each["result"] == "fail"]

    def test_every_session_and_the_key_of_a_provider_count(self):
        peers = [Peer("198.51.100.11", 3333), Peer("198.51.100.12", 3333)]
        peering = self.make_partner([str(peer.address) for peer in peers])
        one, two = (Router(self.server.address("bmp"), name) for name in ("edge-11", "edge-12"))
        self.addCleanup(one.close)
        self.addCleanup(two.close)
        good = {"path": [3333, 3334], "communities": [(8075, 8007)]}
        one.send(peers[0].up() + peers[0].route([PREFIX], **good))
        two.send(peers[1].up())
        registration = f"{peering}/registeredAsns/office"
        wait_for(lambda: self.tenant.client.put(self.tenant.url(registration), {"properties": {"asn": 3334}}).status < 300,
                 "an active connection")
        key = self.tenant.client.ok("GET", self.tenant.url(registration))["properties"]["peeringServicePrefixKey"]
        self.tenant.client.ok("PUT", self.tenant.url(self.tenant.prefix_id("office")),
                              {"properties": {"prefix": PREFIX, "peeringServicePrefixKey": key}})
        self.becomes("Failed")
        self.assertEqual(self.failed(), [("prefixReceived", "198.51.100.12")])
        two.send(peers[1].route([PREFIX], **good))
        self.becomes("Verified")
        self.is_looked_at()
        two.close()
        self.is_looked_at()
        self.is_looked_at()
        self.assertEqual(self.violations(), [], "a router that is lost withdraws nothing")
        one.send(peers[0].route(withdraw=[PREFIX]))
        wait_for(lambda: self.violations() == ["open"], "an open violation", timeout_s=30)

    def test_ipv6_is_refused_where_the_operator_says_so(self):
        self.tenant.client.ok("PUT", self.tenant.url(self.tenant.prefix_id("six")),
                              {"properties": {"prefix": "2001:db8:1::/48"}})
        strict = Tenant(self.daemon("strict", config="[network]\nipv6_prefixes = false\n").client())
        refused = strict.client.put(strict.url(strict.prefix_id("six")), {"properties": {"prefix": "2001:db8:1::/48"}})
        self.assertEqual((refused.status, refused.error_code), (400, "BadArgument"))


if __name__ == "__main__":
    harness.main()
