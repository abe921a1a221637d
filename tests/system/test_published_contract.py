"""Every operation of the published OpenAPI documents, sent to a running server; every answer is judged by its schema, and
a member that the schema does not declare is as wrong as one of another type."""
import json
import uuid

import bmp
import harness
from harness import need_shared

PARTNER_ASN, CUSTOMER_ASN = 3333, 3334
VERSIONS = ("2022-10-01", "2025-05-01")
OLDER_VERSIONS = ("2020-04-01", "2020-10-01", "2021-01-01", "2021-06-01", "2022-01-01", "2022-06-01")
COMMUNITY = (8075, 8007)
MAY_BE_EMPTY = {"LegacyPeerings_List", "CdnPeeringPrefixes_List", "RpUnbilledPrefixes_List"}


class Contract:
    """One OpenAPI document (Swagger 2.0) as JSON schemas without anything undeclared."""

    def __init__(self, path, jsonschema):
        self.jsonschema = jsonschema
        self.document = json.loads(path.read_text())
        self.operations = {operation["operationId"]: (path, method.upper(), operation)
                           for path, methods in self.document["paths"].items() for method, operation in methods.items()}

    def closed(self, schema):
        if "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            return self.closed(target)
        out = {key: value for key, value in schema.items() if key in ("type", "required", "additionalProperties")}
        if not schema.get("x-ms-enum", {}).get("modelAsString", True):
            out["enum"] = schema["enum"]
        if "items" in schema:
            out["items"] = self.closed(schema["items"])
        properties = {name: self.closed(value) for name, value in schema.get("properties", {}).items()}
        for parent in map(self.closed, schema.get("allOf", ())):
            properties = {**parent.get("properties", {}), **properties}
            out["required"] = [*parent.get("required", ()), *out.get("required", ())]
        if properties:
            out.update(type="object", properties=properties)
            out.setdefault("additionalProperties", False)
        return out

    def faults(self, operation_id, answer):
        responses = self.operations[operation_id][2]["responses"]
        response = responses.get(str(answer.status))
        if response is None:
            return [f"status {answer.status} is not declared: {answer.text}"]
        if "schema" not in response:
            return [f"a body that is not declared: {answer.text}"] if answer.body else []
        validator = self.jsonschema.Draft4Validator(self.closed(response["schema"]))
        return [f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in validator.iter_errors(answer.json)]


class PublishedContract(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.folder = need_shared(self, "contract", "openapi", "Microsoft.Peering", "stable")
        self.jsonschema = harness.need_module(self, "jsonschema")
        self.server = self.daemon(config='[network]\napprove = "automatic"\n')
        self.tenant = harness.Tenant(self.server.client())
        self.root = f"/subscriptions/{self.tenant.subscription}/providers/Microsoft.Peering"
        self.group = self.tenant.provider_root
        self.sent, self.faults = set(), []
        self.router = bmp.Router(self.server.address("bmp"), "edge-1")
        self.addCleanup(self.router.close)
        self.peer = bmp.Peer("198.51.100.1", PARTNER_ASN)
        self.router.send(self.peer.up() + self.peer.route(announce=["203.0.113.0/24"], path=[PARTNER_ASN, CUSTOMER_ASN],
                                                          communities=[COMMUNITY]) + self.peer.end_of_rib())

    def read(self, version):
        return Contract(self.folder / version / "peering.json", self.jsonschema)

    def send(self, operation, path, body=None, query="", expect=200):
        _, method, _ = self.contract.operations[operation]
        answer = self.server.client().request(method, self.tenant.url(path, self.version, query), body)
        self.sent.add(operation)
        where = f"{operation} {self.version}"
        if answer.status != expect:
            self.faults.append(f"{where}: not {expect} but {answer}")
            return answer.json
        self.faults += [f"{where}: {fault}" for fault in self.contract.faults(operation, answer)]
        if "_List" in operation and operation not in MAY_BE_EMPTY and not answer.json["value"]:
            self.faults.append(f"{where}: an empty list says nothing")
        return answer.json

    def create(self, operation, path, body):
        """201, the same again 200, then what it serves."""
        for status in (201, 200):
            self.send(f"{operation}_CreateOrUpdate", path, body, expect=status)
        return self.send(f"{operation}_Get", path)

    def remove(self, operation, path):
        for status in (200, 204):
            self.send(f"{operation}_Delete", path, expect=status)

    def catalogue(self):
        self.send("Operations_List", "/providers/Microsoft.Peering/operations")
        self.send("PeeringServiceCountries_List", f"{self.root}/peeringServiceCountries")
        places = self.send("PeeringServiceLocations_List", f"{self.root}/peeringServiceLocations")["value"]
        self.send("PeeringServiceLocations_List", f"{self.root}/peeringServiceLocations",
                  query=f"&country={places[0]['properties']['country'].replace(' ', '%20')}")
        providers = self.send("PeeringServiceProviders_List", f"{self.root}/peeringServiceProviders")["value"]
        self.send("CheckServiceProviderAvailability", f"{self.root}/checkServiceProviderAvailability",
                  {"peeringServiceLocation": places[0]["name"], "peeringServiceProvider": providers[0]["name"]})
        for kind in ("Direct", "Exchange"):
            self.send("PeeringLocations_List", f"{self.root}/peeringLocations", query=f"&kind={kind}")
        self.send("LegacyPeerings_List", f"{self.root}/legacyPeerings", query="&kind=Direct&peeringLocation=Auckland")
        self.send("CdnPeeringPrefixes_List", f"{self.root}/cdnPeeringPrefixes", query="&peeringLocation=Auckland")

    def customer(self):
        service = f"{self.group}/peeringServices/branch"
        self.create("PeeringServices", service, {**self.tenant.service_body, "sku": {"name": "Basic_Free"}, "tags": {"a": "b"}})
        self.send("PeeringServices_Update", service, {"tags": {"c": "d"}})
        self.send("PeeringServices_ListByResourceGroup", f"{self.group}/peeringServices")
        self.send("PeeringServices_ListBySubscription", f"{self.root}/peeringServices")
        initialize = "PeeringServices_InitializeConnectionMonitor"
        empty = initialize if initialize in self.contract.operations else "InitializeConnectionMonitor"
        declared = self.contract.operations[empty][2]["responses"]
        self.send(empty, f"{self.root}/initializeConnectionMonitor", expect=200 if "200" in declared else 204)
        prefix = f"{service}/prefixes/first"
        self.create("Prefixes", prefix, {"properties": {"prefix": "203.0.113.0/24"}})
        self.send("Prefixes_Get", prefix, query="&$expand=events")
        self.send("Prefixes_ListByPeeringService", f"{service}/prefixes", query="&$expand=events")
        test = f"{service}/connectionMonitorTests/first"
        self.create("ConnectionMonitorTests", test, {"properties": {
            "sourceAgent": "agent", "destination": "192.0.2.1", "destinationPort": 443, "testFrequencyInSec": 30}})
        self.send("ConnectionMonitorTests_ListByPeeringService", f"{service}/connectionMonitorTests")
        self.remove("ConnectionMonitorTests", test)
        self.remove("Prefixes", prefix)
        self.remove("PeeringServices", service)

    def partner(self):
        asn = f"{self.root}/peerAsns/contoso"
        self.create("PeerAsns", asn, {"properties": {"peerAsn": PARTNER_ASN, "peerName": "Contoso", "peerContactDetail": [
            {"role": "Noc", "email": "noc@contoso.example", "phone": "+1 (234) 567-8999"}]}})
        self.send("PeerAsns_ListBySubscription", f"{self.root}/peerAsns")
        peering = f"{self.group}/peerings/first"
        self.create("Peerings", peering, {
            "sku": {"name": "Premium_Direct_Free"}, "kind": "Direct", "location": "eastus", "tags": {"a": "b"},
            "properties": {"peeringLocation": "Auckland", "direct": {
                "peerAsn": {"id": asn}, "directPeeringType": "Edge", "connections": [{
                    "bandwidthInMbps": 10000, "sessionAddressProvider": "Peer", "useForPeeringService": False,
                    "connectionIdentifier": str(uuid.uuid4()), "bgpSession": {
                        "peerSessionIPv4Address": "198.51.100.1", "microsoftSessionIPv4Address": "198.51.100.254",
                        "maxPrefixesAdvertisedV4": 1000, "md5AuthenticationKey": "secret"}}]}}})
        self.send("Peerings_Update", peering, {"tags": {"c": "d"}})
        self.send("Peerings_ListByResourceGroup", f"{self.group}/peerings")
        self.send("Peerings_ListBySubscription", f"{self.root}/peerings")
        self.registrations(peering)
        self.send("ReceivedRoutes_ListByPeering", f"{peering}/receivedRoutes")
        for query in ("", "&consolidate=true"):
            self.send("RpUnbilledPrefixes_List", f"{peering}/rpUnbilledPrefixes", query=query)
        self.send("LookingGlass_Invoke", f"{self.root}/lookingGlass", query=(
            "&command=BgpRoute&sourceType=EdgeSite&sourceLocation=edge-1&destinationIP=203.0.113.9"))
        self.remove("Peerings", peering)
        self.remove("PeerAsns", asn)

    def registrations(self, peering):
        customer = f"{peering}/registeredAsns/customer"
        self.create("RegisteredAsns", customer, {"properties": {"asn": CUSTOMER_ASN}})
        self.send("RegisteredAsns_ListByPeering", f"{peering}/registeredAsns")
        prefix = f"{peering}/registeredPrefixes/first"
        self.create("RegisteredPrefixes", prefix, {"properties": {"prefix": "203.0.113.0/24"}})
        self.send("RegisteredPrefixes_ListByPeering", f"{peering}/registeredPrefixes")
        self.send("RegisteredPrefixes_Validate", f"{prefix}/validate")
        self.remove("RegisteredPrefixes", prefix)
        self.remove("RegisteredAsns", customer)

    def everything(self):
        self.catalogue()
        self.customer()
        self.partner()

    def test_every_operation_answers_as_its_schema_says(self):
        for self.version in VERSIONS:
            self.contract, self.sent = self.read(self.version), set()
            self.everything()
            self.assertEqual(self.sent ^ set(self.contract.operations), set(), self.version)
        self.assertEqual(self.faults, [], "\n".join(self.faults))

    def test_older_versions_answer_with_the_same_shapes(self):
        self.contract = self.read(VERSIONS[0])
        for self.version in OLDER_VERSIONS:
            self.everything()
        self.assertEqual(self.faults, [], "\n".join(self.faults))


if __name__ == "__main__":
    harness.main()
