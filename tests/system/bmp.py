"""A router for tests: BMP (RFC 7854) over TCP with real BGP UPDATEs (RFC 4271, 4760, 6793) inside."""
import ipaddress
import socket
import struct
import time

ROUTE_MONITORING, STATISTICS, PEER_DOWN, PEER_UP, INITIATION, TERMINATION = range(6)
MARKER = b"\xff" * 16


def message(kind, body):
    return struct.pack(">BIB", 3, 6 + len(body), kind) + body


def information(kind, text):
    return struct.pack(">HH", kind, len(text)) + text.encode()


def initiation(name, description="test router"):
    return message(INITIATION, information(1, description) + information(2, name))


def termination():
    return message(TERMINATION, struct.pack(">HHH", 1, 2, 0))


def bgp(kind, body):
    return MARKER + struct.pack(">HB", 19 + len(body), kind) + body


def encoded_prefix(text):
    network = ipaddress.ip_network(text)
    return bytes([network.prefixlen]) + network.network_address.packed[: (network.prefixlen + 7) // 8]


def attribute(flags, kind, body):
    if len(body) > 255:
        return struct.pack(">BBH", flags | 0x10, kind, len(body)) + body
    return struct.pack(">BBB", flags, kind, len(body)) + body


def path_attributes(path, communities=()):
    found = attribute(0x40, 1, b"\0")
    found += attribute(0x40, 2, struct.pack(">BB", 2, len(path)) + b"".join(struct.pack(">I", a) for a in path))
    if communities:
        found += attribute(0xC0, 8, b"".join(struct.pack(">HH", *c) for c in communities))
    return found


def update(announce=(), withdraw=(), path=(), next_hop=None, communities=()):
    """One UPDATE; all prefixes of one family."""
    prefixes = [ipaddress.ip_network(p) for p in (*announce, *withdraw)]
    if prefixes and prefixes[0].version == 6:
        return _update6(announce, withdraw, path, next_hop or "2001:db8::2", communities)
    gone = b"".join(map(encoded_prefix, withdraw))
    attributes = b""
    if announce:
        attributes = path_attributes(path, communities)
        attributes += attribute(0x40, 3, ipaddress.ip_address(next_hop or "192.0.2.2").packed)
    body = struct.pack(">H", len(gone)) + gone + struct.pack(">H", len(attributes)) + attributes
    return bgp(2, body + b"".join(map(encoded_prefix, announce)))


def _update6(announce, withdraw, path, next_hop, communities):
    attributes = b""
    if announce:
        attributes = path_attributes(path, communities)
        hop = ipaddress.ip_address(next_hop).packed
        reach = struct.pack(">HBB", 2, 1, len(hop)) + hop + b"\0" + b"".join(map(encoded_prefix, announce))
        attributes += attribute(0x80, 14, reach)
    if withdraw:
        attributes += attribute(0x80, 15, struct.pack(">HB", 2, 1) + b"".join(map(encoded_prefix, withdraw)))
    return bgp(2, struct.pack(">HH", 0, len(attributes)) + attributes)


class Peer:
    """A BGP neighbour of the router, pre-policy Adj-RIB-In unless said otherwise."""

    def __init__(self, address, asn, flags=0, identifier=None):
        self.address, self.asn, self.flags = ipaddress.ip_address(address), asn, flags
        self.identifier = ipaddress.ip_address(identifier or "198.51.100.1")

    def header(self, at=None):
        at = time.time() if at is None else at
        flags = self.flags | (0x80 if self.address.version == 6 else 0)
        packed = self.address.packed.rjust(16, b"\0")
        return (struct.pack(">BB8x", 0, flags) + packed + struct.pack(">I", self.asn) + self.identifier.packed +
                struct.pack(">II", int(at), int(at % 1 * 1e6)))

    def _open(self, asn):
        capabilities = (b"\x01\x04\x00\x01\x00\x01" b"\x01\x04\x00\x02\x00\x01" b"\x41\x04" + struct.pack(">I", asn))
        short = asn if asn < 65536 else 23456
        return bgp(1, struct.pack(">BHH", 4, short, 90) + self.identifier.packed +
                   bytes([len(capabilities) + 2, 2, len(capabilities)]) + capabilities)

    def up(self, local="198.51.100.254", local_asn=8075, at=None):
        local = ipaddress.ip_address(local).packed.rjust(16, b"\0")
        return message(PEER_UP, self.header(at) + local + struct.pack(">HH", 179, 32768) +
                       self._open(local_asn) + self._open(self.asn))

    def down(self, at=None):
        return message(PEER_DOWN, self.header(at) + struct.pack(">BH", 2, 0))

    def route(self, announce=(), withdraw=(), at=None, **options):
        return message(ROUTE_MONITORING, self.header(at) + update(announce, withdraw, **options))

    def end_of_rib(self, at=None):
        return message(ROUTE_MONITORING, self.header(at) + bgp(2, b"\0\0\0\0"))


class Router:
    """A BMP session to a station. Sends what it is given; `closed_by_station` sees the other end go."""

    def __init__(self, address, name="edge-1"):
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(initiation(name))

    def send(self, data):
        self.socket.sendall(data)

    def closed_by_station(self, timeout_s):
        """True when the station closed or reset the connection within the time."""
        self.socket.settimeout(timeout_s)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except socket.timeout:
            return False

    def close(self):
        self.socket.close()
