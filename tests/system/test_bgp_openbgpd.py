"""The collector and OpenBgpd as its BGP neighbour."""
import signal

import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN
from harness import wait_for


class CollectorOpenBgpd(bgp_checks.BgpChecks, harness.SystemTest):
    peer_class = bgp_peers.OpenBgpd
    makes_paths = False

    def test_sighup_asks_for_the_routes_again(self):
        """OpenBGPD 7.7 hears the request but says that the family is not negotiated, of families it sends."""
        peer = self.collector()
        peer.announce({"203.0.113.0/24": [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        self.server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "route refresh: AID IPv4 unicast" in peer.process.output(), "OpenBGPD's word of the request")
        self.assertEqual((self.sessions(), len(self.tenant.routes("four"))), (1, 1))


if __name__ == "__main__":
    harness.main()
