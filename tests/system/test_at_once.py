"""Requests that meet: of those that exclude each other one wins, and nothing of the others is left or lost."""
import collections
import concurrent.futures

import harness
from harness import Tenant

ROUNDS = 5


class AtOnce(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.client = self.server.client()
        self.tenant = Tenant(self.client)

    def statuses(self, *requests):
        """Of requests (method, resource, body) that are sent at the same time."""
        def send(request):
            method, resource, *body = request
            return self.client.request(method, Tenant.url(resource), *body).status
        with concurrent.futures.ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(send, requests))

    def service(self, name):
        return f"{self.tenant.provider_root}/peeringServices/{name}"

    def test_one_put_creates_and_one_delete_finds_something(self):
        for number in range(ROUNDS):
            made = ("PUT", self.service(f"s{number}"), self.tenant.service_body)
            self.assertEqual(collections.Counter(self.statuses(*[made] * 6)), {201: 1, 200: 5})
            gone = ("DELETE", self.service(f"S{number}"))
            self.assertEqual(collections.Counter(self.statuses(*[gone] * 6)), {200: 1, 204: 5})

    def test_one_tenant_gets_a_prefix(self):
        other = Tenant(self.client)
        for number in range(ROUNDS):
            body = {"properties": {"prefix": f"20.150.{number}.0/24"}}
            found = self.statuses(*[("PUT", tenant.prefix_id(f"p{number}"), body) for tenant in (self.tenant, other)])
            self.assertEqual(sorted(found), [201, 409])

    def test_no_prefix_outlives_its_service(self):
        for number in range(ROUNDS):
            service, body = self.service(f"s{number}"), {"properties": {"prefix": f"20.151.{number}.0/24"}}
            self.client.ok("PUT", Tenant.url(service), self.tenant.service_body)
            deleted, made = self.statuses(("DELETE", service), ("PUT", f"{service}/prefixes/p", body))
            self.assertEqual(deleted, 200)
            self.assertIn(made, (201, 404))
            self.client.ok("PUT", Tenant.url(service), self.tenant.service_body)
            self.assertEqual(self.client.ok("GET", Tenant.url(f"{service}/prefixes")), {"value": []})
            again = self.client.put(Tenant.url(f"{service}/prefixes/q"), body)
            self.assertEqual(again.status, 201, "the prefix is free again")

    def test_no_tag_is_lost(self):
        self.statuses(*[("PATCH", self.tenant.connection, {"tags": {f"t{number}": "x"}}) for number in range(12)])
        tags = self.client.ok("GET", Tenant.url(self.tenant.connection))["tags"]
        self.assertEqual(sorted(tags), sorted(f"t{number}" for number in range(12)))

    def test_a_list_that_changes_while_it_is_paged_repeats_nothing_and_leaves_nothing_out(self):
        stay = {f"s{number}" for number in range(1, 7)}
        for name in stay | {"s0"}:
            self.client.ok("PUT", Tenant.url(self.service(name)), self.tenant.service_body)
        url = Tenant.url(f"{self.tenant.provider_root}/peeringServices", query="&$top=2")
        names = []
        while url:
            page = self.client.ok("GET", url)
            if not names:
                self.client.ok("DELETE", Tenant.url(self.service("s0")))
                self.client.ok("PUT", Tenant.url(self.service("a-new-one")), self.tenant.service_body)
            names += [each["name"] for each in page["value"]]
            url = page.get("nextLink")
        self.assertEqual(len(names), len(set(names)), names)
        self.assertLessEqual(stay, set(names))


if __name__ == "__main__":
    harness.main()
