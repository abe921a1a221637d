"""Enhanced route refresh (RFC 7313) by a neighbour that leaves routes out: no daemon does that on purpose."""
import socket
import struct

import bgp_checks
import harness
from bgp_checks import ORIGIN
from bgp_peers import PEER_ASN
from harness import wait_for

OPEN, UPDATE, KEEPALIVE, ROUTE_REFRESH = 1, 2, 4, 5
BEGIN, END = 1, 2
CAPABILITIES = b"".join((b"\x01\x04\0\1\0\1", b"\x01\x04\0\2\0\1", b"\x02\0", b"\x46\0",
                         b"\x41\x04" + struct.pack(">I", PEER_ASN)))
FOUR, SIX = b"\x18\xcb\0\x71", b"\x30\x20\x01\x0d\xb8\0\x01"  # 203.0.113.0/24, 2001:db8:1::/48


def message(kind, body=b""):
    return b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body


def attribute(flags, code, value):
    return struct.pack(">BBB", flags, code, len(value)) + value


ORIGIN_AND_PATH = attribute(0x40, 1, b"\0") + attribute(0x40, 2, struct.pack(">BBII", 2, 2, PEER_ASN, ORIGIN))


def update(attributes, routes=b""):
    return message(UPDATE, struct.pack(">HH", 0, len(attributes)) + attributes + routes)


def announce_four():
    return update(ORIGIN_AND_PATH + attribute(0x40, 3, b"\xc0\0\2\2"), FOUR)


def announce_six():
    hop = bytes.fromhex("20010db8") + bytes(11) + b"\2"
    return update(attribute(0x80, 14, b"\0\2\1\x10" + hop + b"\0" + SIX) + ORIGIN_AND_PATH)


class Neighbor:
    """A socket from the neighbour's address."""

    def __init__(self, test, address, port, collector, listens, **options):
        self.address, self.collector = address, collector

    def start(self):
        self.socket = socket.create_connection(self.collector, timeout=10, source_address=(self.address, 0))
        parameters = bytes([2, len(CAPABILITIES)]) + CAPABILITIES
        self.say(message(OPEN, struct.pack(">BHH4sB", 4, PEER_ASN, 90, b"\x0a\0\0\x07", len(parameters)) + parameters),
                 message(KEEPALIVE))

    def say(self, *messages):
        self.socket.sendall(b"".join(messages))

    def refresh(self, subtype, family=1):
        return message(ROUTE_REFRESH, struct.pack(">HBB", family, subtype, 1))


class Refresh(bgp_checks.Collecting, harness.SystemTest):
    peer_class = Neighbor

    def test_what_is_not_repeated_is_gone(self):
        peer = self.collector()
        peer.start()
        self.addCleanup(peer.socket.close)
        self.wait_session()
        peer.say(announce_four(), announce_six())
        self.routes_become("four", 1)
        self.routes_become("six", 1)
        peer.say(peer.refresh(BEGIN), announce_four(), peer.refresh(END))
        self.in_log("ends to repeat its routes")
        self.assertEqual(len(self.routes_become("four", 1)), 1)
        peer.say(peer.refresh(BEGIN))
        wait_for(lambda: self.server.log_text().count("begins to repeat") == 2, "the second beginning")
        self.assertEqual(len(self.tenant.routes("four")), 1, "stale routes are still routes")
        peer.say(peer.refresh(END))
        self.routes_become("four", 0)
        self.assertEqual(len(self.tenant.routes("six")), 1, "the other family was not repeated")
        self.assertEqual(self.sessions(), 1)


if __name__ == "__main__":
    harness.main()
