"""What can be agreed with a BGP neighbour beside the plain session: BIRD on the other end."""
import socket

import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN


class Options(bgp_checks.Collecting, harness.SystemTest):
    peer_class = bgp_peers.Bird

    def start(self, peer):
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()

    def test_add_path_is_agreed(self):
        peer = self.collector("add_path = true", channel="add paths tx;")
        self.start(peer)
        self.routes_become("four", 1)
        self.assertRegex(peer.details(), r"ADD-PATH")
        peer.withdraw("203.0.113.0/24")
        self.routes_become("four", 0)

    def test_extended_messages_are_agreed(self):
        peer = self.collector(protocol="enable extended messages yes;")
        self.start(peer)
        self.routes_become("four", 1)
        self.assertIn("Extended message", peer.details())

    def test_roles_that_fit(self):
        peer = self.collector('role = "customer"\nrole_strict = true', protocol="local role provider;")
        self.start(peer)
        self.routes_become("four", 1)

    def test_roles_that_do_not_fit(self):
        peer = self.collector('role = "customer"', protocol="local role customer;")
        self.start(peer)
        self.in_log("OPEN message error: role mismatch")
        self.assertEqual(self.sessions(), 0)

    def test_a_role_can_be_demanded(self):
        peer = self.collector('role = "customer"\nrole_strict = true')
        self.start(peer)
        self.in_log("OPEN message error: role mismatch")

    def test_ipv6_alone_over_an_ipv4_session(self):
        peer = self.collector('families = ["ipv6"]', families="6")
        peer.announce({"2001:db8:1::/48": [ORIGIN]})
        peer.start()
        self.routes_become("six", 1)

    def test_too_many_prefixes(self):
        peer = self.collector("max_prefixes = 2", 'max_prefixes_pause = "1s"')
        peer.announce({f"203.0.{number}.0/24": [ORIGIN] for number in (111, 112, 113)})
        peer.start()
        self.in_log("cease: maximum number of prefixes reached")
        self.routes_become("four", 0)
        peer.withdraw("203.0.111.0/24")
        self.routes_become("four", 1, timeout_s=40)

    def test_a_daemon_that_dies_keeps_its_routes_when_it_can_restart(self):
        peer = self.collector(protocol="graceful restart on; graceful restart time 30;")
        self.start(peer)
        self.routes_become("four", 1)
        peer.process.process.kill()
        self.in_log("its routes are kept for 30 s")
        self.assertEqual(len(self.tenant.routes("four")), 1)

    def test_a_stranger_is_refused(self):
        self.collector()
        with socket.create_connection(self.server.address("bgp"), timeout=10,
                                      source_address=(self.peer_address.rsplit(".", 1)[0] + ".9", 0)) as stranger:
            self.assertEqual(stranger.recv(1), b"")
        self.in_log("no neighbor has this address")


if __name__ == "__main__":
    harness.main()
