"""UPDATEs of more than 4,096 bytes (RFC 8654), by daemons that send them: every value of them is there."""
import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN
from bgp_peers import PEER_ASN
from harness import wait_for

PREFIX = "203.0.113.0/24"
PLAIN_MAX, HEADER = 4096, 19
MANY = {f"20.{number >> 8}.{number & 255}.0/24": [ORIGIN] for number in range(3000)}
# Four bytes each, in one attribute of one UPDATE.
COMMUNITIES = [f"64499:{number}" for number in range(2000)]


class ExtendedMessages(bgp_checks.Collecting):
    def check_communities(self):
        route = self.routes_become("four", 1)[0]
        self.assertEqual(route["communities"], COMMUNITIES)
        self.assertEqual(self.sessions(), 1)


class ExtendedOfBird(ExtendedMessages, harness.SystemTest):
    peer_class = bgp_peers.Bird

    def long_list(self):
        adds = " ".join(f"bgp_community.add(({community.replace(':', ',')}));" for community in COMMUNITIES)
        return f"""protocol static long_list {{
  ipv4;
  route {PREFIX} unreachable {{ bgp_path.prepend({ORIGIN}); {adds} }};
}}"""

    def test_a_list_of_communities_longer_than_a_plain_message(self):
        self.collector(protocol="enable extended messages yes;", more=self.long_list()).start()
        self.check_communities()

    def test_what_does_not_fit_is_not_sent_without_it(self):
        peer = self.collector(more=self.long_list())
        peer.announce({"198.51.100.0/24": [ORIGIN]})
        peer.start()
        wait_for(lambda: self.server.metrics()["peering_rib_routes"] == 1, "the other route")
        self.assertEqual(self.tenant.routes("four"), [])


class ExtendedOfExaBgp(ExtendedMessages, harness.SystemTest):
    peer_class = bgp_peers.ExaBgp

    def test_a_list_of_communities_longer_than_a_plain_message(self):
        peer = self.collector(capability="extended-message enable;")
        peer.start()
        self.wait_session()
        peer.say(f"announce route {PREFIX} next-hop 192.0.2.2 as-path [ {PEER_ASN} {ORIGIN} ] "
                 f"community [ {' '.join(COMMUNITIES)} ]")
        self.check_communities()


class ExtendedOfFrr(ExtendedMessages, harness.SystemTest):
    peer_class = bgp_peers.Frr

    def all_are_there(self, count):
        wait_for(lambda: self.server.metrics()["peering_rib_routes"] == count, f"{count} routes", timeout_s=60,
                 interval_s=0.1)

    def test_thousands_of_prefixes_in_one_message(self):
        peer = self.collector()
        peer.announce({PREFIX: [ORIGIN], **MANY})
        peer.start()
        self.all_are_there(len(MANY) + 1)
        end_of_ribs = 2
        updates = self.server.metrics()["peering_bgp_updates_total"] - end_of_ribs
        fewest_plain = 4 * len(MANY) / (PLAIN_MAX - HEADER)
        self.assertLess(updates, fewest_plain, "no UPDATE was longer than 4,096 bytes")
        peer.withdraw(*MANY)
        self.all_are_there(1)
        self.assertEqual((len(self.tenant.routes("four")), self.sessions()), (1, 1))


if __name__ == "__main__":
    harness.main()
