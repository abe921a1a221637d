"""The collector and ExaBgp as its BGP neighbour."""
import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN
from bgp_peers import PEER_ASN
from harness import wait_for


class CollectorExaBgp(bgp_checks.BgpChecks, harness.SystemTest):
    peer_class = bgp_peers.ExaBgp
    # ExaBGP 4.2 closes the connection when a ROUTE-REFRESH comes while it sends its first routes.
    settle_s = 2
    # It has no command for words of a shutdown, and its listener is off by default.
    test_a_shutdown_with_words_ends_the_routes = None
    test_the_collector_connects_and_routes_come_and_go = None

    def announce_with(self, attribute, prefix="203.0.113.0/24"):
        """A route with one attribute as written: [code flags value], in hexadecimal."""
        self.peer.say(f"announce route {prefix} next-hop 192.0.2.2 as-path [ {PEER_ASN} {ORIGIN} ] "
                      f"attribute [ {attribute} ]")

    def faults(self, before, outcome, attribute):
        name = f'peering_bgp_update_faults_total{{attribute="{attribute}",outcome="{outcome}"}}'
        return self.server.metrics().get(name, 0) > before.get(name, 0)

    def test_malformed_attributes_cost_what_rfc_7606_says(self):
        self.peer = self.collector()
        self.peer.announce({"198.51.100.0/24": [ORIGIN]})
        self.peer.start()
        self.wait_session()
        before = self.server.metrics()

        self.announce_with("0x20 0xc0 0x0102030405")  # LARGE_COMMUNITY of five bytes
        wait_for(lambda: self.faults(before, "treat_as_withdraw", 32), "a treated-as-withdraw UPDATE")
        self.assertEqual(self.tenant.routes("four"), [])

        self.announce_with("0x63 0xc0 0x0102")  # optional, of a type that nobody knows
        self.routes_become("four", 1)

        self.announce_with("0x20 0xc0 0x0102030405")  # the same route, malformed: it goes
        self.routes_become("four", 0)
        self.assertEqual(self.sessions(), 1, "the session stays")

        self.announce_with("0x63 0x40 0x01")  # well-known, of a type that nobody knows
        self.in_log("NOTIFICATION to edge: UPDATE message error: unrecognized well-known attribute")


if __name__ == "__main__":
    harness.main()
