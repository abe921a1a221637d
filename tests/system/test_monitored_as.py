"""ASes that a connection watches wherever they stand in a path, and a beacon that stops changing."""
import harness
from bmp import Peer, Router
from harness import Tenant, wait_for

OTHERS = "198.51.100.0/24"


class MonitoredAs(harness.SystemTest):
    def connection(self, **more):
        """A daemon that watches AS64500 for a connection that the tenant has."""
        name = "office"
        server = self.daemon(config="", **more)
        tenant = Tenant(server.client(), connection=name)
        server.stop()
        server.config = f"""
[[detection.asns]]
asn = 64500
upstreams = ["64497"]
downstreams = []
connection = "{tenant.connection}"
"""
        server.start()
        tenant.client = server.client()
        return server, tenant

    def test_its_neighbours_and_what_it_announces_are_events_of_the_connection(self):
        server, tenant = self.connection()
        tenant.add_prefix("site", "203.0.113.0/24", asn=[64500])
        router, peer = Router(server.address("bmp")), Peer("192.0.2.1", 64496)
        self.addCleanup(router.close)
        events = Tenant.extension(tenant.connection, "events")

        def found(kind, state):
            return [one for one in server.client().ok("GET", f"{events}&$filter=kind%20eq%20'{kind}'%20and%20state%20eq%20'{state}'")["value"]]

        router.send(peer.up() + peer.route([OTHERS], path=[64496, 64498, 64500]))
        upstream = wait_for(lambda: found("path-unexpected-upstream", "open"), "an unexpected upstream")[0]
        self.assertEqual((upstream["neighborAsn"], upstream["monitoredAsn"], upstream["observedPrefix"]), (64498, 64500, OTHERS))
        self.assertEqual((upstream["connection"], upstream["prefix"]), (tenant.connection, OTHERS))
        wait_for(lambda: found("as-announces-unregistered", "open"), "what is not registered")
        router.send(peer.route([OTHERS], path=[64496, 64497, 64500, 64511]))
        wait_for(lambda: found("path-unexpected-downstream", "open"), "an unexpected downstream")
        wait_for(lambda: found("path-unexpected-upstream", "resolved"), "the end of the upstream")
        wait_for(lambda: found("as-announces-unregistered", "resolved"), "the end of the announcement")
        router.send(peer.route(withdraw=[OTHERS]))
        wait_for(lambda: found("path-unexpected-downstream", "resolved"), "the end of the downstream")


class MonitoredAsesOfConnections(harness.SystemTest):
    """The list of `monitoring/default`, in force at once and over a restart, each connection's for itself."""

    def settings(self, tenant):
        return Tenant.extension(tenant.connection, "monitoring/default")

    def watch(self, tenant, *asns):
        return tenant.client.ok("PUT", self.settings(tenant), {"properties": {"asns": list(asns)}})["properties"]

    def upstreams(self, tenant, state):
        """(neighbour, observed prefix) of each unexpected upstream in that state."""
        events = Tenant.extension(tenant.connection, "events")
        found = tenant.client.ok("GET", f"{events}&$filter=kind%20eq%20'path-unexpected-upstream'%20and%20state%20eq%20'{state}'")["value"]
        for one in found:
            self.assertEqual((one["monitoredAsn"], one["connection"]), (64500, tenant.connection))
        return sorted((one["neighborAsn"], one["observedPrefix"]) for one in found)

    def test_a_list_is_in_force_at_once_and_its_end_too(self):
        server = self.daemon()
        ours, theirs = (Tenant(server.client(), connection=name) for name in ("office", "branch"))
        router, peer = Router(server.address("bmp")), Peer("192.0.2.1", 64496)
        self.addCleanup(router.close)
        router.send(peer.up() + peer.route(["192.0.2.0/24"], path=[64496, 64499, 64500, 64511]))
        wait_for(lambda: server.client().ok("GET", f"/providers/Open.Peering/routes?prefix=192.0.2.0/24&api-version={harness.EXTENSION_VERSION}")["routes"],
                 "the route of before")
        shown = self.watch(ours, {"asn": 64500, "upstreams": [64497]})
        self.assertEqual(shown["asns"], [{"asn": 64500, "upstreams": [64497]}])
        wait_for(lambda: self.upstreams(ours, "open") == [(64499, "192.0.2.0/24")], "the state at the start")

        router.send(peer.route([OTHERS], path=[64496, 64498, 64500, 64511]))
        both = [(64498, OTHERS), (64499, "192.0.2.0/24")]
        wait_for(lambda: self.upstreams(ours, "open") == both, "an unexpected upstream")
        self.assertEqual(self.upstreams(theirs, "open"), [])
        self.watch(theirs, {"asn": 64500, "upstreams": [64499]})
        wait_for(lambda: self.upstreams(theirs, "open") == [(64498, OTHERS)], "the other tenant's event")
        self.assertEqual(self.upstreams(ours, "open"), both)

        self.watch(ours)
        wait_for(lambda: self.upstreams(ours, "resolved") == both, "the end of what is not watched any more")
        router.send(peer.route(["198.51.101.0/24"], path=[64496, 64497, 64500, 64511]))
        wait_for(lambda: (64497, "198.51.101.0/24") in self.upstreams(theirs, "open"), "an event of who still watches")
        self.assertEqual(self.upstreams(ours, "open"), [])

        server.stop()
        server.start()
        for tenant in (ours, theirs):
            tenant.client = server.client()
        again = Router(server.address("bmp"))
        self.addCleanup(again.close)
        again.send(peer.up() + peer.route(["198.51.102.0/24"], path=[64496, 64497, 64500, 64511]))
        wait_for(lambda: (64497, "198.51.102.0/24") in self.upstreams(theirs, "open"), "the same after a restart")
        self.assertEqual(self.upstreams(ours, "open"), [])


class Beacon(harness.SystemTest):
    def test_a_beacon_that_does_not_change_is_a_concern_and_no_reason_to_serve_nobody(self):
        server = self.daemon(config='[detection]\nbeacons = ["192.0.2.0/24"]\nbeacon_every = "1s"\n')
        client = server.client()
        concerns = lambda: client.ok("GET", "/readyz").get("concerns", [])
        self.assertEqual(concerns(), [])
        wait_for(concerns, "a dead beacon", timeout_s=30)
        self.assertIn("beacon 192.0.2.0/24: no change seen", concerns()[0])
        self.assertEqual(server.metrics().get("peering_beacons_dead"), 1)
        router, peer = Router(server.address("bmp")), Peer("198.51.100.1", 64496)
        self.addCleanup(router.close)
        router.send(peer.up() + peer.route(["192.0.2.0/24"], path=[64496, 64500]))
        wait_for(lambda: not concerns(), "the beacon's change", timeout_s=20)


if __name__ == "__main__":
    harness.main()
