"""Expectations that a server proposes, what a false alarm teaches, and what rules would have said of the archived past."""
import json
import uuid
from datetime import datetime, timedelta, timezone

import harness
from bmp import Peer, Router
from harness import wait_for

GROUP = ("--resource-group", "network")
OFFICE = (*GROUP, "--peering-service-name", "office")
LAN = (*OFFICE, "--prefix-name", "lan")


class Suggest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.archive = self.dir / "archive"
        self.server = self.daemon(config=f'[archive]\ndir = "{self.archive}"\nevery = "1d"\n')
        self.subscription = str(uuid.uuid4())
        self.run_ctl("subscription", "create", "--subscription", self.subscription, "--name", "Example")
        self.run_ctl("group", "create", "--name", "network", "--location", "westeurope")
        provider = self.json("service", "provider", "list")[0]["name"]
        location = self.json("service", "location", "list")[0]["name"]
        self.run_ctl("service", "create", *GROUP, "--name", "office", "--peering-service-provider", provider,
                     "--peering-service-location", location)
        self.run_ctl("service", "prefix", "create", *OFFICE, "--name", "lan", "--prefix", "203.0.113.0/24")
        self.router, self.peer = Router(self.server.address("bmp")), Peer("198.51.100.1", 64496)
        self.addCleanup(self.router.close)
        self.router.send(self.peer.up() + self.peer.route(["203.0.113.0/24"], path=[64496, 64500]) + self.peer.end_of_rib())
        wait_for(lambda: self.json("route", "show", *LAN), "a route")

    def run_ctl(self, *words, expect=0):
        return self.ctl(self.server, *words, expect=expect, subscription=self.subscription)

    def json(self, *words):
        return json.loads(self.run_ctl(*words, "-o", "json"))

    def settings(self):
        return self.json("monitoring", "show", *LAN)["properties"]

    def event(self, kind, state):
        events = self.json("event", "list", *LAN, "--kind", kind, "--state", state)
        return events[0]["id"] if events else None

    def test_a_suggestion_a_false_alarm_and_the_past(self):
        self.suggests()
        event = self.learns()
        self.replays(event)

    def suggests(self):
        proposed = self.json("monitoring", "suggest", *LAN)["properties"]
        self.assertEqual(proposed["suggested"], {"asn": [64500], "upstreams": [64496]})
        self.assertIn("seen at 1 peer of 1 router since", proposed["reasons"][0]["why"])
        self.assertEqual(self.settings()["asn"], "any")
        self.run_ctl("monitoring", "suggest", *LAN, "--apply", expect=2)
        self.assertEqual(self.settings()["asn"], "any")
        shown = self.run_ctl("monitoring", "suggest", *OFFICE, "--apply", "--yes", "-o", "table")
        self.assertIn('asn: "any" -> [64500]', shown)
        self.assertEqual((self.settings()["asn"], self.settings()["upstreams"]), ([64500], [64496]))
        self.assertIn("nothing to change", self.run_ctl("monitoring", "suggest", *LAN, "-o", "table"))

    def learns(self):
        self.router.send(self.peer.route(["203.0.113.0/24"], path=[64496, 64501]))
        event = wait_for(lambda: self.event("origin-hijack", "open"), "the false alarm")
        self.assertIn(event, self.json("monitoring", "suggest", *LAN)["properties"]["warnings"][0])
        lesson = self.json("event", "learn", event)["properties"]
        self.assertEqual(lesson["changes"], [{"field": "asn", "before": [64500], "after": [64500, 64501]}])
        self.assertEqual(self.settings()["asn"], [64500])
        self.run_ctl("event", "learn", event, *LAN, "--apply", "--yes")
        self.assertEqual(self.settings()["asn"], [64500, 64501])
        wait_for(lambda: self.event("origin-hijack", "resolved") == event, "the end of the alarm")
        self.run_ctl("event", "learn", str(uuid.uuid4()), expect=3)
        return event

    def replays(self, event):
        self.router.send(self.peer.route(["203.0.113.0/24"], path=[64496, 64666]))
        wait_for(lambda: self.event("origin-hijack", "open"), "a hijack")
        self.router.close()
        self.server.stop()
        self.server.start()
        now = datetime.now(timezone.utc)
        times = ("--from", (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                 "--to", (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        fired = [json.loads(line) for line in
                 self.run_ctl("replay", *times, "--archive", str(self.archive), *OFFICE).splitlines()]
        found = [line["origin"] for line in fired if line["kind"] == "origin-hijack"]
        self.assertEqual(found, [64666], fired)
        # With the rules of before, the alarm that was learned from would have fired too.
        watch = self.dir / "watch.json"
        watch.write_text(json.dumps({"prefixes": [{"prefix": "203.0.113.0/24", "asn": [64500]}]}))
        fired = [json.loads(line) for line in
                 self.run_ctl("replay", *times, "--archive", str(self.archive), "--watch", str(watch)).splitlines()]
        self.assertEqual([line["origin"] for line in fired if line["kind"] == "origin-hijack"], [64501, 64666])


if __name__ == "__main__":
    harness.main()
