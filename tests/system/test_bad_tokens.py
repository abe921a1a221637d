#!/usr/bin/env python3
"""Tokens that must open nothing: of other tenants, expired, forged in every way that libraries once fell for."""
import concurrent.futures
import hashlib
import hmac
import http.server
import json
import threading
import time

import harness
from harness import SUBSCRIPTION_VERSION, Tenant
from raw_http import Raw, request, timed
from test_oidc import AUDIENCE, Issuer, base64url

SUBSCRIPTIONS = f"/subscriptions?api-version={SUBSCRIPTION_VERSION}"
INVALID, EXPIRED, NONE = "InvalidAuthenticationToken", "ExpiredAuthenticationToken", "AuthenticationFailed"


class Tokens(harness.SystemTest):
    def send(self, *headers, target=SUBSCRIPTIONS, method="GET", body=b"", name="http"):
        with Raw(self.server.address(name), secure=name == "https") as raw:
            raw.send(request(method, target, *headers, "Connection: close", body=body))
            return raw.answer()

    def assert_refused(self, answer, code, message=None, status=401):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        if message:
            self.assertIn(message, answer.message)
        if status == 401:
            self.assertTrue(answer.headers["www-authenticate"].startswith('Bearer realm="peeringd"'), answer)
            self.assertEqual('error="invalid_token"' in answer.headers["www-authenticate"], code != NONE)


class LocalTokens(Tokens):
    def setUp(self):
        super().setUp()
        self.server = self.daemon()
        self.good = self.server.token

    def test_how_a_token_may_come(self):
        for header in (f"Authorization: Bearer {self.good}", f"authorization: bearer {self.good}", f"AUTHORIZATION: BEARER {self.good}",
                       f"Authorization:   Bearer   {self.good}  "):
            for name in ("http", "https"):
                with self.subTest(header[:24], name=name):
                    self.assertEqual(self.send(header, name=name).status, 200)
        missing, no_bearer = "header is missing", "is no bearer token"
        for header, message in (("X: y", missing), ("Authorization:", missing), ("Authorization: ", missing),
                                (f"Authorization: {self.good}", no_bearer), ("Authorization: Bearer", no_bearer),
                                (f"Authorization: Basic {self.good}", no_bearer), (f"Authorization: Bearer\t{self.good}", no_bearer),
                                (f"Authorization: Bearer:{self.good}", no_bearer), (f"Proxy-Authorization: Bearer {self.good}", missing),
                                (f"Cookie: Authorization=Bearer {self.good}", missing), (f"X-Authorization: Bearer {self.good}", missing)):
            with self.subTest(header[:30]):
                self.assert_refused(self.send(header), NONE, message)
        for query in (f"&access_token={self.good}", f"&token={self.good}", f"&Authorization=Bearer%20{self.good}"):
            self.assert_refused(self.send(target=SUBSCRIPTIONS + query), NONE, missing)
        self.assert_refused(self.send(target=SUBSCRIPTIONS, method="POST", body=f"access_token={self.good}".encode()), NONE, missing)
        for pair in ((self.good, self.good), (self.good, "x"), ("x", self.good)):
            self.assert_refused(self.send(*(f"Authorization: Bearer {each}" for each in pair)), "BadRequest", "at most one Authorization", 400)

    def test_texts_that_are_no_token(self):
        mark, _, secret = self.good.partition(".")
        for text in ("x", mark, mark + ".", "." + secret, f"{mark}.{secret[:-1]}", f"{mark}.{secret}A", f"{mark}.{secret.swapcase()}",
                     f"{mark.upper()}.{secret}", f"pt-nobody.{secret}", f"pt-../admin.{secret}", f"pt-%61dmin.{secret}", f"pt-.{secret}",
                     f"{self.good} {self.good}", f"{self.good},", f'"{self.good}"', "pt-" + "a" * 250, "pt-admin." + "A" * 30000, "A" * 30000,
                     "\xff\xfe", "null", "undefined", "pt-admin' OR '1'='1.x"):
            with self.subTest(text[:30]):
                self.assert_refused(self.send(f"Authorization: Bearer {text}"), INVALID, "The access token is invalid.")

    def test_tokens_that_ended_and_scopes_of_others(self):
        mine, other = Tenant(self.server.client()), Tenant(self.server.client())
        tokens = "/providers/Open.Peering/tokens"
        client = self.server.client()

        def make(**fields):
            return client.ok("POST", f"{tokens}?api-version={harness.EXTENSION_VERSION}", {
                "role": "Owner", "scope": f"/subscriptions/{mine.subscription}", "name": "t", **fields})
        made = make()
        header = f"Authorization: Bearer {made['token']}"
        self.assertEqual(self.send(header, target=Tenant.url(mine.connection)).status, 200)
        for method, target in (("GET", other.connection), ("PUT", other.connection), ("DELETE", other.connection), ("PATCH", other.connection)):
            self.assert_refused(self.send(header, target=Tenant.url(target), method=method, body=b"{}"), "SubscriptionNotFound", status=404)
        soon = make(expires=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2)))
        short = f"Authorization: Bearer {soon['token']}"
        harness.wait_for(lambda: self.send(short).status == 401, "end of a token", timeout_s=5)
        self.assert_refused(self.send(short), EXPIRED, "The access token expired on '")
        client.ok("DELETE", f"{tokens}/{made['id'] if 'id' in made else made['name']}?api-version={harness.EXTENSION_VERSION}")
        self.assert_refused(self.send(header), INVALID, "The access token is invalid.")


class Lure:
    """A server that counts who comes."""

    def __init__(self, test, document):
        lure = self
        self.visits = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                lure.visits.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


class ForgedTokens(Tokens):
    def setUp(self):
        super().setUp()
        self.issuer = Issuer(self)
        self.issuer.keys["first"] = self.issuer.make_key("first")
        self.attacker_key = self.issuer.make_key("attacker")
        self.server = self.daemon(config=f"""
[[auth.issuers]]
issuer = "{self.issuer.url}"
audience = "{AUDIENCE}"
grants = ["team Contributor /"]
""")

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.issuer.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600, "roles": ["team"], **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def signature(self, key, data):
        return self.issuer.run("dgst", "-sha256", "-sign", self.dir / f"{key}.pem", data=data)

    def token(self, header, claims, sign):
        """`sign(bytes)` gives the signature; header and claims may be texts that are no JSON."""
        parts = [base64url((part if isinstance(part, str) else json.dumps(part)).encode()) for part in (header, claims)]
        data = ".".join(parts)
        return f"{data}.{base64url(sign(data.encode()))}"

    def genuine(self, **changes):
        return self.token({"alg": "RS256", "kid": "first"}, self.claims(**changes), lambda data: self.signature("first", data))

    def refused(self, token, code=INVALID, message=None):
        self.assert_refused(self.send(f"Authorization: Bearer {token}"), code, message)

    def test_headers_that_choose_how_they_are_judged(self):
        self.assertEqual(self.send(f"Authorization: Bearer {self.genuine()}").status, 200)
        algorithm, signature, broken = ("The access token is signed with an algorithm that is not accepted.",
                                        "The access token's signature is invalid.", "The access token is invalid.")
        public = self.issuer.run("rsa", "-in", self.dir / "first.pem", "-pubout")
        der = self.issuer.run("rsa", "-in", self.dir / "first.pem", "-pubout", "-outform", "DER")
        lure = Lure(self, {"keys": [{**self.attacker_key, "kid": "first"}]})

        def forged(header, sign, message):
            with self.subTest(str(header)[:60]):
                answer = self.send(f"Authorization: Bearer {self.token(header, self.claims(), sign)}")
                self.assert_refused(answer, INVALID)
                self.assertIn(answer.message, message if isinstance(message, tuple) else (message,))

        def mine(data):
            return self.signature("attacker", data)
        for name in ("none", "None", "NONE", "nOnE", ""):
            forged({"alg": name}, lambda data: b"", (algorithm, broken))
            forged({"alg": name, "kid": "first"}, lambda data: self.signature("first", data), (algorithm, broken))
        for secret in (public, public.strip(), der, b"", self.issuer.keys["first"]["n"].encode()):
            for digest, name in (("sha256", "HS256"), ("sha384", "HS384"), ("sha512", "HS512")):
                forged({"alg": name, "kid": "first"}, lambda data, secret=secret, digest=digest: hmac.new(secret, data, digest).digest(),
                       (algorithm, broken))
        forged({"alg": "RS256", "kid": "first"}, lambda data: hmac.new(public, data, hashlib.sha256).digest(), signature)
        for name in ("RS384", "RS512", "PS256", "ES384", "EdDSA", "RS1", "rs256", "RS256\u0000", "RSA-OAEP", "dir"):
            forged({"alg": name, "kid": "first"}, lambda data: self.signature("first", data), (algorithm, broken))
        forged({"alg": "ES256", "kid": "first"}, lambda data: bytes(64), signature)
        for extra in ({"jwk": self.attacker_key}, {"jku": lure.url}, {"x5u": lure.url}, {"jku": lure.url, "jwk": self.attacker_key},
                      {"x5c": [base64url(der)]}, {"jku": "file:///etc/passwd"}, {"iss": lure.url}, {"zip": "DEF"}, {"b64": False}):
            forged({"alg": "RS256", "kid": "first", **extra}, mine, signature)
        forged({"alg": "RS256", "kid": "first", "crit": ["exp"]}, lambda data: self.signature("first", data), broken)
        forged({"kid": "first"}, lambda data: self.signature("first", data), (algorithm, broken))
        for header in ("", "x", "[]", "null", '{"alg":"RS256"', '{"alg":["RS256"]}', '{"alg":{"a":"b"}}', "[" * 3000, '{"a":' * 3000):
            forged(header, lambda data: self.signature("first", data), (broken, algorithm))
        self.assertEqual(lure.visits, [])

    def test_keys_that_nobody_has(self):
        signature = "The access token's signature is invalid."
        for kid in ("nobody", "../../../etc/passwd", "first' OR '1'='1", "x" * 500, "FIRST", "\u0444"):
            with self.subTest(kid[:20]):
                self.refused(self.token({"alg": "RS256", "kid": kid}, self.claims(), lambda data: self.signature("first", data)), INVALID, signature)
        self.refused(self.token({"alg": "RS256", "kid": "first\u0000"}, self.claims(), lambda data: self.signature("first", data)))
        # Whoever invents names keeps nobody waiting.
        headers = [f"Authorization: Bearer {self.token({'alg': 'RS256', 'kid': str(n)}, self.claims(), lambda data: b'x' * 256)}" for n in range(40)]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            flood = [pool.submit(self.send, header) for header in headers]
            answer, took_s = timed(lambda: self.send(f"Authorization: Bearer {self.genuine()}"))
            self.assertEqual(answer.status, 200)
            self.assertLess(took_s, 2 * harness.PATIENCE)
            for each in flood:
                self.assertIn(each.result().status, (401, 503))

    def test_claims(self):
        now = int(time.time())
        self.assertEqual(self.send(f"Authorization: Bearer {self.genuine(aud=['x', AUDIENCE])}").status, 200)
        audience, early = "The access token is for another audience.", "The access token is not valid yet ("
        endless, nobody = "The access token does not say when it expires (exp).", "The access token does not say whom it is for."
        tenant = "InvalidAuthenticationTokenTenant"
        for changes, code, message in (
                ({"aud": "https://x.example"}, INVALID, audience), ({"aud": None}, INVALID, audience), ({"aud": []}, INVALID, audience),
                ({"aud": AUDIENCE + "/"}, INVALID, audience), ({"aud": AUDIENCE.upper()}, INVALID, audience), ({"aud": {"a": AUDIENCE}}, INVALID, audience),
                ({"aud": 7}, INVALID, audience),
                ({"iss": "https://x.example"}, tenant, "not accepted here"), ({"iss": None}, tenant, "not accepted here"),
                ({"iss": self.issuer.url + "/"}, tenant, "not accepted here"), ({"iss": [self.issuer.url]}, tenant, "not accepted here"),
                ({"iss": self.issuer.url.upper()}, tenant, "not accepted here"),
                ({"exp": now - 3600}, EXPIRED, "expired on '"), ({"exp": 0}, EXPIRED, "expired on '"),
                ({"exp": None}, INVALID, endless), ({"exp": str(now + 600)}, INVALID, endless), ({"exp": -1}, INVALID, endless),
                ({"exp": 10 ** 30}, INVALID, endless), ({"exp": True}, INVALID, endless), ({"exp": [now + 600]}, INVALID, endless),
                ({"nbf": now + 3600}, INVALID, early + "nbf"), ({"nbf": "soon"}, INVALID, early + "nbf"), ({"nbf": 10 ** 30}, INVALID, early + "nbf"),
                ({"iat": now + 3600}, INVALID, early + "iat"), ({"iat": "x"}, INVALID, early + "iat"),
                ({"sub": None}, INVALID, nobody), ({"sub": ""}, INVALID, nobody), ({"sub": 7}, INVALID, nobody), ({"sub": "x" * 256}, INVALID, nobody)):
            with self.subTest(str(changes)[:50]):
                self.refused(self.genuine(**changes), code, message)
        raw = json.dumps(self.claims()).replace(str(self.claims()["exp"]), "1e400")
        self.refused(self.token({"alg": "RS256", "kid": "first"}, raw, lambda data: self.signature("first", data)), INVALID, endless)
        for payload in ("", "x", "[]", "null", '"x"', "{" * 5000, '{"a":' * 3000, json.dumps(self.claims()) + "x"):
            with self.subTest(payload[:20]):
                self.refused(self.token({"alg": "RS256", "kid": "first"}, payload, lambda data: self.signature("first", data)), INVALID,
                             "The access token is invalid.")
        # Roles that are none give nothing.
        for roles in (None, [], "Team", ["x"], {"team": True}, [["team"]], 7):
            with self.subTest(roles=roles):
                answer = self.send(f"Authorization: Bearer {self.genuine(roles=roles)}")
                self.assertEqual((answer.status, answer.json), (200, {"value": []}))

    def test_the_three_parts(self):
        good = self.genuine()
        head, claims, signature = good.split(".")
        other = self.genuine(sub="eve").split(".")
        broken, wrong = "The access token is invalid.", "The access token's signature is invalid."
        flipped = ("A" if signature[10] != "A" else "B").join((signature[:10], signature[11:]))
        for text, message in (
                (f"{head}.{claims}", broken), (f"{head}.{claims}.", (broken, wrong)), (f"{head}..{signature}", (broken, wrong)),
                (f".{claims}.{signature}", broken), ("..", broken), (f"{good}.", broken), (f"{good}.{signature}", broken),
                (f"{good}.{signature}.{signature}", broken), (f"{head}.{other[1]}.{signature}", wrong), (f"{head}.{claims}.{other[2]}", wrong),
                (f"{head}.{claims}.{flipped}", wrong), (f"{head}.{claims}.{signature[:-4]}", wrong), (f"{head}.{claims}.{signature}=", broken),
                (f"{head}=.{claims}.{signature}", broken), (f"{head}.{claims}==.{signature}", broken), (f"{head}.{claims}+.{signature}", broken),
                (f"{head}.{claims}.{signature}/", broken), (f"{head}%2E{claims}.{signature}", broken), (f"{head}.{claims}.{'A' * 342}", wrong),
                (f"{head}.{'A' * 29000}.{signature}", broken)):
            with self.subTest(text[-30:]):
                answer = self.send(f"Authorization: Bearer {text}")
                self.assert_refused(answer, INVALID)
                self.assertIn(answer.message, message if isinstance(message, tuple) else (message,))
        self.assertEqual(self.send(f"Authorization: Bearer {good}").status, 200)


if __name__ == "__main__":
    harness.main()
