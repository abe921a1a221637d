"""RPKI data from real caches, and what becomes of held routes when it changes.

StayRTR is the cache, rtrclient (rtrlib) the oracle for what it holds; files of VRPs and of the topology are read
again on SIGHUP.
"""
import json
import lzma
import os
import signal
import subprocess
import time

import harness
from bmp import Peer, Router
from harness import PATIENCE, Tenant, need_program, need_shared, wait_for

PREFIX = "203.0.113.0/24"


def vrps(*roas, aspas=()):
    """The JSON of a validator: (prefix, maximum length, AS number) each."""
    return {"metadata": {"counts": len(roas)},
            "roas": [{"prefix": p, "maxLength": m, "asn": f"AS{a}", "ta": "test"} for p, m, a in roas],
            "provider_authorizations": {"ipv4": [{"customer_asid": c, "providers": list(of)} for c, of in aspas],
                                        "ipv6": []}}


def write(path, data):
    """Replaced at once, as validators do."""
    fresh = path.with_suffix(".new")
    fresh.write_text(data if isinstance(data, str) else json.dumps(data))
    os.replace(fresh, path)


class RtrTest(harness.SystemTest):
    def stayrtr(self, data, name="stayrtr", port=None, protocol=2):
        """A running StayRTR that looks at its file every second: (program, port, file)."""
        program = need_program(self, "stayrtr")
        path = self.dir / f"{name}.json"
        write(path, data)
        port = port or harness.free_port()
        cache = self.background([program, "-bind", f"127.0.0.1:{port}", "-cache", path, "-checktime=false",
                                 "-refresh", 1, "-protocol", protocol, "-rtr.retry", 1,
                                 "-metrics.addr", f"127.0.0.1:{harness.free_port()}"], name)
        return cache, port, path

    def rtrclient(self, port):
        """What rtrlib hears from the cache: a set of lines 'prefix,maximum,AS number'."""
        program = need_program(self, "rtrclient")
        out = self.dir / "rtrclient.csv"
        subprocess.run([program, "-e", "-t", "csv", "-o", out, "tcp", "127.0.0.1", str(port)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60 * PATIENCE)
        return {line for line in out.read_text().splitlines() if line and line[0].isdigit()}

    def held(self, server):
        return server.metrics().get("peering_rpki_vrps", 0)

    def announced(self, server, path=(64496, 64500)):
        """A tenant with the prefix, announced by one router; the router's peer."""
        tenant = Tenant(server.client())
        tenant.add_prefix("web", PREFIX, asn=[path[-1]])
        self.router = Router(server.address("bmp"))
        self.addCleanup(self.router.close)
        peer = Peer("198.51.100.1", path[0])
        self.router.send(peer.up() + peer.route([PREFIX], path=list(path)))
        wait_for(lambda: tenant.routes("web"), "route")
        return tenant

    def state(self, tenant):
        return tenant.routes("web")[0]["rpki"]

    def events(self, tenant, kind, state):
        return [e for e in tenant.events("web") if e["kind"] == kind and e["state"] == state]

    def becomes(self, tenant, state):
        wait_for(lambda: self.state(tenant) == state, f"route that is {state}", 20)


class HeldRoutes(RtrTest):
    def test_a_held_route_follows_the_cache(self):
        valid = vrps((PREFIX, 24, 64500), ("198.51.100.0/24", 24, 1))
        _, port, path = self.stayrtr(valid)
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
        tenant = self.announced(server)
        self.becomes(tenant, "valid")
        self.assertEqual(self.events(tenant, "rpki-invalid", "open"), [])

        write(path, vrps((PREFIX, 24, 64666), ("198.51.100.0/24", 24, 1)))
        [event] = wait_for(lambda: self.events(tenant, "rpki-invalid", "open"), "rpki-invalid", 20)
        self.assertEqual(event["rpki"], "invalid")
        self.assertEqual(event["eventType"], "PrefixRpkiStateChangeEvent")
        self.assertIn("AS64666", event["eventDescription"])
        self.assertEqual(self.state(tenant), "invalid")
        [change] = wait_for(lambda: self.events(tenant, "roa-change", "resolved"), "roa-change")
        self.assertEqual(change["eventLevel"], "Information")

        write(path, valid)
        [resolved] = wait_for(lambda: self.events(tenant, "rpki-invalid", "resolved"), "resolved event", 20)
        self.assertEqual(resolved["id"], event["id"])
        self.assertEqual(self.state(tenant), "valid")

    def test_without_rpki_data_nothing_is_known(self):
        tenant = self.announced(self.daemon())
        self.assertEqual(self.state(tenant), "unknown")

    def test_attestations_of_version_2_show_a_leak(self):
        _, port, _ = self.stayrtr(vrps((PREFIX, 24, 64500),
                                       aspas=[(64500, (64498,)), (64498, (0,)), (64496, (0,))]))
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
        wait_for(lambda: self.held(server) == 1, "VRP", 20)
        self.assertEqual(server.metrics()["peering_rpki_aspas"], 3)
        tenant = self.announced(server, path=(64496, 64497, 64498, 64500))
        [leak] = wait_for(lambda: self.events(tenant, "route-leak", "open"), "leak")
        self.assertEqual(leak["suspectAsn"], 64497)


class RealCaches(RtrTest):
    def test_every_version_of_the_protocol(self):
        for protocol in (0, 1, 2):
            with self.subTest(protocol=protocol):
                _, port, _ = self.stayrtr(vrps((PREFIX, 24, 64500), ("2001:db8::/32", 48, 64500)),
                                          f"version{protocol}", protocol=protocol)
                server = self.daemon(f"data{protocol}", config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
                wait_for(lambda: self.held(server) == 2, "VRPs", 20)
                wait_for(lambda: f"version {protocol}, serial" in server.log_text(), "version in the log")

    def test_holds_what_rtrlib_hears(self):
        before = json.loads(lzma.open(need_shared(self, "data", "rpki", "vrps-from-ipasn2014.json.xz")).read())
        after = json.loads(lzma.open(need_shared(self, "data", "rpki", "vrps-from-ipasn2014-after.json.xz")).read())
        _, port, path = self.stayrtr(before)
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
        wait_for(lambda: self.held(server) == 2080, "2,080 VRPs", 20)
        self.assertEqual(len(self.rtrclient(port)), 2080)
        write(path, after)
        wait_for(lambda: self.held(server) == 2072, "the delta", 20)
        self.assertEqual(len(self.rtrclient(port)), 2072)
        self.assertIn("2 added, 10 removed", server.log_text())

    def test_fails_over_and_goes_back(self):
        good, port, _ = self.stayrtr(vrps((PREFIX, 24, 64500)), "good")
        _, spare, _ = self.stayrtr(vrps((PREFIX, 24, 64666)), "spare")
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{spare}"\npreference = 2\n'
                                    f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\npreference = 1\n')
        tenant = self.announced(server)
        self.becomes(tenant, "valid")
        good.stop()
        self.becomes(tenant, "invalid")
        self.stayrtr(vrps((PREFIX, 24, 64500)), "good-again", port=port)
        wait_for(lambda: self.state(tenant) == "valid", "the better cache again", 40)

    def test_a_restarted_cache_is_asked_for_everything_and_what_it_said_counts_until_then(self):
        cache, port, _ = self.stayrtr(vrps((PREFIX, 24, 64500)))
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
        tenant = self.announced(server)
        self.becomes(tenant, "valid")
        answers = server.metrics()["peering_rpki_end_of_data_total"]
        cache.stop()
        wait_for(lambda: server.metrics()["peering_rpki_caches_synchronised"] == 0, "the loss", 20)
        self.assertEqual((self.held(server), self.state(tenant)), (1, "valid"), "within the expire interval")
        # Another session id, so that no Serial Query of ours means anything to it: StayRTR draws it by the second.
        second = int(time.time())
        wait_for(lambda: int(time.time()) > second, "the next second", 5)
        self.stayrtr(vrps((PREFIX, 24, 64666)), "restarted", port=port)
        seen = set()
        wait_for(lambda: seen.add(self.state(tenant)) or "invalid" in seen, "what it says now", 40)
        self.assertEqual(seen - {"valid", "invalid"}, set(), "never unknown in between")
        self.assertGreater(server.metrics()["peering_rpki_end_of_data_total"], answers)
        self.assertEqual(self.held(server), 1)

    def test_a_set_that_shrinks_by_more_than_half_waits(self):
        many = [(f"198.51.{n}.0/24", 24, 64500) for n in range(20)]
        _, port, path = self.stayrtr(vrps(*many))
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
        wait_for(lambda: self.held(server) == 20, "VRPs", 20)
        write(path, vrps(many[0]))
        wait_for(lambda: "are used when it says so again" in server.log_text(), "word of the guard", 20)
        self.assertEqual(self.held(server), 20)
        wait_for(lambda: self.held(server) == 1, "the confirmed set", 60)


class Files(RtrTest):
    def configured(self, path, more=""):
        return f'[rpki]\nvrp_file = "{path}"\n{more}'

    def hang_up(self, server):
        server.process.send_signal(signal.SIGHUP)

    def test_a_vrp_file_is_read_again_on_sighup(self):
        path = self.dir / "vrps.json"
        write(path, vrps((PREFIX, 24, 64500)))
        server = self.daemon(config=self.configured(path))
        tenant = self.announced(server)
        self.assertEqual(self.state(tenant), "valid")
        write(path, vrps((PREFIX, 24, 64666)))
        self.hang_up(server)
        wait_for(lambda: self.events(tenant, "rpki-invalid", "open"), "rpki-invalid")
        write(path, '{"roas": [{"prefix": "203.0.113.0/33", "asn": 1}]}')
        self.hang_up(server)
        wait_for(lambda: "roas[0]" in server.log_text(), "error in the log")
        self.assertEqual(self.state(tenant), "invalid", "what it said before stays in force")
        write(path, vrps((PREFIX, 24, 64500)))
        self.hang_up(server)
        wait_for(lambda: self.events(tenant, "rpki-invalid", "resolved"), "resolved")

    def test_sighup_says_what_needs_a_restart(self):
        server = self.daemon(config="[latency]\nsettle_every = \"5s\"\n")
        config = server.data_dir.with_name(server.data_dir.name + ".toml")
        path = self.dir / "vrps.json"
        write(path, vrps((PREFIX, 24, 64500)))
        config.write_text(self.configured(path, '[latency]\nsettle_every = "6s"\n'))
        self.hang_up(server)
        wait_for(lambda: self.held(server) == 1, "the file that was named while running")
        log = server.log_text()
        self.assertIn("rpki.vrp_file is another one now", log)
        self.assertRegex(log, "only after a restart: latency.settle_every")
        config.write_text("[latency]\nsettle_evry = 1\n")
        self.hang_up(server)
        wait_for(lambda: "the nearest known one is latency.settle_every" in server.log_text(), "refusal")

    def test_topology_files_are_read_again_on_sighup(self):
        rels = self.dir / "rels.txt"
        rels.write_text("# source: test\n64498|64500|-1|bgp\n")
        server = self.daemon(config=f'[topology]\nas_relationships = "{rels}"\n')
        tenant = self.announced(server, path=(64496, 64497, 64498, 64500))
        self.assertEqual(self.events(tenant, "route-leak", "open"), [])
        rels.write_text("64498|64500|-1\n64498|64497|-1\n64496|64497|-1\n")
        self.hang_up(server)
        [leak] = wait_for(lambda: self.events(tenant, "route-leak", "open"), "leak")
        self.assertEqual(leak["suspectAsn"], 64497)

    def test_a_file_that_is_wrong_at_the_start_is_refused(self):
        path = self.dir / "bogons.txt"
        path.write_text("10.0.0.0/8\nnonsense\n")
        config = self.dir / "wrong.toml"
        config.write_text(f'[topology]\nbogons = "{path}"\n')
        done = subprocess.run([harness.PEERINGD, "--config", config, "--check"], capture_output=True, text=True,
                              timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("line 2", done.stderr)

    def test_the_largest_real_graph_is_read(self):
        path = need_shared(self, "data", "asrel", "thunderwolf-whole-internet-rel.txt.xz")
        server = self.daemon(config=f'[topology]\nas_relationships = "{path}"\n')
        self.assertTrue(server.running())


if __name__ == "__main__":
    harness.main()
