"""FRR's bgpd reports to the server by BMP what BIRD announces to it."""
import harness
import router_checks
import routers


class FrrReportsByBmp(router_checks.RouterChecks, harness.SystemTest):
    router = routers.Frr


if __name__ == "__main__":
    harness.main()
