"""Several paths for one prefix (RFC 7911), by daemons that send them: the collector holds each by its identifier."""
import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN
from bgp_peers import UPSTREAM_ASN
from harness import free_port, loopback_network, wait_for

PREFIX = "203.0.113.0/24"
DETOUR = 64498


class SeveralPaths:
    """`source` makes the two paths; a test says who passes them on."""

    def shown_path(self):
        routes = self.tenant.routes("four")
        self.assertLessEqual(len(routes), 1, "a peer shows one route for a prefix")
        return routes[0]["asPath"].split()[1:] if routes else None

    def path_becomes(self, path):
        path = None if path is None else [str(asn) for asn in path]
        wait_for(lambda: self.shown_path() == path, f"path {path}", timeout_s=30, interval_s=0.05)

    def counted(self, what, change):
        """Makes the change and waits until the neighbour has said so."""
        name = f"peering_bgp_prefixes_{what}_total"
        before = self.server.metrics()[name]
        change()
        wait_for(lambda: self.server.metrics()[name] > before, f"path that is {what}", timeout_s=30, interval_s=0.05)

    def check_paths(self, source, behind=()):
        direct, detour = [*behind, ORIGIN], [*behind, DETOUR, ORIGIN]
        self.path_becomes(direct)
        self.counted("announced", lambda: source.announce_second({PREFIX: [DETOUR, ORIGIN]}))
        self.counted("withdrawn", lambda: source.withdraw(PREFIX))
        self.path_becomes(detour)
        self.counted("announced", lambda: source.announce({PREFIX: [ORIGIN]}))
        self.counted("withdrawn", lambda: source.withdraw_second(PREFIX))
        self.path_becomes(direct)
        source.withdraw(PREFIX)
        self.path_becomes(None)

    def behind_an_upstream(self, **options):
        """The peer hears both paths from BIRD and passes them on."""
        address = f"{loopback_network()}.3"
        port = free_port(address)
        peer = self.collector("add_path = true", upstream=(address, port), **options)
        upstream = bgp_peers.Upstream(self, address, port, (peer.address, peer.port))
        upstream.announce({PREFIX: [ORIGIN]})
        upstream.start()
        peer.start()
        self.check_paths(upstream, [UPSTREAM_ASN])


class PathsOfBird(SeveralPaths, bgp_checks.Collecting, harness.SystemTest):
    peer_class = bgp_peers.Bird

    def test_each_path_is_withdrawn_alone(self):
        peer = self.collector("add_path = true", channel="add paths tx;")
        peer.announce({PREFIX: [ORIGIN]})
        peer.start()
        self.check_paths(peer)

    def test_without_add_path_one_replaces_the_other(self):
        peer = self.collector(channel="add paths tx;")
        peer.announce({PREFIX: [ORIGIN]})
        peer.announce_second({PREFIX: [DETOUR, ORIGIN]})
        peer.start()
        self.path_becomes([ORIGIN])
        peer.withdraw(PREFIX)
        self.path_becomes([DETOUR, ORIGIN])


class PathsOfFrr(SeveralPaths, bgp_checks.Collecting, harness.SystemTest):
    peer_class = bgp_peers.Frr

    def test_each_path_is_withdrawn_alone(self):
        self.behind_an_upstream(family=["addpath-tx-all-paths"])


class PathsOfGoBgp(SeveralPaths, bgp_checks.Collecting, harness.SystemTest):
    peer_class = bgp_peers.GoBgp

    def test_each_path_is_withdrawn_alone(self):
        self.behind_an_upstream(family="""
    [neighbors.afi-safis.add-paths.config]
      receive = true
      send-max = 8""")


class PathsOfOpenBgpd(SeveralPaths, bgp_checks.Collecting, harness.SystemTest):
    peer_class = bgp_peers.OpenBgpd

    def test_each_path_is_withdrawn_alone(self):
        self.behind_an_upstream(neighbor="announce add-path send all")


class PathsOfExaBgp(SeveralPaths, bgp_checks.Collecting, harness.SystemTest):
    peer_class = bgp_peers.ExaBgp

    def test_identifiers_are_what_the_neighbor_says(self):
        peer = self.collector("add_path = true", capability="add-path send;")
        peer.start()
        self.wait_session()
        tail = f"next-hop 192.0.2.2 as-path [ {bgp_peers.PEER_ASN}"
        highest, lowest = (f"route {PREFIX} path-information {number}" for number in ("255.255.255.255", "0.0.0.0"))
        self.counted("announced", lambda: peer.say(f"announce {highest} {tail} {ORIGIN} ]"))
        self.counted("announced", lambda: peer.say(f"announce {lowest} {tail} {DETOUR} {ORIGIN} ]"))
        self.path_becomes([DETOUR, ORIGIN])
        peer.say(f"withdraw {lowest} {tail} {DETOUR} {ORIGIN} ]")
        self.path_becomes([ORIGIN])
        peer.say(f"withdraw {highest} {tail} {ORIGIN} ]")
        self.path_becomes(None)


if __name__ == "__main__":
    harness.main()
