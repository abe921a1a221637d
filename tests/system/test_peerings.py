"""A partner's peering from its request to its session: BIRD peers with FRR, which reports by BMP, and the operator approves."""
import json
import uuid

import bmp
import harness
import routers
from harness import free_port, loopback_network, wait_for

PARTNER_ASN, CUSTOMER_ASN = 3333, 3334
GROUP = "partners"
PEERING = ("--resource-group", GROUP, "--name", "akl1")


class Peerings(harness.SystemTest):
    def setUp(self):
        super().setUp()
        network = loopback_network()
        self.edge_address, self.partner_address = f"{network}.1", f"{network}.2"
        edge_port, partner_port = free_port(self.edge_address), free_port(self.partner_address)
        self.server = self.daemon(same_ports=True)
        self.subscription = str(uuid.uuid4())
        self.partner = routers.Partner(self, self.partner_address, partner_port, self.edge_address, edge_port,
                                       asn=PARTNER_ASN)
        self.edge = routers.Frr(self, self.edge_address, edge_port, self.partner_address, partner_port,
                                self.server.address("bmp"), asn=PARTNER_ASN)

    def run_ctl(self, *words, expect=0):
        return self.ctl(self.server, *words, expect=expect, subscription=self.subscription)

    def json(self, *words):
        return json.loads(self.run_ctl(*words, "-o", "json"))

    def connection(self):
        return self.json("peering", "show", *PEERING)["properties"]["direct"]["connections"][0]

    def becomes(self, state, session_state):
        def look():
            seen = self.connection()
            return (seen["connectionState"], seen["bgpSession"]["sessionStateV4"]) == (state, session_state)
        wait_for(look, f"connection {state} with its session {session_state}", timeout_s=30, interval_s=0.2)

    def received(self, *filters):
        return self.json("received-route", "list", "--resource-group", GROUP, "--peering-name", "akl1", *filters)

    def receives_what_the_partner_announces(self):
        self.partner.change({"203.0.113.0/24": [CUSTOMER_ASN], "20.0.0.0/16": [CUSTOMER_ASN], "2001:db8:1::/48": []})
        shown = wait_for(lambda: len(self.received()) == 3 and self.received(), "three received routes")
        self.assertEqual([(route["prefix"], route["asPath"]) for route in shown],
                         [("20.0.0.0/16", f"{PARTNER_ASN} {CUSTOMER_ASN}"), ("2001:db8:1::/48", str(PARTNER_ASN)),
                          ("203.0.113.0/24", f"{PARTNER_ASN} {CUSTOMER_ASN}")])
        self.assertEqual((shown[0]["nextHop"], shown[0]["rpkiValidationState"]), ("192.0.2.2", "Unknown"))
        self.assertRegex(shown[0]["receivedTimestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$")
        self.assertEqual([route["prefix"] for route in self.received("--origin-as-validation-state", "Valid")],
                         ["2001:db8:1::/48"])
        self.assertEqual(len(self.received("--prefix", "203.0.113.0/24")), 1)
        self.partner.change(withdraw=["20.0.0.0/16"])
        wait_for(lambda: len(self.received()) == 2, "withdrawal among the received routes")

    def metric(self, name, aggregation):
        """Of the last hour, in one point; None: nothing is known."""
        peering = f"/subscriptions/{self.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Peering/peerings/akl1"
        answer = self.server.client().ok("GET", f"{peering}/providers/Microsoft.Insights/metrics?api-version=2023-10-01"
                                                f"&metricnames={name}&interval=FULL&timespan=PT1H")
        series = answer["value"][0]["timeseries"]
        return series[0]["data"][0].get(aggregation) if series else None

    def the_session_is_in_the_metrics(self):
        wait_for(lambda: self.metric("FlapCounts", "total") == 1, "one flap of the session")
        before = self.metric("SessionAvailability", "average")
        self.assertTrue(0 < before < 1, before)
        self.server.kill()
        self.server.start()
        self.becomes("Active", "Established")
        self.assertEqual(self.metric("FlapCounts", "total"), 1, "a kill is no flap, and forgets none")
        self.assertGreater(self.metric("SessionAvailabilityV4", "average"), 0)
        self.assertIsNone(self.metric("SessionAvailabilityV6", "average"))

    def ask(self):
        self.run_ctl("subscription", "create", "--subscription", self.subscription, "--name", "Partner")
        self.run_ctl("group", "create", "--name", GROUP, "--location", "eastus")
        self.run_ctl("asn", "create", "--name", "contoso", "--peer-asn", str(PARTNER_ASN), "--peer-name", "Contoso")
        self.run_ctl("peering", "create", *PEERING, "--kind", "Direct", "--peering-location", "Auckland",
                     "--peer-asn", "contoso", "--sku", "Basic_Direct_Free", "--direct-peering-type", "Edge",
                     "--connection", "bandwidthInMbps=10000,sessionAddressProvider=Peer,"
                     f"peerSessionIPv4Address={self.partner_address},microsoftSessionIPv4Address={self.edge_address}")

    def test_from_the_request_to_the_session_and_its_end(self):
        self.ask()
        self.assertEqual(self.json("asn", "show", "--name", "contoso")["properties"]["validationState"], "Pending")
        self.run_ctl("peering", "approve", "akl1", expect=4)
        self.run_ctl("peering", "approve", "nowhere", expect=2)
        self.run_ctl("asn", "approve", "contoso")
        self.becomes("PendingApproval", "PendingAdd")
        self.run_ctl("peering", "approve", *PEERING)
        self.becomes("ProvisioningStarted", "PendingAdd")

        self.edge.start()
        self.partner.start()
        self.becomes("Active", "Established")
        self.assertEqual(self.connection()["provisionedBandwidthInMbps"], 10000)
        self.assertIn("Active", self.run_ctl("peering", "show", *PEERING, "-o", "table"))

        self.receives_what_the_partner_announces()

        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.becomes("Active", "Established")
        wait_for(lambda: len(self.received()) == 2, "received routes after the restart")

        self.partner.stop()
        self.becomes("ProvisioningCompleted", "Idle")
        self.assertEqual(self.received(), [])
        self.assertEqual(self.connection()["provisionedBandwidthInMbps"], 0)
        self.partner.start()
        self.becomes("Active", "Established")
        self.the_session_is_in_the_metrics()

        self.run_ctl("peering", "reject", *PEERING, "--connection", self.connection()["connectionIdentifier"],
                     "--reason", "the contract ended")
        self.becomes("ProvisioningFailed", "None")
        self.assertEqual(self.connection()["errorMessage"], "the contract ended")
        self.run_ctl("asn", "delete", "--name", "contoso", "--yes", expect=4)
        self.run_ctl("peering", "delete", *PEERING, "--yes")
        self.run_ctl("asn", "delete", "--name", "contoso", "--yes")


class PeeringService(harness.SystemTest):
    """What Peering Service needs is judged by the routers that have the sessions, and no more is known than they tell."""

    def setUp(self):
        super().setUp()
        self.server = self.daemon(config='[network]\napprove = "automatic"\n')
        self.subscription = str(uuid.uuid4())

    def json(self, *words):
        return json.loads(self.ctl(self.server, *words, "-o", "json", subscription=self.subscription))

    def connections_become(self, *wanted):
        def look():
            shown = self.json("peering", "show", *PEERING)["properties"]["direct"]["connections"]
            return [(each["connectionState"], each.get("errorMessage")) for each in shown] == list(wanted)
        wait_for(look, f"connections {wanted}", timeout_s=10, interval_s=0.1)

    def test_two_sessions_of_one_router_are_not_enough(self):
        self.json("subscription", "create", "--subscription", self.subscription, "--name", "Partner")
        self.json("group", "create", "--name", GROUP, "--location", "eastus")
        self.json("asn", "create", "--name", "contoso", "--peer-asn", str(PARTNER_ASN))
        first, second = (bmp.Peer(address, PARTNER_ASN) for address in ("198.51.100.1", "198.51.100.3"))
        self.json("peering", "create", *PEERING, "--kind", "Direct", "--peering-location", "Auckland",
                  "--peer-asn", "contoso", "--sku", "Premium_Direct_Free", "--connection",
                  *(f"bandwidthInMbps=10000,useForPeeringService=true,peerSessionIPv4Address={peer.address}"
                    for peer in (first, second)))
        self.connections_become(("ProvisioningStarted", None), ("ProvisioningStarted", None))

        edge, other = (bmp.Router(self.server.address("bmp"), name) for name in ("edge-1", "edge-2"))
        self.addCleanup(other.close)
        edge.send(first.up() + second.up())
        fault = "Peering Service needs connections on two different routers"
        self.connections_become(("Active", fault), ("Active", fault))
        edge.send(second.down())
        self.connections_become(("Active", None), ("ProvisioningCompleted", None))
        other.send(second.up())
        self.connections_become(("Active", None), ("Active", None))
        edge.close()
        self.connections_become(("ProvisioningStarted", None), ("Active", None))


if __name__ == "__main__":
    harness.main()
