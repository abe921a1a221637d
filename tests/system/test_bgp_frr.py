"""The collector and Frr as its BGP neighbour."""
import bgp_checks
import bgp_peers
import harness


class CollectorFrr(bgp_checks.BgpChecks, bgp_checks.RepeatsRoutes, harness.SystemTest):
    peer_class = bgp_peers.Frr
    makes_paths = False


if __name__ == "__main__":
    harness.main()
