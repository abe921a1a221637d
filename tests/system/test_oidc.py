#!/usr/bin/env python3
"""Callers with tokens of an OpenID Connect issuer: keys made and tokens signed by openssl's command line, sent by curl."""
import base64
import http.server
import json
import subprocess
import threading
import time

import harness
from harness import need_program, wait_for

AUDIENCE = "https://peering.example.net"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Serves its configuration and its keys on loopback."""

    def __init__(self, test):
        self.openssl, self.dir, self.keys = need_program(test, "openssl"), test.dir, {}
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(issuer.document(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tenant"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def document(self, path):
        if path.endswith("/.well-known/openid-configuration"):
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": list(self.keys.values())}

    def run(self, *words, data=None):
        return subprocess.run([self.openssl, *words], input=data, capture_output=True, check=True).stdout

    def make_key(self, name):
        path = self.dir / f"{name}.pem"
        self.run("genrsa", "-out", path, "2048")
        modulus = self.run("rsa", "-in", path, "-noout", "-modulus").decode().strip().split("=")[1]
        return {"kty": "RSA", "kid": name, "use": "sig", "n": base64url(bytes.fromhex(modulus)), "e": "AQAB"}

    def token(self, key, roles, expires_in_s=3600, **claims):
        now = int(time.time())
        body = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + expires_in_s, "roles": roles}
        parts = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": key}, {**body, **claims}))
        signature = self.run("dgst", "-sha256", "-sign", self.dir / f"{key}.pem", data=parts.encode())
        return f"{parts}.{base64url(signature)}"


class Oidc(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.issuer = Issuer(self)
        self.issuer.keys["first"] = self.issuer.make_key("first")
        self.mine, self.other = (f"00000000-0000-4000-8000-00000000000{n}" for n in "ab")
        self.server = self.daemon(config=f"""
[[auth.issuers]]
issuer = "{self.issuer.url}"
audience = "{AUDIENCE}"
grants = ["net team Contributor /subscriptions/{self.mine}"]
""")
        for subscription in (self.mine, self.other):
            self.tenant = harness.Tenant(self.server.client(), subscription=subscription)

    def curl(self, token, path, *words):
        """(status, body) as curl sees them."""
        done = subprocess.run([need_program(self, "curl"), "-s", "-w", "\n%{http_code}", "-H",
                               f"Authorization: Bearer {token}", *words, self.server.client().endpoint + path],
                              capture_output=True, text=True, check=True)
        body, status = done.stdout.rsplit("\n", 1)
        return int(status), json.loads(body) if body else None

    def service(self, subscription):
        return self.tenant.url(f"/subscriptions/{subscription}/resourceGroups/network/providers/Microsoft.Peering/"
                               "peeringServices/office")

    def test_a_token_opens_what_its_claim_grants_and_nothing_else(self):
        token = self.issuer.token("first", ["net team"])
        status, body = self.curl(token, self.service(self.mine))
        self.assertEqual((status, body["name"]), (200, "office"))
        status, body = self.curl(token, self.service(self.other))
        self.assertEqual((status, body["error"]["code"]), (404, "SubscriptionNotFound"))
        status, body = self.curl(token, self.service(self.mine), "-X", "PATCH", "-H", "Content-Type: application/json",
                                 "-d", '{"tags": {"by": "ada"}}')
        self.assertEqual((status, body["tags"]), (200, {"by": "ada"}))
        status, _ = self.curl(self.issuer.token("first", ["clerk"]), self.service(self.mine))
        self.assertEqual(status, 404)
        status, body = self.curl(token, "/subscriptions?api-version=2022-12-01")
        self.assertEqual([each["subscriptionId"] for each in body["value"]], [self.mine])

    def test_tokens_that_are_not_good_are_refused_by_name(self):
        good = self.issuer.token("first", ["net team"])
        head, claims, signature = good.split(".")
        unsigned = f"{base64url(json.dumps({'alg': 'none'}).encode())}.{claims}."
        for token, code in ((self.issuer.token("first", ["net team"], expires_in_s=-120), "ExpiredAuthenticationToken"),
                            (self.issuer.token("first", [], aud="https://x.example"), "InvalidAuthenticationToken"),
                            (self.issuer.token("first", [], iss="https://x.example"), "InvalidAuthenticationTokenTenant"),
                            (f"{head}.{claims[:-2]}.{signature}", "InvalidAuthenticationToken"),
                            (unsigned, "InvalidAuthenticationToken")):
            status, body = self.curl(token, self.service(self.mine))
            self.assertEqual((status, body["error"]["code"]), (401, code))

    def test_another_key_is_found_when_a_token_names_it(self):
        self.assertEqual(self.curl(self.issuer.token("first", ["net team"]), self.service(self.mine))[0], 200)
        self.issuer.keys = {"second": self.issuer.make_key("second")}
        fresh = self.issuer.token("second", ["net team"])
        wait_for(lambda: self.curl(fresh, self.service(self.mine))[0] == 200, "the new key", timeout_s=30)
        self.assertEqual(self.curl(self.issuer.token("first", ["net team"]), self.service(self.mine))[0], 401)


if __name__ == "__main__":
    harness.main()
