"""What ends and comes back: the same event again, also over a restart; what flaps is stored in full and told once."""
import time

import harness
from bmp import Peer, Router
from harness import Tenant, wait_for
from webhook import Receiver

CONFIG = """
[detection]
reopen_within = "30s"
[alerts]
flap_window = "60s"
flap_quiet = "4s"
flap_standing = "{standing}"
"""
PREFIX, OWN, HIJACKER = "203.0.113.0/24", 64500, 64666


class LifeCycle(harness.SystemTest):
    def prepare(self, standing="1m"):
        self.server = self.daemon(config=CONFIG.format(standing=standing))
        self.tenant = Tenant(self.server.client())
        self.tenant.add_prefix("web", PREFIX, asn=[OWN])
        self.receiver = Receiver("secret")
        self.addCleanup(self.receiver.close)
        channel = f"/subscriptions/{self.tenant.subscription}/providers/Open.Peering/alertChannels/hook"
        self.tenant.client.ok("PUT", Tenant.url(channel, harness.EXTENSION_VERSION),
                              {"properties": {"type": "webhook", "url": self.receiver.url, "secret": "secret"}})
        self.tenant.client.ok("PUT", Tenant.extension(self.tenant.connection, "monitoring/default"),
                              {"properties": {"alerts": {"enabled": True, "channels": ["hook"],
                                                         "kinds": ["origin-hijack"]}}})
        self.peer = Peer("198.51.100.1", 64496)
        self.connect()

    def connect(self):
        self.router = Router(self.server.address("bmp"))
        self.addCleanup(self.router.close)
        self.router.send(self.peer.up())
        self.announce(OWN)

    def restart(self):
        self.server.kill()
        self.server.start()
        self.tenant.client = self.server.client()

    def announce(self, origin):
        self.router.send(self.peer.route([PREFIX], path=[64496, origin]))

    def hijacks(self):
        return [event for event in self.tenant.events("web") if event["kind"] == "origin-hijack"]

    def state(self, state, reopened=0):
        """The hijack, once it is in this state after so many returns."""
        def look():
            found = self.hijacks()
            right = found and found[0]["state"] == state and found[0].get("reopened", 0) == reopened
            return found[0] if right else None
        return wait_for(look, f"{state} after {reopened} returns", timeout_s=20)

    def turn(self, reopened):
        self.announce(HIJACKER)
        self.state("open", reopened)
        self.announce(OWN)
        return self.state("resolved", reopened)

    def deliveries(self):
        """Each once: what was sent when the server was killed is sent again under its id."""
        return list({one.json["id"]: one.json for one in reversed(self.receiver.taken())}.values())[::-1]

    def told(self):
        return [(one["kind"], one["state"]) for one in self.deliveries()]

    def wait_told(self, expected, timeout_s=20):
        wait_for(lambda: len(self.told()) >= len(expected), f"{expected}, not {self.told()}", timeout_s=timeout_s)
        self.assertEqual(self.told(), expected)

    def test_what_comes_back_soon_is_the_same_event_also_after_a_restart(self):
        self.prepare()
        first = self.turn(0)
        self.turn(1)
        self.restart()
        self.connect()
        self.announce(HIJACKER)
        again = self.state("open", 2)
        self.assertEqual(len(self.hijacks()), 1)
        for field in ("id", "firstSeen", "incidentId"):
            self.assertEqual(again[field], first[field])
        self.assertNotIn("resolvedAt", again)
        self.assertIn("back after", str(again["evidence"]))

        self.restart()
        self.connect()
        over = self.state("resolved", 2)
        self.assertEqual(over["id"], first["id"])
        self.assertGreater(over["durationSeconds"], first["durationSeconds"])
        self.wait_told([("origin-hijack", "open"), ("origin-hijack", "resolved")] * 3)
        self.assertEqual({one["alertId"] for one in self.deliveries()}, {first["id"]})

    def test_what_flaps_is_told_at_first_then_as_one_and_stored_in_full(self):
        self.prepare()
        for reopened in range(3):
            self.turn(reopened)
        turns = [("origin-hijack", "open"), ("origin-hijack", "resolved")] * 3
        self.wait_told(turns)
        for reopened in range(3, 12):
            self.turn(reopened)
        self.wait_told(turns + [("flapping", "open")])
        flapping = self.receiver.taken()[-1].json
        self.assertEqual(flapping["level"], "Warning")
        self.assertEqual(flapping["event"]["eventType"], "PrefixFlappingEvent")
        self.assertEqual(flapping["event"]["flapping"]["eventId"], self.hijacks()[0]["id"])
        self.assertTrue(self.hijacks()[0]["damped"])
        self.assertIn("PrefixFlappingEvent", [e["eventType"] for e in self.tenant.azure_events("web")])
        self.assertIn("peering_events_flapping 1", self.tenant.client.get("/metrics").text)

        self.wait_told(turns + [("flapping", "open"), ("flapping", "resolved")])
        self.assertGreater(self.receiver.taken()[-1].json["durationSeconds"], 3)
        time.sleep(2)
        self.assertEqual(len(self.told()), 8, "it was over when the flapping ended")
        self.assertEqual([e for e in self.tenant.events("web") if e["state"] == "open"], [])

    def test_what_is_open_when_the_flapping_ends_is_told_and_resolved_also_after_a_restart(self):
        self.prepare()
        for reopened in range(3):
            self.turn(reopened)
        self.announce(HIJACKER)
        self.state("open", 3)
        turns = [("origin-hijack", "open"), ("origin-hijack", "resolved")] * 3
        self.wait_told(turns + [("flapping", "open")])
        self.restart()
        self.connect()
        self.announce(HIJACKER)
        told = turns + [("flapping", "open"), ("flapping", "resolved"), ("origin-hijack", "open")]
        wait_for(lambda: len(self.told()) >= len(told), "what is open is told", timeout_s=30)
        self.announce(OWN)
        self.wait_told(told + [("origin-hijack", "resolved")])

    def test_a_hijack_that_stays_is_told_while_it_still_counts_as_flapping(self):
        self.prepare(standing="1s")
        for reopened in range(3):
            self.turn(reopened)
        self.announce(HIJACKER)
        since = time.monotonic()
        turns = [("origin-hijack", "open"), ("origin-hijack", "resolved")] * 3
        self.wait_told(turns + [("flapping", "open"), ("origin-hijack", "open")])
        self.assertLess(time.monotonic() - since, 4, "before the flapping is over")
        self.announce(OWN)
        self.wait_told(turns + [("flapping", "open"), ("origin-hijack", "open"), ("origin-hijack", "resolved")])


if __name__ == "__main__":
    harness.main()
