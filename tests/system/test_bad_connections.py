#!/usr/bin/env python3
"""Connections that break HTTP, TLS or patience: each case by plain HTTP and by HTTPS, with the answer to the letter."""
import concurrent.futures
import resource
import socket
import ssl
import threading
import time

import harness
from harness import PATIENCE, moved, wait_for
from raw_http import Raw, answers_to, request, timed

HEALTH = request("GET", "/healthz")
LAST = request("GET", "/healthz", "Connection: close")
MALFORMED = (400, "BadRequest")


def post(*lines, body=b""):
    """A POST to a path that takes none, so that a body that is read is answered with 405."""
    return ("\r\n".join(["POST /healthz HTTP/1.1", "Host: test", *lines]) + "\r\n\r\n").encode("latin-1") + body


class Connections(harness.SystemTest):
    config = ""

    def setUp(self):
        super().setUp()
        self.server = self.daemon(config=self.config)
        self.before = self.server.metrics()

    def connect(self, name="http", **options):
        raw = Raw(self.server.address(name), secure=name == "https", **options)
        self.addCleanup(raw.close)
        return raw

    def outcomes(self, data, name):
        """[(status, code)…] until the server closes; by TLS, where it waits a second for the client's end, until it says so."""
        with Raw(self.server.address(name), secure=name == "https") as raw:
            answers = answers_to(raw, data, leave=name == "https")
        for answer in answers:
            if answer.status >= 400:
                self.assertTrue(answer.message, answer)
        return [(answer.status, answer.code) for answer in answers], answers

    def assert_answers(self, cases):
        """Each of (data, outcomes, words of the last message), by both ways; the server goes on."""
        for name in ("http", "https"):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                found = [pool.submit(self.outcomes, data, name) for data, *_ in cases]
            for (data, expected, *words), outcome in zip(cases, found):
                with self.subTest(name, data=data[:120]):
                    got, answers = outcome.result()
                    self.assertEqual(got, expected)
                    for word in words:
                        self.assertIn(word, answers[-1].message)
                    if answers:
                        self.assertEqual(answers[-1].headers.get("connection"), "close")
        with self.connect() as raw:
            self.assertEqual([a.status for a in answers_to(raw, LAST)], [200])

    def counted(self, reason):
        pattern = rf'http_rejected_total.*reason="{reason}"'
        return sum(moved(self.before, self.server.metrics(), pattern).values())


class Framing(Connections):
    def test_where_a_body_ends_is_never_a_guess(self):
        smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"
        te = "Transfer-Encoding"
        self.assert_answers([
            # CL.TE and TE.CL
            (post("Content-Length: 6", f"{te}: chunked", body=smuggled), [MALFORMED]),
            (post(f"{te}: chunked", "Content-Length: 6", body=smuggled), [MALFORMED]),
            # TE.TE: obfuscations that one of two readers may not understand
            (post(f"{te}: xchunked", body=smuggled), [MALFORMED], "'chunked' alone"),
            (post(f"{te}: chunked, identity", body=smuggled), [MALFORMED], "'chunked' alone"),
            (post(f"{te}: identity, chunked", body=smuggled), [MALFORMED], "'chunked' alone"),
            (post(f"{te}: gzip, chunked", body=smuggled), [MALFORMED], "'chunked' alone"),
            (post(f"{te}: chunked;q=1", body=smuggled), [MALFORMED], "'chunked' alone"),
            (post(f"{te}: \"chunked\"", body=smuggled), [MALFORMED], "'chunked' alone"),
            (post(f"{te}: chunked", f"{te}: chunked", body=smuggled), [MALFORMED]),
            (post(f"{te}: chunked", f"{te}: identity", body=smuggled), [MALFORMED]),
            (post(f"{te}: identity", f"{te}: chunked", body=smuggled), [MALFORMED]),
            (post(f"{te} : chunked", body=smuggled), [MALFORMED]),
            (post(f" {te}: chunked", body=smuggled), [MALFORMED]),
            (post(f"{te}:\x0bchunked", body=smuggled), [MALFORMED]),
            (post(f"X: y\n{te}: chunked", body=smuggled), [MALFORMED]),
            (post(f"{te}:", body=smuggled), [MALFORMED]),
            (request("POST", "/healthz", f"{te}: chunked", body=smuggled, version="HTTP/1.0"), [MALFORMED], "HTTP/1.0"),
            # lengths
            (post("Content-Length: 4", "Content-Length: 5", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 4", "Content-Length: 4", body=b"abcd"), [MALFORMED], "Content-Length"),
            (post("Content-Length: 4, 4", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 4,5", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: +4", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: -4", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 0x4", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 4.0", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 4 4", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: ", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 18446744073709551616", body=b"abcd"), [MALFORMED]),
            (post("Content-Length: 18446744073709551615", body=b"abcd"), [(413, "RequestEntityTooLarge")],
             "18446744073709551615 bytes", "4194304"),
            (post("Content-Length: 9223372036854775808", body=b"abcd"), [(413, "RequestEntityTooLarge")]),
        ])
        self.assertGreater(self.counted("malformed"), 40)

    def test_chunks(self):
        def chunked(body):
            return post("Transfer-Encoding: chunked", "Connection: close", body=body)
        taken = [(405, "MethodNotAllowed")]
        self.assert_answers([
            (chunked(b"3\r\nabc\r\n0\r\n\r\n"), taken),
            (chunked(b"0003\r\nabc\r\n000\r\n\r\n"), taken),
            (chunked(b"3;name=value;other=\"x y\"\r\nabc\r\n0;last\r\n\r\n"), taken),
            (chunked(b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"), taken),
            (chunked(b"zz\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"0x3\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"+3\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"-3\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b" 3\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"3\nabc\n0\n\n\r\n"), [MALFORMED]),
            (chunked(b"3\r\nabcd\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"3;\x00=1\r\nabc\r\n0\r\n\r\n"), [MALFORMED]),
            (chunked(b"10000000000000000\r\nabc"), [MALFORMED]),
            (chunked(b"0\r\nBad Trailer: 1\r\n\r\n"), [MALFORMED]),
            (chunked(b"0\r\nContent-Length: 5\r\n\r\n"), [MALFORMED]),
            (chunked(b"0\r\nTransfer-Encoding: chunked\r\n\r\n"), [MALFORMED]),
            (chunked(b"0\r\n" + b"X: y\r\n" * 50000 + b"\r\n"), [MALFORMED]),
            (chunked(b"1;" + b"x" * 300000 + b"\r\na\r\n0\r\n\r\n"), [MALFORMED]),
        ])

    def test_a_chunk_that_says_it_is_endless_is_refused_at_the_limit(self):
        for name in ("http", "https"):
            with self.subTest(name), self.connect(name) as raw:
                raw.send(post("Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFF\r\n"))
                threading.Thread(target=raw.send, args=(b"x" * (6 << 20),), daemon=True).start()
                answer = raw.answer()
                self.assertEqual((answer.status, answer.code), (413, "RequestEntityTooLarge"))
                self.assertIn("more than 4194304 bytes", answer.message)

    def test_a_trailer_is_no_token(self):
        for name in ("http", "https"):
            with self.subTest(name), self.connect(name) as raw:
                body = f"0\r\nAuthorization: Bearer {self.server.token}\r\n\r\n".encode()
                head = request("GET", "/subscriptions?api-version=2022-12-01", "Transfer-Encoding: chunked")
                raw.send(head + body + LAST)
                answer = raw.answer()
                self.assertEqual((answer.status, answer.code), (401, "AuthenticationFailed"))
                self.assertEqual(raw.answer().status, 200)

    def test_pipelined_requests(self):
        get, head = request("GET", "/readyz"), request("HEAD", "/readyz")
        with self.connect() as raw:
            raw.send(get + head + post("Content-Length: 3", body=b"abc") + get + LAST)
            found = [raw.answer(method) for method in ("GET", "HEAD", "POST", "GET", "GET")]
            self.assertEqual([answer.status for answer in found], [200, 200, 405, 200, 200])
            self.assertTrue(raw.closed())
        # A good one is answered, what follows is told; after a refusal nothing is read any more.
        with self.connect() as raw:
            answers = answers_to(raw, get + b"\x00\x01\x02 what\r\n\r\n" + get)
            self.assertEqual([(a.status, a.code) for a in answers], [(200, None), MALFORMED])
        with self.connect() as raw:
            answers = answers_to(raw, get + post("Content-Length: 99", "Transfer-Encoding: chunked", body=b"0\r\n\r\n") + get)
            self.assertEqual([(a.status, a.code) for a in answers], [(200, None), MALFORMED])
        # A hundred at once, and one that ends it.
        with self.connect() as raw:
            self.assertEqual([a.status for a in answers_to(raw, get * 100 + LAST + get)], [200] * 101)


class Heads(Connections):
    def test_heads_that_are_none(self):
        target_max, head_max = 16 * 1024, 32 * 1024
        uri_too_long, too_large = (414, "RequestUriTooLong"), (431, "RequestHeaderFieldsTooLarge")
        self.assert_answers([
            # versions
            (b"GET /healthz\r\n\r\n", [MALFORMED]),                       # HTTP/0.9
            (b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n", [MALFORMED]),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [MALFORMED]),           # HTTP/2 with prior knowledge
            (b"GET /healthz HTTP/1.2\r\nHost: x\r\n\r\n", [MALFORMED]),
            (b"GET /healthz http/1.1\r\nHost: x\r\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1 \r\nHost: x\r\n\r\n", [MALFORMED]),
            (b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", [MALFORMED]),
            (b"GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n", [MALFORMED]),
            (b" GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", [MALFORMED]),
            # lines
            (b"GET /healthz HTTP/1.1\nHost: x\n\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA\x00: b\r\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", [MALFORMED]),
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", [MALFORMED]),
            # targets
            (request("GET", "/health\xe4z"), [MALFORMED], "percent-encoded"),
            (request("GET", "/" + "x" * target_max), [uri_too_long], str(target_max)),
            (request("GET", "/" + "x" * 200000), [uri_too_long], str(target_max)),
            (request("GET", "/healthz?" + "q" * target_max), [uri_too_long], str(target_max)),
            # fields
            (request("GET", "/healthz", "Cookie: " + "x" * head_max), [too_large], str(head_max)),
            (request("GET", "/healthz", *[f"X-{n}: {'y' * 1000}" for n in range(40)]), [too_large], str(head_max)),
            (request("GET", "/healthz", *[f"X-{n}:" for n in range(128)]), [too_large], "129 fields", "128"),
            (request("GET", "/healthz", "X" * 40000 + ": 1"), [too_large]),
            # hosts
            (request("GET", "/healthz", host=None), [MALFORMED], "exactly one Host"),
            (request("GET", "/healthz", "Host: other"), [MALFORMED], "exactly one Host"),
            (request("GET", "/healthz", host="a b"), [MALFORMED], "Host"),
            (request("GET", "/healthz", host="a/../b"), [MALFORMED], "Host"),
            (request("GET", "/healthz", host="user@x"), [MALFORMED], "Host"),
            (request("GET", "/healthz", host="x:port"), [MALFORMED], "Host"),
            (request("GET", "/healthz", host="[::1"), [MALFORMED], "Host"),
            (request("GET", "/healthz", host="\xe4"), [MALFORMED], "Host"),
            # fields that mean something once
            (request("GET", "/healthz", "Authorization: Bearer a", "Authorization: Bearer b"), [MALFORMED], "Authorization"),
            (request("GET", "/healthz", "Content-Type: a/b", "content-type: c/d"), [MALFORMED], "Content-Type"),
            (request("GET", "/healthz", "Content-Encoding: gzip", "Content-Encoding: zstd"), [MALFORMED], "Content-Encoding"),
        ])
        self.assertGreater(self.counted("malformed"), 40)
        self.assertGreater(self.counted("target"), 4)
        self.assertGreater(self.counted("head_bytes|head_fields"), 4)

    def test_unusual_heads_that_are_good(self):
        closing = "Connection: close"
        good = [
            request("GET", "/healthz", closing, host=""),
            request("GET", "/healthz", closing, host="[::1]:8470"),
            request("GET", "/healthz", "connection: CLOSE", "X-Folded: a\r\n b"),
            request("GET", "/healthz", "Connection:close", "X-Empty:", "X-Blank: \t "),
            request("GET", "http://elsewhere.example/healthz", closing),
            request("GET", "HTTPS://elsewhere.example:1/healthz?x=1", closing),
            request("GET", "/healthz/", closing),
            request("GET", "/%68ealthz", closing),
            request("GET", "/healthz", host=None, version="HTTP/1.0"),
            request("GET", "/healthz", closing, "Range: bytes=0-1"),
            request("GET", "/healthz", closing, "Expect: the-unexpected"),
            request("GET", "/healthz", closing, "Expect: 100-continue"),
            request("GET", "/healthz", "Connection: close, Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAM"),
            request("GET", "/healthz", "Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
            request("GET", "/healthz", closing, body=b"a body that nobody asked for"),
            request("GET", "/healthz", closing, "Content-Length: 0"),
            request("GET", "/healthz", closing, "If-Match: \"x\"", "If-None-Match: *", "If-Range: \"x\""),
            b"\r\n" + request("GET", "/healthz", closing),
        ]
        for name in ("http", "https"):
            for data in good:
                with self.subTest(name, data=data[:120]):
                    got, answers = self.outcomes(data, name)
                    self.assertEqual(got, [(200, None)], answers)
                    self.assertNotIn("content-range", answers[0].headers)

    def test_methods_that_are_not_served(self):
        for method in ("TRACE", "BREW", "PROPFIND", "get", "OPTIONS", "POST", "DELETE", "PUT", "PATCH"):
            with self.subTest(method):
                got, answers = self.outcomes(request(method, "/healthz", "Connection: close"), "http")
                self.assertEqual(got, [(405, "MethodNotAllowed")])
                self.assertIn(f"'{method}'", answers[0].message)
                self.assertEqual(answers[0].headers["allow"], "GET")
        for data in (request("CONNECT", "127.0.0.1:22"), request("OPTIONS", "*"), request("GET", "healthz"),
                     request("GET", "ftp://x/healthz"), request("GET", "x?y=http://z/healthz")):
            with self.subTest(data=data[:60]), self.connect() as raw:
                raw.send(data)
                answer = raw.answer()
                self.assertEqual((answer.status, answer.code), (400, "BadArgument"), answer)
                self.assertIn("begins with '/'", answer.message)
        with self.connect() as raw:
            raw.send(request("HEAD", "/healthz", "Content-Length: 3", body=b"abc") + LAST)
            self.assertEqual((raw.answer("HEAD").status, raw.answer().status), (200, 200))
        with self.connect() as raw:  # a token too long to be a method
            self.assertEqual([(a.status, a.code) for a in answers_to(raw, request("X" * 40000, "/"))], [(414, "RequestUriTooLong")])

    def test_continue_comes_only_where_a_body_may_follow(self):
        with self.connect() as raw:
            raw.send(post("Content-Length: 2", "Expect: 100-continue"))
            self.assertEqual(raw.answer().status, 100)
            raw.send(b"ok")
            self.assertEqual(raw.answer().status, 405)
        with self.connect() as raw:
            raw.send(post("Content-Length: 5000000", "Expect: 100-continue"))
            self.assertEqual(raw.answer().status, 413)
        with self.connect() as raw:
            raw.send(request("POST", "/healthz", "Expect: 100-continue", body=b"ok", version="HTTP/1.0"))
            self.assertEqual(raw.answer().status, 405)


class Tls(Connections):
    def close_of(self, data):
        """True when the TLS port closes without a word of HTTP."""
        with socket.create_connection(self.server.address("https"), timeout=15 * PATIENCE) as raw:
            raw.sendall(data)
            found = b""
            try:
                while piece := raw.recv(4096):
                    found += piece
            except ConnectionError:
                pass
        self.assertNotIn(b"HTTP/", found)
        return True

    def test_what_is_no_tls_is_closed_and_counted(self):
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        for data in (HEALTH, b"\x00" * 600, hello + b"\xff" * 600, b"\x16\x03\x01\xff\xff" + bytes(70000),
                     b"\x15\x03\x03\x00\x02\x02\x28" * 200, b"SSH-2.0-x\r\n" * 60, bytes(range(256)) * 8):
            with self.subTest(data[:12]):
                self.assertTrue(self.close_of(data))
        wait_for(lambda: self.counted("tls_handshake") >= 7, "seven counted handshakes")
        with self.connect("https") as raw:
            self.assertEqual([a.status for a in answers_to(raw, LAST)], [200])

    def test_tls_below_1_2_is_refused(self):
        def version_with(minimum, maximum):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = minimum, maximum
            with socket.create_connection(self.server.address("https"), timeout=15 * PATIENCE) as raw:
                with context.wrap_socket(raw) as secure:
                    return secure.version()
        versions = ssl.TLSVersion
        for old in (versions.TLSv1, versions.TLSv1_1):
            with self.subTest(old), self.assertRaises((ssl.SSLError, ConnectionError)):
                version_with(old, old)
        self.assertEqual(version_with(versions.TLSv1_2, versions.TLSv1_2), "TLSv1.2")
        self.assertEqual(version_with(versions.TLSv1_3, versions.TLSv1_3), "TLSv1.3")

    def test_tls_to_the_plain_port_is_no_http(self):
        context = ssl.create_default_context()
        with socket.create_connection(self.server.address("http"), timeout=15 * PATIENCE) as raw:
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(raw, server_hostname="localhost")
        wait_for(lambda: self.counted("malformed") >= 1, "a counted request")


class Patience(Connections):
    """Times made short by configuration; what is promised of each is the same."""
    config = """
[http]
head_time = "2s"
body_gap = "2s"
body_mebibyte_time = "4s"
keep_alive = "3s"
"""

    def drip(self, name, head, piece, pause_s=0.2):
        """Sends a head, then pieces until the server ends it: (answer, seconds)."""
        raw = self.connect(name)
        begun = time.monotonic()
        raw.send(head)
        stop = threading.Event()

        def feed():
            while not stop.wait(pause_s) and raw.send(piece):
                pass
        threading.Thread(target=feed, daemon=True).start()
        try:
            return raw.answer(), time.monotonic() - begun
        finally:
            stop.set()

    def test_slow_heads_bodies_and_silence(self):
        lengthy = post("Content-Length: 1000000", body=b"x")
        cases = {
            "head": (b"GET /healthz HTTP/1.1\r\nHost: test\r\nX: ", b"y", "The request head did not arrive within 2000 ms.", 2, 4),
            "body": (lengthy, b"x", "The request body did not arrive in time.", 4, 7),
            "chunks": (post("Transfer-Encoding: chunked"), b"1\r\nx\r\n", "The request body did not arrive in time.", 4, 7),
        }
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            waiting = {(name, what): pool.submit(self.drip, name, head, piece)
                       for name in ("http", "https") for what, (head, piece, *_) in cases.items()}
            pause = pool.submit(self.drip, "http", lengthy, b"x", 60)
            silent = [pool.submit(lambda name=name: timed(lambda: self.connect(name).answer())) for name in ("http", "https")]
            for (name, what), found in waiting.items():
                with self.subTest(name, what=what):
                    answer, took_s = found.result()
                    _, _, message, least_s, most_s = cases[what]
                    self.assertEqual((answer.status, answer.code, answer.message), (408, "RequestTimeout", message))
                    self.assertTrue(least_s - 0.1 <= took_s <= most_s * PATIENCE, took_s)
            answer, took_s = pause.result()
            self.assertEqual((answer.status, answer.code), (408, "RequestTimeout"))
            self.assertTrue(1.9 <= took_s <= 4 * PATIENCE, took_s)
            for found in silent:
                answer, took_s = found.result()
                self.assertIsNone(answer)
                self.assertTrue(1.9 <= took_s <= 4 * PATIENCE, took_s)
        self.assertEqual(self.counted("head_time"), 2)
        self.assertEqual(self.counted("body_time"), 5)
        with self.connect() as raw:  # kept alive, and no longer
            raw.send(HEALTH)
            self.assertEqual(raw.answer().status, 200)
            closed, took_s = timed(raw.closed)
            self.assertTrue(closed and 2.9 <= took_s <= 5 * PATIENCE, took_s)


class Crowds(Connections):
    def latency(self, source="127.0.0.1", count=20):
        """The slowest of `count` answers on connections of their own."""
        slowest = 0
        for _ in range(count):
            def ask():
                with self.connect(source=source, timeout_s=10) as raw:
                    return [answer.status for answer in answers_to(raw, LAST)]
            found, took_s = timed(ask)
            self.assertEqual(found, [200])
            slowest = max(slowest, took_s)
        return slowest

    def open_many(self, count, data, per_source=250):
        network = harness.loopback_network()
        found = []
        for number in range(count):
            raw = Raw(self.server.address("http"), source=f"{network}.{1 + number // per_source}")
            if data:
                raw.send(data)
            found.append(raw)
        self.addCleanup(lambda: [raw.close() for raw in found])
        return found

    def test_ten_thousand_connections_that_say_nothing(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = min(10000, hard - 500)
        memory = self.server.memory_kib()
        crowd = self.open_many(count, b"")
        slowest = self.latency()
        grown = self.server.memory_kib() - memory
        print(f"{count} silent connections: slowest answer {slowest * 1000:.0f} ms, {grown} KiB more")
        self.assertLess(slowest, 2 * PATIENCE)
        self.assertLess(grown, 32 * 1024 * PATIENCE)
        self.assertLessEqual(self.server.metrics()["peering_http_connections"], 1024 + 64)
        self.assertGreater(self.counted("room_for_others"), 0)
        self.assertTrue(crowd[-1].is_open())
        self.assertTrue(crowd[0].closed())

    def test_slowloris_from_many_addresses(self):
        self.open_many(1500, b"GET /healthz HTTP/1.1\r\nHost: te")
        self.open_many(1500, post("Content-Length: 100", body=b"abc"))
        self.assertLess(self.latency(), 2 * PATIENCE)

    def test_one_client_has_its_256(self):
        network = harness.loopback_network()
        crowd = [Raw(self.server.address("http"), source=f"{network}.9") for _ in range(300)]
        self.addCleanup(lambda: [raw.close() for raw in crowd])
        for raw in crowd:
            raw.send(HEALTH)
        served = [raw.answer() for raw in crowd]
        self.assertEqual([answer.status for answer in served[:256]], [200] * 256)
        self.assertEqual(served[256:], [None] * 44)
        self.assertEqual(self.counted("connections_per_client"), 44)
        self.latency(source=f"{network}.10", count=1)

    def test_clients_that_stop_reading(self):
        stuck = [self.connect(source=f"{harness.loopback_network()}.7", receive_buffer=2048) for _ in range(100)]
        memory = self.server.memory_kib()
        for raw in stuck:
            raw.send(request("GET", "/openapi.json") * 50)
        self.assertLess(self.latency(), 2 * PATIENCE)
        grown = self.server.memory_kib() - memory
        print(f"100 clients that do not read: {grown} KiB more")
        self.assertLess(grown, 64 * 1024 * PATIENCE)
        # Whoever reads after all gets what it asked for.
        self.assertEqual([stuck[0].answer().status for _ in range(50)], [200] * 50)


if __name__ == "__main__":
    harness.main()
