"""RIS Live over WebSocket: a hijack becomes an event, and what the service does wrong costs nothing else."""
import json
import ssl
import subprocess
import time

import harness
from harness import PATIENCE, Tenant, need_program, need_shared, wait_for
from ris_service import Service, need_websockets, update


class RisTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        need_websockets(self)

    def metric(self, name, **labels):
        """The sum of a metric's samples that have these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for sample, value in self.server.metrics().items()
                   if sample.split("{")[0] == name and all(label in sample for label in wanted))


class RisLive(RisTest):
    def start(self, service, more=""):
        self.addCleanup(service.stop)
        self.server = self.daemon(config=f'[[feeds.ris]]\nurl = "{service.url()}"\n{more}')
        self.client = self.server.client()
        wait_for(lambda: service.connections, "connection")
        return Tenant(self.client)

    def asked_prefixes(self, service):
        asked = set()
        for message in service.asked:
            prefix = message["data"].get("prefix")
            if prefix and message["type"] == "ris_subscribe":
                asked.add(prefix)
            asked.discard(prefix if message["type"] == "ris_unsubscribe" else None)
        return asked

    def test_a_hijack_seen_by_a_collector_becomes_an_event(self):
        service = Service()
        tenant = self.start(service)
        self.assertEqual(self.asked_prefixes(service), set(), "nothing is registered, nothing is asked")
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        wait_for(lambda: self.asked_prefixes(service) == {"203.0.113.0/24"}, "subscription")
        asked = next(m["data"] for m in service.asked if m["data"].get("prefix"))
        self.assertEqual((asked["moreSpecific"], asked["lessSpecific"], asked["type"]), (True, True, "UPDATE"))
        self.assertEqual(asked["socketOptions"], {"includeRaw": False, "acknowledge": True})
        service.send(update(64500))
        wait_for(lambda: len(tenant.routes("main")) == 1, "route")
        service.send(update(64666, peer="192.0.2.2", asn=64497))
        event = wait_for(lambda: [e for e in tenant.events("main") if "ijack" in json.dumps(e)], "event")[0]
        self.assertIn("64666", json.dumps(event))
        tenant.client.ok("DELETE", tenant.url(tenant.prefix_id("main")))
        wait_for(lambda: not self.asked_prefixes(service), "end of the subscription")

    def test_recorded_messages_become_routes_and_what_is_damaged_costs_itself(self):
        files = [need_shared(self, "data", "json", name) for name in ("ris-live-2026-08.jsonl", "ris-live-stream.json")]
        lines = [line for path in files for line in path.read_text().splitlines()]
        whole, damaged = [], 0
        for line in lines:
            try:
                whole.append(json.loads(line))
            except ValueError:
                damaged += 1
        service = Service()
        tenant = self.start(service)
        announced = {}
        for message in whole:
            for part in message["data"].get("announcements") or []:
                for prefix in part["prefixes"]:
                    announced[prefix] = message["data"]["path"]
        self.assertEqual((len(announced), damaged), (2, 1), "what the recordings hold")
        for number, (prefix, path) in enumerate(announced.items()):
            tenant.add_prefix(f"recorded-{number}", prefix, asn=[path[-1]])
        wait_for(lambda: self.asked_prefixes(service) == set(announced), "subscriptions")
        service.send(*lines)
        for number, path in enumerate(announced.values()):
            [route] = wait_for(lambda: tenant.routes(f"recorded-{number}"), "route")
            self.assertEqual(route["asPath"], " ".join(map(str, path)))
        wait_for(lambda: self.metric("peering_ris_messages_total", kind="malformed") == damaged, "the damaged one")
        self.assertIn("the service reports an error", self.server.log_text())
        self.assertEqual(self.metric("peering_ris_stale"), 1, "they are years late")

    def test_a_lost_connection_keeps_the_routes_and_is_no_outage(self):
        service = Service()
        tenant = self.start(service)
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        wait_for(lambda: self.asked_prefixes(service), "subscription")
        service.send(update(64500))
        wait_for(lambda: len(tenant.routes("main")) == 1, "route")
        service.asked.clear()
        service.drop()
        wait_for(lambda: service.connected == 2 and self.asked_prefixes(service), "second subscription")
        self.assertEqual(len(tenant.routes("main")), 1)
        service.send(update(64500, host="rrc00"), update(64500, peer="192.0.2.9", asn=64499))
        wait_for(lambda: len(tenant.routes("main")) == 2, "news after the reconnect")
        self.assertEqual({event["kind"] for event in tenant.events("main")}, {"announcement"})
        self.assertGreaterEqual(self.metric("peering_ris_losses_total"), 1)

    def test_what_it_says_is_archived_for_replay_and_for_bgpdump(self):
        bgpdump = need_program(self, "bgpdump")
        archive = self.dir / "archive"
        service = Service()
        self.start(service, f'prefixes = ["all"]\n[archive]\ndir = "{archive}"\nevery = "1d"\n')
        began = time.time()
        service.send(update(64500, age_s=1), update(64666, peer="192.0.2.2", asn=64497),
                     update(64500, prefix="2001:db8::/32", peer="2001:db8::9", asn=4200000001, community=[]),
                     update(64500, announcements=[], withdrawals=["203.0.113.0/24"]))
        wait_for(lambda: self.metric("peering_ris_messages_total", kind="update") == 4, "messages")
        self.server.stop()
        (file,) = archive.iterdir()
        lines = subprocess.run([bgpdump, "-m", file], capture_output=True, text=True, timeout=30).stdout.splitlines()
        told = [line.split("|")[2:9] for line in lines]
        self.assertEqual(told, [["A", "192.0.2.1", "64496", "203.0.113.0/24", "64496 3356 64500", "IGP", "192.0.2.1"],
                                ["A", "192.0.2.2", "64497", "203.0.113.0/24", "64497 3356 64666", "IGP", "192.0.2.2"],
                                ["A", "2001:db8::9", "4200000001", "2001:db8::/32", "4200000001 3356 64500", "IGP",
                                 "2001:db8::9"],
                                ["W", "192.0.2.1", "64496", "203.0.113.0/24"]])
        self.assertAlmostEqual(float(lines[1].split("|")[1]), began, delta=60 * PATIENCE)
        watch = self.dir / "watch.json"
        watch.write_text(json.dumps({"prefixes": [{"prefix": "203.0.113.0/24", "asn": [64500]}]}))
        moment = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) for at in (began - 600, began + 600)]
        replayed = subprocess.run([harness.PEERINGCTL, "replay", "--from", moment[0], "--to", moment[1], "--watch",
                                   watch, "--archive", archive], capture_output=True, text=True, timeout=30)
        kinds = [json.loads(line)["kind"] for line in replayed.stdout.splitlines()]
        self.assertIn("origin-hijack", kinds, replayed.stderr)

    def test_garbage_and_error_frames_are_counted_and_the_stream_goes_on(self):
        service = Service()
        tenant = self.start(service, 'prefixes = ["all"]\n')
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        wait_for(lambda: service.asked, "subscription")
        broken = [update(64500, timestamp="soon"), update(64500, peer="nobody"), update(64500, path="3356"),
                  update(64500, announcements=[{"prefixes": ["203.0.113.0/99"]}])]
        service.send("{", "", "[1]", "\x00", b"\xff\xfe", '{"type":"ris_message"}', *broken,
                     {"type": "ris_error", "data": {"message": "invalid filter\n"}}, {"type": "ris_news"},
                     update(64500))
        wait_for(lambda: len(tenant.routes("main")) == 1, "route behind the garbage")
        self.assertEqual(self.metric("peering_ris_messages_total", kind="malformed"), 10)
        self.assertEqual(self.metric("peering_ris_messages_total", kind="error"), 1)
        self.assertEqual(service.connected, 1)

    def test_a_message_that_is_too_long_ends_the_connection_only(self):
        service = Service()
        self.start(service, 'prefixes = ["all"]\n')
        service.send(json.dumps(update(64500, x="y" * 2_000_000)))
        wait_for(lambda: service.connected == 2, "new connection")
        self.assertTrue(self.server.running())

    def test_late_messages_make_the_feed_stale(self):
        service = Service()
        self.start(service, 'prefixes = ["all"]\nstale_after = "30s"\n')
        service.send(update(64500))
        wait_for(lambda: self.metric("peering_ris_messages_total", kind="update") == 1, "message")
        self.assertEqual(self.metric("peering_ris_stale", feed="1"), 0)
        service.send(update(64500, age_s=100))
        wait_for(lambda: self.metric("peering_ris_stale", feed="1") == 1, "stale feed")
        self.assertGreater(self.metric("peering_ris_lag_seconds", feed="1"), 90)
        service.send(update(64500))
        wait_for(lambda: self.metric("peering_ris_stale", feed="1") == 0, "fresh feed")

    def test_a_flood_waits_for_the_shards_and_nothing_is_lost(self):
        service = Service()
        tenant = self.start(service, 'prefixes = ["all"]\n[detection]\nshards = 1\nmailbox_messages_max = 16\n')
        tenant.add_prefix("main", "10.0.0.0/8", asn=[64500])
        wait_for(lambda: service.asked, "subscription")
        before = self.server.memory_kib()
        count = 20_000
        service.send(*(json.dumps(update(64500, prefix=f"10.{n >> 8 & 255}.{n & 255}.0/24", peer=f"192.0.2.{n >> 16}"))
                       for n in range(count)), update(64500, prefix="10.0.0.0/8", peer="192.0.2.77"))
        wait_for(lambda: self.metric("peering_ris_messages_total", kind="update") == count + 1, "all messages", 60)
        wait_for(lambda: self.metric("peering_rib_routes") == count + 1, "all routes", 60)
        self.assertGreater(self.metric("peering_ris_waits_total"), 0)
        self.assertLess(self.server.memory_kib() - before, (200 if PATIENCE == 1 else 400) << 10)


class RisLiveOverTls(RisTest):
    def certificate(self):
        """A CA and a certificate for localhost signed by it; the CA's file and the server's context."""
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.dir, check=True, capture_output=True)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
        openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        (self.dir / "names").write_text("subjectAltName=DNS:localhost")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", "server.pem", "-days", "2", "-extfile", "names")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.dir / "server.pem", self.dir / "server.key")
        return self.dir / "ca.pem", context

    def run_with(self, more):
        authority, context = self.certificate()
        service = Service(tls=context)
        self.addCleanup(service.stop)
        self.server = self.daemon(
            config=f'[[feeds.ris]]\nurl = "{service.url()}"\nprefixes = ["all"]\n{more(authority)}')
        return service

    def test_the_authority_that_is_named_is_trusted(self):
        service = self.run_with(lambda authority: f'ca_file = "{authority}"\n')
        wait_for(lambda: service.asked, "subscription over TLS")
        service.send(update(64500))
        wait_for(lambda: self.metric("peering_ris_messages_total", kind="update") == 1, "message over TLS")

    def test_another_authority_is_not(self):
        service = self.run_with(lambda _: "")
        wait_for(lambda: self.metric("peering_ris_losses_total") > 0, "refusal")
        self.assertEqual(service.asked, [])


if __name__ == "__main__":
    harness.main()
