"""The README's tour with `peeringctl`: from a subscription to events, a latency report and an alert channel."""
import json
import os
import subprocess
import uuid

import harness
from bmp import Peer, Router
from harness import samples_body, wait_for

GROUP = ("--resource-group", "network")
OFFICE = (*GROUP, "--peering-service-name", "office")


class Tour(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.subscription = str(uuid.uuid4())

    def run_ctl(self, *words, expect=0):
        return self.ctl(self.server, *words, expect=expect, subscription=self.subscription)

    def json(self, *words):
        return json.loads(self.run_ctl(*words, "-o", "json"))

    def register(self):
        self.run_ctl("subscription", "create", "--subscription", self.subscription, "--name", "Example")
        self.run_ctl("group", "create", "--name", "network", "--location", "westeurope")
        provider = self.json("service", "provider", "list")[0]["name"]
        location = self.json("service", "location", "list")[0]["name"]
        self.run_ctl("service", "create", *GROUP, "--name", "office", "--peering-service-provider", provider,
                     "--peering-service-location", location, "--tags", "team=network")
        self.run_ctl("service", "prefix", "create", *OFFICE, "--name", "lan", "--prefix", "203.0.113.0/24")
        self.run_ctl("monitoring", "set", *OFFICE, "--prefix-name", "lan", "--asn", "64500")

    def test_the_tour(self):
        self.assertEqual(self.json("status")["status"], "ready")
        self.register()
        self.assertEqual(self.json("service", "show", *GROUP, "--name", "office")["tags"], {"team": "network"})
        self.assertEqual([one["name"] for one in self.json("service", "list", *GROUP)], ["office"])
        shown = self.json("service", "prefix", "show", *OFFICE, "--name", "lan")
        self.assertEqual(shown["properties"]["prefix"], "203.0.113.0/24")
        self.hijack()
        self.samples()
        self.tables()
        self.ends()

    def hijack(self):
        follower = self.follow()
        wait_for(lambda: self.server.metrics().get("peering_event_followers"), "follower at the server")
        router, peer = Router(self.server.address("bmp")), Peer("198.51.100.1", 64496)
        self.addCleanup(router.close)
        router.send(peer.up() + peer.route(["203.0.113.0/24"], path=[64496, 64666]))
        output, _ = follower.communicate(timeout=20 * harness.PATIENCE)
        self.assertEqual(follower.returncode, 0)
        self.assertIn("origin-hijack", output)
        events = self.json("event", "list", *OFFICE, "--prefix-name", "lan")
        self.assertIn("PrefixOriginAsChangeEvent", [event["eventType"] for event in events])
        routes = self.json("route", "show", *OFFICE, "--prefix-name", "lan")
        self.assertIn("64666", json.dumps(routes))

    def follow(self):
        environment = {**os.environ, "PEERING_ENDPOINT": self.server.http, "PEERING_TOKEN": self.server.token,
                       "PEERING_SUBSCRIPTION": self.subscription}
        command = [harness.PEERINGCTL, "event", "follow", *OFFICE, "--prefix-name", "lan", "--kind", "origin-hijack",
                   "--count", "1", "-o", "json"]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def samples(self):
        path = self.dir / "samples.ndjson"
        path.write_bytes(samples_body(["203.0.113.9"] * 200, rtt_us=23000))
        answer = self.json("latency", "import", str(path))
        self.assertEqual((answer["accepted"], answer["rejected"]), (200, 0))
        report = self.json("latency", "report", *OFFICE, "--prefix-name", "lan", "--timespan", "PT6H",
                           "--interval", "PT5M")
        text = json.dumps(report)
        self.assertIn("AMS", text)
        self.assertIn("p50_us", text)

    def tables(self):
        for words in (("service", "list"), ("service", "prefix", "list", *GROUP, "--name", "office"),
                      ("event", "list", *OFFICE), ("latency", "report", *OFFICE), ("service", "provider", "list")):
            for form in ("table", "tsv", "yaml"):
                self.assertTrue(self.run_ctl(*words, "-o", form).strip(), f"{words} -o {form}")
        self.assertNotIn("\x1b", self.run_ctl("service", "list", "-o", "table", "--no-color"))

    def ends(self):
        self.run_ctl("service", "prefix", "delete", *OFFICE, "--name", "lan", "--yes")
        self.run_ctl("service", "delete", *GROUP, "--name", "office", "--yes")
        self.assertEqual(self.json("service", "list"), [])

    def test_exit_codes_say_what_went_wrong(self):
        self.register()
        self.assertIn("none", self.run_ctl("service", "show", *GROUP, "--name", "none", expect=3))
        self.run_ctl("service", "show", expect=2)
        self.run_ctl("no-such-noun", expect=2)
        self.run_ctl("service", "prefix", "create", *OFFICE, "--name", "again", "--prefix", "203.0.113.0/24", expect=4)
        said = self.run_ctl("service", "prefix", "create", *OFFICE, "--name", "bad", "--prefix", "203.0.113.7/24",
                            expect=1)
        self.assertIn("203.0.113.7/24", said)

    def test_a_reader_reads_and_nothing_more(self):
        self.register()
        scope = f"/subscriptions/{self.subscription}"
        token = self.run_ctl("token", "create", "--role", "Reader", "--scope", scope, "--name", "eyes").strip()
        made = self.json("token", "create", "--role", "Reader", "--scope", scope)
        self.assertEqual((made["role"], made["scope"]), ("Reader", scope))
        reader = harness.Client(self.server.http, token)
        service = (f"{scope}/resourceGroups/network/providers/Microsoft.Peering/peeringServices/office"
                   "?api-version=2022-10-01")
        self.assertEqual(reader.get(service).status, 200)
        answer = reader.put(service, reader.get(service).json)
        self.assertEqual((answer.status, answer.error_code), (403, "AuthorizationFailed"))
        other = f"/subscriptions/{uuid.uuid4()}/providers/Microsoft.Peering/peeringServices?api-version=2022-10-01"
        self.assertIn(reader.get(other).status, (403, 404))
        answer = reader.request("POST", "/telemetry/samples", b"", headers={"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 403, answer)


class Offline(harness.SystemTest):
    def test_analyze_names_a_hijack_and_counts_what_it_cannot_read(self):
        watch, updates = self.dir / "watch.json", self.dir / "updates.jsonl"
        watch.write_text(json.dumps({"prefixes": [{"prefix": "203.0.113.0/24", "asn": [64500]}]}))
        update = {"type": "ris_message", "data": {
            "timestamp": 1700000000.0, "peer": "192.0.2.1", "peer_asn": "64496", "type": "UPDATE",
            "path": [64496, 64666], "origin": "IGP",
            "announcements": [{"next_hop": "192.0.2.1", "prefixes": ["203.0.113.0/24"]}], "withdrawals": []}}
        updates.write_text(f"{json.dumps(update)}\nthis is no JSON\n")
        done = subprocess.run([harness.PEERINGCTL, "analyze", "--watch", str(watch), "--format", "ris", str(updates)],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(one["kind"], one["line"], one["origin"]) for one in found], [("origin-hijack", 1, 64666)])
        self.assertIn("2", done.stderr)
        self.assertEqual(subprocess.run([harness.PEERINGCTL, "analyze"], capture_output=True).returncode, 2)


if __name__ == "__main__":
    harness.main()
