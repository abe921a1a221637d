"""SIGHUP: BGP neighbours that come, go and change while BIRD peers with the server, and the catalogue's file."""
import json
import os
import re
import signal

import bgp_peers
import harness
from bgp_checks import ORIGIN, Collecting
from bgp_peers import PEER_ASN
from harness import free_port, loopback_network, wait_for


class Other(bgp_peers.Bird):
    name = "other"


class Neighbors(Collecting, harness.SystemTest):
    peer_class = bgp_peers.Bird

    def hang_up(self, *neighbors):
        path = self.server.data_dir.with_name(self.server.data_dir.name + ".toml")
        path.write_text(self.without_neighbors + "".join(neighbors))
        self.server.process.send_signal(signal.SIGHUP)

    def neighbor(self, name, address, more=""):
        return f'[[feeds.bgp.neighbors]]\nname = "{name}"\naddress = "{address}"\nasn = {PEER_ASN}\n{more}'

    def since(self, peer):
        """When the daemon's session became what it is."""
        return re.search(r"collector .*", peer.control("show", "protocols", "collector"))[0]

    def test_others_do_not_notice_what_happens_to_one(self):
        network = loopback_network()
        own, own_port = f"{network}.1", free_port(f"{network}.1")
        self.without_neighbors = f"""
[network]
asn = {bgp_peers.COLLECTOR_ASN}
[feeds.bgp]
listen = "{own}:{own_port}"
router_id = "10.0.0.1"
hold_off_longest = "2s"
"""
        edge, other = f"{network}.2", f"{network}.3"
        self.server = self.daemon(config=self.without_neighbors + self.neighbor("edge", edge))
        self.tenant = harness.Tenant(self.server.client())
        self.tenant.add_prefix("four", "203.0.113.0/24")
        stays = bgp_peers.Bird(self, edge, free_port(edge), (own, own_port))
        stays.announce({"203.0.113.0/24": [ORIGIN]})
        stays.start()
        self.wait_session()
        before = self.since(stays)

        comes = Other(self, other, free_port(other), (own, own_port), identifier="10.0.0.3")
        comes.announce({"203.0.113.0/24": [ORIGIN]})
        comes.start()
        self.hang_up(self.neighbor("edge", edge), self.neighbor("other", other))
        self.in_log("1 added, 0 removed, 0 changed")
        self.wait_session(2)
        self.routes_become("four", 2)

        self.hang_up(self.neighbor("edge", edge), self.neighbor("other", other, "hold_time_s = 30\n"))
        self.in_log("0 added, 0 removed, 1 changed")
        wait_for(lambda: re.search(r"Hold timer: .*/30", comes.details()), "the new hold time", 30)
        self.routes_become("four", 2)

        self.hang_up(self.neighbor("edge", edge))
        self.in_log("0 added, 1 removed, 0 changed")
        self.routes_become("four", 1)
        words = (comes.dir / "messages.log").read_text()
        self.assertIn("Received: Peer de-configured", words)
        self.assertIn("Received: Other configuration change", words)
        self.assertEqual(self.since(stays), before, "the session is the one that it was")
        self.assertEqual({event["kind"] for event in self.tenant.events("four")} & {"session-state", "withdrawal"},
                         set())

    def test_wrong_neighbors_change_nothing(self):
        peer = self.collector()
        peer.start()
        self.wait_session()
        path = self.server.data_dir.with_name(self.server.data_dir.name + ".toml")
        self.without_neighbors = path.read_text()
        self.hang_up(self.neighbor("twin", self.peer_address))
        self.in_log("named once, by address and by name; the BGP neighbors in force stay")
        self.assertEqual(self.sessions(), 1)


class Catalogue(harness.SystemTest):
    def write(self, path, providers):
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"countries": [{"name": "Utopia", "states": [{"name": "Amaurot"}]}],
                                     "providers": [{"name": name, "metros": ["Amaurot"]} for name in providers]}))
        os.replace(fresh, path)

    def test_the_catalogue_is_read_again_and_a_bad_one_changes_nothing(self):
        path = self.dir / "catalogue.json"
        self.write(path, ["First"])
        server = self.daemon(config=f'[catalog]\nfile = "{path}"\n')
        tenant = harness.Tenant(server.client())
        url = tenant.url(f"/subscriptions/{tenant.subscription}/providers/Microsoft.Peering/peeringServiceProviders")

        def providers():
            return [item["name"] for item in server.client().ok("GET", url)["value"]]
        self.assertEqual(providers(), ["First"])
        self.write(path, ["Second", "Third"])
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: providers() == ["Second", "Third"], "the new catalogue")
        self.assertEqual(tenant.client.ok("GET", tenant.url(tenant.connection))["properties"]["peeringServiceProvider"],
                         "First", "what is registered stays")
        self.write(path, ["Second", "second"])
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "a provider is listed once" in server.log_text(), "refusal in the log")
        self.assertEqual(providers(), ["Second", "Third"])
        self.assertEqual(server.metrics()['peering_catalog_reads_total{result="refused"}'], 1)


if __name__ == "__main__":
    harness.main()
