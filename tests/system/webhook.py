"""A receiver of webhooks that checks signatures and refuses as often as it is told to."""
import collections
import hashlib
import hmac
import http.server
import json
import threading
import time

Received = collections.namedtuple("Received", "at headers body json answered")


class Receiver:
    """Listens on a loopback port. The first `refusals` requests are answered with 503."""

    def __init__(self, secret, refusals=0):
        self.secret, self.refusals = secret, refusals
        self.received, self._lock = [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = outer._take(self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, headers, body):
        with self._lock:
            status = 503 if len(self.received) < self.refusals else 204
            self.received.append(Received(time.time(), dict(headers), body, json.loads(body), status))
            return status

    def taken(self):
        """What was answered with success, in order."""
        with self._lock:
            return [one for one in self.received if one.answered == 204]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def signature_problem(received, secret):
    """None when `Peering-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 over "SECONDS.BODY" and is fresh."""
    header = {k.lower(): v for k, v in received.headers.items()}.get("peering-signature")
    if not header:
        return "no Peering-Signature"
    fields = dict(part.split("=", 1) for part in header.split(","))
    signed = fields["t"].encode() + b"." + received.body
    if hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() != fields["v1"]:
        return f"{header} does not sign the body"
    if abs(float(fields["t"]) - received.at) > 300:
        return f"{header} was signed at another time"
    return None
