"""Configuration as code: a subscription to documents, documents to another server, and back to the same bytes."""
import json
import os
import pathlib
import pty
import subprocess
import uuid

import bmp
import harness

SECRET_VARIABLES = {"PEERING_SECRET_NOC": "hush", "PEERING_MD5_NET_AKL1_1": "md5-key"}
AUTOMATIC = '[network]\napprove = "automatic"\n'


def documents(folder):
    """Every file of a folder: name -> bytes."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()}


class AsCode(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.subscription = str(uuid.uuid4())
        self.server = self.new_server("first")
        self.environment = {**os.environ, **SECRET_VARIABLES}

    def new_server(self, name):
        server = self.daemon(name, config=AUTOMATIC)
        server.client().ok("PUT", f"/subscriptions/{self.subscription}?api-version=2022-12-01", {"displayName": "Test"})
        return server

    def run_ctl(self, server, *words, expect=0, environment=None, **options):
        environment = {**(environment or self.environment), "PEERING_ENDPOINT": server.http,
                       "PEERING_TOKEN": server.token, "PEERING_SUBSCRIPTION": self.subscription, "HOME": str(self.dir),
                       "XDG_CONFIG_HOME": str(self.dir)}
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([harness.PEERINGCTL, *map(str, words)], env=environment, capture_output=True, text=True,
                              timeout=120 * harness.PATIENCE, **options)
        self.assertEqual(done.returncode, expect, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def put(self, path, body, server=None):
        version = {"Open": "2026-11-01", "Microsoft": "2022-10-01"}
        provider = path.rpartition("providers/")[2].partition(".")[0]
        return (server or self.server).client().ok(
            "PUT", f"/subscriptions/{self.subscription}/{path}?api-version={version.get(provider, '2021-04-01')}", body)

    def session_comes_up(self, server):
        """The partner's session as a router reports it, so that customers can be registered."""
        router, peer = bmp.Router(server.address("bmp")), bmp.Peer("198.51.100.2", 3333)
        self.addCleanup(router.close)
        router.send(peer.up(local="198.51.100.1"))
        path = (f"/subscriptions/{self.subscription}/resourceGroups/net/providers/Microsoft.Peering/peerings/akl1"
                "?api-version=2022-10-01")

        def is_active():
            shown = server.client().get(path)
            return shown.status == 200 and shown.json["properties"]["direct"]["connections"][0][
                "connectionState"] == "Active"
        return is_active

    def fill(self):
        """One of everything that can be written, in spellings of a human."""
        self.put("resourceGroups/net", {"location": "East US", "tags": {"team": "network", "cost": "7"}})
        self.put("resourceGroups/Other.Group", {"location": "westeurope"})
        self.put("providers/Microsoft.Peering/peerAsns/partner", {"properties": {
            "peerAsn": 3333, "peerName": "Partner",
            "peerContactDetail": [{"role": "noc", "email": "noc@example.net"}]}})
        self.put("providers/Open.Peering/alertChannels/noc", {"properties": {
            "type": "webhook", "url": "https://alerts.example.net/in",
            "secret": SECRET_VARIABLES["PEERING_SECRET_NOC"]}})
        self.put("providers/Open.Peering/silences/nights", {"properties": {
            "matchers": [{"name": "Kind", "value": "withdrawal"}], "endsAt": "2100-01-01T00:00:00+01:00",
            "recurrence": {"frequency": "weekly", "daysOfWeek": ["saturday"], "startTime": "22:00", "endTime": "02:00"}}})
        peering = "resourceGroups/net/providers/Microsoft.Peering/peerings/akl1"
        self.put(peering, {"location": "eastus", "kind": "direct", "sku": {"name": "Premium_Direct_Free"},
                           "properties": {
            "peeringLocation": "Auckland", "direct": {
                "peerAsn": {"id": f"/subscriptions/{self.subscription}/providers/Microsoft.Peering/peerAsns/partner"},
                "connections": [{"bandwidthInMbps": 10000, "sessionAddressProvider": "Peer", "bgpSession": {
                    "sessionPrefixV4": "198.51.100.0/30", "peerSessionIPv4Address": "198.51.100.2",
                    "microsoftSessionIPv4Address": "198.51.100.1",
                    "md5AuthenticationKey": SECRET_VARIABLES["PEERING_MD5_NET_AKL1_1"]}}]}}})
        harness.wait_for(self.session_comes_up(self.server), "active peering")
        self.put(f"{peering}/registeredAsns/customer", {"properties": {"asn": 3334}})
        self.put(f"{peering}/registeredPrefixes/lan", {"properties": {"prefix": "203.0.113.0/24"}})
        service = "resourceGroups/net/providers/Microsoft.Peering/peeringServices/office"
        self.put(service, {"location": "eastus", "tags": {"site": "akl"}, "properties": {
            "peeringServiceLocation": "Victoria", "peeringServiceProvider": "Kordia Limited"}})
        self.put(f"{service}/providers/Open.Peering/monitoring/default", {"properties": {"alerts": {
            "enabled": True, "channels": ["noc"], "minimumLevel": "Error"}}})
        for number in range(3):
            prefix = f"{service}/prefixes/site{number}"
            self.put(prefix, {"properties": {"prefix": f"203.0.{112 + number}.0/24"}})
        self.put(f"{service}/prefixes/site1/providers/Open.Peering/monitoring/default", {"properties": {
            "asn": [3334, {"from": 3340, "to": 3350}], "upstreams": [3333], "description": "Ünïcode"}})
        self.put(f"{service}/connectionMonitorTests/ping", {"properties": {
            "sourceAgent": "agent", "destination": "203.0.113.9", "destinationPort": 443, "testFrequencyInSec": 30}})

    def writes(self, server):
        """How many requests that write the server has answered."""
        found = server.metrics()
        return sum(value for name, value in found.items() if name.startswith("peering_api_requests_total")
                   and ("CreateOrUpdate" in name or "Delete" in name or "Update" in name))

    def export(self, server, folder, *words):
        self.run_ctl(server, "export", "-o", folder, *words)
        return documents(folder)

    def test_export_apply_export_gives_the_same_bytes(self):
        self.fill()
        first = self.export(self.server, self.dir / "code")
        self.assertEqual(len([name for name in first if name != "manages.json"]), 15, sorted(first))
        whole = b"".join(first.values()).decode()
        for hidden in (*SECRET_VARIABLES.values(), "provisioningState", "connectionState", "validationState",
                       "secretSet", "microsoftTrackingId", self.subscription, "suggestedAsn"):
            self.assertNotIn(hidden, whole)
        self.assertEqual(self.export(self.server, self.dir / "again"), first)

        fresh = self.new_server("second")
        # Customers can be registered once the session is up: before it, apply stops there and says so.
        stopped = self.run_ctl(fresh, "apply", "-f", self.dir / "code", expect=1)
        self.assertIn("registeredAsns/customer", stopped.stderr)
        self.assertIn("state Active", stopped.stderr)
        self.assertIn("were made before it", stopped.stderr)
        harness.wait_for(self.session_comes_up(fresh), "active peering")
        self.run_ctl(fresh, "apply", "-f", self.dir / "code")
        self.assertEqual(self.export(fresh, self.dir / "from-second"), first)

        before = self.writes(fresh)
        self.assertIn("nothing to do", self.run_ctl(fresh, "apply", "-f", self.dir / "code", "--prune", "--yes").stderr)
        self.assertEqual(self.run_ctl(fresh, "apply", "-f", self.dir / "code", "--dry-run").stdout, "")
        self.assertEqual(self.writes(fresh), before)

    def test_a_stream_is_as_good_as_a_folder(self):
        self.fill()
        stream = self.run_ctl(self.server, "export").stdout
        self.assertEqual(len(json.loads(stream)["resources"]), 15)
        done = self.run_ctl(self.server, "apply", "-f", "-", "--prune", "--yes", input=stream)
        self.assertIn("nothing to do", done.stderr)
        (self.dir / "all.json").write_text(stream)
        self.assertIn("nothing to do", self.run_ctl(self.server, "apply", "-f", self.dir / "all.json").stderr)

    def test_a_human_s_spelling_is_no_difference(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder)

        def edit(name, change):
            path = folder / name
            document = json.loads(path.read_text())
            change(document)
            path.write_text(json.dumps(document))
        edit("resourceGroups/net.json", lambda d: d.update(location="eastus"))
        edit("peerAsns/partner.json", lambda d: d["properties"]["peerContactDetail"][0].update(role="NOC"))
        edit("resourceGroups/net/peerings/akl1.json", lambda d: (
            d.update(kind="DIRECT"), d["properties"]["direct"]["connections"][0].pop("connectionIdentifier"),
            d["properties"]["direct"]["connections"][0].update(useForPeeringService=False)))
        edit("resourceGroups/net/peeringServices/office.json", lambda d: d["properties"].update(
            provisioningState="Succeeded", providerBackupPeeringLocation=""))
        edit("resourceGroups/net/peeringServices/office/prefixes/site1/monitoring.json",
             lambda d: d["properties"].update(prefix="203.0.113.0/24", ignore=False))
        self.assertIn("nothing to do", self.run_ctl(self.server, "apply", "-f", folder).stderr)

    def test_dry_run_shows_what_would_change_and_apply_sends_just_that(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder)
        office = folder / "resourceGroups/net/peeringServices/office"
        monitoring = office / "prefixes/site1/monitoring.json"
        monitoring.write_text(monitoring.read_text().replace("3333", "3335"))
        (office / "prefixes/site0.json").unlink()
        (office / "prefixes/site9.json").write_text(json.dumps({
            "id": "resourceGroups/net/providers/Microsoft.Peering/peeringServices/office/prefixes/site9",
            "properties": {"prefix": "203.0.112.0/24"}}))
        before = self.writes(self.server)
        said = self.run_ctl(self.server, "apply", "-f", folder, "--prune", "--dry-run", expect=6)
        for line in ("-      3333", "+      3335", '+    "prefix": "203.0.112.0/24"'):
            self.assertIn(line, said.stdout)
        titles = [line for line in said.stdout.splitlines() if line.startswith(("create", "change", "delete"))]
        self.assertEqual(titles, [
            "delete resourceGroups/net/providers/Microsoft.Peering/peeringServices/office/prefixes/site0",
            "create resourceGroups/net/providers/Microsoft.Peering/peeringServices/office/prefixes/site9",
            "change resourceGroups/net/providers/Microsoft.Peering/peeringServices/office/prefixes/site1"
            "/providers/Open.Peering/monitoring/default"])
        self.assertEqual(self.writes(self.server), before)
        # Without --yes nothing is deleted when nobody can be asked.
        self.assertIn("--yes", self.run_ctl(self.server, "apply", "-f", folder, "--prune", expect=2).stderr)
        self.run_ctl(self.server, "apply", "-f", folder, "--prune", "--yes")
        self.assertEqual(self.writes(self.server), before + 3)
        self.run_ctl(self.server, "apply", "-f", folder, "--prune", "--dry-run")

    def test_who_may_not_read_channels_exports_the_rest(self):
        self.fill()
        token = self.run_ctl(self.server, "token", "create", "--role", "Contributor", "--scope",
                             f"/subscriptions/{self.subscription}").stdout.strip()
        done = self.run_ctl(self.server, "export", "-o", self.dir / "code", "--token", token)
        self.assertIn("alertChannels", done.stderr)
        found = documents(self.dir / "code")
        self.assertEqual(len(found), 14, sorted(found))
        self.assertNotIn(b"alertChannels", found["manages.json"])
        # What is not managed is not deleted either.
        self.assertIn("nothing to do", self.run_ctl(self.server, "apply", "-f", self.dir / "code", "--prune",
                                                    "--yes").stderr)

    def test_prune_asks_on_a_terminal(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder)
        (folder / "resourceGroups/net/peeringServices/office/prefixes/site2.json").unlink()
        for answer, code, left in ((b"n\n", 2, 3), (b"y\n", 0, 2)):
            ours, theirs = pty.openpty()
            os.write(ours, answer)
            said = self.run_ctl(self.server, "apply", "-f", folder, "--prune", expect=code, stdin=theirs)
            os.close(ours)
            os.close(theirs)
            self.assertIn("prefixes/site2", said.stderr)
            listed = self.run_ctl(self.server, "service", "prefix", "list", "-g", "net",
                                  "--peering-service-name", "office", "-o", "json")
            self.assertEqual(len(json.loads(listed.stdout)), left)

    def test_what_somebody_else_changes_meanwhile_is_not_overwritten(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder)
        prefix = "resourceGroups/net/peeringServices/office/prefixes/site2.json"
        (folder / prefix).unlink()
        ours, theirs = pty.openpty()
        asking = subprocess.Popen(
            [harness.PEERINGCTL, "apply", "-f", str(folder), "--prune"], stdin=theirs, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={
                **self.environment, "PEERING_ENDPOINT": self.server.http, "PEERING_TOKEN": self.server.token,
                "PEERING_SUBSCRIPTION": self.subscription, "HOME": str(self.dir), "XDG_CONFIG_HOME": str(self.dir)})
        self.assertIn("site2", asking.stderr.readline())
        # The question is there; before it is answered, somebody gives the prefix a key.
        self.put("resourceGroups/net/providers/Microsoft.Peering/peeringServices/office/prefixes/site2", {
            "properties": {"prefix": "203.0.114.0/24", "peeringServicePrefixKey": str(uuid.uuid4())}})
        os.write(ours, b"y\n")
        _, said = asking.communicate(timeout=30)
        os.close(ours)
        os.close(theirs)
        self.assertEqual(asking.returncode, 4, said)
        self.assertIn("somebody else changed it", said)
        self.export(self.server, folder)
        self.assertIn("peeringServicePrefixKey", (folder / prefix).read_text())

    def test_prune_stays_in_what_the_documents_manage(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder, "-g", "Other.Group")
        self.assertEqual(set(documents(folder)), {"manages.json", "resourceGroups/Other.Group.json"})
        before = self.writes(self.server)
        self.assertIn("nothing to do", self.run_ctl(self.server, "apply", "-f", folder, "--prune", "--yes").stderr)
        self.assertEqual(self.writes(self.server), before)
        # A folder that manages the other group's connections and has none deletes it whole, with all below.
        (folder / "resourceGroups/Other.Group.json").unlink()
        (folder / "manages.json").write_text(json.dumps(
            {"manages": {"types": ["peeringServices"], "resourceGroups": ["NET"]}}))
        said = self.run_ctl(self.server, "apply", "-f", folder, "--prune", "--yes", "-o", "json")
        self.assertEqual([each["action"] for each in json.loads(said.stdout)], ["delete"])
        left = self.run_ctl(self.server, "service", "list", "-o", "json")
        self.assertEqual(json.loads(left.stdout), [])
        self.assertEqual(len(json.loads(self.run_ctl(self.server, "peering", "list", "-o", "json").stdout)), 1)

    def test_an_export_takes_away_the_files_of_what_is_gone_and_no_others(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder)
        channel = folder / "alertChannels/noc.json"
        channel.write_text(channel.read_text().replace('"fromEnv": "PEERING_SECRET_NOC"',
                                                       '"fromFile": "../noc.secret"'))
        (folder / "noc.secret").write_text("hush\n")
        (folder / "README.json").write_text('{"id": "mine"}')
        self.run_ctl(self.server, "service", "prefix", "delete", "-g", "net", "--peering-service-name", "office", "-n",
                     "site2", "--yes")
        after = self.export(self.server, folder)
        self.assertNotIn("resourceGroups/net/peeringServices/office/prefixes/site2.json", after)
        self.assertIn("README.json", after)
        self.assertIn(b"fromFile", after["alertChannels/noc.json"])

    def test_secrets_come_from_where_the_document_says(self):
        self.fill()
        folder = self.dir / "code"
        self.export(self.server, folder)
        bare = {name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES}
        said = self.run_ctl(self.server, "apply", "-f", folder, expect=2, environment=bare)
        self.assertIn("PEERING_MD5_NET_AKL1_1", said.stderr)
        other = {**self.environment, "PEERING_MD5_NET_AKL1_1": "rotated"}
        shown = self.run_ctl(self.server, "apply", "-f", folder, "--dry-run", expect=6, environment=other)
        self.assertIn("(another secret)", shown.stdout)
        self.assertNotIn("rotated", shown.stdout)
        self.run_ctl(self.server, "apply", "-f", folder, environment=other)
        self.assertIn("nothing to do", self.run_ctl(self.server, "apply", "-f", folder, environment=other).stderr)
        again = self.run_ctl(self.server, "apply", "-f", folder, "--resend-secrets", "-o", "json", environment=other)
        self.assertEqual([each["id"] for each in json.loads(again.stdout)],
                         ["providers/Open.Peering/alertChannels/noc"])
        path = folder / "alertChannels/noc.json"
        document = json.loads(path.read_text())
        document["properties"]["secret"] = "in clear"
        path.write_text(json.dumps(document))
        said = self.run_ctl(self.server, "apply", "-f", folder, expect=2)
        self.assertIn("not written down", said.stderr)
        self.assertNotIn("in clear", said.stderr)

    def test_mistakes_are_named_before_anything_is_sent(self):
        self.fill()
        before = self.writes(self.server)
        service = "resourceGroups/net/providers/Microsoft.Peering/peeringServices/office"
        for document, words in (({"id": service, "locatoin": "eastus"}, "locatoin"),
                                ({"id": "resourceGroups/net/nonsense/x"}, "nonsense"),
                                ({"id": f"{service}/prefixes/a", "properties": {"prefix": 5}}, "properties.prefix"),
                                ({"id": f"/subscriptions/{uuid.uuid4()}/{service}"}, "no resource of this subscription"),
                                ([{"id": service}, {"id": service.upper()}], "already"),
                                ({"location": "eastus"}, "'id'")):
            path = self.dir / "wrong.json"
            path.write_text(json.dumps(document))
            said = self.run_ctl(self.server, "apply", "-f", path, expect=2)
            self.assertIn(words, said.stderr)
            self.assertIn("wrong.json", said.stderr)
        self.assertEqual(self.writes(self.server), before)

    def test_a_failure_names_the_resource_and_what_stands(self):
        self.put("resourceGroups/net", {"location": "eastus"})
        service = "resourceGroups/net/providers/Microsoft.Peering/peeringServices/office"
        path = self.dir / "three.json"
        path.write_text(json.dumps([
            {"id": service, "location": "eastus"},
            {"id": f"{service}/prefixes/a", "properties": {"prefix": "203.0.113.0/24"}},
            {"id": f"{service}/prefixes/b", "properties": {"prefix": "203.0.113.0/24"}},
            {"id": f"{service}/prefixes/c", "properties": {"prefix": "198.51.100.0/24"}}]))
        said = self.run_ctl(self.server, "apply", "-f", path, "-o", "json", expect=4)
        self.assertEqual([each["id"] for each in json.loads(said.stdout)], [service, f"{service}/prefixes/a"])
        self.assertIn("prefixes/b", said.stderr)
        self.assertIn("already registered", said.stderr)
        self.assertIn("2 of 4 changes", said.stderr)

    def test_thousands_of_prefixes_are_read_in_pages(self):
        count = 2_500
        self.put("resourceGroups/net", {"location": "eastus"})
        service = "resourceGroups/net/providers/Microsoft.Peering/peeringServices/office"
        resources = [{"id": service, "location": "eastus"}]
        for number in range(count):
            resources.append({"id": f"{service}/prefixes/p{number:05}", "properties": {
                "prefix": f"11.{number // 256}.{number % 256}.0/24"}})
        path = self.dir / "many.json"
        path.write_text(json.dumps(resources))
        self.run_ctl(self.server, "apply", "-f", path)
        stream = json.loads(self.run_ctl(self.server, "export").stdout)
        self.assertEqual(len(stream["resources"]), count + 2)
        before = self.server.metrics()
        self.assertIn("nothing to do", self.run_ctl(self.server, "apply", "-f", path).stderr)
        lists = harness.moved(before, self.server.metrics(), "requests_total.*Prefixes_ListByPeeringService")
        self.assertEqual(sum(lists.values()), 3)


class Templates(harness.SystemTest):
    """`peeringctl deployment` against a running server."""

    TEMPLATE = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"site": {"type": "string"}, "count": {"type": "int", "defaultValue": 2}},
        "resources": [
            {"type": "Microsoft.Peering/peeringServices", "apiVersion": "2022-10-01", "name": "[parameters('site')]",
             "location": "[resourceGroup().location]", "properties": {},
             "resources": [{"type": "providers/monitoring", "apiVersion": "2026-11-01", "name": "Open.Peering/default",
                            "properties": {"alerts": {"enabled": True, "minimumLevel": "Error"}}}]},
            {"type": "Microsoft.Peering/peeringServices/prefixes", "apiVersion": "2022-10-01",
             "name": "[concat(parameters('site'), '/p', copyIndex())]",
             "copy": {"name": "all", "count": "[parameters('count')]"},
             "properties": {"prefix": "[format('203.0.{0}.0/24', add(112, copyIndex()))]"}}]}

    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.subscription = str(uuid.uuid4())
        self.template = self.dir / "office.json"
        self.template.write_text(json.dumps(self.TEMPLATE))
        self.parameters = self.dir / "parameters.json"
        self.parameters.write_text(json.dumps({"$schema": "x", "contentVersion": "1.0.0.0",
                                               "parameters": {"site": {"value": "akl"}}}))
        self.run_ctl("subscription", "create", "--subscription", self.subscription, "--name", "Test")
        self.run_ctl("group", "create", "--name", "net", "--location", "eastus")

    def run_ctl(self, *words, expect=0):
        return self.ctl(self.server, *words, expect=expect, subscription=self.subscription)

    def deployment(self, verb, *words, expect=0):
        return self.run_ctl("deployment", verb, "-g", "net", *words, expect=expect)

    def order(self, verb, *words, **options):
        return self.deployment(verb, "-f", str(self.template), "-p", str(self.parameters), *words, **options)

    def test_from_what_if_to_export(self):
        told = json.loads(self.order("what-if", "-o", "json"))
        self.assertEqual([each["changeType"] for each in told], ["Create"] * 4)
        self.order("validate")
        self.assertEqual(json.loads(self.run_ctl("service", "list", "-o", "json")), [])
        made = json.loads(self.order("create", "-o", "json"))
        self.assertEqual((made["name"], made["properties"]["provisioningState"]), ("office", "Succeeded"))
        prefixes = json.loads(self.run_ctl("service", "prefix", "list", "-g", "net", "--peering-service-name", "akl",
                                           "-o", "json"))
        self.assertEqual([each["properties"]["prefix"] for each in prefixes], ["203.0.112.0/24", "203.0.113.0/24"])
        settings = json.loads(self.run_ctl("monitoring", "show", "-g", "net", "-n", "akl", "-o", "json"))
        self.assertEqual(settings["properties"]["alerts"]["minimumLevel"], "Error")
        again = json.loads(self.order("what-if", "-o", "json"))
        self.assertEqual([each["changeType"] for each in again], ["NoChange"] * 4)
        more = self.order("what-if", "-p", "count=3", "-o", "tsv")
        self.assertEqual([line.split("\t")[0] for line in more.splitlines()], ["NoChange"] * 4 + ["Create"])
        self.assertEqual(json.loads(self.deployment("export", "-n", "office")), self.TEMPLATE)
        self.assertEqual(json.loads(self.deployment("show", "-n", "office", "-o", "json"))["name"], "office")
        self.assertEqual(len(json.loads(self.deployment("list", "-o", "json"))), 1)
        operations = self.run_ctl("deployment", "operation", "list", "-g", "net", "-n", "office", "-o", "json")
        self.assertEqual(len(json.loads(operations)), 4)
        self.deployment("delete", "-n", "office", "--yes")
        self.deployment("show", "-n", "office", expect=3)

    def test_a_group_becomes_a_template(self):
        self.order("create")
        exported = self.run_ctl("group", "export", "-n", "net")
        self.template.write_text(exported)
        self.assertEqual(len(json.loads(exported)["resources"]), 4)
        told = self.run_ctl("deployment", "what-if", "-g", "net", "-f", str(self.template), "-o", "json")
        self.assertEqual([each["changeType"] for each in json.loads(told)], ["NoChange"] * 4)
        self.run_ctl("group", "create", "--name", "copy", "--location", "eastus")
        self.run_ctl("service", "delete", "-g", "net", "--name", "akl", "--yes")
        self.run_ctl("deployment", "create", "-g", "copy", "-f", str(self.template))
        self.assertEqual(json.loads(self.run_ctl("group", "export", "-n", "copy")), json.loads(exported))

    def test_reasons_are_told(self):
        said = self.order("create", "-p", "count=200", expect=1)
        self.assertIn("InvalidTemplateDeployment", said)
        self.assertIn("prefixes/p199", said)
        self.assertIn("203.0.311.0/24", said)
        self.assertIn("resources[1].copy.count", self.order("create", "-p", "count=-1", expect=1))
        self.assertEqual(json.loads(self.run_ctl("service", "list", "-o", "json")), [])

    def test_a_deployment_outlives_the_server(self):
        self.order("create")
        self.server.stop()
        self.server.start()
        self.assertEqual(json.loads(self.deployment("show", "-n", "office", "-o", "json"))["properties"]["mode"],
                         "Incremental")
        self.run_ctl("group", "delete", "--name", "net", "--yes")
        self.run_ctl("group", "create", "--name", "net", "--location", "eastus")
        self.assertEqual(json.loads(self.deployment("list", "-o", "json")), [])


if __name__ == "__main__":
    harness.main()
