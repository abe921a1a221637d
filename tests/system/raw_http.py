"""Bytes on a socket, plain or TLS, and answers read by the letter: for requests that no client library would send."""
import contextlib
import json
import socket
import ssl
import time

from harness import PATIENCE


class RawAnswer:
    """One answer as it came. `json` is None when the body is none."""

    def __init__(self, version, status, headers, body):
        self.version, self.status, self.headers, self.body = version, status, headers, body
        self.json = None
        if "json" in headers.get("content-type", "") and body:
            self.json = json.loads(body.decode("utf-8"))  # strict: an answer that is no UTF-8 fails the test

    @property
    def error(self):
        return (self.json or {}).get("error") or {}

    @property
    def code(self):
        return self.error.get("code")

    @property
    def message(self):
        return self.error.get("message", "")

    def __repr__(self):
        return f"{self.version} {self.status} {self.headers} {self.body[:600]!r}"


class Raw:
    """A connection that says what it likes."""

    def __init__(self, address, secure=False, source=None, timeout_s=20, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s * PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: ports are a pair's own
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        if secure:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """False when the server has gone meanwhile."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def _more(self):
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionError, ssl.SSLError):
            data = b""
        self.buffer += data
        return bool(data)

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                return None
        part, self.buffer = self.buffer.split(mark, 1)
        return part

    def _bytes(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise AssertionError(f"the answer broke off after {len(self.buffer)} of {count} bytes")
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def answer(self, method="GET"):
        """The next answer, or None when the server closed instead."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            assert self.buffer == b"", f"half an answer: {self.buffer[:200]}"
            return None
        first, *lines = head.decode("ascii").split("\r\n")
        version, status, _ = first.split(" ", 2)
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        status = int(status)
        if method == "HEAD" or status < 200 or status in (204, 304):
            return RawAnswer(version, status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._bytes(size)
                self._until(b"\r\n")
            self._until(b"\r\n")
        else:
            body = self._bytes(int(headers["content-length"]))
        return RawAnswer(version, status, headers, body)

    def closed(self):
        """The server says nothing more and closes; waits for that."""
        while self._more():
            pass
        return self.buffer == b""

    def is_open(self, for_s=0.05):
        """The server has neither closed nor said anything for so long."""
        self.socket.settimeout(for_s)
        with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
            return bool(self.socket.recv(1, 0 if isinstance(self.socket, ssl.SSLSocket) else socket.MSG_PEEK)) and False
        return True


def answers_to(raw, data, leave=False):
    """Every answer until the server closes, or until it says that it will."""
    raw.send(data)
    found = []
    while (answer := raw.answer()) is not None:
        found.append(answer)
        if leave and answer.headers.get("connection") == "close":
            break
    return found


def request(method, target, *headers, body=b"", host="test", token=None, version="HTTP/1.1"):
    """A request, `body` with its length unless a header says how it comes."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += headers
    names = {line.split(":")[0].lower() for line in headers}
    if body and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def chunks(body, size=1 << 16):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def timed(action):
    """(what it gives, seconds)."""
    begun = time.monotonic()
    return action(), time.monotonic() - begun
