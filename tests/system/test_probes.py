"""Probes of a real server through network namespaces: what ping and traceroute would say, and the tests that run."""
import json
import os
import re
import struct
import subprocess
import time
import unittest

import harness
import netns_lab
from harness import wait_for
from netns_lab import END, END6, SOURCE

CONFIG = """
[[network.pops]]
name = "edge-sea"
metro = "Seattle"

[probe]
test_frequency_min = "1s"
connectivity_every = "1s"
trace_every = "3s"
"""
STAMP_PORT = 862
# The link's 2 x 10 ms, and what a busy machine adds.
LEAST_MS, MOST_MS = 20.0, 60.0

lab = None


def setUpModule():
    global lab
    reason = netns_lab.why_impossible()
    if reason:
        raise unittest.SkipTest(reason)
    lab = netns_lab.Lab()


def tearDownModule():
    if lab:
        lab.remove()


class Probing(harness.SystemTest):
    def begin(self, more="", tenants=1, **options):
        self.server = self.daemon(config=CONFIG + more, **options)
        self.client = self.server.client()
        self.tenant = harness.Tenant(self.client)

    def look(self, command, destination, source="edge-sea", kind="EdgeSite", tenant=None):
        scope = f"/subscriptions/{(tenant or self.tenant).subscription}/providers/Microsoft.Peering/lookingGlass"
        return self.client.request("POST", harness.Tenant.url(
            scope, query=f"&command={command}&sourceType={kind}&sourceLocation={source}&destinationIP={destination}"))

    def output(self, command, destination):
        answer = self.look(command, destination)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["command"], command)
        return answer.json["output"]

    def put_test(self, name, destination, port=None, agent="agent-1", frequency_s=1):
        properties = {"destination": destination, "sourceAgent": agent, "testFrequencyInSec": frequency_s}
        if port:
            properties["destinationPort"] = port
        self.client.ok("PUT", self.tenant.url(self.id_of(name)), {"properties": properties})

    def id_of(self, name):
        return f"{self.tenant.connection}/connectionMonitorTests/{name}"

    def shown(self, name):
        return self.client.ok("GET", self.tenant.url(self.id_of(name)))["properties"]

    def listening(self, *words):
        """A program in the end's namespace that says "ready" when it is."""
        program = self.background(lab.command(lab.end, *words), f"end-{len(self._logs)}")
        wait_for(lambda: "ready" in program.output(), "program in the namespace")
        return program

    def web_server(self, port):
        return self.listening("python3", "-u", "-c", f"""
import socket
server = socket.create_server(("{END}", {port}), backlog=64)
print("ready")
while True:
    server.accept()[0].close()
""")

    def least_ms(self, prefix, kind):
        """The least of the samples of a kind in a registered prefix; None before there are any."""
        least = [point["min_us"] for series in self.tenant.latency(prefix)["series"] if series["kind"] == kind
                 for point in series["points"] if point["count"] > 0]
        return min(least) / 1000 if least else None

    def samples(self, prefix, kind):
        """How many samples of a kind the report of a registered prefix holds."""
        return sum(point["count"] for series in self.tenant.latency(prefix)["series"] if series["kind"] == kind
                   for point in series["points"])


def stamp(answer):
    """The NTP timestamp at the beginning, in seconds since 1970."""
    whole, fraction = struct.unpack(">II", answer[:8])
    return whole - 2208988800 + fraction / 2**32


class LookingGlass(Probing):
    def check_ping(self, destination):
        text = self.output("Ping", destination)
        times = [float(each) for each in re.findall(
            rf"64 bytes from {re.escape(destination)}: icmp_seq=\d ttl=62 time=([\d.]+) ms", text)]
        self.assertEqual(len(times), 5, text)
        self.assertIn("5 packets transmitted, 5 received, 0% packet loss", text)
        self.assertRegex(text, r"rtt min/avg/max/mdev = [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms\n$")
        for each in times:
            self.assertGreaterEqual(each, LEAST_MS)
        return times

    def test_the_command_line_looks_too(self):
        self.begin()
        look = [END, "--source", "Seattle", "-o", "table"]
        subscription = self.tenant.subscription
        text = self.ctl(self.server, "looking-glass", "ping", *look, subscription=subscription)
        self.assertIn("5 packets transmitted, 5 received", text)
        text = self.ctl(self.server, "looking-glass", "traceroute", *look, subscription=subscription)
        self.assertIn(f" 3  {END}  ", text)
        text = self.ctl(self.server, "looking-glass", "route", *look, subscription=subscription)
        self.assertEqual(text, f"No BGP route to {END}\n")
        said = self.ctl(self.server, "looking-glass", "ping", "127.0.0.1", "--source", "Seattle", expect=1,
                        subscription=subscription)
        self.assertIn("loopback", said)
        test = ["-g", self.tenant.group, "--peering-service-name", "office", "-n", "web"]
        self.ctl(self.server, "service", "test", "create", *test, "--destination", END, "--destination-port", "443",
                 subscription=subscription)
        self.assertIn(END, self.ctl(self.server, "service", "test", "show", *test, subscription=subscription))
        self.ctl(self.server, "service", "test", "delete", *test, "--yes", subscription=subscription)
        self.ctl(self.server, "service", "test", "show", *test, expect=3, subscription=subscription)

    def check_trace(self, destination, hops):
        text = self.output("Traceroute", destination)
        self.assertRegex(text, rf"^traceroute to {re.escape(destination)} .*, 30 hops max, \d+ byte packets\n")
        self.assertEqual(re.findall(r"^ *\d+  (\S+)", text, re.M), hops, text)
        return text

    def test_ping_says_what_was_on_the_wire(self):
        self.begin()
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        times = self.check_ping(END)
        echoes = [netns_lab.payload(packet) for packet in capture.sent(1)]
        self.assertEqual([each[0] for each in echoes], [8] * 5)
        self.assertEqual(len({each[2:4] for each in echoes}), 1, "one checksum: one flow")
        self.assertEqual(len({each[6:8] for each in echoes}), 5, "each with its own sequence number")
        wire = [capture.echo_ms()[int.from_bytes(each[6:8], "big")] for each in echoes]
        off = sorted(abs(time_ms - on_wire) for time_ms, on_wire in zip(times, wire))
        self.assertLess(off[2], 1.0, f"{times} and on the wire {wire}")

    def test_unprivileged_sockets_do_the_same(self):
        lab.write(None, "net/ipv4/ping_group_range", "0 2147483647")
        self.addCleanup(lab.write, None, "net/ipv4/ping_group_range", "1 0")
        self.begin()
        self.check_ping(END)
        self.check_ping(END6)
        self.check_trace(END, [netns_lab.R1_NEAR, netns_lab.R2_NEAR, END])
        self.check_trace(END6, [netns_lab.R1_NEAR6, netns_lab.R2_NEAR6, END6])

    def test_raw_sockets_do_the_same(self):
        self.begin()
        self.check_ping(END6)
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        text = self.check_trace(END, [netns_lab.R1_NEAR, netns_lab.R2_NEAR, END])
        first, *_, last = re.findall(r"([\d.]+) ms", text)
        self.assertLess(float(first), LEAST_MS)
        self.assertGreaterEqual(float(last), LEAST_MS)
        echoes = capture.sent(1)
        self.assertEqual(len({netns_lab.payload(each)[2:4] for each in echoes}), 1, "one checksum: one flow")
        self.assertIn(3, {each[8] for each in echoes}, "the TTL rises")
        self.check_trace(END6, [netns_lab.R1_NEAR6, netns_lab.R2_NEAR6, END6])

    def test_without_icmp_sockets_traceroute_uses_udp_and_ping_says_why_not(self):
        self.dir.chmod(0o711)
        (self.dir / "data").mkdir()
        os.chown(self.dir / "data", 65534, 65534)
        program = self.dir / "peeringd"
        program.write_text(f'#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups {harness.PEERINGD} "$@"\n')
        program.chmod(0o755)
        before, harness.PEERINGD = harness.PEERINGD, str(program)
        self.addCleanup(setattr, harness, "PEERINGD", before)
        self.begin()
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        self.check_trace(END, [netns_lab.R1_NEAR, netns_lab.R2_NEAR, END])
        flows = {netns_lab.payload(packet)[:4] for packet in capture.sent(17)}
        self.assertEqual(len(flows), 1, "one pair of ports: one flow")
        answer = self.look("Ping", END)
        self.assertEqual((answer.status, answer.error_code), (503, "ServiceUnavailable"))
        self.assertIn("net.ipv4.ping_group_range is \"1 0\"", self.server.log_text())

    def test_what_does_not_answer_is_told_apart(self):
        self.begin()
        text = self.output("Traceroute", netns_lab.PROHIBITED)
        self.assertRegex(text, rf"\n 1  {re.escape(netns_lab.R1_NEAR)} .*!X")
        self.assertNotIn("\n 2  ", text)
        text = self.output("Ping", netns_lab.BLACK_HOLE)
        self.assertIn("5 packets transmitted, 0 received, 100% packet loss", text)
        self.assertNotIn("From", text)
        time.sleep(5)  # Linux tells of five bad routes, then of one a second
        text = self.output("Ping", netns_lab.UNREACHABLE)
        self.assertIn(f"From {netns_lab.R1_NEAR} icmp_seq=1 Destination Host Unreachable", text)
        self.assertRegex(text, r"5 packets transmitted, 0 received, \+5 errors, 100% packet loss")

    def test_where_from_and_where_to_is_limited(self):
        self.begin("destination_per_second_max = 1\n")
        self.assertEqual(self.look("Ping", END, source="Seattle").status, 200)
        self.assertEqual(self.look("Ping", END6, source="West%20US%202", kind="AzureRegion").status, 200)
        for destination in ("127.0.0.1", "10.0.0.1", "::1", "fe80::1", "224.0.0.1", SOURCE, "169.254.169.254"):
            answer = self.look("Ping", destination)
            self.assertEqual((answer.status, answer.error_code), (400, "BadArgument"), destination)
            self.assertIn("destinationIP", answer.error_message)
        for source, kind in (("edge-ams", "EdgeSite"), ("East%20US", "AzureRegion")):
            answer = self.look("Ping", END, source=source, kind=kind)
            self.assertEqual((answer.status, answer.error_code), (400, "BadArgument"), source)
            self.assertIn("sourceLocation", answer.error_message)

    def test_more_than_is_allowed_is_refused_with_the_time_to_wait(self):
        self.begin("subscription_per_second_max = 20\n")
        self.output("Traceroute", END)
        answer = self.look("Traceroute", END6)
        self.assertEqual((answer.status, answer.error_code), (429, "TooManyRequests"), answer)
        wait_s = int(answer.headers["Retry-After"])
        self.assertIn(wait_s, range(1, 6))
        other = harness.Tenant(self.client, subscription=None)
        self.assertEqual(self.look("Ping", END6, tenant=other).status, 200)
        time.sleep(wait_s)
        self.output("Traceroute", END6)

    def test_a_traceroute_holds_up_neither_requests_nor_the_end(self):
        self.begin("looking_glass_max = 3\n")
        slow = [self.background(["curl", "-s", "-X", "POST", "-H", f"Authorization: Bearer {self.server.token}",
                                 self.server.http + self.tenant.url(
                                     f"/subscriptions/{self.tenant.subscription}/providers/Microsoft.Peering/lookingGlass",
                                     query="&command=Traceroute&sourceType=EdgeSite&sourceLocation=edge-sea"
                                           f"&destinationIP=203.0.113.{number}")], f"curl-{number}")
                for number in (66, 66, 66)]
        wait_for(lambda: self.server.metrics()["peering_probes_pending"] > 0, "traceroutes under way")
        began = time.monotonic()
        for _ in range(20):
            self.client.ok("GET", self.tenant.url(self.tenant.connection))
        self.assertLess(time.monotonic() - began, 3 * harness.PATIENCE)
        self.assertEqual(self.server.stop(5), 0)
        for each in slow:
            each.stop()


class MonitorTests(Probing):
    def metric(self, resource, name, dimension):
        """Averages of the last hour by value of the dimension; None: there is nothing."""
        answer = self.client.ok("GET", f"{resource}/providers/Microsoft.Insights/metrics?api-version=2023-10-01&metricnames={name}"
                                       f"&interval=FULL&timespan=PT1H&$filter={dimension}%20eq%20'*'")
        return {each["metadatavalues"][0]["value"]: each["data"][0].get("average") for each in answer["value"][0]["timeseries"]}

    def test_ports_that_answer_refuse_and_say_nothing(self):
        self.begin()
        self.web_server(443)
        self.tenant.add_prefix("p", "198.51.100.0/24")
        self.put_test("open", END, 443)
        self.put_test("closed", END, 444)
        self.put_test("hole", netns_lab.BLACK_HOLE, 443)
        self.put_test("icmp", END)
        wait_for(lambda: self.shown("open")["isTestSuccessful"] and self.shown("icmp")["isTestSuccessful"],
                 "successful tests", 15)
        path = [netns_lab.R1_NEAR, netns_lab.R2_NEAR, END]
        wait_for(lambda: self.shown("open")["path"] == path, "path", 15)
        for kind in ("handshake", "icmp"):
            least = wait_for(lambda: self.least_ms("p", kind), f"samples of kind {kind}", 15)
            self.assertTrue(LEAST_MS <= least <= MOST_MS, f"{kind}: {least}")
        wait_for(lambda: self.server.metrics().get("peering_monitor_test_runs_total", 0) > 12, "more runs", 20)
        table = self.ctl(self.server, "service", "test", "list", "-g", self.tenant.group, "--peering-service-name",
                         "office", "-o", "tsv", subscription=self.tenant.subscription)
        self.assertEqual(len(table.splitlines()), 4, table)
        times = self.metric(self.tenant.connection, "RoundTripTime", "ConnectionMonitorTestName")
        self.assertEqual(sorted(times), ["closed", "hole", "icmp", "open"])
        for name in ("icmp", "open"):
            self.assertTrue(LEAST_MS <= times[name] <= MOST_MS, f"{name}: {times[name]}")
        self.assertIsNone(times["hole"], "what was never answered has no round-trip time")
        self.assertFalse(self.shown("closed")["isTestSuccessful"])
        self.assertFalse(self.shown("hole")["isTestSuccessful"])
        self.assertEqual(self.server.metrics()['peering_probe_answers_total{end="failed"}'], 0)

    def test_an_edit_a_delete_and_a_restart_are_followed(self):
        self.begin(same_ports=True)
        self.web_server(443)
        self.put_test("t", END, 444)
        wait_for(lambda: self.server.metrics()['peering_probe_answers_total{end="refused"}'] >= 1, "refusal")
        self.put_test("t", END, 443)
        wait_for(lambda: self.shown("t")["isTestSuccessful"], "success after the edit")
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        wait_for(lambda: self.shown("t")["isTestSuccessful"], "success after the restart")
        self.client.ok("DELETE", self.tenant.url(self.id_of("t")))
        wait_for(lambda: self.server.metrics()["peering_monitor_tests"] == 0, "end of the test")
        time.sleep(1)  # a probe that was under way
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        time.sleep(2.5)
        self.assertEqual(capture.read(), [], "nothing is sent for a test that is gone")

    def test_connectivity_probes_of_a_peering_run(self):
        self.begin('[network]\napprove = "automatic"\n')
        root = f"/subscriptions/{self.tenant.subscription}"
        asn = f"{root}/providers/Microsoft.Peering/peerAsns/as3333"
        self.client.ok("PUT", self.tenant.url(asn), {"properties": {
            "peerAsn": 3333, "peerName": "Peer",
            "peerContactDetail": [{"role": "Noc", "email": "noc@example.net", "phone": "+1 555 0100"}]}})
        peering = f"{self.tenant.provider_root}/peerings/p1"
        self.client.ok("PUT", self.tenant.url(peering, "2025-05-01"), {
            "sku": {"name": "Basic_Direct_Free"}, "kind": "Direct", "location": "eastus",
            "properties": {"peeringLocation": "Seattle",
                           "direct": {"connections": [], "peerAsn": {"id": asn}, "directPeeringType": "Edge"},
                           "connectivityProbes": [{"endpoint": END, "protocol": "ICMP"},
                                                  {"endpoint": END6, "protocol": "TCP"}]}})
        wait_for(lambda: self.server.metrics()["peering_monitor_tests"] == 2, "two probes")
        # The echo is answered; the port of the handshake is closed, which is an answer as well.
        for end in ("answered", "refused"):
            wait_for(lambda: self.server.metrics()[f'peering_probe_answers_total{{end="{end}"}}'] >= 2, end)
        reached = self.metric(peering, "ConnectivityProbeAvailability", "Protocol")
        self.assertEqual(reached, {"ICMP": 100, "TCP": 100})
        latency = self.metric(peering, "ConnectivityProbeLatency", "Protocol")
        self.assertTrue(LEAST_MS <= latency["ICMP"] <= MOST_MS, latency)
        self.client.ok("DELETE", self.tenant.url(peering, "2025-05-01"))
        wait_for(lambda: self.server.metrics()["peering_monitor_tests"] == 0, "end of the probes")


class ThinPrefixes(Probing):
    PER_SECOND = 4
    THIN = f"""thin_prefixes = true
budget_per_second_max = {PER_SECOND}
thin_every = "1s"
thin_window = "5m"
"""

    def thin(self, state):
        return self.server.metrics().get(f'peering_thin_prefixes{{state="{state}"}}')

    def kinds(self, prefix):
        return {each["kind"] for each in self.tenant.latency(prefix)["series"]}

    def enough_samples_of_clients(self):
        """In the five minutes that are over and in those that run, so that it stays enough for a while."""
        now = time.time()
        for at in (now // 300 * 300 - 150, now):
            body = harness.samples_body(["198.51.100.77"] * 12, pop="edge-sea", rtt_us=31000, at=at)
            self.assertEqual(harness.post_samples(self.client, body).json["accepted"], 12)

    def test_prefixes_without_clients_are_measured_until_they_have_some(self):
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        self.begin(self.THIN + f'thin_addresses = ["{END}"]\n')
        self.tenant.add_prefix("named", "198.51.100.0/24")
        self.tenant.add_prefix("searched", netns_lab.BEHIND)
        self.tenant.add_prefix("hole", f"{netns_lab.BLACK_HOLE}/32")
        for name in ("named", "searched"):
            least = wait_for(lambda: self.least_ms(name, "icmp"), f"samples of {name}", 30)
            self.assertTrue(LEAST_MS <= least <= MOST_MS, f"{name}: {least}")
            self.assertEqual(self.kinds(name), {"icmp"})
        coverage = self.tenant.latency("named")["coverage"]["sources"]
        self.assertEqual([each["source"] for each in coverage], ["thin-prefix"])
        wait_for(lambda: (self.thin("probed"), self.thin("silent")) == (2, 1), "one of which nothing answers", 30)
        hole = capture.sent_times(netns_lab.BLACK_HOLE)
        self.assertEqual(len(hole), 1, "its only address, once")
        self.assertEqual(self.samples("hole", "icmp"), 0)

        self.enough_samples_of_clients()
        wait_for(lambda: self.thin("probed") == 1, "the end of the probes to what has samples", 60)
        time.sleep(2.5)  # one that was under way
        before, others_before = len(capture.sent_times(END)), len(capture.sent_times(netns_lab.ONLY_HOST))
        time.sleep(4)
        self.assertEqual(len(capture.sent_times(END)), before, "clients say enough")
        self.assertGreater(len(capture.sent_times(netns_lab.ONLY_HOST)), others_before)
        self.assertEqual(self.kinds("named"), {"icmp", "srtt"}, "never in one series")
        self.assertEqual({each["kind"]: sum(point["count"] for point in each["points"])
                          for each in self.tenant.latency("named")["series"]}["srtt"], 24)

        times = capture.sent_times()
        self.assertEqual(len(times), self.server.metrics()["peering_prefix_probes_sent_total"])
        for first, last in zip(times, times[self.PER_SECOND + 1:]):
            self.assertGreater(last - first, 0.9, f"more than {self.PER_SECOND} a second: {times}")
        self.assert_nowhere_written(netns_lab.ONLY_HOST)

    def assert_nowhere_written(self, address):
        self.assertEqual(self.server.stop(), 0)
        needles = [address.encode(), bytes(map(int, address.split(".")))]
        files = [path for path in self.dir.rglob("*") if path.is_file()]
        self.assertGreater(len(files), 5)
        for path in files:
            for needle in needles:
                self.assertNotIn(needle, path.read_bytes(), f"{path} holds the address of {address}")

    def test_what_the_budget_leaves_out_is_told(self):
        self.begin(self.THIN + "budget_destinations_max = 1\n")
        self.tenant.add_prefix("a", "198.51.100.0/24")
        self.tenant.add_prefix("b", netns_lab.BEHIND)
        wait_for(lambda: self.thin("left_out") == 1, "one that is left out", 30)
        [concern] = self.client.ok("GET", "/readyz")["concerns"]
        self.assertRegex(concern, "few samples that have no place among the 1 .*: 1$")

    def test_nothing_is_sent_unless_it_is_asked_for(self):
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        self.begin()
        self.tenant.add_prefix("a", "198.51.100.0/24")
        time.sleep(4)
        self.assertEqual(capture.sent_times(), [])


class IncidentTraces(Probing):
    BIN, DAYS, SAMPLES = 300, 3, 12

    def samples_of_bins(self, begin, end, rtt_us):
        lines = [json.dumps({"time": at + i, "client": "203.0.113.200", "pop": "edge-sea", "kind": "srtt",
                             "rtt_us": rtt_us + 300 * (i % 5)})
                 for at in range(int(begin), int(end), self.BIN) for i in range(self.SAMPLES)]
        body = ("\n".join(lines) + "\n").encode()
        self.assertEqual(harness.post_samples(self.client, body).status, 202)

    def traceroutes(self):
        return [line["text"] for event in self.tenant.events("p") if event["kind"] == "latency-degraded"
                for line in event.get("blame", {}).get("evidence", []) if line["text"].startswith("traceroute from ")]

    def test_the_path_of_a_degradation_is_walked_once_within_the_budget(self):
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        self.begin(f'incident_traces = true\nbudget_per_second_max = 4\nthin_addresses = ["{netns_lab.ONLY_HOST}"]\n',
                   same_ports=True)
        self.tenant.add_prefix("p", netns_lab.BEHIND)
        now = time.time() // self.BIN * self.BIN
        self.samples_of_bins(now - self.DAYS * 86400, now - 900, 30000)
        self.assertEqual(capture.sent_times(), [], "nothing is walked while nothing is wrong")
        self.samples_of_bins(now - 900, now, 60000)
        [text] = wait_for(self.traceroutes, "a traceroute beside the blame", 60)
        self.assertRegex(text, rf"^traceroute from edge-sea at \S+Z: [\d.]+ ms after 3 hops \(1: {netns_lab.R1_NEAR} [\d.]+ ms; "
                               rf"2: {netns_lab.R2_NEAR} [\d.]+ ms; 3: 203\.0\.113\.0/24 [\d.]+ ms\); none from before is known")
        last_ms = float(re.search(r"0/24 ([\d.]+) ms", text)[1])
        self.assertTrue(LEAST_MS <= last_ms <= MOST_MS, text)
        times = capture.sent_times(netns_lab.ONLY_HOST)
        self.assertEqual(len(times), self.server.metrics()["peering_incident_trace_probes_sent_total"])
        for first, last in zip(times, times[5:]):
            self.assertGreater(last - first, 0.9, f"more than 4 a second: {times}")
        self.assertEqual(self.server.metrics()["peering_incident_traces_total"], 1)

        self.server.kill()
        self.server.start()
        self.client = self.tenant.client = self.server.client()
        self.assertEqual(self.traceroutes(), [text])
        time.sleep(8)
        self.assertEqual(self.server.metrics()["peering_incident_traces_total"], 0, "what is told is not walked again")
        self.assertEqual(len(capture.sent_times(netns_lab.ONLY_HOST)), len(times))


class Stamp(Probing):
    def test_another_reflectors_hold_time_is_not_in_the_result(self):
        self.begin()
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        self.listening("python3", "-u", netns_lab.program("stamp_peer.py"), "reflect", END, str(STAMP_PORT), "0.05")
        self.tenant.add_prefix("p", "198.51.100.0/24")
        self.put_test("t", END, STAMP_PORT, frequency_s=3)
        wait_for(lambda: self.shown("t")["isTestSuccessful"], "successful test", 15)
        wait_for(lambda: self.samples("p", "stamp") >= 3, "more runs", 20)

        def all_sampled():
            seen = capture.exchanges(STAMP_PORT)
            return seen if self.samples("p", "stamp") == len(seen) else None
        wire = [(ended - began - (stamp(answer[4:]) - stamp(answer[16:]))) * 1000
                for began, _, ended, answer in wait_for(all_sampled, "a sample of each exchange", 15)]
        # Between its arrival and the program that waits for it a busy machine may do other work.
        late = self.least_ms("p", "stamp") - min(wire)
        self.assertTrue(-0.01 * min(wire) <= late < 10, f"{late} ms later than on the wire: {wire} without the 50 ms")

    def test_another_sender_measures_against_our_reflector(self):
        self.begin(f'stamp_listen = "{SOURCE}:{STAMP_PORT}"\n')
        capture = netns_lab.Capture()
        self.addCleanup(capture.close)
        self.assertEqual(self.server.addresses["stamp"], f"{SOURCE}:{STAMP_PORT}")
        done = subprocess.run(lab.command(lab.end, "python3", netns_lab.program("stamp_peer.py"), "send", SOURCE,
                                          str(STAMP_PORT), "10"), capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), 10)
        self.assertEqual({ttl for _, ttl in lines}, {"62"}, "the sender's TTL as it came in")
        times = [float(each) for each, _ in lines]
        self.assertGreaterEqual(min(times), LEAST_MS - 0.2)
        exchanges = capture.exchanges(STAMP_PORT)
        self.assertEqual(len(exchanges), 10)
        off_ms = sorted(max(abs(stamp(answer[16:]) - came), abs(stamp(answer[4:]) - went)) * 1000
                        for came, _, went, answer in exchanges)
        self.assertLess(off_ms[5], 1.0, f"the reflector's times beside those on the wire: {off_ms}")
        self.assertEqual(self.server.metrics()["peering_stamp_reflected_total"], 10)


if __name__ == "__main__":
    harness.main()
