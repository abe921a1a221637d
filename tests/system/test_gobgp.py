"""GoBGP's own BMP client, a second implementation of the sender, reports what BIRD announces to it."""
import harness
import router_checks
import routers


class GoBgpReportsByBmp(router_checks.RouterChecks, harness.SystemTest):
    router = routers.GoBgp


if __name__ == "__main__":
    harness.main()
