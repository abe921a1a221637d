#!/usr/bin/env python3
"""The Azure SDK for Python as Debian has it (python3-azure), unmodified, against a live server over HTTPS."""
import time
import uuid

import bmp
import harness

PARTNER_ASN, CUSTOMER_ASN = 3333, 3334
COMMUNITY = (8075, 8007)
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


class StaticToken:
    """What the SDK calls a credential."""

    def __init__(self, token, access_token):
        self.token, self.access_token = token, access_token

    def get_token(self, *_, **__):
        return self.access_token(self.token, int(time.time()) + 3600)


class AzureSdk(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.core = self.module("azure.core.exceptions")
        self.credentials = self.module("azure.core.credentials")
        self.server = self.daemon(config='[network]\napprove = "automatic"\n')
        self.operator = self.server.client()
        self.subscription, self.group = str(uuid.uuid4()), "sdk"
        self.root = f"/subscriptions/{self.subscription}"
        self.operator.ok("PUT", f"{self.root}?api-version={harness.SUBSCRIPTION_VERSION}", {"displayName": "Contoso"})
        self.operator.ok("PUT", f"{self.root}/resourcegroups/{self.group}?api-version={harness.GROUP_VERSION}",
                         {"location": "eastus"})

    def module(self, name):
        return harness.need_module(self, name, "python3-azure")

    def client(self, module, name, *words, token=None):
        """A management client for this server: all that differs from Azure is `base_url`."""
        credential = StaticToken(token or self.server.token, self.credentials.AccessToken)
        made = getattr(self.module(f"azure.mgmt.{module}"), name)(
            credential, *words, base_url=self.server.https, connection_verify=self.server.authority)
        self.addCleanup(made.close)
        return made

    def peering_client(self, **options):
        return self.client("peering", "PeeringManagementClient", self.subscription, **options)

    def assert_refused(self, kind, code, call, *words, **options):
        with self.assertRaises(kind) as caught:
            answer = call(*words, **options)
            list(answer)  # lists ask when they are read
        self.assertEqual(caught.exception.error.code, code)
        self.assertTrue(caught.exception.error.message)


class Peering(AzureSdk):
    """Every operation group of azure-mgmt-peering."""

    def setUp(self):
        super().setUp()
        self.azure = self.peering_client()
        self.models = self.module("azure.mgmt.peering.models")

    def create(self, operations, *words):
        made = operations.create_or_update(self.group, *words)
        again = operations.get(self.group, *words[:-1])
        before, after = made.as_dict(), again.as_dict()
        for judged_meanwhile in ("prefix_validation_state", "error_message"):
            before.pop(judged_meanwhile, None), after.pop(judged_meanwhile, None)
        self.assertEqual(before, after)
        return again

    def remove(self, operations, *words):
        operations.delete(self.group, *words)
        operations.delete(self.group, *words)  # that it is gone is what was wanted
        self.assert_refused(self.core.ResourceNotFoundError, "ResourceNotFound", operations.get, self.group, *words)

    def test_what_can_be_had_where(self):
        azure = self.azure
        self.assertIn("Microsoft.Peering/peerings/write", [each.name for each in azure.operations.list()])
        self.assertIn("United States", [each.name for each in azure.peering_service_countries.list()])
        places = list(azure.peering_service_locations.list(country="Japan"))
        self.assertEqual({each.country for each in places}, {"Japan"})
        provider = next(azure.peering_service_providers.list())
        self.assertTrue(provider.peering_locations)
        self.assertTrue(list(azure.peering_locations.list(kind="Direct")))
        self.assertTrue(list(azure.peering_locations.list(kind="Exchange")))
        self.assertEqual(list(azure.cdn_peering_prefixes.list(peering_location="Auckland")), [])
        self.assertEqual(list(azure.legacy_peerings.list(peering_location="Auckland", kind="Direct")), [])
        available = azure.check_service_provider_availability(self.models.CheckServiceProviderAvailabilityInput(
            peering_service_location=places[0].name, peering_service_provider=provider.name))
        self.assertIn(available, ("Available", "Unavailable"))

    def a_service(self):
        provider, place = (next(list_of.list()).name for list_of in (
            self.azure.peering_service_providers, self.azure.peering_service_locations))
        return self.models.PeeringService(location="eastus", tags={"site": "ams"}, peering_service_location=place,
                                          peering_service_provider=provider)

    def test_what_a_customer_has(self):
        azure = self.azure
        made = self.create(azure.peering_services, "office", self.a_service())
        self.assertEqual((made.provisioning_state, made.tags), ("Succeeded", {"site": "ams"}))
        updated = azure.peering_services.update(self.group, "office", self.models.ResourceTags(tags={"team": "net"}))
        self.assertEqual(updated.tags, {"site": "ams", "team": "net"})
        for listed in (azure.peering_services.list_by_resource_group(self.group),
                       azure.peering_services.list_by_subscription()):
            self.assertEqual([each.name for each in listed], ["office"])
        azure.peering_services.initialize_connection_monitor()
        prefix = self.create(azure.prefixes, "office", "site1", self.models.PeeringServicePrefix(prefix="203.0.113.0/24"))
        self.assertEqual((prefix.prefix, prefix.provisioning_state), ("203.0.113.0/24", "Succeeded"))
        self.assertIsNotNone(azure.prefixes.get(self.group, "office", "site1", expand="events").events)
        test = self.create(azure.connection_monitor_tests, "office", "web", self.models.ConnectionMonitorTest(
            source_agent="agent", destination="192.0.2.1", destination_port=443, test_frequency_in_sec=30))
        self.assertEqual(test.destination_port, 443)
        self.assertEqual([each.name for each in azure.connection_monitor_tests.list_by_peering_service(self.group, "office")],
                         ["web"])
        self.remove(azure.connection_monitor_tests, "office", "web")
        self.remove(azure.prefixes, "office", "site1")
        self.remove(azure.peering_services, "office")

    def test_lists_of_many_pages(self):
        self.azure.peering_services.create_or_update(self.group, "office", self.a_service())
        names = [f"site{i:03d}" for i in range(230)]
        office = f"{self.root}/resourceGroups/{self.group}/providers/Microsoft.Peering/peeringServices/office"
        for i, name in enumerate(names):
            self.operator.ok("PUT", harness.Tenant.url(f"{office}/prefixes/{name}"),
                             {"properties": {"prefix": f"198.18.{i}.0/24"}})
        pages = [list(page) for page in self.azure.prefixes.list_by_peering_service(self.group, "office").by_page()]
        self.assertEqual([len(page) for page in pages], [100, 100, 30])
        self.assertEqual([each.name for page in pages for each in page], names)

    def a_peering(self, asn):
        session = self.models.BgpSession(peer_session_i_pv4_address="198.51.100.1",
                                         microsoft_session_i_pv4_address="198.51.100.254", max_prefixes_advertised_v4=1000)
        connection = self.models.DirectConnection(bandwidth_in_mbps=10000, session_address_provider="Peer",
                                                  use_for_peering_service=False, bgp_session=session,
                                                  connection_identifier=str(uuid.uuid4()))
        return self.models.Peering(
            sku=self.models.PeeringSku(name="Premium_Direct_Free"), kind="Direct", location="eastus",
            peering_location="Auckland", direct=self.models.PeeringPropertiesDirect(
                connections=[connection], direct_peering_type="Edge", peer_asn=self.models.SubResource(id=asn.id)))

    def announce(self):
        router = bmp.Router(self.server.address("bmp"), "edge-1")
        self.addCleanup(router.close)
        peer = bmp.Peer("198.51.100.1", PARTNER_ASN)
        router.send(peer.up() + peer.route(announce=["203.0.113.0/24"], path=[PARTNER_ASN, CUSTOMER_ASN],
                                           communities=[COMMUNITY]) + peer.end_of_rib())

    def test_what_a_partner_has(self):
        azure = self.azure
        asn = azure.peer_asns.create_or_update("contoso", self.models.PeerAsn(
            peer_asn=PARTNER_ASN, peer_name="Contoso", peer_contact_detail=[self.models.ContactDetail(
                role="Noc", email="noc@contoso.example", phone="+1 (234) 567-8999")]))
        self.assertEqual((asn.validation_state, azure.peer_asns.get("contoso").peer_asn), ("Approved", PARTNER_ASN))
        self.assertEqual([each.name for each in azure.peer_asns.list_by_subscription()], ["contoso"])
        self.announce()
        peering = self.create(azure.peerings, "first", self.a_peering(asn))
        self.assertEqual(peering.direct.connections[0].bandwidth_in_mbps, 10000)
        self.assertEqual(azure.peerings.update(self.group, "first", self.models.ResourceTags(tags={"a": "b"})).tags,
                         {"a": "b"})
        for listed in (azure.peerings.list_by_resource_group(self.group), azure.peerings.list_by_subscription()):
            self.assertEqual([each.name for each in listed], ["first"])
        self.registrations()
        routes = harness.wait_for(lambda: list(azure.received_routes.list_by_peering(self.group, "first")), "route")
        self.assertEqual(routes[0].prefix, "203.0.113.0/24")
        list(azure.rp_unbilled_prefixes.list(self.group, "first"))
        seen = azure.looking_glass.invoke("BgpRoute", "EdgeSite", "edge-1", "203.0.113.9")
        self.assertIn("203.0.113.0/24", seen.output)
        self.remove(azure.peerings, "first")
        azure.peer_asns.delete("contoso")

    def registrations(self):
        azure = self.azure
        customer = self.create(azure.registered_asns, "first", "customer", self.models.PeeringRegisteredAsn(asn=CUSTOMER_ASN))
        self.assertTrue(customer.peering_service_prefix_key)
        self.create(azure.registered_prefixes, "first", "web", self.models.PeeringRegisteredPrefix(prefix="203.0.113.0/24"))
        self.assertTrue(azure.registered_prefixes.validate(self.group, "first", "web").prefix_validation_state)
        self.assertEqual([each.name for each in azure.registered_prefixes.list_by_peering(self.group, "first")], ["web"])
        self.assertEqual([each.name for each in azure.registered_asns.list_by_peering(self.group, "first")], ["customer"])
        self.remove(azure.registered_prefixes, "first", "web")
        self.remove(azure.registered_asns, "first", "customer")

    def test_errors_are_typed(self):
        azure, core = self.azure, self.core
        self.assert_refused(core.ResourceNotFoundError, "ResourceNotFound", azure.peering_services.get, self.group, "none")
        self.assert_refused(core.ResourceNotFoundError, "ResourceGroupNotFound", azure.peering_services.get, "none", "none")
        self.assert_refused(core.ResourceNotFoundError, "ParentResourceNotFound", azure.prefixes.create_or_update, self.group,
                            "none", "site1", self.models.PeeringServicePrefix(prefix="203.0.113.0/24"))
        azure.peering_services.create_or_update(self.group, "office", self.a_service())
        moved = self.models.PeeringService(location="westus")
        self.assert_refused(core.HttpResponseError, "InvalidResourceLocation", azure.peering_services.create_or_update,
                            self.group, "office", moved)
        stranger = self.peering_client(token="pt-nobody.secret")
        self.assert_refused(core.ClientAuthenticationError, "InvalidAuthenticationToken",
                            stranger.peering_services.list_by_subscription)


class ResourceManager(AzureSdk):
    def test_subscriptions_groups_resources_and_tags(self):
        subscriptions = self.client("resource", "SubscriptionClient")
        self.assertEqual([each.display_name for each in subscriptions.subscriptions.list()], ["Contoso"])
        self.assertEqual(subscriptions.subscriptions.get(self.subscription).state, "Enabled")
        self.assertTrue(list(subscriptions.subscriptions.list_locations(self.subscription)))
        tenant, = subscriptions.tenants.list()
        self.assertEqual(tenant.tenant_id, "00000000-0000-0000-0000-000000000000")
        azure = self.client("resource", "ResourceManagementClient", self.subscription)
        azure.resource_groups.create_or_update("second", {"location": "westus", "tags": {"a": "b"}})
        self.assertTrue(azure.resource_groups.check_existence("second"))
        self.assertEqual(azure.resource_groups.update("second", {"tags": {"c": "d"}}).tags, {"a": "b", "c": "d"})
        self.assertEqual([each.name for each in azure.resource_groups.list()], [self.group, "second"])
        office = f"{self.root}/resourceGroups/second/providers/Microsoft.Peering/peeringServices/office"
        made = azure.resources.begin_create_or_update_by_id(office, harness.PEERING_VERSION, {
            "location": "westus", "properties": {}}).result()
        self.assertEqual(made.id, office)
        self.assertEqual([each.name for each in azure.resources.list(filter="tagName eq 'site' and tagValue eq 'ams'")], [])
        azure.tags.begin_create_or_update_at_scope(office, {"properties": {"tags": {"site": "ams"}}}).result()
        self.assertEqual(azure.tags.get_at_scope(office).properties.tags, {"site": "ams"})
        listed = azure.resources.list(filter="tagName eq 'site' and tagValue eq 'ams'", expand="createdTime")
        self.assertEqual([(each.name, bool(each.created_time)) for each in listed], [("office", True)])
        self.assertEqual([each.name for each in azure.resources.list_by_resource_group("second")], ["office"])
        self.assertEqual([each.tag_name for each in azure.tags.list()], ["a", "c", "site"])
        self.assertEqual(azure.providers.get("Microsoft.Peering").registration_state, "Registered")
        azure.resource_groups.begin_delete("second").result()
        self.assertFalse(azure.resource_groups.check_existence("second"))

    def test_deployments(self):
        azure = self.client("resource", "ResourceManagementClient", self.subscription)
        order = {"properties": {"mode": "Incremental", "template": {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [{
                "type": "Microsoft.Peering/peeringServices", "apiVersion": "2022-10-01", "name": "made", "location": "eastus",
                "properties": {}}]}}}
        changes = azure.deployments.begin_what_if(self.group, "one", order).result().changes
        self.assertEqual([each.change_type for each in changes], ["Create"])
        done = azure.deployments.begin_create_or_update(self.group, "one", order).result()
        self.assertEqual(done.properties.provisioning_state, "Succeeded")
        self.assertEqual([each.name for each in azure.deployments.list_by_resource_group(self.group)], ["one"])

    def test_role_assignments(self):
        azure = self.client("authorization", "AuthorizationManagementClient", self.subscription)
        scope = f"{self.root}/resourceGroups/{self.group}"
        reader, = azure.role_definitions.list(scope, filter="roleName eq 'Reader'")
        self.assertEqual(reader.name, READER)
        ada = self.operator.ok("POST", f"/providers/Open.Peering/tokens?api-version={harness.EXTENSION_VERSION}",
                               {"role": "Reader", "scope": f"{self.root}/resourceGroups/other", "name": "ada"})["id"]
        made = azure.role_assignments.create(scope, str(uuid.uuid4()), {
            "role_definition_id": reader.id, "principal_id": ada})
        self.assertEqual((made.scope, made.principal_id), (scope, ada))
        for listed in (azure.role_assignments.list_for_scope(scope), azure.role_assignments.list_for_subscription(),
                       azure.role_assignments.list_for_resource_group(self.group)):
            self.assertIn(made.id, [each.id for each in listed])
        azure.role_assignments.delete(scope, made.name)
        self.assert_refused(self.core.ResourceNotFoundError, "RoleAssignmentNotFound", azure.role_assignments.get, scope,
                            made.name)


class Monitor(AzureSdk):
    def test_metrics_and_the_activity_log(self):
        azure = self.client("monitor", "MonitorManagementClient", self.subscription)
        office = f"{self.root}/resourceGroups/{self.group}/providers/Microsoft.Peering/peeringServices/office"
        self.operator.ok("PUT", harness.Tenant.url(office), {"location": "eastus", "properties": {}})
        self.operator.ok("PUT", harness.Tenant.url(f"{office}/prefixes/site1"), {"properties": {"prefix": "203.0.113.0/24"}})
        harness.post_samples(self.operator, harness.samples_body(["203.0.113.9"], at=time.time() - 3600))
        self.assertEqual({each.name.value for each in azure.metric_definitions.list(office)},
                         {"RoundTripTime", "PrefixLatency"})
        self.assertEqual([each.properties.metric_namespace_name for each in azure.metric_namespaces.list(office)],
                         ["Microsoft.Peering/peeringServices"])
        answer = azure.metrics.list(office, metricnames="PrefixLatency", interval="PT1H", timespan="PT3H",
                                    filter="PrefixName eq '*'")
        values = [point.average for series in answer.value[0].timeseries for point in series.data if point.average]
        self.assertAlmostEqual(values[0], 20, delta=0.3)
        entries = list(azure.activity_logs.list(filter=(
            f"eventTimestamp ge '{time.strftime('%Y-%m-%dT00:00:00Z', time.gmtime())}' and resourceUri eq '{office}'")))
        self.assertEqual([(each.operation_name.value, each.status.value) for each in entries][-1],
                         ("Microsoft.Peering/peeringServices/write", "Succeeded"))


if __name__ == "__main__":
    harness.main()
