"""FRR's bgpd reports to the server by BMP what BIRD announces to it."""
import harness
import router_checks
import routers
from harness import wait_for
from router_checks import FOREIGN, ORIGIN


class FrrReportsByBmp(router_checks.RouterChecks, harness.SystemTest):
    router = routers.Frr

    def test_a_restart_of_the_station_repeats_nothing_and_misses_nothing(self):
        for name, number in (("same", 0), ("changed", 1)):
            self.tenant.add_prefix(name, f"203.0.{number}.0/24", asn=[ORIGIN])
        since = self.change({"203.0.0.0/24": [ORIGIN], "203.0.1.0/24": [ORIGIN]})
        for name in ("same", "changed"):
            self.expect_event(since, name, "PrefixAnnouncementEvent", "Information")
        before = {name: [event["id"] for event in self.tenant.events(name)] for name in ("same", "changed")}

        self.assertEqual(self.server.stop(), 0)
        self.change({"203.0.1.0/24": [FOREIGN]})
        self.server.start()
        wait_for(lambda: self.tenant.routes("same"), "routes after the restart", timeout_s=20)
        wait_for(lambda: [event for event in self.tenant.events("changed")
                          if event["kind"] == "origin-hijack" and event["state"] == "open"],
                 "hijack that began while the station was away")
        self.assertEqual([event["id"] for event in self.tenant.events("same")], before["same"])


if __name__ == "__main__":
    harness.main()
