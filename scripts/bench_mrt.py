"""Writes an MRT file of updates (RFC 6396 BGP4MP_MESSAGE_AS4) like a collector's, from a seed."""
import random
import struct

PEERS = 30


def _attributes(randomness, origin):
    length = randomness.choice((3, 3, 4, 4, 4, 5, 5, 6, 7, 9))
    hops = [randomness.randrange(1, 400000) for _ in range(length - 1)] + [origin]
    path = struct.pack(">BB", 2, length) + struct.pack(f">{length}I", *hops)
    found = b"\x40\x01\x01\x00" + b"\x40\x02" + bytes([len(path)]) + path
    found += b"\x40\x03\x04" + struct.pack(">I", randomness.randrange(0x0A000000, 0xDF000000))
    communities = randomness.choice((0, 0, 1, 2, 3, 5, 12))
    if communities:
        values = [randomness.randrange(1 << 32) for _ in range(communities)]
        found += b"\xc0\x08" + bytes([4 * communities]) + struct.pack(f">{communities}I", *values)
    return found


def _prefix(randomness):
    bits = randomness.choice((16, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24))
    network = randomness.randrange(0x01000000, 0xDF000000) >> (32 - bits) << (32 - bits)
    return bytes([bits]) + struct.pack(">I", network)[: (bits + 7) // 8]


def write_updates(path, records, seed):
    randomness = random.Random(seed)
    peers = [struct.pack(">IIHHII", 1000 + n, 64496, 0, 1, 0xC6336400 + n, 0xC63364FE) for n in range(PEERS)]
    at = 1_700_000_000
    with open(path, "wb") as out:
        for number in range(records):
            at += number % 500 == 0
            withdrawn = b"".join(_prefix(randomness) for _ in range(randomness.choice((0, 0, 0, 0, 0, 1, 3))))
            announced = b"".join(_prefix(randomness) for _ in range(randomness.choice((1, 1, 1, 2, 3, 6))))
            attributes = _attributes(randomness, randomness.randrange(1, 400000))
            body = (struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attributes)) + attributes +
                    announced)
            message = b"\xff" * 16 + struct.pack(">HB", 19 + len(body), 2) + body
            record = randomness.choice(peers) + message
            out.write(struct.pack(">IHHI", at, 16, 4, len(record)) + record)
