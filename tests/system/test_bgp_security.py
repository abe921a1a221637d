"""What guards a BGP session below BGP, with every daemon that can: TCP-MD5 (RFC 2385) and GTSM (RFC 5082)."""
import re
import time

import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN
from harness import wait_for

PASSWORD, OTHER = "correct-horse", "battery-staple"


class Secured(bgp_checks.Collecting):
    def protected(self, mode=0o600, **options):
        """A collector whose neighbour has a password."""
        secret = self.dir / "password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(mode)
        try:
            return self.collector(f'password_file = "{secret}"', **options)
        except AssertionError as failure:
            if "TCP_MD5SIG is refused by the kernel" in str(failure):
                self.skipTest("the kernel refuses TCP-MD5")
            raise

    def check(self, peer):
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        self.assertNotIn(PASSWORD, self.server.log_text())


    def is_kept_out(self, peer, trying):
        """What the kernel drops nobody sees: the daemon waits for an answer, and no byte of it arrives."""
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        wait_for(lambda: re.search(trying, peer.details()), "an attempt of the daemon", timeout_s=30)
        time.sleep(2 * harness.PATIENCE)
        self.assertEqual(self.server.metrics()["peering_bgp_bytes_total"], 0)
        self.assertEqual(self.sessions(), 0)


class EveryDaemon(Secured):
    """A test file's class says how its daemon is told: `with_password(password)` and `near`, options."""

    def test_tcp_md5_where_the_neighbor_connects(self):
        self.check(self.protected(**self.with_password(PASSWORD)))

    def test_tcp_md5_where_the_collector_connects(self):
        self.check(self.protected(listens=True, **self.with_password(PASSWORD)))

    def test_ttl_security_takes_who_is_near(self):
        self.check(self.collector("ttl_security = 1", **self.near))


class SecuredBird(EveryDaemon, harness.SystemTest):
    peer_class = bgp_peers.Bird
    near = {"protocol": "ttl security on;"}

    def with_password(self, password):
        return {"protocol": f'password "{password}";'}

    def test_tcp_md5_keeps_out_who_has_another_password(self):
        self.is_kept_out(self.protected(**self.with_password(OTHER)), "BGP state: +Connect")

    def test_tcp_md5_keeps_out_who_has_none(self):
        self.is_kept_out(self.protected(), "BGP state: +Connect")

    def test_a_password_file_that_others_can_read_is_refused(self):
        with self.assertRaises(AssertionError) as failure:
            self.protected(mode=0o644)
        self.assertIn("must be 0600", str(failure.exception))


class SecuredFrr(EveryDaemon, harness.SystemTest):
    peer_class = bgp_peers.Frr
    # It sends 255 whatever it allows the collector; its own check of one hop needs zebra.
    near = {"multihop": False, "neighbor": ["ttl-security hops 4"]}

    def with_password(self, password):
        return {"neighbor": [f"password {password}"]}

    def test_ttl_security_keeps_out_who_may_be_far(self):
        """FRR's packets of a session over four hops begin with a TTL of 4."""
        peer = self.collector("ttl_security = 1")
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        refused = 'peering_bgp_connections_refused_total{reason="too_many_hops"}'
        wait_for(lambda: self.server.metrics().get(refused, 0) > 0, "a refused attempt", timeout_s=30)
        self.assertEqual(self.server.metrics()["peering_bgp_bytes_total"], 0)
        self.assertEqual(self.sessions(), 0)


class SecuredGoBgp(EveryDaemon, harness.SystemTest):
    peer_class = bgp_peers.GoBgp
    near = {"multihop": False, "neighbor": """
  [neighbors.ttl-security.config]
    enabled = true
    ttl-min = 255"""}

    def with_password(self, password):
        return {"neighbor": f'auth-password = "{password}"'}


class SecuredOpenBgpd(EveryDaemon, harness.SystemTest):
    peer_class = bgp_peers.OpenBgpd
    near = {"multihop": False, "neighbor": "ttl-security yes"}
    # OpenBGPD 7.7 has no password on its listening socket under Linux.
    test_tcp_md5_where_the_collector_connects = None

    def with_password(self, password):
        return {"neighbor": f'tcp md5sig password "{password}"'}


class SecuredExaBgp(EveryDaemon, harness.SystemTest):
    peer_class = bgp_peers.ExaBgp
    near = {"neighbor": "outgoing-ttl 255;"}
    # Its listener is off by default.
    test_tcp_md5_where_the_collector_connects = None

    def with_password(self, password):
        return {"neighbor": f'md5-password "{password}";'}


if __name__ == "__main__":
    harness.main()
