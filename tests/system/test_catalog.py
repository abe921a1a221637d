"""The operator's catalogue: changed over the API and by peeringctl, read by everybody at once, kept over kill -9
and SIGHUP, filled from PeeringDB."""
import json
import os
import signal
import subprocess

import harness
from harness import EXTENSION_VERSION, GROUP_VERSION, SUBSCRIPTION_VERSION, need_shared, wait_for

SAMPLE = harness.SOURCE / "src" / "cli" / "testdata" / "peeringdb"
SUBSCRIPTION = "00000000-0000-4000-8000-0000000000c1"
ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourceGroups/network"


class Catalogue(harness.SystemTest):
    def begin(self, **options):
        self.server = self.daemon(**options)
        self.operator = self.server.client()
        self.operator.ok("PUT", f"{ROOT}?api-version={SUBSCRIPTION_VERSION}", {"displayName": "Test"})
        self.operator.ok("PUT", f"{GROUP}?api-version={GROUP_VERSION}", {"location": "eastus"})
        made = self.operator.ok("POST", self.url("/providers/Open.Peering/tokens"),
                                {"role": "Contributor", "scope": ROOT})
        self.customer = self.server.client(made["token"])

    @staticmethod
    def url(path):
        return f"{path}?api-version={EXTENSION_VERSION}"

    def entry(self, kind, name):
        return self.url(f"/providers/Open.Peering/catalog/{kind}/{name}")

    def put(self, kind, name, /, **properties):
        return self.operator.ok("PUT", self.entry(kind, name), {"properties": properties})

    def names(self, listed, query=""):
        path = f"{ROOT}/providers/Microsoft.Peering/{listed}?api-version={harness.PEERING_VERSION}{query}"
        return [item["name"] for item in self.customer.ok("GET", path)["value"]]

    def available(self, state, provider):
        path = f"{ROOT}/providers/Microsoft.Peering/checkServiceProviderAvailability"
        return self.customer.ok("POST", f"{path}?api-version={harness.PEERING_VERSION}",
                                {"peeringServiceLocation": state, "peeringServiceProvider": provider})

    def register(self, name, state, provider, metro):
        path = f"{GROUP}/providers/Microsoft.Peering/peeringServices/{name}"
        return self.customer.put(f"{path}?api-version={harness.PEERING_VERSION}", {
            "location": "eastus", "properties": {
                "peeringServiceLocation": state, "peeringServiceProvider": provider,
                "providerPrimaryPeeringLocation": metro}})

    def add_iceland(self):
        self.put("countries", "Iceland", latitude=64.9, longitude=-18.6)
        self.put("states", "Iceland.Capital", name="Capital Region", country="Iceland")
        self.put("metros", "Reykjavik", country="IS", latitude=64.14, longitude=-21.92)
        self.put("facilities", "Reykjavik.f1", metro="Reykjavik", address="a street", directPeeringType="Edge")
        self.put("providers", "north", name="Northern Networks", metros=["Reykjavik"], asns=[3333])

    def in_force(self):
        self.assertIn("Iceland", self.names("peeringServiceCountries"))
        self.assertEqual(self.names("peeringServiceLocations", "&country=Iceland"), ["Capital Region"])
        self.assertIn("Reykjavik", self.names("peeringLocations", "&kind=Direct"))
        self.assertIn("Northern Networks", self.names("peeringServiceProviders"))
        self.assertEqual(self.available("Capital Region", "Northern Networks"), "Available")
        self.assertEqual(self.available("Osaka", "Northern Networks"), "Unavailable")
        self.assertNotIn("Seoul", self.names("peeringLocations", "&kind=Direct"), "deleted")

    def hang_up(self):
        self.server.process.send_signal(signal.SIGHUP)

    def test_a_change_is_in_force_at_once_and_stays(self):
        path = self.dir / "catalogue.json"
        path.write_bytes((harness.SOURCE / "catalog" / "default.json").read_bytes())
        self.begin(config=f'[catalog]\nfile = "{path}"\n')
        self.assertEqual(self.register("office", "Capital Region", "Northern Networks", "Reykjavik").status, 400)
        self.add_iceland()
        for facility in self.operator.ok("GET", self.url("/providers/Open.Peering/catalog/facilities"))["value"]:
            if facility["properties"]["metro"] == "Seoul":
                self.operator.ok("DELETE", self.entry("facilities", facility["name"]))
        self.in_force()
        self.assertEqual(self.register("office", "Capital Region", "Northern Networks", "Reykjavik").status, 201)
        refused = self.operator.request("DELETE", self.entry("providers", "north"))
        self.assertEqual(refused.status, 409)
        self.assertIn("in use by 1 connection", refused.error_message)
        self.assertEqual(self.customer.request("GET", self.entry("providers", "north")).status, 403)
        self.assertEqual(self.customer.request("DELETE", self.entry("metros", "Tokyo")).status, 403)

        self.server.kill()
        self.server.start()
        self.operator = self.server.client()
        self.customer = self.server.client(self.customer.token)
        self.in_force()

        content = json.loads(path.read_text())
        content["providers"].append({"name": "Of the file", "metros": ["Tokyo"]})
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(content))
        os.replace(fresh, path)
        self.hang_up()
        wait_for(lambda: "Of the file" in self.names("peeringServiceProviders"), "the new file")
        self.in_force()

        # A file without the metro leaves out what was added there, and says so.
        content["metros"] = [metro for metro in content["metros"] if metro["name"] != "Tokyo"]
        self.put("facilities", "Tokyo.mine", metro="Tokyo", address="a street", directPeeringType="Edge")
        fresh.write_text(json.dumps(content))
        os.replace(fresh, path)
        self.hang_up()
        wait_for(lambda: "facilities/Tokyo.mine" in self.server.log_text(), "the warning")
        self.in_force()
        self.assertEqual(self.server.metrics()["peering_catalog_left_out_entries"], 1)

    def test_peeringctl_lists_sets_deletes_and_exports(self):
        self.begin()

        def ctl(*words, **options):
            return self.ctl(self.server, "catalog", *words, **options)
        ctl("set", "metro", "Reykjavik", "country=IS", "latitude=64.14", "longitude=-21.92")
        ctl("set", "provider", "Northern Networks", 'metros=["Reykjavik"]', "asns=[3333]")
        ctl("set", "provider", "Northern Networks", "asns=[3333,3334]")
        shown = json.loads(ctl("show", "provider", "northern networks", "-o", "json"))
        self.assertEqual(shown["properties"]["asns"], [3333, 3334])
        self.assertEqual(shown["name"], "Northern-Networks")
        self.assertIn("Northern Networks", ctl("list", "providers", "-o", "tsv"))
        self.assertIn("Northern Networks", self.names("peeringServiceProviders"))
        self.assertIn("properties.metros[0] 'Atlantis'",
                      ctl("set", "provider", "Nobody", 'metros=["Atlantis"]', expect=1))
        self.assertIn("in use by 1 provider", ctl("delete", "metro", "Reykjavik", "-y", expect=4))
        ctl("show", "metro", "Atlantis", expect=3)

        file = self.dir / "exported.json"
        ctl("export", "--file", file)
        self.assertIn("36 providers", ctl("check", file))
        other = self.daemon("other", config=f'[catalog]\nfile = "{file}"\n')
        whole = [server.client().ok("GET", self.url("/providers/Open.Peering/catalog"))
                 for server in (self.server, other)]
        self.assertEqual(whole[0], whole[1], "the file is the same catalogue")
        again = self.dir / "again.json"
        self.ctl(other, "catalog", "export", "--file", again)
        self.assertEqual(again.read_text(), file.read_text())

        ctl("delete", "provider", "Northern Networks", "-y")
        self.assertNotIn("Northern Networks", self.names("peeringServiceProviders"))
        wrong = self.dir / "wrong.json"
        wrong.write_text('{"countries":[],"providers":[{"name":"x","metros":[7]}]}')
        self.assertIn("catalogue.providers[0].metros '7'", ctl("check", wrong, expect=1))

    def test_a_partner_of_peeringdb_is_at_its_metros_and_takes_customers(self):
        self.begin()

        def load(*words, **options):
            environment = {**os.environ, "PEERING_ENDPOINT": self.server.http, "PEERING_TOKEN": self.server.token}
            done = subprocess.run([harness.PEERINGCTL, "catalog", "import", "--peeringdb", str(SAMPLE),
                                   *map(str, words)], env=environment, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done
        dry = load("--dry-run")
        self.assertIn("+ providers/Sample-Northern-Networks  Sample Northern Networks", dry.stdout)
        self.assertIn("fac: 13 rows, 1 not active, 3 malformed", dry.stderr)
        self.assertIn("skipped: fac 900009: latitude '91.5'", dry.stderr)
        self.assertNotIn("Sample Pacific", self.names("peeringServiceProviders"), "a dry run writes nothing")

        load()
        metros = self.operator.ok("GET", self.entry("providers", "Sample-Pacific"))["properties"]["metros"]
        self.assertEqual(metros, ["Columbus", "Tokyo"])
        self.assertEqual(self.available("Ohio", "Sample Pacific"), "Available")
        self.assertEqual(self.available("Osaka", "Sample Pacific"), "Available")
        self.assertEqual(self.available("Hawaii", "Sample Pacific"), "Unavailable")
        tokyo = next(item for item in self.customer.ok(
            "GET", f"{ROOT}/providers/Microsoft.Peering/peeringLocations?api-version={harness.PEERING_VERSION}"
                   "&kind=Direct")["value"] if item["name"] == "Tokyo")
        links = [each.get("peeringDBFacilityLink") for each in tokyo["properties"]["direct"]["peeringFacilities"]]
        self.assertIn("https://www.peeringdb.com/fac/900001", links)
        self.assertEqual(self.register("office", "Ohio", "Sample Pacific", "Columbus").status, 201)

        again = load("--dry-run")
        self.assertEqual(again.stdout, "")
        self.assertIn("nothing is new", again.stderr)
        file = self.dir / "imported.json"
        load("--base", harness.SOURCE / "catalog" / "default.json", "--output-file", file)
        self.assertIn("nothing is new", load("--base", file, "--dry-run").stderr)

    def test_real_pages_of_peeringdb_are_imported_whole(self):
        pages = need_shared(self, "data", "peeringdb")
        self.begin()
        for expected in ("new", "nothing is new"):
            done = subprocess.run(
                [harness.PEERINGCTL, "catalog", "import", "--peeringdb", str(pages)],
                env={**os.environ, "PEERING_ENDPOINT": self.server.http, "PEERING_TOKEN": self.server.token},
                capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(expected, done.stderr)
            self.assertIn("fac: 250 rows, 0 not active, 0 malformed", done.stderr)
        facility = self.operator.ok("GET", self.entry("facilities", "Ashburn.fac-1"))["properties"]
        self.assertEqual(facility["name"], "Equinix DC1-DC15,DC21-DC22 - Ashburn")
        self.assertEqual(facility["address"], "21715 Filigree Ct")


if __name__ == "__main__":
    harness.main()
