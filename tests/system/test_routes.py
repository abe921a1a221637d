"""An operator looks into the routing table: any prefix or address, registered or not."""
import csv
import io
import json
import os
import subprocess

import harness
from bmp import Peer, Router
from harness import EXTENSION_VERSION, PEERINGCTL, Tenant, wait_for


class Routes(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon(config="[detection]\nshards = 2\n")
        self.client = self.server.client()
        near, far = Peer("198.51.100.1", 64496), Peer("2001:db8::9", 64499, identifier="198.51.100.9")
        self.near, self.router = near, Router(self.server.address("bmp"))
        router = self.router
        self.addCleanup(router.close)
        router.send(near.up() + far.up())
        router.send(near.route(["0.0.0.0/0"], path=[64496]))
        router.send(near.route(["203.0.112.0/22"], path=[64496, 64510]))
        router.send(near.route(["203.0.113.0/24"], path=[64496, 64500], communities=[(64496, 7)]))
        router.send(near.route(["203.0.113.128/25"], path=[64496, 64511]))
        router.send(near.route(["10.0.0.0/8"], path=[64496, 64512]))
        router.send(far.route(["203.0.113.0/24"], path=[64499, 64500]))
        router.send(far.route(["2001:db8:1::/48"], path=[64499, 64500]))
        router.send(near.end_of_rib() + far.end_of_rib())
        # Every route is in the table of one shard, the default route in those of both.
        wait_for(lambda: self.server.metrics().get("peering_rib_routes") == 8, "all routes")

    def look(self, query):
        path = f"/providers/Open.Peering/routes?{query}&api-version={EXTENSION_VERSION}"
        return self.client.ok("GET", path)

    def seen(self, query):
        return [(each["relation"], each["prefix"], each["asPath"]) for each in self.look(query)["routes"]]

    def show(self, *words, code=0, token=None):
        environment = {**os.environ, "PEERING_ENDPOINT": self.server.http,
                       "PEERING_TOKEN": token or self.server.token, "NO_COLOR": "1"}
        ran = subprocess.run([PEERINGCTL, "route", "show", *words], env=environment, capture_output=True, text=True,
                             timeout=60 * harness.PATIENCE, check=False)
        self.assertEqual(ran.returncode, code, f"{words}\n{ran.stdout}{ran.stderr}")
        return ran

    def test_any_prefix_by_relation_and_peer(self):
        exact = [("exact", "203.0.113.0/24", "64496 64500"), ("exact", "203.0.113.0/24", "64499 64500")]
        self.assertEqual(sorted(self.seen("prefix=203.0.113.0/24")), exact)
        self.assertEqual(self.seen("prefix=203.0.113.0/24&peer=2001:db8::9"), exact[1:])
        self.assertEqual(
            self.seen("prefix=203.0.113.0/24&peer=198.51.100.1&relation=exact,covering,moreSpecific"),
            [exact[0], ("covering", "0.0.0.0/0", "64496"), ("covering", "203.0.112.0/22", "64496 64510"),
             ("moreSpecific", "203.0.113.128/25", "64496 64511")])
        self.assertEqual(self.seen("prefix=203.0.113.200"), [("exact", "203.0.113.128/25", "64496 64511")])
        self.assertEqual(self.seen("prefix=2001:db8:1::5"), [("exact", "2001:db8:1::/48", "64499 64500")])
        self.assertEqual(self.seen("prefix=198.51.100.0/24"), [])

    def test_everything_from_all_shards_once_and_in_order(self):
        whole = self.seen("prefix=0.0.0.0/0&relation=exact,moreSpecific&peer=198.51.100.1")
        self.assertEqual([prefix for _, prefix, _ in whole],
                         ["0.0.0.0/0", "10.0.0.0/8", "203.0.112.0/22", "203.0.113.0/24", "203.0.113.128/25"])
        # An address whose longest match is the default route: what is below it is on other shards too.
        same = self.seen("prefix=192.0.2.1&relation=exact,moreSpecific&peer=198.51.100.1")
        self.assertEqual(same, whole)
        cut = self.look("prefix=0.0.0.0/0&relation=exact,moreSpecific&top=3")
        self.assertEqual(len(cut["routes"]), 3)
        self.assertTrue(cut["truncated"])

    def test_a_registered_prefix_has_the_same_routes_here_and_there(self):
        tenant = Tenant(self.client)
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500], backup_upstreams=[64499])
        here = self.look("prefix=203.0.113.0/24&relation=exact,covering,moreSpecific")["routes"]
        key = lambda route: (route["prefix"], route["peer"]["address"])
        self.assertEqual(sorted(here, key=key), sorted(tenant.routes("main"), key=key))
        self.assertEqual({route["role"] for route in here if route["relation"] == "exact"}, {"active", "backup"})

    def test_a_registered_prefix_of_several_shards_has_each_route_once(self):
        tenant = Tenant(self.client)
        tenant.add_prefix("wide", "202.0.0.0/7", asn=[64510])
        self.router.send(self.near.route(["202.0.0.0/7"], path=[64496, 64510]))
        shown = wait_for(lambda: [route["prefix"] for route in tenant.routes("wide")
                                  if route["peer"]["address"] == "198.51.100.1" and route["relation"] != "moreSpecific"
                                  ] if tenant.events("wide") else None, "routes of the wide prefix")
        self.assertEqual(sorted(shown), ["0.0.0.0/0", "202.0.0.0/7"])

    def test_the_command_line_in_every_format(self):
        words = ["203.0.113.0/24", "--peer", "198.51.100.1", "--covering", "--more-specific"]
        table = self.show(*words, "-o", "table").stdout.splitlines()
        self.assertEqual(len([line for line in table if "edge-1" in line]), 4, table)
        rows = list(csv.reader(io.StringIO(self.show(*words, "-o", "tsv").stdout), delimiter="\t"))
        self.assertEqual([row[1] for row in rows], ["exact", "covering", "covering", "moreSpecific"])
        routes = json.loads(self.show(*words, "-o", "json").stdout)["routes"]
        self.assertEqual(routes[0]["communities"], ["64496:7"])
        self.assertEqual(routes[0]["peer"], {"router": "edge-1", "address": "198.51.100.1", "asn": 64496,
                                             "ribKind": "adjRibInPrePolicy"})
        self.assertIn("asPath: 64496 64500", self.show(*words, "-o", "yaml").stdout.replace("'", "").replace('"', ""))
        self.assertIn("more routes", self.show("0.0.0.0/0", "--more-specific", "--top", "1", "-o", "table").stderr)

    def test_the_command_line_says_why_not(self):
        self.assertIn("198.51.100.0/24", self.show("198.51.100.0/24", code=3).stderr)
        self.assertIn("host bits", self.show("203.0.113.1/24", code=1).stderr)
        made = self.client.ok("POST", f"/providers/Open.Peering/tokens?api-version={EXTENSION_VERSION}",
                              {"role": "Owner", "scope": f"/subscriptions/{Tenant(self.client).subscription}"})
        self.show("203.0.113.0/24", code=5, token=made["token"])


if __name__ == "__main__":
    harness.main()
