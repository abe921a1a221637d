#!/usr/bin/env python3
"""Requests that are good HTTP and wrong in every other way: bodies, fields, names, queries; each answer to the letter.

What a field may not be is taken from api/openapi.json: every field of every writable resource gets every kind of wrong
value, one at a time.
"""
import copy
import gzip
import json
import uuid
import zlib
from urllib.parse import quote

import bmp
import harness
from harness import EXTENSION_VERSION, GROUP_VERSION, PEERING_VERSION, SUBSCRIPTION_VERSION, Tenant, moved
from raw_http import Raw, chunks, request

PARTNER_ASN, CUSTOMER_ASN = 3333, 3334
EXCHANGE_METRO, EXCHANGE_FACILITY, EXCHANGE_ADDRESS = "Ashburn", 1178, "206.53.170.77"  # of the built-in catalogue
AUTHORIZATION_VERSION = "2022-04-01"
MESSAGE_BYTES_MAX = 1024
MEBIBYTE = 1 << 20


class BadRequests(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.daemon(config='[network]\napprove = "automatic"\n')
        self.tenant = Tenant(self.server.client())
        self.root = f"/subscriptions/{self.tenant.subscription}"
        self.connection = self.connect()
        self.service = Tenant.url(f"{self.tenant.provider_root}/peeringServices/bad")

    def connect(self, name="http"):
        raw = Raw(self.server.address(name), secure=name == "https")
        self.addCleanup(raw.close)
        return raw

    def send(self, method, target, body=b"", *headers):
        """One request on a connection that is kept, or a new one when the server closed that."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        data = request(method, target, *headers, body=body, token=self.server.token)
        answer = self.connection.answer(method) if self.connection.send(data) else None
        if answer is None:
            self.connection = self.connect()
            self.connection.send(data)
            answer = self.connection.answer(method)
        if answer.headers.get("connection") == "close":
            self.connection = self.connect()
        self.assertLess(answer.status, 500, answer)
        if answer.status >= 400 and method != "HEAD":
            self.assertTrue(answer.code and answer.message, answer)
            self.assertLess(len(answer.message), MESSAGE_BYTES_MAX, answer.message)
        return answer

    def assert_refused(self, answer, status, code, *words):
        self.assertIsNotNone(answer, "closed without an answer")
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        for word in words:
            self.assertIn(word, answer.message)


class Bodies(BadRequests):
    def test_what_is_no_json_object(self):
        no_json = ("InvalidRequestContent", "The request content was invalid: no JSON: ")
        no_object = ("InvalidRequestContent", "body '", "is not accepted: a JSON object")
        whole = json.dumps(self.tenant.service_body).encode()
        cases = {
            b"": ("InvalidRequestContent", "The request content is missing"),
            b"{": (*no_json, "incomplete", "byte 1"),
            whole[:-1]: no_json, whole[:len(whole) // 2]: no_json, whole[1:]: no_json, whole + b"}": no_json,
            whole + whole: (*no_json, "something follows the value"), whole + b"\x00": (*no_json, "something follows the value"),
            b"location=eastus": no_json, b"<xml/>": no_json, b"\x00": no_json, b"NaN": no_json, b"'a'": no_json,
            b"{'a': 1}": no_json, b'{"a": 1,}': no_json, b'{"a": 01}': no_json, b'{"a": .5}': no_json, b'{"a": 0x1}': no_json,
            b'{"a": +1}': no_json, b'{"a": Infinity}': no_json, b'{"a": "\n"}': no_json, b'{"a": "\\x41"}': no_json,
            b"/* c */ {}": no_json, b"\xef\xbb\xbf" + whole: no_json, whole.decode().encode("utf-16"): no_json,
            whole.decode().encode("utf-32"): no_json,
            b'{"location": "\xff"}': no_json, b'{"location": "\xc0\xaf"}': no_json, b'{"location": "\xed\xa0\x80"}': no_json,
            b'{"location": "\xc3"}': no_json, b'{"location": "\\ud800"}': no_json, b'{"location": "\\udc00\\ud800"}': no_json,
            b"[]": no_object, b"null": no_object, b"7": no_object, b'"text"': no_object, b"true": no_object,
            b"[" + whole + b"]": no_object,
            b"[" * 100000: (*no_json, "too deep"), b'{"a":' * 100000: (*no_json, "too deep"),
            b'{"tags":' + b"[" * 100000 + b"]" * 100000 + b"}": (*no_json, "too deep"),
            b'{"a":' * 33 + b"1" + b"}" * 33: (*no_json, "too deep"),
        }
        for method in ("PUT", "PATCH"):
            target = self.service if method == "PUT" else Tenant.url(self.tenant.connection)
            for body, (code, *words) in cases.items():
                with self.subTest(method, body=body[:40]):
                    self.assert_refused(self.send(method, target, body), 400, code, *words)
        self.assert_refused(self.send("GET", self.service), 404, "ResourceNotFound")

    def test_members_that_come_twice(self):
        """Refused in the same spelling; names differ in case, as JSON has it, and other names are ignored."""
        body = json.dumps({**self.tenant.service_body, "tags": {"a": "1"}})[:-1]
        for extra, name in ((', "tags": {"b": "2"}', "tags"), (', "more": {"b": "2", "b": "3"}', "b"),
                            (', "more": [{"b": "2", "c": [], "b": "2"}]', "b")):
            with self.subTest(extra):
                answer = self.send("PUT", self.service, (body + extra + "}").encode())
                self.assert_refused(answer, 400, "InvalidRequestContent", f"member '{name}' is not accepted: it comes twice in one object")
        answer = self.send("PUT", self.service, (body[:-1] + ', "B": "2", "b": "3"}}').encode())
        self.assert_refused(answer, 400, "InvalidRequestContent", "tags 'b'", "given twice")
        answer = self.send("PUT", self.service, (body + ', "Tags": {"b": "2"}}').encode())
        self.assertEqual((answer.status, answer.json["tags"]), (201, {"a": "1"}))

    def assert_too_large(self, raw, how, body, limit):
        head = request("PUT", self.service, token=self.server.token)[:-2]
        small = len(body) < 2 * limit
        data = (head + b"Content-Length: %d\r\n\r\n" % len(body) + (b"" if small else body) if how == "length"
                else head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(body))
        raw.send(data)  # by the thread that reads: two may not use one TLS connection
        answer = raw.answer()
        # After 4 MiB more the server closes; whoever sends on may meet the reset before the answer.
        if answer is not None or small:
            said = str(len(body)) if how == "length" else f"more than {limit}"
            self.assert_refused(answer, 413, "RequestEntityTooLarge", said, str(limit))

    def test_bodies_that_are_too_large_and_lengths_that_lie(self):
        limit = 4 * MEBIBYTE
        body = json.dumps(self.tenant.service_body).encode()
        for name in ("http", "https"):
            for how in ("length", "chunks"):
                for mebibytes in (5, 50):
                    with self.subTest(name, how=how, mebibytes=mebibytes):
                        self.assert_too_large(self.connect(name), how, body + b" " * (mebibytes * MEBIBYTE), limit)
        just = body + b" " * (limit - len(body))
        self.assertEqual(self.send("PUT", self.service, just).status, 201)
        answer = self.send("PUT", self.service, b"", f"Content-Length: {limit + 1}")
        self.assert_refused(answer, 413, "RequestEntityTooLarge", str(limit + 1))
        # A length that says less: the rest is another request, which is none.
        with self.connect() as raw:
            raw.send(request("PUT", self.service, f"Content-Length: {len(body)}", body=body + b"rest\r\n\r\n", token=self.server.token))
            self.assertEqual(raw.answer().status, 200)
            self.assert_refused(raw.answer(), 400, "BadRequest")
            self.assertTrue(raw.closed())
        # A length that says more, and then the end: nobody is there to be told.
        with self.connect() as raw:
            raw.send(request("PUT", self.service, f"Content-Length: {len(body) + 9}", body=body, token=self.server.token))
            raw.socket.shutdown(1)
            self.assertIsNone(raw.answer())

    def test_compressed_bodies(self):
        body = json.dumps(self.tenant.service_body).encode()
        for encoding in ("gzip", "zstd", "br", "deflate", "GZIP", "gzip, gzip", "identity, gzip", "x" * 200):
            with self.subTest(encoding[:20]):
                answer = self.send("PUT", self.service, gzip.compress(body), f"Content-Encoding: {encoding}")
                self.assert_refused(answer, 415, "UnsupportedMediaType", f"Content-Encoding '{encoding[:80]}", "identity")
        self.assertEqual(self.send("PUT", self.service, body, "Content-Encoding: identity").status, 201)

    def test_samples_that_grow_when_unpacked(self):
        memory = self.server.memory_kib("VmHWM")
        spaces = b" " * (1 << 20)

        def gzipped(mebibytes):
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            return b"".join(packer.compress(spaces) for _ in range(mebibytes)) + packer.flush()
        cases = (
            ("gzip", gzipped(1024), 413, "RequestEntityTooLarge", "67108864"),
            ("gzip", gzipped(65), 413, "RequestEntityTooLarge", "67108864"),
            ("gzip", gzipped(1)[:-4], 400, "BadArgument", "gzip"),
            ("gzip", gzip.compress(b"") * 1000 + b"x", 400, "BadArgument", "gzip"),
            ("gzip", b"", 400, "BadArgument", "gzip"),
            # Frames whose header asks for windows of 16 MiB, 128 MiB, 2 GiB and 3.75 TiB; then one of RLE blocks.
            *(("zstd", b"\x28\xb5\x2f\xfd\x00" + bytes([window]) + b"\x01\x00\x00", 400, "BadArgument", "8 MiB")
              for window in (14 << 3, 17 << 3, 21 << 3, 255)),
            ("zstd", b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10\x20" * 4000 + b"\x01\x00\x00", 413, "RequestEntityTooLarge", "67108864"),
            ("zstd", b"\x28\xb5\x2f\xfd", 400, "BadArgument", "zstd"),
            ("br", b"x", 400, "BadArgument", "Content-Encoding 'br'"),
            ("gzip, gzip", gzip.compress(gzip.compress(b"")), 400, "BadArgument", "Content-Encoding 'gzip, gzip'"),
        )
        for encoding, body, status, code, word in cases:
            with self.subTest(encoding, body=body[:12]):
                answer = self.send("POST", "/telemetry/samples", body, "Content-Type: application/x-ndjson",
                                   f"Content-Encoding: {encoding}")
                self.assert_refused(answer, status, code, word)
        grown = self.server.memory_kib("VmHWM") - memory
        print(f"compressed bodies: {grown} KiB more at the peak")
        self.assertLess(grown, 256 * 1024 * harness.PATIENCE)

    def test_preconditions_are_no_part_of_the_contract(self):
        """No resource has an entity tag: whatever is sent as one changes nothing, and none is answered."""
        for tag in ('"x"', "*", 'W/"x"', '"a", "b"', "garbage", '""', "\xe4", "x" * 5000):
            for field in ("If-Match", "If-None-Match"):
                with self.subTest(field, tag=tag[:20]):
                    answer = self.send("PUT", Tenant.url(self.tenant.connection), self.tenant.service_body, f"{field}: {tag}")
                    self.assertEqual(answer.status, 200, answer)
                    self.assertNotIn("etag", answer.headers)
                    self.assertEqual(self.send("GET", Tenant.url(self.tenant.connection), b"", f"{field}: {tag}").status, 200)


class Targets(BadRequests):
    def test_names_in_paths(self):
        refused = [(text, "BadArgument", text) for text in (
            "%2F", "a%2fb", "%5C", "%2e%2e", "%2E.", "..", ".", "%00", "a%00b", "%0d%0aSet-Cookie:x", "%7f", "%01", "%09",
            "%c0%af", "%c0%ae%c0%ae", "%e0%80%af", "%f0%80%80%af", "%ed%a0%80", "%ff", "%c3", "%f4%90%80%80", "%zz", "%4",
            "%", "%%34", "%u0041")]
        refused += [(text, "InvalidResourceName", shown) for text, shown in (
            ("%252F", "%2F"), ("%252e%252e", "%2e%2e"), ("a%20b", "a b"), ("a+b", "a+b"), ("%3Cscript%3E", "<script>"),
            ("%c3%a4", "\xe4"), ("%F0%9F%98%80", "\U0001f600"), ("%e2%80%ae", "\u202e"), ("a%23b", "a#b"), ("a%3fb", "a?b"),
            ("a;b=c", "a;b=c"), ("a%3Ab", "a:b"), ("x" * 64, "x" * 64), ("x" * 8000, "x" * 80 + "..."), ("a*b", "a*b"), ("~a", "~a"))]
        for text, code, shown in refused:
            with self.subTest(text[:40]):
                target = Tenant.url(f"{self.tenant.provider_root}/peeringServices/{text}")
                answer = self.send("PUT", target, self.tenant.service_body)
                self.assert_refused(answer, 400, code, f"'{shown}", "is not accepted")
        same = Tenant.url(f"{self.tenant.provider_root}/peeringServices/%4Fffice")
        answer = self.send("PUT", same, self.tenant.service_body)
        self.assertEqual((answer.status, answer.json["name"]), (200, "office"))
        self.assertEqual(len(self.server.client().ok("GET", Tenant.url(f"{self.tenant.provider_root}/peeringServices"))["value"]), 1)

    def test_paths_that_lead_elsewhere(self):
        version = f"?api-version={SUBSCRIPTION_VERSION}"
        for path in ("/../../../../etc/passwd", "/subscriptions/../../etc/passwd", "/subscriptions/..%2f..%2fetc%2fpasswd",
                     "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/subscriptions//resourceGroups", "/subscriptions/x//", "/./subscriptions",
                     "/subscriptions/%5c..%5c", "//"):
            with self.subTest(path):
                self.assert_refused(self.send("GET", path + version), 400, "BadArgument", "path '")
        for path, code in (("/etc/passwd", "NotFound"), ("/openapi.json/", None), ("/openapi.json/x", "NotFound"), ("/favicon.ico", "NotFound"),
                           ("/subscriptions/" + "/".join("a" * 200), "NotFound"), ("/healthz#x", "NotFound"), ("/HEALTHZ", None),
                           (f"{self.root}/" + "x/" * 4000, "NotFound")):
            with self.subTest(path[:60]):
                answer = self.send("GET", path + version)
                self.assertEqual((answer.status, answer.code), (404 if code else 200, code), answer)

    def test_queries(self):
        peerings = f"{self.tenant.provider_root}/peeringServices"
        missing, unknown, bad = "MissingApiVersionParameter", "InvalidApiVersionParameter", "BadArgument"
        cases = [
            ("", missing, "api-version"), ("?", missing, "api-version"), ("?api-version=", missing, "api-version"),
            ("?api-version", missing, "api-version"), ("?api_version=2022-10-01", missing, "api-version"),
            ("?api-version=2022-10-01&api-version=2022-10-01", bad, "query 'api-version' is not accepted: a parameter comes once"),
            ("?api-version=2022-10-01&API-Version=2025-05-01", bad, "query 'API-Version'", "comes once"),
            ("?api-version=2022-10-01&%61pi-version=", bad, "comes once"),
        ]
        for value in ("2022-13-45", "2022-02-30", "9999-99-99", "latest", "2022-10-01-preview", "2022-10-1", "20221001", "2022-10-01%20",
                      "%20", "2022-10-01%0a", "%27%3b--", "x" * 5000, "%e4%b8%ad", "2022-12-01", "2026-11-01"):
            cases.append((f"?api-version={value}", unknown, "api-version '", "2022-10-01"))
        top = "?api-version=2022-10-01&$top="
        for value in ("0", "-1", "1001", "1e3", "0x10", "%201", "1%20", "ten", "", "1.0", "99999999999999999999", "+1", "%d9%a1"):
            cases.append((top + value, bad, "$top '", "a number from 1 to 1000"))
        token = "?api-version=2022-10-01&$skipToken="
        for value in ("x", "00", "zz", "7031", "70313a", "70313a2f", "70313aff", "PLACE", "%00", "'", "70313a" + "2e2e2f" * 400):
            rule = ("target '%00'",) if value == "%00" else ("$skipToken '",)
            cases.append((token + value, bad, *rule))
        cases += [("?api-version=2022-10-01&$top=1&$Top=2", bad, "comes once"), ("?api-version=2022-10-01&x=%zz", bad, "%zz"),
                  ("?api-version=2022-10-01&x=%c0%af", bad, "UTF-8"), ("?api-version=2022-10-01&" + "&".join(f"p{n}=" for n in range(128)), bad, "128"),
                  ("?" + "a=1&" * 3000, bad, "128"), ("?a=1&a=1", bad, "query 'a'")]
        for query, code, *words in cases:
            with self.subTest(query[:60]):
                self.assert_refused(self.send("GET", peerings + query), 400, code, *words)
        self.assertEqual(self.send("GET", peerings + "?API-VERSION=2022-10-01&unknown=1&&=&").status, 200)

    def test_filters(self):
        events = Tenant.extension(self.tenant.connection, "events")
        for text, *words in (
                ("x", "followed by"), ("kind", "followed by"), ("kind eq", "ends with a value"), ("kind xx 'a'", "followed by"),
                ("kind eq 'nonsense'", "kind 'nonsense'"), ("kind gt 'withdrawal'", "eq and ne"), ("nothing eq 1", "the fields are"),
                ("firstSeen ge yesterday", "firstSeen 'yesterday'", "RFC 3339"), ("firstSeen ge 2026-02-30T00:00:00Z", "RFC 3339"),
                ("firstSeen ge 2026-11-26T24:00:00Z", "RFC 3339"), ("level ge 'Loud'", "level 'Loud'"), ("state eq 'ajar'", "open or resolved"),
                ("kind eq 'withdrawal", "not closed"), ("(kind eq 'withdrawal')", "$filter"), ("kind eq 'withdrawal' or state eq open", "joined by and"),
                ("kind eq 'withdrawal' and", "and is followed"), ("contains(kind,'x')", "$filter"), ("'kind' eq 'withdrawal'", "field's name"),
                ("kind eq 'a' and " * 20, "$filter"), ("x" * 3000, "at most 2048"), ("\x01", "$filter"), ("\U0001f600 eq 1", "the fields are")):
            with self.subTest(text[:40]):
                self.assert_refused(self.send("GET", f"{events}&$filter={quote(text)}"), 400, "BadArgument", "$filter", *words)
        for query, word in (("after=x", "after"), ("follow=maybe", ""), ("$top=0", "$top")):
            with self.subTest(query):
                answer = self.send("GET", f"{events}&{query}")
                self.assertIn(answer.status, (200, 400), answer)


class World:
    """One of every writable resource, made of the examples of api/openapi.json."""

    def __init__(self, test):
        self.test, self.tenant = test, test.tenant
        self.document = json.loads((harness.SOURCE / "api" / "openapi.json").read_text())
        self.fields = {"subscriptionId": test.tenant.subscription, "resourceGroupName": test.tenant.group, "peeringServiceName": "office",
                       "prefixName": "site", "peerAsnName": "contoso", "peeringName": "akl", "registeredAsnName": "customer",
                       "registeredPrefixName": "lan", "channelName": "ops", "silenceName": "nights", "connectionMonitorTestName": "web", "deploymentName": "all",
                       "connectionIdentifier": str(uuid.uuid4()), "scope": f"subscriptions/{test.tenant.subscription}",
                       "roleAssignmentName": str(uuid.uuid4())}
        self.router = bmp.Router(test.server.address("bmp"), "edge-1")
        test.addCleanup(self.router.close)
        peer = bmp.Peer("198.51.100.1", PARTNER_ASN)
        self.router.send(peer.up() + peer.end_of_rib())

    def operations(self):
        """(method, path template, schema, a good body), parents first; without the catalogue, whose fields depend on the kind of entry."""
        found = [(path, method, operation) for path, methods in self.document["paths"].items() for method, operation in methods.items()
                 if "requestBody" in operation and path != "/adfs/oauth2/token" and not path.startswith(("/telemetry/", "/v1/")) and "/catalog/" not in path]
        found.sort(key=lambda each: (self.rank(each[0]), "registered" in each[0], each[0].count("/"), each[1] != "put",
                                     each[0].endswith("/approve")))
        for path, method, operation in found:
            content = next(iter(operation["requestBody"]["content"].values()))
            good = self.body(path, method, content)
            yield method.upper(), path, content["schema"], good
            if path.endswith("/peerings/{peeringName}") and method == "put":
                self.fields["peeringName"] = "seattle"
                yield "PUT", path, content["schema"], self.exchange(good)
                self.fields["peeringName"] = "akl"

    @staticmethod
    def rank(path):
        order = ("{subscriptionId}", "{resourceGroupName}", "peerAsns", "peerings", "alertChannels", "peeringServices")
        return max((n for n, part in enumerate(order) if part in path), default=0)

    def body(self, path, method, content):
        examples = content.get("examples") or {}
        example = content.get("example") or next(iter(examples.values()))["value"]
        body = copy.deepcopy(example)
        properties = body.get("properties", {})
        if path.endswith("/{peerAsnName}"):
            properties["peerAsn"] = PARTNER_ASN
        elif path.endswith("/{peeringName}") and method == "put":
            body["sku"]["name"] = "Premium_Direct_Free"
            properties["direct"]["peerAsn"]["id"] = f"/subscriptions/{self.tenant.subscription}/providers/Microsoft.Peering/peerAsns/contoso"
            properties["direct"]["connections"] = [{
                "bandwidthInMbps": 10000, "sessionAddressProvider": "Peer", "useForPeeringService": False,
                "connectionIdentifier": self.fields["connectionIdentifier"], "bgpSession": {
                    "peerSessionIPv4Address": "198.51.100.1", "microsoftSessionIPv4Address": "198.51.100.254",
                    "maxPrefixesAdvertisedV4": 1000, "md5AuthenticationKey": "secret"}}]
            properties["connectivityProbes"] = [{"endpoint": "192.0.2.1", "azureRegion": "eastus", "protocol": "ICMP"}]
        elif path.endswith("/{registeredAsnName}"):
            properties["asn"] = CUSTOMER_ASN
        elif path.endswith("/{peeringServiceName}") and method == "put":
            return copy.deepcopy(self.tenant.service_body)
        elif path.endswith("{connectionIdentifier}/approve"):
            return {}  # the peer gives the addresses of its connection
        elif path.endswith("/{roleAssignmentName}"):
            properties.update(principalId=str(uuid.uuid4()), principalType="User",
                              roleDefinitionId=properties["roleDefinitionId"].rsplit("/", 1)[1])
        elif "scope" in body:
            body["scope"] = f"/subscriptions/{self.tenant.subscription}"
        return body

    @staticmethod
    def exchange(direct):
        """A peering at an exchange by the same peer."""
        return {"location": "eastus", "kind": "Exchange", "sku": {"name": "Basic_Exchange_Free"}, "properties": {
            "peeringLocation": EXCHANGE_METRO, "connectivityProbes": direct["properties"]["connectivityProbes"], "exchange": {"peerAsn": direct["properties"]["direct"]["peerAsn"], "connections": [
                {"peeringDBFacilityId": EXCHANGE_FACILITY, "bgpSession": {"peerSessionIPv4Address": EXCHANGE_ADDRESS}}]}}}

    def url(self, path):
        for name, value in self.fields.items():
            path = path.replace("{" + name + "}", value)
        version = "2025-05-01"  # it has every property
        if "Microsoft.Authorization" in path:
            version = AUTHORIZATION_VERSION
        elif "Open.Peering" in path:
            version = EXTENSION_VERSION
        elif "providers" not in path or "Microsoft.Resources" in path:
            version = GROUP_VERSION if "resourceGroups" in path or "providers" in path else SUBSCRIPTION_VERSION
        return f"{path}?api-version={version}"

    def resolved(self, schema):
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def leaves(self, schema, at=()):
        """(path, schema) of every field that may be written, containers too."""
        schema = self.resolved(schema)
        for part in schema.get("allOf", ()):
            yield from self.leaves(part, at)
        for name, inner in schema.get("properties", {}).items():
            inner = {**self.resolved(inner), **{key: value for key, value in inner.items() if key != "$ref"}}
            if inner.get("readOnly"):
                continue
            yield (*at, name), inner
            yield from self.leaves(inner, (*at, name))
        if "items" in schema:
            yield (*at, 0), self.resolved(schema["items"])
            yield from self.leaves(schema["items"], (*at, 0))


def put_at(body, path, value):
    """The body with the value there; parents that are missing are made."""
    out = copy.deepcopy(body)
    at = out
    for here, following in zip(path, path[1:]):
        empty = [] if following == 0 else {}
        if isinstance(at, list):
            if not at:
                at.append(empty)
            at = at[0]
        else:
            at = at.setdefault(here, empty)
        if not isinstance(at, (dict, list)):
            return None
    if isinstance(at, list):
        at[:1] = [value]
    else:
        at[path[-1]] = value
    return out


WRONG = {
    "string": [7, -1, 1.5, True, [], {}, ["a"], {"a": "b"}, 10 ** 30],
    "integer": ["7", "", 1.5, True, [], {}, [7], 10 ** 30, -10 ** 30, 2 ** 63, "x" * 100],
    "number": ["7", True, [], {}],
    "boolean": ["true", 0, 1, [], {}],
    "array": ["a", 7, True, {}, {"0": 1}],
    "object": ["a", 7, True, [], [1]],
}
# Values of a text that no field of text may have.
UNKNOWN = ("no such value", "x", "\u212a")  # of a field with a list of values
WRONG_TEXTS = ["x" * MEBIBYTE, "a\x00b", "a\nb", "\x7f", "\x1b[31m"]


class Fields(BadRequests):
    @staticmethod
    def other_kind(body):
        """What a peering of the one kind does not have."""
        kinds = {"Direct": "exchange", "Exchange": "direct"}
        return [("properties", kinds[body["kind"]])] if body.get("kind") in kinds else []

    def wrong_values(self, schema):
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds or []
        kinds = [kind for kind in kinds if kind != "null"]
        if not kinds:
            return
        for kind in kinds[:1]:
            for value in WRONG[kind]:
                fits = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
                if any(isinstance(value, fits[other]) for other in kinds[1:]):
                    continue
                yield value
        if "string" in kinds:
            yield from WRONG_TEXTS
            if "enum" in schema:
                yield from UNKNOWN

    def test_every_field_of_every_writable_resource(self):
        world = World(self)
        tried = 0
        for method, path, schema, good in world.operations():
            url = world.url(path)
            answer = self.send(method, url, good)
            self.assertIn(answer.status, (200, 201, 202), (method, path, answer))
            for at, field in world.leaves(schema):
                for value in self.wrong_values(field):
                    body = put_at(good, at, value) if at[:2] not in self.other_kind(good) else None
                    if body is None:
                        continue
                    tried += 1
                    with self.subTest(f"{method} {path}", field=".".join(map(str, at)), value=repr(value)[:40]):
                        answer = self.send(method, url, body)
                        # A text that is none of those there are is wrong by its meaning, not by its kind.
                        meant = "bgpSession" in at[:1] or (isinstance(value, str) and field.get("type") == "string")
                        code = answer.code if meant and answer.code == "BadArgument" else "InvalidRequestContent"
                        name = at[-1] if at[-1] != 0 else at[-2]
                        self.assert_refused(answer, 400, code, "bgpSession" if "bgpSession" in at[:1] else name, "is not accepted")
            if method == "PUT":
                self.assertEqual(self.send("GET", url).status, 200)
        print(f"{tried} wrong values")
        self.assertGreater(tried, 700)

    def test_numbers_that_are_none(self):
        """1e400 and its like are JSON; no field takes them, and none becomes infinity."""
        world = World(self)
        for method, path, schema, good in world.operations():
            url = world.url(path)
            self.send(method, url, good)
            for at, field in world.leaves(schema):
                if field.get("type") not in ("integer", "number") or at[:2] in self.other_kind(good):
                    continue
                for text in ("1e400", "-1e400", "1e-400", "0.1e1", "99999999999999999999999999", "1" * 5000):
                    body = json.dumps(put_at(good, at, "@number@")).replace('"@number@"', text).encode()
                    with self.subTest(f"{method} {path}", field=".".join(map(str, at)), value=text[:30]):
                        answer = self.send(method, url, body)
                        self.assert_refused(answer, 400, "InvalidRequestContent", str(at[-1] if at[-1] != 0 else at[-2]), "is not accepted")

    def test_nulls_and_empty_texts_are_answered(self):
        """Either as if the field were not there, or refused by name."""
        world = World(self)
        for method, path, schema, good in world.operations():
            url = world.url(path)
            self.send(method, url, good)
            for at, _ in world.leaves(schema):
                for value in (None, ""):
                    body = put_at(good, at, value)
                    if body is None:
                        continue
                    with self.subTest(f"{method} {path}", field=".".join(map(str, at)), value=value):
                        answer = self.send(method, url, body)
                        if answer.status >= 300:
                            self.assertIn(answer.status, (400, 409), answer)
                            if answer.code == "InvalidRequestContent":
                                self.assertIn("is not accepted", answer.message)


if __name__ == "__main__":
    harness.main()
