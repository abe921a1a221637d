"""What a connection must see of a real router's BMP session, whoever wrote the router.

A test file mixes this into a SystemTest and names the router. Every change is made at the partner (BIRD);
the event has to be in the API, with its type and level, within one second of the change.
"""
import time

from harness import Tenant, free_port, loopback_network, wait_for
from routers import PARTNER_ASN, Partner

ORIGIN, FOREIGN = 64500, 64666
WITHIN_S = 1.0


class RouterChecks:
    router = None  # the class of the edge router: routers.Frr or routers.GoBgp

    def setUp(self):
        super().setUp()
        network = loopback_network()
        edge, partner = f"{network}.1", f"{network}.2"
        edge_port, partner_port = free_port(edge), free_port(partner)
        self.server = self.daemon(same_ports=True)
        self.tenant = Tenant(self.server.client())
        self.partner = Partner(self, partner, partner_port, edge, edge_port)
        self.edge = self.router(self, edge, edge_port, partner, partner_port, self.server.address("bmp"))
        self.edge.start()
        self.partner.start()
        self.partner.wait_established()
        self.partner_address = partner
        self.latencies = []

    def tearDown(self):
        for what, seconds in self.latencies:
            print(f"{self.edge.name}: {what}: event after {seconds * 1000:.0f} ms")
        super().tearDown()

    def change(self, announce=None, withdraw=()):
        """Makes a change at the partner; the moment just before it."""
        moment = time.monotonic()
        self.partner.change(announce, withdraw)
        return moment

    def expect_event(self, since, name, event_type, level, **fields):
        """The event is served within a second of `since`, in the extension and in Azure's shape."""
        def look():
            for event in self.tenant.events(name):
                wanted = {"eventType": event_type, "eventLevel": level, **fields}
                if all(event.get(key) == value for key, value in wanted.items()):
                    return event
            return None
        what = f"{event_type} {level} {fields or ''}".strip()
        event = wait_for(look, f"{what} among {self._seen(name)}", timeout_s=5)
        elapsed = time.monotonic() - since
        self.latencies.append((what, elapsed))
        self.assertLess(elapsed, WITHIN_S, what)
        azure = [(e["eventType"], e["eventLevel"]) for e in self.tenant.azure_events(name)]
        self.assertIn((event_type, level), azure)
        return event

    def _seen(self, name):
        class Now:
            def __str__(this):
                return str([(e.get("eventType"), e.get("eventLevel"), e.get("state"), e.get("observedPrefix"))
                            for e in self.tenant.events(name)])
        return Now()

    def count(self, name, event_type):
        return sum(event["eventType"] == event_type for event in self.tenant.events(name))

    def test_announce_change_of_origin_and_withdraw(self):
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[ORIGIN])

        since = self.change({"203.0.113.0/24": [ORIGIN]})
        event = self.expect_event(since, "office", "PrefixAnnouncementEvent", "Information")
        self.assertEqual(event["originAsn"], ORIGIN)
        self.assertEqual(event["asPath"][-2:], [PARTNER_ASN, ORIGIN])
        self.assertIn((self.partner_address, PARTNER_ASN), [(p["address"], p["asn"]) for p in event["peers"]])

        since = self.change({"203.0.113.0/24": [FOREIGN]})
        event = self.expect_event(since, "office", "PrefixOriginAsChangeEvent", "Critical", state="open",
                                  kind="origin-hijack")
        self.assertEqual((event["originAsn"], event["suspectAsn"]), (FOREIGN, FOREIGN))
        self.assertEqual(event["observedPrefix"], "203.0.113.0/24")

        since = self.change({"203.0.113.0/24": [ORIGIN]})
        resolved = self.expect_event(since, "office", "PrefixOriginAsChangeEvent", "Critical", state="resolved")
        self.assertEqual(resolved["id"], event["id"], "the same event, now resolved")

        since = self.change(withdraw=["203.0.113.0/24"])
        self.expect_event(since, "office", "PrefixWithdrawalEvent", "Critical")
        self.assertEqual(self.count("office", "PrefixOriginAsChangeEvent"), 1)
        self.assertEqual(self.count("office", "PrefixWithdrawalEvent"), 1)

    def test_more_specific_prefixes(self):
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[ORIGIN])
        since = self.change({"203.0.113.0/24": [ORIGIN]})
        self.expect_event(since, "office", "PrefixAnnouncementEvent", "Information")

        since = self.change({"203.0.113.128/25": [FOREIGN]})
        event = self.expect_event(since, "office", "PrefixMoreSpecificEvent", "Critical", state="open",
                                  kind="subprefix-hijack", observedPrefix="203.0.113.128/25")
        self.assertEqual(event["originAsn"], FOREIGN)
        since = self.change(withdraw=["203.0.113.128/25"])
        self.expect_event(since, "office", "PrefixMoreSpecificEvent", "Critical", state="resolved")

        since = self.change({"203.0.113.0/25": [ORIGIN]})
        self.expect_event(since, "office", "PrefixMoreSpecificEvent", "Warning", kind="new-prefix",
                          observedPrefix="203.0.113.0/25")

    def test_ipv6_and_a_prefix_registered_when_its_route_is_known(self):
        self.tenant.add_prefix("other", "2001:db8:1::/48", asn=[ORIGIN])
        since = self.change({"2001:db8:2::/48": [ORIGIN], "2001:db8:1::/48": [ORIGIN]})
        self.expect_event(since, "other", "PrefixAnnouncementEvent", "Information")

        since = time.monotonic()
        self.tenant.add_prefix("late", "2001:db8:2::/48", asn=[ORIGIN])
        self.expect_event(since, "late", "PrefixAnnouncementEvent", "Information")
        route = wait_for(lambda: self.tenant.routes("late"), "route of the prefix")[0]
        self.assertEqual((route["prefix"], route["relation"]), ("2001:db8:2::/48", "exact"))
        self.assertEqual((route["peer"]["address"], route["peer"]["asn"]), (self.partner_address, PARTNER_ASN))
        self.assertEqual(route["asPath"].split()[-1], str(ORIGIN))

    def test_unchanged_routes_are_no_events(self):
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[ORIGIN])
        since = self.change({"203.0.113.0/24": [ORIGIN]})
        self.expect_event(since, "office", "PrefixAnnouncementEvent", "Information")
        before = len(self.tenant.events("office"))
        for other in ("198.51.100.0/24", "198.51.101.0/24"):
            self.change({other: [ORIGIN]})
        self.change({"203.0.113.0/24": [ORIGIN]})
        time.sleep(0.5)
        self.assertEqual(len(self.tenant.events("office")), before)
