"""The collector and GoBgp as its BGP neighbour."""
import bgp_checks
import bgp_peers
import harness


class CollectorGoBgp(bgp_checks.BgpChecks, harness.SystemTest):
    peer_class = bgp_peers.GoBgp


if __name__ == "__main__":
    harness.main()
