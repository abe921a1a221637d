#!/usr/bin/env python3
"""Microsoft's command line `az` (Debian's azure-cli, or the one that PEERING_AZ names), unmodified, against a live server.

It trusts the server by REQUESTS_CA_BUNDLE and knows it by `az cloud register`; everything else is what one would type for
Azure.
"""
import json
import os
import subprocess
import uuid

import harness
from harness import need_program

TENANT = "00000000-0000-0000-0000-000000000000"
SERVICE = "Microsoft.Peering/peeringServices"


class Az(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.program = os.environ.get("PEERING_AZ") or need_program(self, "az")
        self.server = self.daemon()
        self.operator = self.server.client()
        self.subscription = str(uuid.uuid4())
        self.root = f"/subscriptions/{self.subscription}"
        self.group = f"{self.root}/resourceGroups/net"
        self.office = f"{self.group}/providers/{SERVICE}/office"
        self.operator.ok("PUT", f"{self.root}?api-version={harness.SUBSCRIPTION_VERSION}", {"displayName": "Contoso"})
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "HOME": str(self.dir), "AZURE_CONFIG_DIR": str(self.dir / "azure"), "AZURE_EXTENSION_DIR": str(self.dir / "none"),
            "AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_NO_COLOR": "true", "REQUESTS_CA_BUNDLE": self.server.authority}

    def run_az(self, *words):
        return subprocess.run([self.program, *map(str, words)], env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60 * harness.PATIENCE)

    def az(self, *words):
        """The JSON that a command prints; None when it prints nothing."""
        done = self.run_az(*words, "--output", "json")
        self.assertEqual(done.returncode, 0, f"az {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def assert_refused(self, said, *words):
        done = self.run_az(*words)
        self.assertNotEqual(done.returncode, 0, f"az {' '.join(map(str, words))}\n{done.stdout}")
        self.assertIn(said, done.stderr)

    def register(self, *words):
        self.az("cloud", "register", "--name", "peering", "--endpoint-resource-manager", self.server.https, *words)
        self.az("cloud", "set", "--name", "peering")

    def login(self, name="admin", token=None):
        return self.az("login", "--service-principal", "--username", name, "--password", token or self.server.token,
                       "--tenant", TENANT)

    def make_office(self):
        self.operator.ok("PUT", f"{self.group}?api-version={harness.GROUP_VERSION}", {"location": "eastus"})
        self.operator.ok("PUT", harness.Tenant.url(self.office), {"location": "eastus", "properties": {}})

    def make_token(self, role, name, scope=None):
        return self.operator.ok("POST", f"/providers/Open.Peering/tokens?api-version={harness.EXTENSION_VERSION}",
                                {"role": role, "scope": scope or self.root, "name": name})


class SigningIn(Az):
    def test_a_token_is_the_secret_of_a_service_principal(self):
        made = self.make_token("Contributor", "ci")
        self.register()
        refused = ("login", "--service-principal", "--tenant", TENANT, "--username")
        self.assert_refused("There is no token with this client_id", *refused, "ci", "--password", "pt-ci.wrong")
        self.assert_refused("There is no token with this client_id", *refused, "other", "--password", made["token"])
        account, = self.login("ci", made["token"])
        self.assertEqual((account["id"], account["name"], account["state"], account["tenantId"], account["user"]["name"]),
                         (self.subscription, "Contoso", "Enabled", TENANT, "ci"))
        self.assertEqual(self.az("account", "get-access-token")["accessToken"], made["token"])
        self.assertIn("westus2", [each["name"] for each in self.az("account", "list-locations")])
        self.assertEqual(self.az("group", "list"), [])
        self.operator.ok("DELETE", f"/providers/Open.Peering/tokens/{made['id']}?api-version={harness.EXTENSION_VERSION}")
        self.assert_refused("The access token is invalid", "group", "list")
        self.az("logout")
        self.assertEqual(self.az("account", "list"), [])
        self.assertNotIn(made["token"], self.server.log_text())

    def test_endpoints_may_be_given_by_hand(self):
        self.register("--endpoint-active-directory", f"{self.server.https}/adfs", "--endpoint-active-directory-resource-id",
                      "https://management.azure.com", "--endpoint-active-directory-graph-resource-id", self.server.https)
        self.assertEqual([each["id"] for each in self.login()], [self.subscription])
        self.assert_refused("no page to sign in", "rest", "--url", f"{self.server.https}/adfs/oauth2/authorize",
                            "--skip-authorization-header")


class Resources(Az):
    def setUp(self):
        super().setUp()
        self.register()
        self.login()

    def test_groups_and_the_provider(self):
        made = self.az("group", "create", "--name", "net", "--location", "eastus", "--tags", "team=net")
        self.assertEqual((made["id"], made["tags"]), (self.group, {"team": "net"}))
        self.assertEqual([each["name"] for each in self.az("group", "list", "--tag", "team=net")], ["net"])
        self.assertEqual(self.az("group", "exists", "--name", "net"), True)
        self.assertEqual(self.az("group", "update", "--name", "net", "--set", "tags.site=ams")["tags"],
                         {"team": "net", "site": "ams"})
        self.az("provider", "register", "--namespace", "Microsoft.Peering", "--wait")
        self.assertEqual(self.az("provider", "show", "--namespace", "Microsoft.Peering")["registrationState"], "Registered")
        self.az("provider", "unregister", "--namespace", "Microsoft.Peering", "--wait")
        self.assertEqual(self.az("provider", "show", "--namespace", "Microsoft.Peering")["registrationState"], "Unregistered")
        self.az("provider", "register", "--namespace", "Microsoft.Peering", "--wait")
        providers = self.az("rest", "--url", f"{self.root}/providers/Microsoft.Peering/peeringServiceProviders"
                                             f"?api-version={harness.PEERING_VERSION}")
        self.assertTrue(providers["value"])
        self.az("group", "delete", "--name", "net", "--yes")
        self.assertEqual(self.az("group", "exists", "--name", "net"), False)
        self.assert_refused("ResourceGroupNotFound", "group", "show", "--name", "net")

    def test_resources(self):
        self.az("group", "create", "--name", "net", "--location", "eastus")
        named = ("--resource-group", "net", "--name", "office", "--resource-type", SERVICE)
        made = self.az("resource", "create", *named, "--location", "eastus", "--properties", "{}")
        self.assertEqual((made["id"], made["properties"]["provisioningState"]), (self.office, "Succeeded"))
        self.az("resource", "create", "--id", f"{self.office}/prefixes/site1", "--properties", '{"prefix": "203.0.113.0/24"}')
        child = ("--resource-group", "net", "--namespace", "Microsoft.Peering", "--parent", "peeringServices/office",
                 "--resource-type", "prefixes", "--name", "site1")
        self.assertEqual(self.az("resource", "show", *child)["properties"]["prefix"], "203.0.113.0/24")
        self.az("resource", "update", "--ids", self.office, "--set", "tags.site=ams")
        self.assertEqual(self.az("resource", "show", *named, "--api-version", "2022-10-01")["tags"], {"site": "ams"})
        for words in ((), ("--resource-group", "net"), ("--resource-type", SERVICE), ("--tag", "site=ams"), ("--name", "office"),
                      ("--location", "eastus")):
            self.assertEqual([each["id"] for each in self.az("resource", "list", *words)], [self.office], words)
        self.assertEqual(self.az("resource", "list", "--tag", "site=other"), [])
        self.az("resource", "delete", *child)
        self.az("resource", "delete", "--ids", self.office)
        self.assert_refused("ResourceNotFound", "resource", "show", "--ids", self.office)

    def test_tags(self):
        self.make_office()
        self.assertEqual(self.az("resource", "tag", "--ids", self.office, "--tags", "a=1")["tags"], {"a": "1"})
        self.assertEqual(self.az("resource", "tag", "--ids", self.office, "--tags", "b=2", "--is-incremental")["tags"],
                         {"a": "1", "b": "2"})
        on_it = ("--resource-id", self.office)
        self.assertEqual(self.az("tag", "list", *on_it)["properties"]["tags"], {"a": "1", "b": "2"})
        self.az("tag", "update", *on_it, "--operation", "Delete", "--tags", "a=1")
        self.az("tag", "update", *on_it, "--operation", "Merge", "--tags", "c=3")
        self.assertEqual(self.az("tag", "list", *on_it)["properties"]["tags"], {"b": "2", "c": "3"})
        self.az("tag", "create", *on_it, "--tags", "d=4")
        self.assertEqual([each["tagName"] for each in self.az("tag", "list")], ["d"])
        self.az("tag", "delete", *on_it, "--yes")
        self.assertEqual(self.az("tag", "list"), [])

    def test_deployments(self):
        self.az("group", "create", "--name", "net", "--location", "eastus")
        template = self.dir / "template.json"
        template.write_text("""{
  // What az takes for JSON: comments, and strings over several lines.
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "name": { "type": "string" } },
  "resources": [{ /* one */
    "type": "Microsoft.Peering/peeringServices", "apiVersion": "2022-10-01", "name": "[parameters('name')]",
    "location": "[resourceGroup().location]", "properties": {}
  }],
  "outputs": { "id": { "type": "string", "value": "[resourceId(
     'Microsoft.Peering/peeringServices', parameters('name'))]" } }
}
""")
        order = ("--resource-group", "net", "--name", "first", "--template-file", template, "--parameters", "name=office")
        self.az("deployment", "group", "validate", *order)
        changes = self.az("deployment", "group", "what-if", *order, "--no-pretty-print")["changes"]
        self.assertEqual([(each["changeType"], each["resourceId"]) for each in changes], [("Create", self.office)])
        done = self.az("deployment", "group", "create", *order)["properties"]
        self.assertEqual((done["provisioningState"], done["outputs"]["id"]["value"]), ("Succeeded", self.office))
        changes = self.az("deployment", "group", "what-if", *order, "--no-pretty-print")["changes"]
        self.assertEqual([each["changeType"] for each in changes], ["NoChange"])
        about = ("--resource-group", "net", "--name", "first")
        self.assertEqual(self.az("deployment", "operation", "group", "list", *about)[0]["properties"]["targetResource"]["id"],
                         self.office)
        self.assertEqual(self.az("group", "export", "--name", "net")["resources"][0]["type"], SERVICE)
        self.az("deployment", "group", "delete", *about)
        self.assertEqual(self.az("deployment", "group", "list", "--resource-group", "net"), [])

    def test_metrics_and_the_activity_log(self):
        self.make_office()
        self.operator.ok("PUT", harness.Tenant.url(f"{self.office}/prefixes/site1"), {"properties": {"prefix": "203.0.113.0/24"}})
        harness.post_samples(self.operator, harness.samples_body(["203.0.113.9"]))
        metrics = ("monitor", "metrics")
        self.assertEqual({each["name"]["value"] for each in self.az(*metrics, "list-definitions", "--resource", self.office)},
                         {"RoundTripTime", "PrefixLatency"})
        answer = self.az(*metrics, "list", "--resource", self.office, "--metric", "PrefixLatency", "--interval", "1h",
                         "--offset", "2h", "--filter", "PrefixName eq '*'")
        points = answer["value"][0]["timeseries"][0]["data"]
        self.assertAlmostEqual([each["average"] for each in points if each.get("average")][0], 20, delta=0.3)
        log = self.az("monitor", "activity-log", "list", "--resource-group", "net", "--offset", "1h")
        self.assertEqual([each["operationName"]["value"] for each in log][-1],
                         "Microsoft.Resources/subscriptions/resourceGroups/write")
        log = self.az("monitor", "activity-log", "list", "--resource-id", self.office, "--max-events", "1")
        self.assertEqual([(each["operationName"]["value"], each["status"]["value"]) for each in log],
                         [(f"{SERVICE}/write", "Succeeded")])


class Roles(Az):
    def register(self):
        """az before 2.63 asks a form of the metadata that does not tell where names of principals are had."""
        endpoints = {"resourceManager": self.server.https, "microsoftGraphResourceId": f"{self.server.https}/"}
        self.az("cloud", "register", "--name", "peering", "--cloud-config", json.dumps({"endpoints": endpoints}))
        self.az("cloud", "set", "--name", "peering")

    def test_role_assignments(self):
        self.register()
        self.login()
        self.make_office()
        # Debian's azure-cli 2.45 and its azure-mgmt-authorization do not go together.
        if "has no attribute 'config'" in self.run_az("role", "definition", "list").stderr:
            self.skipTest("this az knows no roles of any server")
        ada = self.make_token("Reader", "ada")
        assignment = ("role", "assignment")
        self.az(*assignment, "create", "--assignee-object-id", ada["id"], "--assignee-principal-type", "ServicePrincipal",
                "--role", "Reader", "--scope", self.group)
        self.az(*assignment, "create", "--assignee", "ada", "--role", "Contributor", "--scope", self.group)
        listed = self.az(*assignment, "list", "--scope", self.group)
        self.assertEqual({(each["principalName"], each["roleDefinitionName"]) for each in listed},
                         {("ada", "Reader"), ("ada", "Contributor")})
        self.az(*assignment, "delete", "--assignee", ada["id"], "--role", "Reader", "--scope", self.group)
        self.assertEqual([each["roleDefinitionName"] for each in self.az(*assignment, "list", "--scope", self.group,
                                                                         "--assignee", ada["id"])], ["Contributor"])
        self.assertIn("Owner", [each["roleName"] for each in self.az("role", "definition", "list")])


if __name__ == "__main__":
    harness.main()
