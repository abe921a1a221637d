"""Sessions over IPv6, with IPv4 routes whose next hop is an IPv6 address (RFC 8950)."""
import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN

FOUR, SIX = "203.0.113.0/24", "2001:db8:1::/48"
HOP = "2001:db8::2"


class OverIpv6(bgp_checks.Collecting):
    def check(self, peer):
        peer.announce({FOUR: [ORIGIN], SIX: [ORIGIN]})
        peer.start()
        for name, prefix in (("four", FOUR), ("six", SIX)):
            route = self.routes_become(name, 1)[0]
            self.assertEqual((route["prefix"], route["peer"]["address"]), (prefix, "::1"))
            self.assertEqual(route["nextHop"], HOP)
        peer.withdraw(FOUR)
        self.routes_become("four", 0)
        peer.withdraw(SIX)
        self.routes_become("six", 0)
        self.assertEqual(self.sessions(), 1)

    def over_ipv6(self, *words, **options):
        return self.collector(*words, addresses=("::1", "::1"), **options)


class BirdOverIpv6(OverIpv6, harness.SystemTest):
    peer_class = bgp_peers.Bird

    def options(self):
        return {"channel": "extended next hop yes;", "next_hops": (HOP, HOP)}

    def test_both_families_have_ipv6_next_hops(self):
        self.check(self.over_ipv6(**self.options()))

    def test_the_collector_connects(self):
        self.check(self.over_ipv6(listens=True, **self.options()))


class FrrOverIpv6(OverIpv6, harness.SystemTest):
    peer_class = bgp_peers.Frr

    def test_both_families_have_ipv6_next_hops(self):
        self.check(self.over_ipv6(neighbor=["capability extended-nexthop"], next_hops=(HOP, HOP)))


class OpenBgpdOverIpv6(OverIpv6, harness.SystemTest):
    peer_class = bgp_peers.OpenBgpd

    def test_ipv6_alone(self):
        """OpenBGPD 7.7 has no IPv6 next hops for IPv4 routes."""
        peer = self.over_ipv6('families = ["ipv6"]')
        peer.announce({SIX: [ORIGIN]})
        peer.start()
        self.routes_become("six", 1)


class GoBgpOverIpv6(OverIpv6, harness.SystemTest):
    peer_class = bgp_peers.GoBgp

    def test_both_families_have_ipv6_next_hops(self):
        self.check(self.over_ipv6(next_hops=(HOP, HOP)))


class ExaBgpOverIpv6(OverIpv6, harness.SystemTest):
    peer_class = bgp_peers.ExaBgp

    def test_both_families_have_ipv6_next_hops(self):
        self.check(self.over_ipv6(capability="nexthop enable;", more="nexthop {\n ipv4 unicast ipv6;\n}",
                                  next_hops=(HOP, HOP)))

    def test_an_ipv6_next_hop_that_was_not_agreed_ends_the_session(self):
        """Without the capability nobody can say how long the next hop is (RFC 7606 section 7.11)."""
        peer = self.over_ipv6(next_hops=(HOP, HOP))
        peer.announce({FOUR: [ORIGIN]})
        peer.start()
        self.in_log("NOTIFICATION to edge: UPDATE message error: optional attribute error")
        self.assertEqual(self.tenant.routes("four"), [])


if __name__ == "__main__":
    harness.main()
