"""kill -9 in the middle of writes, ten times at random moments: after each restart every write that was acknowledged has
one entry in the audit log, and one that got no answer has an entry if and only if it happened. PEERING_SEED repeats a run.
"""
import collections
import json
import os
import random
import threading
import time
import uuid

import harness
from harness import EXTENSION_VERSION, GROUP_VERSION, PEERING_VERSION, Tenant

ROUNDS = 10
WRITERS = 4
AUTHORIZATION = "providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


class Writer:
    """Makes changes without pause until the server is gone; knows what was answered, by correlation id."""

    def __init__(self, number, tenant):
        self.number, self.tenant = number, tenant
        self.count = 0
        self.acknowledged, self.unsure = [], {}

    def next_change(self):
        """(method, path, api-version, body, what to ask whether it happened)."""
        self.count += 1
        number = self.number * 16384 + self.count
        if self.count % 4 == 0:
            group = f"/subscriptions/{self.tenant.subscription}/resourceGroups/{self.tenant.group}-{number}"
            return "PUT", group, GROUP_VERSION, {"location": "eastus"}
        if self.count % 4 == 1:
            name = f"{self.tenant.connection}/{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
            return "PUT", name, "2022-04-01", {"properties": {
                "principalId": str(uuid.uuid4()), "roleDefinitionId": READER}}
        prefix = f"{20 + number // 65536}.{number // 256 % 256}.{number % 256}.0/24"
        return "PUT", f"{self.tenant.connection}/prefixes/p{number}", PEERING_VERSION, {"properties": {"prefix": prefix}}

    def run(self, client, stop):
        while not stop.is_set():
            method, path, version, body = self.next_change()
            correlation = str(uuid.uuid4())
            self.unsure[correlation] = f"{path}?api-version={version}"
            try:
                answer = client.request(method, self.unsure[correlation], body,
                                        headers={"x-ms-correlation-request-id": correlation})
            except OSError:
                return
            if answer.status != 201:
                raise AssertionError(f"{path}: {answer}")
            del self.unsure[correlation]
            self.acknowledged.append(correlation)


class AuditLog(harness.SystemTest):
    def test_every_acknowledged_write_has_one_entry_after_every_kill(self):
        seed = int(os.environ.get("PEERING_SEED", time.time_ns() % 1_000_000))
        print(f"seed {seed} (PEERING_SEED={seed} repeats this run)")
        self.randomness = random.Random(seed)
        self.server = self.daemon()
        self.tenant = Tenant(self.server.client())
        self.writers = [Writer(number, self.tenant) for number in range(WRITERS)]
        happened = 0
        for number in range(ROUNDS):
            self.write_until_killed(number)
            self.server.start()
            happened += self.check()
        acknowledged = sum(len(writer.acknowledged) for writer in self.writers)
        print(f"{ROUNDS} kills, {acknowledged} writes acknowledged, {happened} happened without an answer")
        self.assertGreater(acknowledged, ROUNDS * WRITERS)

    def write_until_killed(self, number):
        stop, problems = threading.Event(), []

        def guarded(writer):
            try:
                writer.run(self.server.client(), stop)
            except AssertionError as problem:
                problems.append(problem)

        threads = [threading.Thread(target=guarded, args=(writer,)) for writer in self.writers]
        for thread in threads:
            thread.start()
        time.sleep(self.randomness.uniform(0.1, 1.0))
        self.assertTrue(self.server.running(), f"round {number}: the server stopped by itself")
        self.server.kill()
        stop.set()
        for thread in threads:
            thread.join(30)
        self.assertEqual(problems, [])

    def entries(self, client):
        path = (f"/subscriptions/{self.tenant.subscription}/providers/Open.Peering/auditLog"
                f"?api-version={EXTENSION_VERSION}&$top=1000")
        while path:
            page = client.ok("GET", path)
            yield from page["value"]
            path = page.get("nextLink")

    def check(self):
        """How many of the writes without an answer happened."""
        client = self.server.client()
        counts = collections.Counter(entry["correlationId"] for entry in self.entries(client))
        happened = 0
        for writer in self.writers:
            wrong = {each: counts[each] for each in writer.acknowledged if counts[each] != 1}
            self.assertEqual(wrong, {}, "acknowledged writes and how many entries they have")
            for correlation, path in writer.unsure.items():
                there = client.get(path).status == 200
                happened += there
                self.assertEqual(counts[correlation], int(there), path)
            writer.unsure.clear()
        return happened


class CommandLine(harness.SystemTest):
    def test_roles_are_given_and_taken_and_the_log_says_so(self):
        server = self.daemon()
        tenant = Tenant(server.client())
        scope = f"/subscriptions/{tenant.subscription}/resourceGroups/{tenant.group}"
        elsewhere = f"/subscriptions/{Tenant(server.client()).subscription}"

        def ctl(*words, **options):
            return self.ctl(server, *words, subscription=tenant.subscription, **options)

        def listed(*words):
            return json.loads(ctl(*words, "-o", "json"))

        token = ctl("token", "create", "--role", "Reader", "--scope", elsewhere).strip()
        principal = token.removeprefix("pt-").split(".")[0]
        client = server.client(token)
        group = f"{scope}?api-version={GROUP_VERSION}"
        self.assertEqual(client.get(group).status, 404)
        ctl("role", "assignment", "create", "--assignee", principal, "--role", "contributor", "--scope", scope)
        self.assertEqual(client.request("PATCH", group, {"tags": {"a": "1"}}).status, 200)
        [mine] = listed("role", "assignment", "list", "--assignee", principal)
        self.assertEqual(mine["properties"]["roleDefinitionName"], "Contributor")
        self.assertEqual(len(listed("role", "definition", "list")), 5)
        ctl("role", "assignment", "delete", "--assignee", principal, "--role", "Contributor", "--scope", scope)
        self.assertEqual(client.get(group).status, 404)
        [patched] = listed("audit", "list", "--group", tenant.group, "--caller", principal, "--since", "1h")
        self.assertEqual(patched["after"]["tags"], {"a": "1"})
        self.assertEqual(patched["caller"]["roles"], ["Contributor"])
        table = ctl("audit", "list", "--resource", tenant.connection, "-o", "table")
        self.assertIn("Microsoft.Peering/peeringServices/write", table)
        self.assertIn("Open.Peering/tokens/write", ctl("audit", "list", "--resource", "/", "-o", "table")
                      + ctl("audit", "list", "--resource", elsewhere, "-o", "table"))


if __name__ == "__main__":
    harness.main()
