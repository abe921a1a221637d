"""An edge network of real routers, for scenes: what happens to a customer's prefixes, and every event of it.

    partner (BIRD, AS64496)  ---\\                                    /--- far partner (BIRD, AS64497)
                                 edge (FRR, Amsterdam)    far edge (GoBGP, Frankfurt)
    stranger (ExaBGP, AS64666) -/                                    \\--- far stranger (ExaBGP, AS64666)

Both edges report by BMP. The connection's primary metro is Amsterdam and its backup metro Frankfurt, so what the far
edge hears is the backup route.
"""
import pathlib
import time

import bgp_peers
import routers
from harness import Tenant, free_port, loopback_network, wait_for

ORIGIN, FOREIGN = 64500, 64666
PARTNER, FAR_PARTNER = routers.PARTNER_ASN, 64497
LEAKING = 64510  # a customer of the partners and of the stranger
SECOND_PARTNER = FOREIGN  # where the stranger is a second way to the customer

CONFIG = """
[[network.pops]]
name = "edge-frr"
metro = "Amsterdam"
[[network.pops]]
name = "edge-gobgp"
metro = "Frankfurt"
[topology]
as_relationships = "{folder}/relationships.txt"
[rpki]
vrp_file = "{folder}/vrps.json"
"""
RELATIONSHIPS = [(PARTNER, ORIGIN, -1), (FAR_PARTNER, ORIGIN, -1), (PARTNER, LEAKING, -1), (FAR_PARTNER, LEAKING, -1),
                 (FOREIGN, LEAKING, -1)]


class Stranger(bgp_peers.ExaBgp):
    """ExaBGP, which says any path."""

    name = "stranger"
    asns = (FOREIGN, routers.EDGE_ASN)

    def say_again(self, prefix, more):
        """The route it has said already, with other attributes."""
        path = " ".join(map(str, [self.asns[0], *self.routes[prefix]]))
        self.say(f"announce route {prefix} next-hop {self.next_hop(prefix)} as-path [ {path} ] {more}")


class FarStranger(Stranger):
    name = "far-stranger"


class SceneNetwork:
    """All of it, running: sessions up, BMP up, one connection without prefixes."""

    def __init__(self, test):
        self.test, self.ignored = test, set()
        network = loopback_network()
        edge, partner, stranger = (f"{network}.{host}" for host in (1, 2, 3))
        far_edge, far_partner, far_stranger = (f"{network}.{host}" for host in (4, 5, 6))
        self._write_knowledge()
        self.server = test.daemon(config=CONFIG.format(folder=test.dir), same_ports=True)
        self.tenant = Tenant(self.server.client())
        self._choose_metros()
        ports = {address: free_port(address) for address in (edge, partner, far_edge, far_partner)}
        station = self.server.address("bmp")
        self.partner = routers.Partner(test, partner, ports[partner], edge, ports[edge], name="partner")
        self.far_partner = routers.Partner(test, far_partner, ports[far_partner], far_edge, ports[far_edge],
                                           name="far-partner", asn=FAR_PARTNER)
        self.edge = routers.Frr(test, edge, ports[edge], partner, ports[partner], station,
                                others={stranger: FOREIGN})
        self.far_edge = routers.GoBgp(test, far_edge, ports[far_edge], far_partner, ports[far_partner], station,
                                      asn=FAR_PARTNER, others={far_stranger: FOREIGN})
        self.stranger = Stranger(test, stranger, 0, (edge, ports[edge]))
        self.far_stranger = FarStranger(test, far_stranger, 0, (far_edge, ports[far_edge]))
        for each in (self.edge, self.far_edge, self.partner, self.far_partner):
            each.start()
        # ExaBGP gives up for long on a router that does not listen yet.
        for each in (self.partner, self.far_partner):
            each.wait_established()
        for each in (self.stranger, self.far_stranger):
            each.start()
        self._wait_for_strangers()

    def _wait_for_strangers(self):
        """Until a route of each has come through to the server."""
        self.tenant.add_prefix("warm-up", "44.255.255.0/24", asn="any")
        for each in (self.stranger, self.far_stranger):
            each.announce({"44.255.255.0/24": [ORIGIN]})
        heard = lambda: {route["peer"]["router"] for route in self.tenant.routes("warm-up")}
        wait_for(lambda: len(heard()) == 2, "a route of both strangers", timeout_s=40, interval_s=0.1)
        for each in (self.stranger, self.far_stranger):
            each.withdraw("44.255.255.0/24")

    def _choose_metros(self):
        body = {"location": "eastus", "properties": {
            "peeringServiceProvider": "Colt Technology Services", "peeringServiceLocation": "Noord-Holland",
            "providerPrimaryPeeringLocation": "Amsterdam", "providerBackupPeeringLocation": "Frankfurt"}}
        self.tenant.connection = f"{self.tenant.provider_root}/peeringServices/scenes"
        self.tenant.client.ok("PUT", self.tenant.url(self.tenant.connection), body)

    def _write_knowledge(self):
        lines = [f"{a}|{b}|{relation}" for a, b, relation in RELATIONSHIPS]
        (self.test.dir / "relationships.txt").write_text("\n".join(lines) + "\n")
        self.set_roas()

    def set_roas(self, roas=(("44.0.0.0/8", 25, ORIGIN),)):
        """What the RPKI says from now on: (prefix, length, origin); by default that everything is the customer's. Some
        far away are always there, or it would look as if a trust anchor had vanished."""
        said = [(f"192.0.2.{number}/32", 32, 64511) for number in range(8)] + list(roas)
        objects = ", ".join(f'{{"prefix": "{prefix}", "maxLength": {length}, "asn": {asn}, "ta": "scene"}}'
                            for prefix, length, asn in said)
        path = pathlib.Path(self.test.dir, "vrps.json")
        path.with_suffix(".new").write_text(f'{{"roas": [{objects}]}}')
        path.with_suffix(".new").rename(path)
        if hasattr(self, "server"):
            self.server.process.send_signal(1)

    def seen(self, name):
        """What the customer sees of a prefix, in an order that does not matter, without the kinds that are `ignored`."""
        return sorted((event["eventType"], event["eventLevel"], event["kind"], event["state"])
                      for event in self.tenant.events(name) if event["kind"] not in self.ignored)

    def become(self, names, wanted, what, quiet_s=0.4, timeout_s=10):
        """Every prefix comes to have exactly these events, and keeps them. Seconds until the last one had them."""
        began, wanted = time.monotonic(), sorted(wanted)
        waiting = list(names)

        def all_there():
            waiting[:] = [name for name in waiting if self.seen(name) != wanted]
            return not waiting
        try:
            wait_for(all_there, what, timeout_s=timeout_s, interval_s=0.02)
        except AssertionError:
            for name in waiting:
                self.test.assertEqual(self.seen(name), wanted, f"{what}: {name}")
        took = time.monotonic() - began
        time.sleep(quiet_s)
        for name in names:
            self.test.assertEqual(self.seen(name), wanted, f"{what}, a while later: {name}")
        return took
