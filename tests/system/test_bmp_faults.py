"""BMP as it goes wrong: floods, reconnects, flapping peers, clocks that jump, names used twice.

Nothing of it may lose a route, grow without end, or trouble another router.
"""
import struct
import threading
import time

import bmp
import harness
from bmp import Peer, Router
from harness import Tenant, wait_for

STATISTICS_REPORT, ROUTE_MIRRORING, UNKNOWN = 1, 6, 77


class BmpFaults(harness.SystemTest):
    def start(self, config=None):
        self.server = self.daemon(config=config)
        return Tenant(self.server.client())

    def router(self, name="edge-1"):
        router = Router(self.server.address("bmp"), name=name)
        self.addCleanup(router.close)
        return router

    def metric(self, name, **labels):
        """The sum of a metric's samples that have these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for sample, value in self.server.metrics().items()
                   if sample.split("{")[0] == name and all(label in sample for label in wanted))

    def routes(self):
        return self.metric("peering_rib_routes")

    def wait_for_routes(self, count, timeout_s=30):
        try:
            wait_for(lambda: self.routes() == count, f"{count} routes", timeout_s, 0.1)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; there are {self.routes()}") from None

    def test_full_tables_of_ten_routers_at_once_and_a_consumer_that_cannot_keep_up(self):
        self.start("[detection]\nshards = 1\nmailbox_messages_max = 16\n")
        peer = Peer("198.51.100.1", 64496)
        count = 20_000
        table = peer.up() + b"".join(
            peer.route([f"10.{n >> 8}.{n & 255}.0/24"], path=[64496, 64500 + n % 50]) for n in range(count))
        table += peer.end_of_rib()
        routers = [self.router(f"edge-{number}") for number in range(10)]
        senders = [threading.Thread(target=router.send, args=(table,)) for router in routers]
        for router in routers:
            router.socket.settimeout(120 * harness.PATIENCE)
        fullest = 0
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            fullest = max(fullest, self.metric("peering_shard_mailbox_messages"))
            time.sleep(0.05)
        self.wait_for_routes(10 * count, 120)
        self.assertLessEqual(fullest, 16)
        self.assertGreater(self.metric("peering_bmp_waits_total"), 0, "the readers waited")
        full = self.server.memory_kib("VmHWM")
        for sender in senders:
            sender.join()
        # Once more, the same: no route changes, so nothing may be added.
        for router in routers:
            router.send(table)
        frames = 10 * 2 * (count + 1)
        wait_for(lambda: self.metric("peering_bmp_messages_total", type="route_monitoring") == frames, "all messages",
                 120, 0.1)
        self.wait_for_routes(10 * count)
        self.assertLess(self.server.memory_kib("VmHWM") - full, 64 * 1024, "KiB that a repeated table cost")

    def test_a_router_that_connects_again_and_again(self):
        tenant = self.start()
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        peer = Peer("198.51.100.1", 64496)
        table = peer.up() + b"".join(peer.route([f"10.0.{n}.0/24"], path=[64496, 64500]) for n in range(100))
        table += peer.route(["203.0.113.0/24"], path=[64496, 64500]) + peer.end_of_rib()
        for _ in range(50):
            router = Router(self.server.address("bmp"))
            router.send(table)
            router.close()
        last = self.router()
        last.send(table)
        self.wait_for_routes(101)
        wait_for(lambda: self.metric("peering_bmp_sessions") == 1, "one session")
        self.assertEqual(len(tenant.routes("main")), 1)
        self.assertLessEqual(len([e for e in tenant.events("main") if e["kind"] == "announcement"]), 1)

    def test_a_peer_that_flaps_a_thousand_times(self):
        tenant = self.start()
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        router, peer = self.router(), Peer("198.51.100.1", 64496)
        before = self.server.memory_kib()
        for _ in range(1000):
            router.send(peer.up() + peer.route(["203.0.113.0/24"], path=[64496, 64500]) + peer.down())
        router.send(peer.up() + peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: self.metric("peering_bmp_messages_total", type="peer_up") == 1001, "every Peer Up")
        wait_for(lambda: len(tenant.routes("main")) == 1, "the route of the last session")
        self.assertLess(self.server.memory_kib() - before, 64 * 1024)
        self.assertLess(len(tenant.events("main")), 3000)

    def test_peers_without_end(self):
        self.start()
        router = self.router()
        peers = [Peer(f"10.{n >> 8}.{n & 255}.1", 64496) for n in range(10_050)]
        for peer in peers:
            router.send(peer.up())
        wait_for(lambda: self.metric("peering_bmp_messages_total", type="peer_up") == len(peers), "every Peer Up", 60)
        self.assertEqual(self.metric("peering_bmp_malformed_total", reason="too_many_peers"), 50)
        router.send(peers[0].route(["203.0.113.0/24"], path=[64496, 64500]))
        self.wait_for_routes(1)
        router.send(peers[1].down() + peers[-1].up() + peers[-1].route(["198.51.100.0/24"], path=[64496, 64500]))
        self.wait_for_routes(2)

    def test_clocks_that_jump(self):
        tenant = self.start()
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        router, peer = self.router(), Peer("198.51.100.1", 64496)
        router.send(peer.up(at=1))
        now = time.time()
        for number, at in enumerate((1, 946684800, 2 ** 32 - 1, now + 3600, now - 30, now, 0)):
            router.send(peer.route(["203.0.113.0/24"], path=[64496] * (number + 1) + [64666], at=at))
        event = wait_for(lambda: [e for e in tenant.events("main") if "hijack" in e["kind"]], "hijack")[0]
        seen = time.strftime("%Y-%m-%dT%H", time.gmtime(now))
        self.assertTrue(event["firstSeen"].startswith(seen[:10]), event["firstSeen"])
        wait_for(lambda: self.metric("peering_bmp_oddities_total", kind="clock") == 5, "five odd clocks")
        self.assertEqual(len(tenant.routes("main")), 1)
        router.send(peer.route(withdraw=["203.0.113.0/24"], at=2 ** 32 - 1))
        wait_for(lambda: not tenant.routes("main"), "withdrawal")

    def test_two_routers_of_one_name(self):
        tenant = self.start()
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        one, other = self.router("twin"), self.router("twin")
        for router, address in ((one, "198.51.100.1"), (other, "198.51.100.2")):
            router.send(Peer(address, 64496).up())
            router.send(Peer(address, 64496).route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: len(tenant.routes("main")) == 2, "routes of both")
        one.close()
        wait_for(lambda: len(tenant.routes("main")) == 1, "routes of the one that is left")
        other.send(Peer("198.51.100.2", 64496).route(["198.51.100.0/24"], path=[64496, 64500]))
        self.wait_for_routes(2)

    def test_messages_of_no_use_are_counted_and_skipped(self):
        self.start()
        router, peer = self.router(), Peer("198.51.100.1", 64496)
        router.send(peer.up())
        statistics = struct.pack(">I", 3) + b"".join(
            struct.pack(">HH", kind, len(value)) + value
            for kind, value in ((0, b"\0\0\0\7"), (65000, b"\1\2\3"), (9, struct.pack(">HBQ", 1, 1, 5))))
        router.send(bmp.message(STATISTICS_REPORT, peer.header() + statistics))
        mirrored = struct.pack(">HH", 0, 19) + bmp.bgp(4, b"") + struct.pack(">HHH", 1, 2, 1)
        router.send(bmp.message(ROUTE_MIRRORING, peer.header() + mirrored) * 3)
        router.send(bmp.message(UNKNOWN, b"whatever") * 2)
        router.send(peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        self.wait_for_routes(1)
        for kind, count in (("statistics_report", 1), ("route_mirroring", 3), ("unknown", 2)):
            self.assertEqual(self.metric("peering_bmp_messages_total", type=kind), count, kind)
        self.assertEqual(self.metric("peering_bmp_malformed_total"), 0)


if __name__ == "__main__":
    harness.main()
