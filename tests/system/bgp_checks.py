"""What the collector must make of a real BGP speaker, whoever wrote it.

A test file mixes this into a SystemTest and names the daemon (a class of bgp_peers).
"""
import re
import signal
import time

from bgp_peers import COLLECTOR_ASN, PEER_ASN
from harness import PATIENCE, Tenant, free_port, loopback_network, moved, wait_for

ORIGIN = 64499


class Collecting:
    """A server with one neighbour, and what it made of that."""

    peer_class = None

    def collector(self, neighbor="", collector="", /, listens=False, addresses=None, **options):
        """A server with one neighbour, and that neighbour, not started yet. `addresses`: its own and the
        neighbour's."""
        network = loopback_network()
        own, theirs = addresses or (f"{network}.1", f"{network}.2")
        self.peer_address = theirs
        own_port, peer_port = free_port(own), free_port(theirs)
        self.server = self.daemon(config=f"""
[network]
asn = {COLLECTOR_ASN}
[feeds.bgp]
listen = "{f"[{own}]" if ":" in own else own}:{own_port}"
router_id = "10.0.0.1"
connect_retry = "1s"
hold_off_longest = "2s"
{collector}
[[feeds.bgp.neighbors]]
name = "edge"
address = "{theirs}"
local_address = "{own}"
asn = {PEER_ASN}
port = {peer_port}
passive = {"false" if listens else "true"}
{neighbor}
""")
        self.assertEqual(self.server.addresses["bgp"].rsplit(":", 1)[1], str(own_port))
        self.tenant = Tenant(self.server.client())
        self.tenant.add_prefix("four", "203.0.113.0/24")
        self.tenant.add_prefix("six", "2001:db8:1::/48")
        return self.peer_class(self, theirs, peer_port, (own, own_port), listens, **options)

    def sessions(self, state="established"):
        return self.server.metrics().get(f'peering_bgp_sessions{{state="{state}"}}', 0)

    def wait_session(self, count=1):
        wait_for(lambda: self.sessions() == count, f"{count} established sessions", timeout_s=30, interval_s=0.05)

    def routes_become(self, name, count, timeout_s=20):
        return wait_for(lambda: (found := self.tenant.routes(name)) is not None and len(found) == count and [found],
                        f"{count} routes of {name}", timeout_s=timeout_s, interval_s=0.05)[0]

    def in_log(self, pattern, timeout_s=20):
        wait_for(lambda: re.search(pattern, self.server.log_text()), f"{pattern!r} in the log", timeout_s=timeout_s,
                 interval_s=0.05)


class BgpChecks(Collecting):
    makes_paths = True   # announces paths of several AS numbers; else it originates everything itself
    settle_s = 0         # after the first routes, before it can be asked for them again

    def check_exchange(self, peer):
        peer.announce({"203.0.113.0/24": [ORIGIN], "2001:db8:1::/48": [ORIGIN]})
        peer.start()
        self.wait_session()
        wait_for(peer.established, "the daemon's own word that it is established", timeout_s=15, interval_s=0.1)
        for name, prefix in (("four", "203.0.113.0/24"), ("six", "2001:db8:1::/48")):
            route = self.routes_become(name, 1)[0]
            self.assertEqual((route["prefix"], route["relation"]), (prefix, "exact"))
            self.assertEqual((route["peer"]["address"], route["peer"]["asn"]), (self.peer_address, PEER_ASN))
            path = [PEER_ASN, ORIGIN] if self.makes_paths else [PEER_ASN]
            self.assertEqual(route["asPath"], " ".join(map(str, path)))
        peer.withdraw("203.0.113.0/24", "2001:db8:1::/48")
        self.routes_become("four", 0)
        self.routes_become("six", 0)

    def test_the_neighbor_connects_and_its_routes_come_and_go(self):
        self.check_exchange(self.collector())

    def test_the_collector_connects_and_routes_come_and_go(self):
        self.check_exchange(self.collector(listens=True))

    def test_a_shutdown_with_words_ends_the_routes(self):
        peer = self.collector()
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        peer.say_goodbye("see ticket 4711")
        self.in_log(r'administrative shutdown, "see ticket 4711"')
        # RFC 8538: who keeps forwarding over a NOTIFICATION keeps its routes for the time it named.
        if "its routes are kept" not in self.server.log_text():
            self.routes_become("four", 0)

    def test_a_daemon_that_hangs_is_noticed_by_the_hold_time(self):
        peer = self.collector("hold_time_s = 3")
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        before = self.server.metrics()
        peer.signal(signal.SIGSTOP)
        try:
            self.in_log("ended: we closed the session: hold timer expired", timeout_s=15)
        finally:
            peer.signal(signal.SIGCONT)
        self.assertTrue(moved(before, self.server.metrics(),
                              r'notifications_total\{code="hold_timer_expired",direction="sent"\}'))
        # OpenBGPD waits half a minute before it tries again.
        wait_for(lambda: self.sessions() == 1, "the session again", timeout_s=60, interval_s=0.1)
        self.routes_become("four", 1)

    def test_our_own_end_is_said_with_words(self):
        peer = self.collector()
        peer.start()
        self.wait_session()
        self.assertEqual(self.server.stop(), 0)
        self.heard_goodbye(peer)

    def heard_goodbye(self, peer):
        """The daemon says that the session ended."""
        wait_for(lambda: not peer.established(), "end of the session at the daemon", timeout_s=15, interval_s=0.1)

    def test_sighup_asks_for_the_routes_again(self):
        peer = self.collector()
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        time.sleep(self.settle_s * PATIENCE)
        before = self.server.metrics()["peering_bgp_updates_total"]
        self.server.process.send_signal(signal.SIGHUP)
        self.in_log("1 BGP neighbors are asked")
        wait_for(lambda: self.server.metrics()["peering_bgp_updates_total"] > before, "repeated routes",
                 timeout_s=15, interval_s=0.05)
        self.assertEqual(len(self.tenant.routes("four")), 1)
        time.sleep(0.2 * PATIENCE)
        self.assertEqual(self.sessions(), 1)


class RepeatsRoutes(Collecting):
    """A daemon with enhanced route refresh (RFC 7313) says where a repeat of its routes begins and ends."""

    def test_what_is_repeated_stays(self):
        peer = self.collector()
        peer.announce({"203.0.113.0/24": [ORIGIN], "2001:db8:1::/48": [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        self.routes_become("six", 1)
        time.sleep(PATIENCE)  # its End-of-RIB: before that no repeat counts
        self.server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.server.log_text().count("ends to repeat its routes") == 2, "the repeats' end")
        self.assertEqual(self.server.log_text().count("begins to repeat its routes"), 2)
        time.sleep(0.5 * PATIENCE)
        self.assertEqual([len(self.tenant.routes(name)) for name in ("four", "six")], [1, 1])
        self.assertEqual(self.sessions(), 1)
