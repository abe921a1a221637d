"""Starting and stopping: what is kept, how fast, and what a wrong configuration is told."""
import socket
import subprocess
import time

import harness
from bmp import Peer, Router
from harness import Tenant, post_samples, samples_body, total_count, wait_for


class Restart(harness.SystemTest):
    def test_a_restart_serves_the_same(self):
        server = self.daemon()
        tenant = Tenant(server.client())
        tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])
        router = Router(server.address("bmp"))
        self.addCleanup(router.close)
        peer = Peer("198.51.100.1", 64496)
        router.send(peer.up() + peer.route(["203.0.113.0/24"], path=[64496, 64666]))
        wait_for(lambda: tenant.events("office"), "event")
        self.assertEqual(post_samples(server.client(), samples_body(["203.0.113.9"] * 100)).status, 202)

        before = self.everything(tenant)
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        print(f"SIGTERM to exit: {time.monotonic() - started:.2f} s")
        token = server.token
        started = time.monotonic()
        server.start()
        print(f"start to ready: {time.monotonic() - started:.2f} s")
        self.assertEqual(server.token, token)
        tenant.client = server.client()
        after = self.everything(tenant)
        self.assertEqual(after, before)
        self.assertEqual(after["samples"], 100)

    def everything(self, tenant):
        events = tenant.events("office")
        return {"service": tenant.client.ok("GET", tenant.url(tenant.connection)),
                "prefix": tenant.client.ok("GET", tenant.url(tenant.prefix_id("office")))["properties"]["prefix"],
                "monitoring": tenant.client.ok("GET", tenant.extension(tenant.prefix_id("office"),
                                                                       "monitoring/default")),
                "events": sorted(event["id"] for event in events),
                "samples": total_count(tenant.latency("office"))}

    def test_sigterm_ends_it_while_connections_are_open(self):
        server = self.daemon()
        router = Router(server.address("bmp"))
        self.addCleanup(router.close)
        router.send(b"\x03\x00\x00")
        follower = self.open_stream(server)
        self.addCleanup(follower.close)
        started = time.monotonic()
        self.assertEqual(server.stop(10), 0)
        self.assertLess(time.monotonic() - started, 10)

    def open_stream(self, server):
        connection = socket.create_connection(server.address("http"))
        connection.sendall(b"POST /telemetry/samples HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        return connection

    def test_health_readiness_and_the_ready_line(self):
        server = self.daemon()
        for name in ("http", "https", "bmp"):
            self.assertIn(name, server.addresses)
        anonymous = harness.Client(server.http)
        self.assertEqual(anonymous.get("/healthz").status, 200)
        self.assertEqual(anonymous.get("/readyz").status, 200)
        self.assertIn("# TYPE", anonymous.get("/metrics").text)
        self.assertEqual((server.data_dir / "admin.token").stat().st_mode & 0o777, 0o600)
        secure = harness.Client(server.https, server.token, server.authority)
        self.assertEqual(secure.get("/healthz").status, 200)
        answer = anonymous.get("/subscriptions/x/providers/Microsoft.Peering/peerAsns?api-version=2022-10-01")
        self.assertEqual(answer.status, 401)
        self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))


class Configuration(harness.SystemTest):
    def check(self, text, *arguments):
        path = self.dir / "peeringd.toml"
        path.write_text(text)
        return subprocess.run([harness.PEERINGD, "--config", str(path), "--data-dir", str(self.dir / "data"),
                               *arguments], capture_output=True, text=True, timeout=30 * harness.PATIENCE)

    def test_a_wrong_configuration_is_exit_code_2_with_file_line_key(self):
        done = self.check("[network]\nasn = 64496\n\n[feeds.bmp]\nlisen = \"127.0.0.1:0\"\n")
        self.assertEqual(done.returncode, 2, done)
        for word in ("peeringd.toml", "5", "lisen", "listen"):
            self.assertIn(word, done.stderr)

    def test_a_wrong_value_names_key_and_rule(self):
        done = self.check("[network]\nasn = \"many\"\n", "--check")
        self.assertEqual(done.returncode, 2, done)
        for word in ("peeringd.toml:2", "network.asn", "whole number"):
            self.assertIn(word, done.stderr)

    def test_no_toml_is_exit_code_2_with_the_line(self):
        done = self.check("[network]\nasn = \n", "--check")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("peeringd.toml", done.stderr)

    def test_a_missing_file_is_exit_code_2(self):
        done = subprocess.run([harness.PEERINGD, "--config", str(self.dir / "none.toml"), "--check"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("none.toml", done.stderr)

    def test_a_right_one_passes_the_check_and_prints_whole(self):
        self.assertEqual(self.check("[network]\nasn = 64496\n", "--check").returncode, 0)
        done = self.check("[network]\nasn = 64496\n", "--print-config")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("64496", done.stdout)
        self.assertIn("[feeds.bmp]", done.stdout)

    def test_an_open_listener_without_authentication_is_refused(self):
        done = subprocess.run([harness.PEERINGD, "--data-dir", str(self.dir / "data"), "--listen", "0.0.0.0:0",
                               "--listen-tls", "127.0.0.1:0", "--bmp", "127.0.0.1:0"],
                              capture_output=True, text=True, timeout=30 * harness.PATIENCE)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("0.0.0.0:0", done.stderr)


if __name__ == "__main__":
    harness.main()
