"""Round-trip times out of the access logs of nginx, HAProxy and Traffic Server, configured as docs/access-logs.md says, and out of what
fping and scamper print, over a slow link; and what else may come to the syslog port.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
import netns_lab
from harness import need_program, wait_for
from netns_lab import END, SOURCE

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "access-logs.md"
CONFIG = """
[[network.pops]]
name = "AMS"
metro = "Amsterdam"

[latency.syslog]
listen = "127.0.0.1:0"
"""
CLIENTS = "198.51.100.0/24"  # the far end of the link
LINE = '{"time":"%.3f","client":"%s","rtt_us":"%s"}'
# What a busy machine adds to the link's time, beside the millisecond or so of a quiet one.
EXTRA_MS = 15 * harness.PATIENCE

lab = None


def setUpModule():
    global lab
    if netns_lab.why_impossible() is None:
        lab = netns_lab.Lab()


def tearDownModule():
    if lab:
        lab.remove()


def documented(language, word=""):
    """The first example in this language that has the word."""
    examples = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.S)
    return next(example for example in examples if word in example)


class AccessLogs(harness.SystemTest):
    def begin(self, prefix=CLIENTS):
        self.server = self.daemon(config=CONFIG)
        self.tenant = harness.Tenant(self.server.client())
        self.tenant.add_prefix("clients", prefix)
        self.host, self.port = self.server.address("syslog")

    def lines(self, result):
        return self.server.metrics().get(f'peering_syslog_lines_total{{result="{result}"}}', 0)

    def points(self):
        return [(series["source"], series["kind"], point) for series in
                self.tenant.latency("clients", "&timespan=PT6H&interval=PT5M&groupBy=pop,kind,source")["series"]
                for point in series["points"] if point["count"]]

    def count(self):
        return sum(point["count"] for _, _, point in self.points())

    def udp(self, *messages):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for message in messages:
                sender.sendto(message.encode(), (self.host, self.port))


class RealServers(AccessLogs):
    """nginx and HAProxy here, a client at the other end of a link of 20 ms each way."""

    def setUp(self):
        super().setUp()
        if not lab:
            self.skipTest(netns_lab.why_impossible())
        lab.link.one_way_s = 0.020

    def with_port(self, text):
        return text.replace("127.0.0.1:5514", f"{self.host}:{self.port}")

    def nginx(self):
        port, folder = harness.free_port(), self.dir / "nginx"
        folder.mkdir()
        places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = folder / "nginx.conf"
        config.write_text(f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
                          f"events {{}}\nhttp {{\n{places}{self.with_port(documented('nginx'))}"
                          f"server {{ listen {SOURCE}:{port}; location / {{ return 200 'ok'; }} }}\n}}\n")
        self.background([need_program(self, "nginx", "/usr/sbin/nginx"), "-c", config, "-e", folder / "error.log"], "nginx")
        return port

    def haproxy(self):
        port, config = harness.free_port(), self.dir / "haproxy.cfg"
        log = "".join(f"    {line}\n" for line in self.with_port(documented("haproxy")).splitlines())
        config.write_text("defaults\n    mode http\n    timeout client 10s\n    timeout connect 10s\n    timeout server 10s\n"
                          f"frontend edge\n    bind {SOURCE}:{port}\n{log}    http-request return status 200\n")
        self.background([need_program(self, "haproxy", "/usr/sbin/haproxy"), "-db", "-f", config], "haproxy")
        return port

    def visit(self, port, times, how="-sfo"):
        """Connections of a client beyond the link, one request each; `how` curl takes the answers."""
        url = f"http://{SOURCE}:{port}/"
        curl = shutil.which("curl") or self.fail("curl is not installed")
        wait_for(lambda: self.run_far(curl, how, "/dev/null", url) == 0, "web server", 20)
        for _ in range(times):
            self.assertEqual(self.run_far(curl, how, "/dev/null", url), 0)

    def run_far(self, *words):
        program = self.background(lab.command(lab.end, *words), f"far-{len(self._logs)}")
        return program.process.wait(20 * harness.PATIENCE)

    def medians_ms(self):
        return {source: point["p50_us"] / 1000 for source, kind, point in self.points() if kind == "srtt"}

    def test_nginx_and_haproxy_report_the_link(self):
        for name in ("nginx", "haproxy"):
            with self.subTest(server=name):
                lab.link.one_way_s = 0.020
                self.begin() if name == "nginx" else self.again()
                port = getattr(self, name)()
                began = time.monotonic()
                self.visit(port, 20)
                wait_for(lambda: self.count() >= 20, "samples in the report", 60)
                took, [median] = time.monotonic() - began, self.medians_ms().values()
                print(f"{name}: median {median:.2f} ms over 2 x 20 ms, {took:.1f} s after the first request", flush=True)
                self.assertTrue(40 <= median <= 43 + EXTRA_MS, median)
                lab.link.one_way_s = 0.030
                before = self.count()
                self.visit(port, 40)
                wait_for(lambda: self.count() >= before + 40, "samples of the slower link", 60)
                slowest = max(point["p95_us"] for _, _, point in self.points()) / 1000
                print(f"{name}: 95 % below {slowest:.2f} ms over 2 x 30 ms", flush=True)
                self.assertTrue(60 <= slowest <= 63 + 2 * EXTRA_MS, slowest)

    def traffic_server(self, log_folder):
        """Traffic Server as its documented plugin line makes it log, quickly, and answers itself."""
        port, folder = harness.free_port(), self.dir / "trafficserver"
        places = {name: folder / name for name in ("etc", "run", "cache")} | {"log": log_folder}
        for place in places.values():
            place.mkdir(parents=True)
        program = need_program(self, "traffic_server", "/usr/bin/traffic_server")
        settings = {"http.server_ports": f"{port}:ip-in={SOURCE}", "log.logfile_dir": places["log"], "local_state_dir": places["run"],
                    "log.max_secs_per_buffer": 1, "exec_thread.autoconfig": 0, "exec_thread.limit": 1, "admin.user_id": "#-1"}
        number = re.compile(r"\d+$")
        (places["etc"] / "records.config").write_text("".join(
            f"CONFIG proxy.config.{name} {'INT' if number.match(str(value)) else 'STRING'} {value}\n"
            for name, value in settings.items()))
        (places["etc"] / "ip_allow.yaml").write_text(
            "ip_allow:\n  - apply: in\n    ip_addrs: 0/0\n    action: allow\n    methods: ALL\n")
        (places["etc"] / "plugin.config").write_text(documented("plugin"))
        (places["etc"] / "remap.config").write_text(f"map / http://{SOURCE}:1/\n")  # nobody: it answers 502 itself
        (places["etc"] / "storage.config").write_text(f"{places['cache']} 16M\n")
        (folder / "runroot.yaml").write_text(
            f"prefix: {folder}\nexec_prefix: /usr\nbindir: /usr/bin\nsbindir: /usr/sbin\nsysconfdir: {places['etc']}\n"
            f"datadir: {folder}\nincludedir: /usr/include\nlibdir: /usr/lib\nlibexecdir: /usr/lib/trafficserver/modules\n"
            f"localstatedir: {folder}\nruntimedir: {places['run']}\nlogdir: {places['log']}\ncachedir: {places['cache']}\n")
        self.background([program], "trafficserver", env={**os.environ, "TS_RUNROOT": str(folder), "TZ": "UTC"})
        return port

    def test_traffic_servers_log_is_followed(self):
        folder = self.dir / "trafficserver-log"
        log = re.sub('path = .*', f'path = "{folder}/tcpinfo.log"', documented("toml", "tcpinfo.log"))
        self.server = self.daemon(config=CONFIG + log)
        self.tenant = harness.Tenant(self.server.client())
        self.tenant.add_prefix("clients", CLIENTS)
        port = self.traffic_server(folder)
        self.visit(port, 20, "-so")
        wait_for(lambda: self.count() >= 20, "samples in the report", 60)
        [median] = self.medians_ms().values()
        print(f"trafficserver: median {median:.2f} ms over 2 x 20 ms", flush=True)
        self.assertTrue(40 <= median <= 43 + EXTRA_MS, median)
        self.assertEqual({source for source, _, _ in self.points()}, {"tcpinfo.log"})

    def test_what_fping_and_scamper_measured_is_imported(self):
        self.begin()
        fping = [need_program(self, "fping"), "-q", "-C", "5", "-p", "100", END]
        timed = [fping[0], "-D", "-c", "5", "-p", "100", END]
        scamper = [need_program(self, "scamper"), "-O", "json", "-c", "ping -c 5 -i 0.1", "-i", END]
        for words, name, more in ((fping, "fping", ["--time", "2026-11-23T10:00:00Z", "--source", "smokeping"]),
                                  (timed, "fping", []), (scamper, "scamper", [])):
            done = subprocess.run(words, capture_output=True, text=True, timeout=60 * harness.PATIENCE)
            path = self.dir / f"{name}.txt"
            path.write_text(done.stdout or done.stderr)
            if "--time" in more:
                more[1] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
            for _ in range(2):  # the second changes nothing
                said = json.loads(self.ctl(self.server, "latency", "import", path, "--format", name, "--pop", "AMS", *more,
                                           "-o", "json"))
                self.assertEqual((said["accepted"], said["rejected"], said["unmatched"]), (5, 0, 0))
        self.assertEqual({(source, kind): point["count"] for source, kind, point in self.points()},
                         {("smokeping", "icmp"): 5, ("fping", "icmp"): 5, ("scamper", "icmp"): 5})
        for source, _, point in self.points():
            self.assertTrue(40 <= point["min_us"] / 1000 <= 43 + EXTRA_MS, (source, point))
        refused = self.ctl(self.server, "latency", "import", path, "--format", "scamper", expect=2)
        self.assertIn("--pop", refused)

    def again(self):
        """Another server, with nothing of the one before."""
        self.server.stop()
        self.server = self.daemon("other", config=CONFIG)
        self.tenant = harness.Tenant(self.server.client())
        self.tenant.add_prefix("clients", CLIENTS)
        self.host, self.port = self.server.address("syslog")


class WhatComes(AccessLogs):
    def test_a_stop_stores_what_came(self):
        self.begin("203.0.113.0/24")
        number = 500
        with socket.create_connection((self.host, self.port)) as sender:
            for index in range(number):
                line = LINE % (time.time(), f"203.0.113.{index % 250}", 20_000 + index)
                message = f"<134>1 - edge-1 haproxy - - - {line}"
                sender.sendall(f"{len(message)} {message}".encode() if index % 2 else f"{message}\n".encode())
            wait_for(lambda: self.server.metrics().get('peering_syslog_messages_total{transport="tcp"}', 0) == number,
                     "messages taken")
            self.assertEqual(self.server.stop(), 0)
        self.server.start()
        self.tenant.client = self.server.client()
        self.assertEqual(self.count(), number)
        self.assertEqual({source for source, _, _ in self.points()}, {"edge-1"})

    def test_half_a_line_long_ones_and_strangers_cost_only_themselves(self):
        self.begin("203.0.113.0/24")
        good = f"<190>Nov 23 16:13:36 edge-1 peering: {LINE % (time.time(), '203.0.113.9', '20123')}"
        self.udp(good, good[:-9], "<999>x", "", "<190>1 no", "x" * 60_000,
                 f"<190>{LINE % (time.time(), '192.0.2.1', '20123')}", f"<190>{LINE % (time.time(), '203.0.113.9', '-')}",
                 f"<190>{LINE % (time.time() - 400 * 86400, '203.0.113.9', '20123')}")
        with socket.create_connection((self.host, self.port)) as sender:
            sender.sendall(f"{good}\n{good}\n".encode() + b"y" * 70_000)
            wait_for(lambda: self.closed(sender), "an end of the connection whose line does not end", 20)
        wait_for(lambda: self.count() == 3, "the good ones")
        wait_for(lambda: self.lines("rejected") == 4, "rejected lines")
        self.assertEqual((self.lines("unmatched"), self.lines("no_round_trip")), (1, 1))
        self.assertEqual(self.server.metrics()["peering_syslog_malformed_total"], 3)
        log = self.server.log_text()
        self.assertIn("syslog: lines are rejected; the first:", log)
        self.assertNotIn("203.0.113.9", log, "addresses of clients are not logged")

    def test_a_flood_of_datagrams_is_counted_and_a_concern(self):
        self.begin("203.0.113.0/24")
        sent = 40_000
        line = "<190>" + LINE % (time.time(), "203.0.113.9", "20123") + " " * 900
        self.server.process.send_signal(signal.SIGSTOP)  # for a moment it cannot read
        try:
            self.udp(*[line] * sent)
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        metrics = self.server.metrics

        def all_told():
            now = metrics()
            return now["peering_syslog_dropped_total"] + now['peering_syslog_messages_total{transport="udp"}'] == sent

        wait_for(all_told, "every datagram, taken or dropped", 30)
        dropped = int(metrics()["peering_syslog_dropped_total"])
        self.assertGreater(dropped, 0)
        [concern] = self.server.client().ok("GET", "/readyz")["concerns"]
        self.assertIn(f"latency.syslog: {dropped} datagrams were dropped", concern)
        self.assertIn("datagrams were dropped", self.ctl(self.server, "status"))
        wait_for(lambda: self.count() == sent - dropped, "what was taken", 30)

    @staticmethod
    def closed(sender):
        sender.settimeout(0.1)
        try:
            return sender.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True

    def test_an_address_that_is_not_loopback_needs_a_word(self):
        path = self.dir / "remote.toml"
        path.write_text('[latency.syslog]\nlisten = "0.0.0.0:5514"\n')
        done = subprocess.run([harness.PEERINGD, "--config", path, "--check"], capture_output=True, text=True,
                              timeout=60 * harness.PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("latency.syslog.allow_remote = true", done.stderr)


if __name__ == "__main__":
    harness.main()
