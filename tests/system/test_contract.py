"""Runs the published JavaScript clients of the real service against a live server (tests/contract)."""
import os
import subprocess
import uuid

import harness
from harness import need_program

CONTRACT = harness.SOURCE / "tests" / "contract"


class PublishedClients(harness.SystemTest):
    def test_the_unmodified_clients_work_over_https(self):
        node = need_program(self, "node")
        if not (CONTRACT / "node_modules" / "@azure" / "arm-authorization").is_dir():
            if harness.REQUIRE_ALL:
                self.fail("tests/contract has no node_modules: ./run setup")
            self.skipTest("tests/contract has no node_modules: ./run setup")
        server = self.daemon()
        subscription = str(uuid.uuid4())
        operator = server.client()
        root = f"/subscriptions/{subscription}"
        operator.ok("PUT", f"{root}?api-version={harness.SUBSCRIPTION_VERSION}", {"displayName": "Contract"})
        operator.ok("PUT", f"{root}/resourcegroups/contract?api-version={harness.GROUP_VERSION}",
                    {"location": "eastus"})
        environment = {**os.environ, "PEERING_HTTPS": server.https, "PEERING_TOKEN": server.token,
                       "PEERING_SUBSCRIPTION": subscription, "NODE_EXTRA_CA_CERTS": server.authority}
        for client in ("arm_peering", "arm_monitor", "arm_resources", "arm_authorization"):
            with self.subTest(client):
                done = subprocess.run([node, "--test", "--test-reporter=spec", f"{client}.test.mjs"], cwd=CONTRACT,
                                      env=environment, capture_output=True, text=True,
                                      timeout=120 * harness.PATIENCE)
                print(done.stdout)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("pass", done.stdout)


if __name__ == "__main__":
    harness.main()
