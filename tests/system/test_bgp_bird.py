"""The collector and Bird as its BGP neighbour."""
import bgp_checks
import bgp_peers
import harness


class CollectorBird(bgp_checks.BgpChecks, bgp_checks.RepeatsRoutes, harness.SystemTest):
    peer_class = bgp_peers.Bird


if __name__ == "__main__":
    harness.main()
