"""Round-trip times that monitoring systems hand on: a real Prometheus by remote-write, and OTLP as exporters send it."""
import gzip
import http.server
import json
import threading
import time

import harness
from harness import need_program, wait_for

CONFIG = """
[[network.pops]]
name = "AMS"
metro = "Amsterdam"

[[latency.metrics]]
metric = "probe_icmp_duration_seconds"
labels = ["phase=rtt"]
client = "{target}"
source = "{job}"
kind = "icmp"

[[latency.metrics]]
metric = "network.rtt"
client = "{peer}"
kind = "stamp"
unit = "ms"
"""
PREFIX = "203.0.113.0/24"


class Exporter(http.server.BaseHTTPRequestHandler):
    """An exporter of a prober whose targets are pinged at each scrape; each scrape measures another time."""

    scrapes, gone = [], False

    def do_GET(self):
        rtt_ms = 40 + len(self.scrapes) % 7
        self.scrapes.append(rtt_ms)
        series = "" if Exporter.gone else (
            f'probe_icmp_duration_seconds{{target="203.0.113.9",phase="rtt"}} {rtt_ms / 1000}\n'
            f'probe_icmp_duration_seconds{{target="203.0.113.9",phase="setup"}} 0.001\n'
            f'probe_icmp_duration_seconds{{target="203.0.113.10:0",phase="rtt"}} 0\n'
            f'probe_icmp_duration_seconds{{target="192.0.2.1",phase="rtt"}} 0.02\n')
        body = ("# TYPE probe_icmp_duration_seconds gauge\n" + series).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Refusing(http.server.BaseHTTPRequestHandler):
    """A way to the server on which some answers are lost: the sender sends the same again."""

    target, number, lost = None, 0, 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Refusing.number += 1
        answer = self.target.request("POST", self.path, body, headers={
            name: self.headers[name] for name in ("Content-Type", "Content-Encoding", "X-Prometheus-Remote-Write-Version")})
        if Refusing.number % 3 == 0:
            Refusing.lost += 1
            answer.status = 503  # it was taken, but nobody told
        self.send_response(answer.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class MetricsIn(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon(config=CONFIG)
        self.tenant = harness.Tenant(self.server.client())
        self.tenant.add_prefix("clients", PREFIX)

    def serve(self, handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def points(self):
        report = self.tenant.latency("clients", "&timespan=PT6H&interval=PT5M&groupBy=pop,kind,source")
        return [(series["pop"], series["source"], series["kind"], point) for series in report["series"]
                for point in series["points"] if point["count"]]

    def count(self):
        return sum(point["count"] for *_, point in self.points())

    def metric(self, result, protocol="remote_write"):
        return self.server.metrics().get(f'peering_metric_points_total{{protocol="{protocol}",result="{result}"}}', 0)

    def test_prometheus_writes_and_each_scrape_counts_once_however_often_it_is_sent(self):
        prometheus = need_program(self, "prometheus", "/usr/bin/prometheus")
        Exporter.scrapes, Exporter.gone = [], False
        Refusing.target, Refusing.number, Refusing.lost = self.server.client(), 0, 0
        exporter, way, port = self.serve(Exporter), self.serve(Refusing), harness.free_port()
        config = self.dir / "prometheus.yml"
        config.write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": "500ms", "scrape_timeout": "400ms"},
            "scrape_configs": [{"job_name": "smokeping", "static_configs": [{"targets": [f"127.0.0.1:{exporter}"]}]}],
            "remote_write": [{"url": f"http://127.0.0.1:{way}/telemetry/prometheus/write",
                              "queue_config": {"batch_send_deadline": "1s", "min_backoff": "50ms", "max_shards": 1}}]}))
        self.background([prometheus, f"--config.file={config}", f"--storage.tsdb.path={self.dir}/tsdb",
                         f"--web.listen-address=127.0.0.1:{port}"], "prometheus")
        wait_for(lambda: len(Exporter.scrapes) >= 20, "scrapes", 60)
        Exporter.gone = True  # its series end: Prometheus writes a marker for each
        wait_for(lambda: Refusing.lost >= 3, "answers that were lost", 30)
        before = -1
        while before != self.count():  # until nothing comes any more
            before = self.count()
            time.sleep(3)
        [(pop, source, kind, point)] = self.points()
        self.assertEqual((pop, source, kind), ("AMS", "smokeping", "icmp"))
        scraped = self.scraped(port)
        self.assertEqual(self.count(), len(scraped), f"as Prometheus has them, {Refusing.lost} batches were sent again")
        self.assertAlmostEqual(point["min_us"], 1e6 * min(scraped), delta=1)
        self.assertAlmostEqual(point["max_us"], 1e6 * max(scraped), delta=1)
        self.assertGreaterEqual(self.metric("no_value"), len(scraped) + 3, "the target that never answers, and three ended series")
        self.assertGreater(self.metric("unmapped"), 0)
        self.assertGreater(self.metric("unmatched"), 0)
        self.assertEqual(self.metric("rejected"), 0)
        print(f"prometheus: {len(scraped)} scrapes, {Refusing.number} requests, {Refusing.lost} of them sent again", flush=True)

    @staticmethod
    def scraped(port):
        """The values that Prometheus itself has stored."""
        query = 'probe_icmp_duration_seconds{phase="rtt",target="203.0.113.9"}[10m]'
        answer = harness.Client(f"http://127.0.0.1:{port}").get(
            "/api/v1/query?query=" + query.replace("{", "%7B").replace("}", "%7D").replace('"', "%22")
            .replace("[", "%5B").replace("]", "%5D"))
        [series] = answer.json["data"]["result"]
        return [float(value) for _, value in series["values"]]

    def otlp(self, points, headers=None, pack=False, path="/v1/metrics"):
        body = json.dumps({"resourceMetrics": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "prober"}}]}, "scopeMetrics": [{"metrics": [
                {"name": "network.rtt", "unit": "ms", "gauge": {"dataPoints": points}}]}]}]}).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        if pack:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return self.server.client().request("POST", path, body, headers=headers)

    @staticmethod
    def point(value, client="203.0.113.9"):
        return {"timeUnixNano": str(time.time_ns()), "asDouble": value,
                "attributes": [{"key": "peer", "value": {"stringValue": client}}]}

    def test_otlp_in_json_plain_and_packed(self):
        points = [self.point(40.5), self.point(41.5)]
        for pack in (False, True):
            answer = self.otlp(points, pack=pack)
            self.assertEqual((answer.status, answer.json), (200, {}), answer)
        self.assertEqual(self.count(), 4, "two requests with other bytes")
        self.assertEqual(self.otlp(points).status, 200)
        self.assertEqual(self.count(), 4, "sent again")
        answer = self.otlp([self.point(40), self.point(40, "nobody")])
        self.assertEqual(answer.json["partialSuccess"]["rejectedDataPoints"], "1")
        self.assertIn("client", answer.json["partialSuccess"]["errorMessage"])
        self.assertEqual(self.count(), 5)
        self.assertEqual({(source, kind) for _, source, kind, _ in self.points()}, {("network.rtt", "stamp")})

    def test_what_is_refused(self):
        client = self.server.client()
        write = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
                 "X-Prometheus-Remote-Write-Version": "0.1.0"}
        path = "/telemetry/prometheus/write"
        self.assertEqual(client.request("POST", path, b"\x00", headers=write).status, 204, "an empty request")
        self.assertEqual(client.request("POST", path, b"no snappy", headers=write).status, 400)
        self.assertEqual(client.request("POST", path, b"\xff\xff\xff\xff\x0fx", headers=write).status, 413)
        self.assertEqual(client.request("POST", path, b"\x00", headers={**write, "Content-Encoding": "gzip"}).status, 415)
        self.assertEqual(client.request("POST", path, b"\x00", headers={
            **write, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}).status, 415)
        self.assertEqual(client.request("POST", "/v1/metrics", b"[", headers={"Content-Type": "application/json"}).status, 400)
        self.assertEqual(client.request("POST", "/v1/metrics", b"", headers={"Content-Type": "text/plain"}).status, 415)
        nobody = harness.Client(self.server.http)
        for each in (path, "/v1/metrics"):
            self.assertEqual(nobody.request("POST", each, b"\x00", headers=write).status, 401)

    def test_without_rules_there_is_nothing(self):
        plain = self.daemon("plain")
        self.assertEqual(plain.client().request("POST", "/v1/metrics", b"{}").status, 404)


if __name__ == "__main__":
    harness.main()
