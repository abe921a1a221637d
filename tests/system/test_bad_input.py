"""Bad input of every kind against a live server.

Each is answered with an error that names field, value and rule, moves a counter, loses nothing that was
acknowledged, and leaves the server well and its memory bounded.
"""
import collections
import concurrent.futures
import gzip
import json
import socket
import struct
import time

import bmp
import harness
from bmp import Peer, Router
from harness import PATIENCE, Tenant, moved, post_samples, total_count, wait_for

# What bad input may cost at most, on top of what the server had: one body at its limit and its parsing.
MEMORY_GROWTH_MAX_KIB = 300 * 1024
GIBIBYTE = 1 << 30


class BadInput(harness.SystemTest):
    """Each kind names the counters of which one moves in every one of its tests."""
    counted = None

    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.client = self.server.client()
        self.tenant = Tenant(self.client)
        self.before = self.server.metrics()
        self.memory_before = self.server.memory_kib("VmHWM")

    def tearDown(self):
        if self.server.running():
            self.assert_counted(self.counted)
            grown = self.server.memory_kib("VmHWM") - self.memory_before
            self.assertLess(grown, MEMORY_GROWTH_MAX_KIB, "KiB of memory that bad input cost at its peak")
        else:
            self.fail("the server is gone")
        super().tearDown()

    def assert_counted(self, pattern):
        """A counter that matches has moved since the test began."""
        found = wait_for(lambda: moved(self.before, self.server.metrics(), pattern), f"moved counter /{pattern}/",
                         timeout_s=5)
        print(f"counted: {found}")

    def router(self):
        router = Router(self.server.address("bmp"))
        self.addCleanup(router.close)
        return router

    def assert_routes_still_arrive(self, name="alive"):
        """A good router is heard within a second (four under sanitizers)."""
        self.tenant.add_prefix(name, "203.0.113.0/24", asn=[64500])
        router = Router(self.server.address("bmp"), name="good")
        self.addCleanup(router.close)
        since = time.monotonic()
        router.send(Peer("198.51.100.77", 64496).up())
        router.send(Peer("198.51.100.77", 64496).route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: self.tenant.events(name), "event from a good router")
        self.assertLess(time.monotonic() - since, harness.PATIENCE)


class BadBmp(BadInput):
    counted = r"bmp_malformed|bmp_messages.*unknown"

    def assert_session_ends(self, data, pattern=r"bmp.*malformed"):
        router = self.router()
        router.send(data)
        self.assertTrue(router.closed_by_station(5 * PATIENCE), f"session stays open after {data[:12].hex()}")
        self.assert_counted(pattern)

    def test_a_length_below_the_header(self):
        self.assert_session_ends(struct.pack(">BIB", 3, 5, 0))
        self.assert_routes_still_arrive()

    def test_a_length_of_four_gigabytes(self):
        self.assert_session_ends(struct.pack(">BIB", 3, 0xFFFFFFFF, 0) + b"x" * 100000)
        self.assert_routes_still_arrive()

    def test_a_wrong_version(self):
        self.assert_session_ends(struct.pack(">BIB", 9, 6, 0))

    def test_no_bmp_at_all(self):
        self.assert_session_ends(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    def test_an_unknown_message_type_is_counted_and_skipped(self):
        router, peer = self.router(), Peer("198.51.100.1", 64496)
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])
        router.send(bmp.message(200, b"what is this") + peer.up())
        router.send(peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: self.tenant.events("office"), "event after the unknown message")
        self.assert_counted(r"bmp.*(unknown|skipped|malformed|error|rejected)")

    def test_bgp_lengths_that_lie_cost_one_message(self):
        router, peer = self.router(), Peer("198.51.100.1", 64496)
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])
        router.send(peer.up())
        good = bmp.update(["198.51.100.0/24"], path=[64496, 64500])
        for bad in self.lying_updates(good):
            router.send(bmp.message(bmp.ROUTE_MONITORING, peer.header() + bad))
        router.send(peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: self.tenant.events("office"), "event after the lying updates")
        self.assert_counted(r"(bgp|bmp|update).*(malformed|error|rejected|discard|withdraw|invalid)")

    @staticmethod
    def lying_updates(good):
        body = good[19:]
        yield good[:16] + struct.pack(">H", 18) + good[18:]          # BGP length below its header
        yield good[:16] + struct.pack(">H", 4096) + good[18:]        # BGP length beyond the BMP message
        yield good[:-3]                                              # cut in the NLRI
        yield bmp.bgp(2, struct.pack(">H", 0xFFFF) + body[2:])       # withdrawn length beyond the message
        yield bmp.bgp(2, body[:2] + struct.pack(">H", 0xFFFF) + body[4:])  # attribute length beyond it
        yield bmp.bgp(2, struct.pack(">HH", 0, 4) + b"\x40\x01\xff\x00" + b"\x18\xcb\x00\x71")  # attribute's own
        yield bmp.bgp(2, body[:-4] + b"\xff" + body[-3:])            # prefix length 255
        yield b"\x00" * 16 + good[16:]                               # marker
        yield b""

    def test_truncated_messages_of_every_type(self):
        peer = Peer("198.51.100.1", 64496)
        whole = [peer.up(), peer.route(["198.51.100.0/24"], path=[64496, 64500]), peer.down(), bmp.initiation("x")]
        for message in whole:
            for cut in (7, 20, len(message) // 2, len(message) - 1):
                if cut >= len(message):
                    continue
                router = self.router()
                router.send(struct.pack(">BIB", 3, cut, message[5]) + message[6:cut])
                router.close()
        self.assert_routes_still_arrive()
        self.assert_counted(r"bmp.*malformed")

    def test_a_peer_that_sends_one_byte_a_second(self):
        slow = self.router()
        data = Peer("198.51.100.1", 64496).up()
        for byte in data[:3]:
            slow.send(bytes([byte]))
            time.sleep(1)
        self.assert_routes_still_arrive()
        slow.send(data[3:4])
        slow.close()


class BadHttp(BadInput):
    counted = r"http_rejected|requests.*status=.4"

    def connection(self):
        connection = socket.create_connection(self.server.address("http"), timeout=20 * PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def send_endless(self, head, total, piece):
        """Sends until `total` bytes went or the server ended it; what it answered and how much it took."""
        connection = self.connection()
        connection.sendall(head)
        sent = 0
        try:
            while sent < total:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
        try:
            return connection.recv(4096), sent
        except OSError:
            return b"", sent

    def head(self, method, path, *more):
        lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {self.server.token}", *more]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def test_a_body_of_one_gigabyte_that_is_announced(self):
        for method, path, kind in (("POST", "/telemetry/samples", "application/x-ndjson"),
                                   ("PUT", Tenant.url(self.tenant.connection), "application/json")):
            head = self.head(method, path, f"Content-Type: {kind}", f"Content-Length: {GIBIBYTE}")
            answer, sent = self.send_endless(head, GIBIBYTE, b" " * (1 << 20))
            self.assertTrue(answer == b"" or b" 413 " in answer.split(b"\r\n")[0], answer[:200])
            self.assertLess(sent, 100 << 20, "bytes taken of a body that is too large")
        self.assert_counted(r"http_rejected")
        self.assert_routes_still_arrive()

    def test_a_body_of_one_gigabyte_in_chunks(self):
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        head = self.head("POST", "/telemetry/samples", "Content-Type: application/x-ndjson",
                         "Transfer-Encoding: chunked")
        answer, sent = self.send_endless(head, GIBIBYTE, piece)
        self.assertTrue(answer == b"" or b" 413 " in answer.split(b"\r\n")[0], answer[:200])
        self.assertLess(sent, 200 << 20)
        self.assert_routes_still_arrive()

    def test_a_gigabyte_hidden_in_gzip(self):
        bomb = gzip.compress(b" " * (256 << 20), 9)
        answer = self.client.request("POST", "/telemetry/samples", bomb,
                                     headers={"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"})
        self.assertIn(answer.status, (400, 413, 415), answer)

    def test_the_413_says_what_the_limit_is(self):
        connection = self.connection()
        connection.sendall(self.head("PUT", Tenant.url(self.tenant.connection), "Content-Type: application/json",
                                     f"Content-Length: {5 << 20}"))
        answer = connection.recv(65536).decode()
        self.assertIn(" 413 ", answer.splitlines()[0])
        self.assertIn('"error"', answer)
        self.assertIn(str(4 << 20), answer)

    def test_a_head_that_arrives_one_byte_a_second(self):
        connection = self.connection()
        started = time.monotonic()
        ended = False
        for byte in self.head("GET", "/healthz"):
            try:
                connection.sendall(bytes([byte]))
                connection.settimeout(1)
                ended = connection.recv(1024)
                break
            except socket.timeout:
                self.assertLess(time.monotonic() - started, 15 * harness.PATIENCE, "10 s for a request's head")
            except OSError:
                ended = True
                break
        self.assertIsNot(ended, False)
        self.assertTrue(self.client.get("/healthz").status == 200)

    def test_a_head_that_is_too_large(self):
        answer = self.client.get("/healthz", headers={"X-Filler": "x" * 40000})
        self.assertEqual(answer.status, 431, answer)

    def test_no_http_at_all(self):
        connection = self.connection()
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n")
        self.assertIn(connection.recv(1024)[:12], (b"", b"HTTP/1.1 400"))
        self.assertEqual(self.client.get("/healthz").status, 200)


class BadSamples(BadInput):
    counted = r"samples_rejected|samples_unmatched|requests.*status=.4"

    def setUp(self):
        super().setUp()
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])

    def good(self, **changes):
        sample = {"time": time.time(), "client": "203.0.113.9", "pop": "AMS", "rtt_us": 20000, "kind": "srtt", **changes}
        return json.dumps({key: value for key, value in sample.items() if value is not None})

    def post(self, *lines):
        return post_samples(self.client, "\n".join(lines).encode())

    def test_broken_json_in_line_7_of_10(self):
        lines = [self.good() for _ in range(10)]
        lines[6] = lines[6][:-10]
        answer = self.post(*lines)
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual((answer.json["accepted"], answer.json["rejected"]), (9, 1))
        self.assertEqual([error["index"] for error in answer.json["errors"]], [6])
        self.assertTrue(answer.json["errors"][0]["rule"])
        self.assertEqual(total_count(self.tenant.latency("office")), 9)
        self.assert_counted(r"sample.*reject|reject.*sample|latency.*reject|sample.*invalid")

    def test_each_bad_field_is_named_with_value_and_rule(self):
        now = time.time()
        cases = [("rtt_us", 0), ("rtt_us", -1), ("rtt_us", 600_000_000), ("rtt_us", "fast"), ("rtt_us", None),
                 ("client", "no address"), ("client", "203.0.113.999"), ("client", "203.0.113.0/24"), ("client", None),
                 ("pop", None), ("pop", ""), ("kind", "guess"), ("time", now + 3600), ("time", now - 40 * 86400),
                 ("time", "yesterday")]
        answer = self.post(*[self.good(**{field: value}) for field, value in cases], self.good())
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual((answer.json["accepted"], answer.json["rejected"]), (1, len(cases)))
        for (field, value), error in zip(cases, answer.json["errors"]):
            with self.subTest(field=field, value=value):
                self.assertEqual(error["field"], field)
                self.assertTrue(error["rule"])
                if value not in (None, ""):
                    self.assertIn(str(value)[:9], str(error["value"]))
        self.assertEqual([error["index"] for error in answer.json["errors"]], list(range(len(cases))))
        self.assertEqual(total_count(self.tenant.latency("office")), 1)

    def test_only_the_first_20_errors_are_listed(self):
        answer = self.post(*[self.good(rtt_us=0) for _ in range(30)])
        self.assertEqual((answer.json["rejected"], len(answer.json["errors"])), (30, 20))

    def test_clients_of_nobody_are_unmatched(self):
        answer = self.post(self.good(client="192.0.2.1"), self.good())
        self.assertEqual((answer.json["accepted"], answer.json["unmatched"]), (2, 1))
        self.assertEqual(total_count(self.tenant.latency("office")), 1)

    def test_a_key_used_again_for_another_body_is_a_conflict(self):
        body = self.good().encode()
        self.assertEqual(post_samples(self.client, body, key="one").status, 202)
        self.assertEqual(post_samples(self.client, body, key="one").status, 202)
        self.assertEqual(post_samples(self.client, body + b"\n" + body, key="one").status, 409)
        self.assertEqual(total_count(self.tenant.latency("office")), 1)

    def test_a_broken_compression_and_an_unknown_type_store_nothing(self):
        kind = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        answer = self.client.request("POST", "/telemetry/samples", self.good().encode(), headers=kind)
        self.assertIn(answer.status, (400, 415), answer)
        answer = post_samples(self.client, self.good().encode(), kind="application/pdf")
        self.assertIn(answer.status, (400, 415), answer)
        self.assertIn("application/pdf", answer.error_message)
        self.assertEqual(total_count(self.tenant.latency("office")), 0)


class BadRegistrations(BadInput):
    counted = r"requests.*status=.4"

    def refused(self, path, body, *words, status=400):
        answer = self.client.put(path, body)
        self.assertEqual(answer.status, status, answer)
        for word in words:
            self.assertIn(word, answer.error_message)
        return answer

    def service(self, name):
        return Tenant.url(f"{self.tenant.provider_root}/peeringServices/{name}")

    def test_an_overlong_name(self):
        answer = self.refused(self.service("x" * 64), self.tenant.service_body, "x" * 64, "63")
        self.assertEqual(answer.error_code, "InvalidResourceName")
        self.refused(Tenant.url(self.tenant.prefix_id("y" * 64)), {"properties": {"prefix": "203.0.113.0/24"}}, "63")
        self.assert_counted(r"status=.400")

    def test_prefixes_that_are_none(self):
        for value in ("203.0.113.1/24", "203.0.113.0", "203.0.113.0/33", "300.0.113.0/24", "0.0.0.0/0", "",
                      "2001:db8::1/32", "203.0.113.0/24 ", "203.0.113.0/024", "203.00.113.0/24"):
            with self.subTest(value):
                self.refused(Tenant.url(self.tenant.prefix_id("bad")), {"properties": {"prefix": value}},
                             "prefix", value)
        self.refused(Tenant.url(self.tenant.prefix_id("bad")), {"properties": {"prefix": 7}}, "prefix")
        self.refused(Tenant.url(self.tenant.prefix_id("bad")), {"properties": {}}, "prefix")

    def test_bodies_that_are_no_json(self):
        for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"location": 7}', b"{" * 100000):
            with self.subTest(body[:20]):
                answer = self.client.put(self.service("bad"), body)
                self.assertEqual(answer.status, 400, answer)
                self.assertTrue(answer.error_code)

    def test_a_member_that_comes_twice(self):
        for body in (b'{"location": "eastus", "location": "westus"}', b'{"location": "eastus", "tags": {"a": "1"}, "location": "eastus"}',
                     b'{"location": "eastus", "tags": {"location": "1", "location": "2"}}'):
            self.refused(self.service("bad"), body, "member 'location' is not accepted: it comes twice in one object")
        self.assertEqual(self.client.get(self.service("bad")).status, 404)

    def test_expectations_with_unknown_keys_and_values(self):
        self.tenant.add_prefix("office", "203.0.113.0/24")
        url = Tenant.extension(self.tenant.prefix_id("office"), "monitoring/default")
        self.refused(url, {"properties": {"prefix": "203.0.113.0/24", "asns": [64500]}}, "asns")
        self.refused(url, {"properties": {"prefix": "203.0.113.0/24", "asn": [-1]}}, "asn", "-1")
        self.refused(url, {"properties": {"prefix": "203.0.113.0/24", "asn": [1], "excludeKinds": ["hijack"]}},
                     "excludeKinds", "hijack")

    def test_two_registrations_at_once_for_one_name(self):
        for number in range(5):
            url = Tenant.url(self.tenant.prefix_id(f"twin-{number}"))
            bodies = [{"properties": {"prefix": f"10{side}.{number}.0.0/16"}} for side in (1, 2)] * 2
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda body: self.client.put(url, body), bodies))
            created = [answer for answer in answers if answer.status == 201]
            self.assertEqual(len(created), 1, answers)
            kept = created[0].json["properties"]["prefix"]
            for body, answer in zip(bodies, answers):
                if body["properties"]["prefix"] == kept:
                    self.assertIn(answer.status, (200, 201, 409), answer)
                else:
                    self.assertIn(answer.status, (400, 409), answer)
            self.assertEqual(self.client.ok("GET", url)["properties"]["prefix"], kept)

    def test_one_prefix_registered_twice_at_once_under_two_names(self):
        urls = [Tenant.url(self.tenant.prefix_id(name)) for name in ("left", "right", "up", "down")]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda url: self.client.put(url, {"properties": {"prefix": "203.0.113.0/24"}}), urls))
        statuses = collections.Counter(answer.status for answer in answers)
        self.assertEqual(statuses, {201: 1, 409: 3}, answers)

    def test_unknown_paths_methods_and_versions(self):
        get = self.client.get
        self.assertEqual(get(self.tenant.connection).error_code, "MissingApiVersionParameter")
        answer = get(Tenant.url(self.tenant.connection, "1999-01-01"))
        self.assertEqual((answer.status, answer.error_code), (400, "InvalidApiVersionParameter"))
        self.assertIn("1999-01-01", answer.error_message)
        self.assertEqual(get(Tenant.url(f"{self.tenant.provider_root}/nothing/x")).status, 404)
        answer = self.client.request("PATCH", Tenant.url(self.tenant.prefix_id("x")), {})
        self.assertEqual(answer.status, 405, answer)
        answer = get("/subscriptions/not-a-guid/providers/Microsoft.Peering/peerAsns?api-version=2022-10-01")
        self.assertEqual((answer.status, answer.error_code), (400, "InvalidSubscriptionId"))


if __name__ == "__main__":
    harness.main()
