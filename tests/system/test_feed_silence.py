"""A feed that falls silent: its own event, and what rests on it alone is not presented as fine."""
import time

import harness
from bmp import Peer, Router
from harness import Tenant, wait_for

ALONE, SHARED = "203.0.113.0/24", "198.51.100.0/24"


class SilentFeed(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon(config='[detection]\nsilence_min = "2s"\n')
        self.client = self.server.client()
        self.tenant = Tenant(self.client)
        self.alone = self.tenant.add_prefix("alone", ALONE, asn=[64500])
        self.shared = self.tenant.add_prefix("shared", SHARED, asn=[64500])

    def connect(self, name, address, prefixes):
        router, peer = Router(self.server.address("bmp"), name=name), Peer(address, 64496)
        self.addCleanup(router.close)
        router.send(peer.up() + peer.route(prefixes, path=[64496, 64500], communities=[(8075, 8007)]))
        return router, peer

    def talk(self, *feeds, times=26, every_s=0.12):
        """Something changes in the network every now and then."""
        for i in range(times):
            for router, peer in feeds:
                router.send(peer.route(["192.0.2.0/24"], path=[64496, 64510 + i % 2]))
            time.sleep(every_s)

    def get(self, resource, what):
        return self.client.ok("GET", Tenant.extension(resource, what))

    def silences(self, state):
        return [one for one in self.get(self.tenant.connection, "events")["value"]
                if one["kind"] == "feed-silent" and one["state"] == state]

    def test_is_an_event_and_leaves_what_it_showed_alone_unobserved_until_it_speaks_again(self):
        silent = self.connect("edge-1", "192.0.2.1", [ALONE, SHARED])
        other = self.connect("edge-2", "192.0.2.2", [SHARED])
        wait_for(lambda: self.get(self.alone, "validation")["state"] == "Verified", "a verified prefix")
        self.assertTrue(self.get(self.alone, "validation")["observed"])
        self.talk(silent, other)
        began = time.monotonic()
        while not self.silences("open"):
            self.assertLess(time.monotonic() - began, 30, "no event of a silent feed")
            self.talk(other, times=2)
        event = self.silences("open")[0]
        self.assertEqual((event["eventType"], event["eventLevel"]), ("PrefixTelemetrySilentEvent", "Warning"))
        self.assertEqual(event["peers"][0]["router"], "edge-1")
        self.assertIn("is connected and says nothing since", event["eventDescription"])
        self.assertIn("feed edge-1: nothing heard", self.client.ok("GET", "/readyz")["concerns"][0])

        verdict = self.get(self.alone, "validation")
        self.assertEqual((verdict["observed"], verdict["state"]), (False, "Unknown"))
        self.assertEqual(verdict["notObserved"][0]["feed"], "edge-1")
        self.assertIn("says nothing", verdict["notObserved"][0]["reason"])
        self.assertNotIn("pass", [each["result"] for each in verdict["requirements"]])
        self.assertEqual((self.get(self.shared, "validation")["observed"],
                          self.get(self.shared, "validation")["state"]), (True, "Verified"))
        routes = {(each["prefix"], each["peer"]["router"]): each for each in self.get(self.tenant.connection, "routes")["routes"]}
        self.assertFalse(routes[(ALONE, "edge-1")]["observed"])
        self.assertTrue(routes[(SHARED, "edge-2")]["observed"])
        redundancy = self.get(self.tenant.connection, "redundancy")
        self.assertFalse(redundancy["observed"])
        by_name = {each["name"]: each["result"] for each in redundancy["requirements"]}
        self.assertEqual(by_name["twoPartnersOrRouters"], "unknown", "only one of the two routers is heard")
        prefix = self.client.ok("GET", f"{self.alone}?api-version=2022-10-01")["properties"]
        self.assertEqual(prefix["prefixValidationState"], "Verified", "Azure's part says what it knows")

        self.talk(silent, other, times=1)
        resolved = wait_for(lambda: self.silences("resolved"), "the end of the silence")[0]
        self.assertEqual(resolved["id"], event["id"])
        wait_for(lambda: self.get(self.alone, "validation")["observed"], "an observed prefix")
        self.assertEqual(self.get(self.alone, "validation")["state"], "Verified")

    def test_that_is_quiet_by_nature_is_none(self):
        rare = self.connect("edge-1", "192.0.2.1", [ALONE])
        for _ in range(24):
            self.talk(rare, times=1, every_s=1.5)
        time.sleep(2)  # with the last pause above silence_min, below three of its pauses
        self.assertEqual(self.silences("open") + self.silences("resolved"), [])
        self.assertTrue(self.get(self.alone, "validation")["observed"])

    def test_that_only_sent_its_table_is_none(self):
        router, peer = self.connect("edge-1", "192.0.2.1", [ALONE])
        router.send(b"".join(peer.route([f"10.{i}.0.0/16"], path=[64496, 64510]) for i in range(200)))
        wait_for(lambda: self.get(self.alone, "validation")["state"] == "Verified", "a verified prefix")
        time.sleep(5)
        self.assertEqual(self.silences("open"), [])

    def test_that_is_away_is_not_observed_either(self):
        router, peer = self.connect("edge-1", "192.0.2.1", [ALONE])
        wait_for(lambda: self.get(self.alone, "validation")["state"] == "Verified", "a verified prefix")
        router.close()
        verdict = wait_for(lambda: (lambda v: v if not v["observed"] else None)(self.get(self.alone, "validation")), "the mark")
        self.assertEqual(verdict["notObserved"][0]["reason"], "its session is down")
        self.connect("edge-1", "192.0.2.1", [ALONE])
        wait_for(lambda: self.get(self.alone, "validation")["observed"], "an observed prefix")


if __name__ == "__main__":
    harness.main()
