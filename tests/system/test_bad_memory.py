#!/usr/bin/env python3
"""What many requests at once may cost: the limits of docs/limits.md, measured as resident memory at its peak."""
import concurrent.futures
import gzip
import json
import selectors
import socket
import time

import harness
from harness import PATIENCE, Tenant, moved
from raw_http import Raw, answers_to, request, timed

MEBIBYTE = 1 << 20
SANITIZED = PATIENCE > 1  # sanitizers keep what was freed, and have more beside each value: the bounds are wide then
SLACK_KIB = 96 * 1024


class Memory(harness.SystemTest):
    config = ""

    def setUp(self):
        super().setUp()
        self.server = self.daemon(config=self.config)
        self.tenant = Tenant(self.server.client())
        self.service = Tenant.url(f"{self.tenant.provider_root}/peeringServices/honest")
        self.network = harness.loopback_network()
        self.before = self.server.metrics()

    def forget_peak(self):
        """The high-water mark begins anew; gives what is resident now."""
        with open(f"/proc/{self.server.process.pid}/clear_refs", "w") as file:
            file.write("5")
        return self.server.memory_kib()

    def peak_since(self, memory, what, most_kib):
        grown = self.server.memory_kib("VmHWM") - memory
        print(f"{what}: {grown // 1024} MiB more at the peak, {(self.server.memory_kib() - memory) // 1024} MiB now")
        self.assertLess(grown, 3 * most_kib + 1024 * 1024 if SANITIZED else most_kib, f"KiB for {what}")

    def counted(self, reason):
        return sum(moved(self.before, self.server.metrics(), rf'http_rejected_total.*reason="{reason}"').values())

    def connect(self, source, **options):
        raw = Raw(self.server.address("http"), source=f"{self.network}.{source}", **options)
        self.addCleanup(raw.close)
        return raw

    def push(self, connections, head, size, quiet_s=0.7):
        """Sends to all at once a head and `size` bytes of body, until the server takes no more for a while."""
        piece = b" " * (256 * 1024)
        selector = selectors.DefaultSelector()
        for raw in connections:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
            raw.send(head)
            raw.socket.setblocking(False)
            selector.register(raw.socket, selectors.EVENT_WRITE, [size])
        sent, last = 0, time.monotonic()
        while selector.get_map() and time.monotonic() - last < quiet_s:
            for key, _ in selector.select(0.1):
                rest = key.data
                try:
                    count = key.fileobj.send(piece[:rest[0]])
                except BlockingIOError:
                    continue
                except OSError:
                    selector.unregister(key.fileobj)
                    continue
                rest[0] -= count
                sent, last = sent + count, time.monotonic()
                if rest[0] == 0:
                    selector.unregister(key.fileobj)
        return sent

    def put_honestly(self):
        with self.connect(200) as raw:
            raw.send(request("PUT", self.service, body=json.dumps(self.tenant.service_body).encode(), token=self.server.token))
            return raw.answer()

    def healthy_in(self):
        def ask():
            with self.connect(201) as raw:
                return [answer.status for answer in answers_to(raw, request("GET", "/healthz", "Connection: close"))]
        found, took_s = timed(ask)
        self.assertEqual(found, [200])
        return took_s


class Bodies(Memory):
    config = '[http]\nbody_gap = "4s"\n'

    def unfinished(self, size):
        return request("PUT", self.service, f"Content-Length: {size}", token=self.server.token)

    def test_one_client_that_finishes_no_body(self):
        memory = self.forget_peak()
        crowd = [self.connect(1) for _ in range(128)]
        sent = self.push(crowd, self.unfinished(4 * MEBIBYTE), 4 * MEBIBYTE - 1)
        answer, took_s = timed(self.put_honestly)
        self.assertEqual(answer.status, 201, answer)
        self.assertLess(took_s, 2 * PATIENCE)
        self.assertLess(self.healthy_in(), 2 * PATIENCE)
        print(f"{sent // MEBIBYTE} MiB sent")
        self.peak_since(memory, "128 unfinished bodies of 4 MiB of one client", 288 * 1024 + SLACK_KIB)

    def test_clients_of_many_addresses_that_finish_no_body(self):
        memory = self.forget_peak()
        crowd = [self.connect(1 + number // 80) for number in range(320)]
        sent = self.push(crowd, self.unfinished(4 * MEBIBYTE), 4 * MEBIBYTE - 1)
        self.assertLess(self.healthy_in(), 2 * PATIENCE)
        answer, took_s = timed(self.put_honestly)
        self.assertIn(answer.status, (201, 503), answer)
        self.assertLess(took_s, 6 * PATIENCE)
        print(f"{sent // MEBIBYTE} MiB sent, an honest body got {answer.status} after {took_s:.1f} s")
        self.peak_since(memory, "320 unfinished bodies of 4 MiB", 512 * 1024 + SLACK_KIB)
        self.assertIn(harness.wait_for(lambda: self.put_honestly().status in (200, 201), "room for a body"), (True,))

    def test_heads_that_wait_for_their_bodies(self):
        crowd = [self.connect(1 + number // 250) for number in range(1000)]
        memory = self.forget_peak()
        fields = [f"X-{number}: {'y' * 230}" for number in range(120)]
        for raw in crowd:
            raw.send(request("POST", "/telemetry/samples", "Content-Length: 67108864", *fields, token=self.server.token) + b"x")
        time.sleep(1)
        # A sanitized server on a busy machine needs its time to read thirty megabytes of heads.
        self.assertLess(self.healthy_in(), 2 if PATIENCE == 1 else 15 * PATIENCE)
        self.peak_since(memory, "1,000 heads of 30 KiB", 256 * 1024)


class Work(Memory):
    def setUp(self):
        super().setUp()
        if SANITIZED:
            self.skipTest("gigabytes of work: measured without sanitizers")

    def test_samples_of_64_mebibytes(self):
        """More than fit at once: they take turns, and each is answered in the end."""
        line = (json.dumps({"time": time.time(), "client": "203.0.113.9", "pop": "AMS", "rtt_us": 23100}) + "\n").encode()
        body = line * (60 * MEBIBYTE // len(line))

        def post(source, sent, *headers):
            with self.connect(source, timeout_s=60) as raw:
                raw.send(request("POST", "/telemetry/samples", "Content-Type: application/x-ndjson", *headers, body=sent, token=self.server.token))
                return raw.answer()
        packed = gzip.compress(body, 1)
        for what, sent, bodies_kib, *headers in (("plain", body, 512 * 1024), ("gzip", packed, 10 * len(packed) // 1024, "Content-Encoding: gzip")):
            with self.subTest(what):
                memory = self.forget_peak()
                with concurrent.futures.ThreadPoolExecutor(10) as pool:
                    answers = list(pool.map(lambda source: post(source, sent, *headers), range(1, 11)))
                self.peak_since(memory, f"10 bodies of 60 MiB of samples, {what}", bodies_kib + 4 * 256 * 1024)
                self.assertEqual([answer.status for answer in answers], [202] * 10, answers)

    def test_small_texts_that_make_large_documents(self):
        """4 MiB of JSON as dear as can be, on all workers at once."""
        bodies = {
            "empty arrays": b'{"a":[' + b"[]," * (1300 * 1024) + b"[]]}",
            "numbers": b'{"a":[' + b"1," * (2000 * 1024) + b"1]}",
            "texts": b'{"a":[' + b'"xxxxxxxxxxxxxxxx",' * (200 * 1024) + b"1]}",
            "members": b"{" + b",".join(b'"%x":1' % number for number in range(380 * 1024)) + b"}",
            "same members": b"{" + b'"a":1,' * (650 * 1024) + b'"a":1}',
        }
        for what, body in bodies.items():
            with self.subTest(what):
                self.assertLess(len(body), 4 * MEBIBYTE)

                def put(source, body=body):
                    with self.connect(source, timeout_s=60) as raw:
                        raw.send(request("PUT", self.service, body=body, token=self.server.token))
                        return raw.answer()
                memory = self.forget_peak()
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    answers = list(pool.map(put, range(1, 9)))
                self.assertEqual({answer.status for answer in answers}, {400}, answers[0])
                self.peak_since(memory, f"8 bodies of {what}", 4 * 160 * 1024)


class Answers(Memory):
    config = "[http]\nanswers_bytes_max = 8388608\n"

    def answers_until_let_go(self, raw, count):
        """Up to `count`: a client that takes nothing for too long is let go in the middle of an answer."""
        try:
            for _ in range(count):
                answer = raw.answer()
                if answer is None:
                    return
                yield answer
        except AssertionError as broken:
            self.assertIn("broke off", str(broken))

    def test_answers_that_nobody_takes(self):
        crowd = [self.connect(1, receive_buffer=2048) for _ in range(200)]
        memory = self.forget_peak()
        for raw in crowd:
            raw.send(request("GET", "/openapi.json") * 40)
        # The server answers while it still reads: the sockets have to fill up first.
        harness.wait_for(lambda: self.counted("answers_bytes") > 100, "more answers than may wait", timeout_s=60)
        harness.wait_for(lambda: self.healthy_in() < 1, "a quick answer after the burst", timeout_s=20)
        self.peak_since(memory, "200 clients that take no answer", 8 * 1024 + 64 * 1024)
        refused = [answer for raw in crowd[:20] for answer in self.answers_until_let_go(raw, 40) if answer.status != 200]
        self.assertEqual({(answer.status, answer.code, answer.headers["retry-after"]) for answer in refused}, {(503, "ServiceUnavailable", "1")})


if __name__ == "__main__":
    harness.main()
