"""MRT records of every type and subtype (RFC 6396, 8050, 6397 and what came before), written by hand."""
import ipaddress
import struct

SECONDS = 1_700_000_000
MARKER = b"\xff" * 16
TABLE_DUMP, TABLE_DUMP_V2, BGP4MP, BGP4MP_ET, OLD_BGP = 12, 13, 16, 17, 5
STATE_CHANGE, STATE_CHANGE_AS4 = 0, 5
MESSAGE, MESSAGE_AS4, MESSAGE_LOCAL, MESSAGE_AS4_LOCAL = 1, 4, 6, 7
ADD_PATH_OF = {MESSAGE: 8, MESSAGE_AS4: 9, MESSAGE_LOCAL: 10, MESSAGE_AS4_LOCAL: 11}
SEQUENCE, SET, CONFED_SEQUENCE, CONFED_SET = 2, 1, 3, 4


def address(text):
    return ipaddress.ip_address(text).packed


def prefix(text, path_id=None):
    network = ipaddress.ip_network(text)
    head = b"" if path_id is None else struct.pack(">I", path_id)
    return head + bytes([network.prefixlen]) + network.network_address.packed[:(network.prefixlen + 7) // 8]


def attribute(code, value, flags=0x40):
    if len(value) > 255 or flags & 0x10:
        return struct.pack(">BBH", flags | 0x10, code, len(value)) + value
    return struct.pack(">BBB", flags, code, len(value)) + value


def as_path(*segments, four=True, code=2):
    value = b"".join(struct.pack(">BB", kind, len(asns)) + struct.pack(f">{len(asns)}{'I' if four else 'H'}", *asns)
                     for kind, asns in segments)
    return attribute(code, value, 0x40 if code == 2 else 0xC0)


def origin(value=0):
    return attribute(1, bytes([value]))


def next_hop(text="192.0.2.1"):
    return attribute(3, address(text))


def number(code, value, flags=0x80):
    return attribute(code, struct.pack(">I", value), flags)


def communities(*values):
    return attribute(8, struct.pack(f">{len(values)}I", *values), 0xC0)


def aggregator(asn, text, four=True, code=7):
    return attribute(code, struct.pack(">I" if four else ">H", asn) + address(text), 0xC0)


def mp_reach(afi, safi, hop, routes, flags=0x80):
    return attribute(14, struct.pack(">HBB", afi, safi, len(hop)) + hop + b"\0" + routes, flags)


def mp_reach_short(hop):
    """As in TABLE_DUMP_V2: the next hop alone (RFC 6396 section 4.3.4)."""
    return attribute(14, bytes([len(hop)]) + hop, 0x80)


def mp_unreach(afi, safi, routes):
    return attribute(15, struct.pack(">HB", afi, safi) + routes, 0x80)


def update(withdrawn=b"", attributes=b"", announced=b""):
    return message(2, struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attributes)) + attributes +
                   announced)


def message(kind, body):
    return MARKER + struct.pack(">HB", 19 + len(body), kind) + body


def record(kind, subtype, body, seconds=SECONDS, microseconds=None):
    if microseconds is not None:
        body = struct.pack(">I", microseconds) + body
    return struct.pack(">IHHI", seconds, kind, subtype, len(body)) + body


def session(four=True, peer_asn=64500, local_asn=64496, peer="192.0.2.7", local="192.0.2.254"):
    return (struct.pack(">IIH" if four else ">HHH", peer_asn, local_asn, 0) +
            struct.pack(">H", 2 if ":" in peer else 1) + address(peer) + address(local))


def bgp4mp(body, subtype=MESSAGE_AS4, extended=False, add_path=False, **peer):
    four = subtype in (MESSAGE_AS4, MESSAGE_AS4_LOCAL)
    return record(BGP4MP_ET if extended else BGP4MP, ADD_PATH_OF[subtype] if add_path else subtype,
                  session(four, **peer) + body, microseconds=123_456 if extended else None)


def state_change(old, new, four=True, extended=False, **peer):
    return record(BGP4MP_ET if extended else BGP4MP, STATE_CHANGE_AS4 if four else STATE_CHANGE,
                  session(four, **peer) + struct.pack(">HH", old, new), microseconds=7 if extended else None)


def table_peer(text, asn, four=True):
    kind = (1 if ":" in text else 0) | (2 if four else 0)
    return bytes([kind]) + address("192.0.2.9") + address(text) + struct.pack(">I" if four else ">H", asn)


def peer_index_table(*peers, view="view"):
    return record(TABLE_DUMP_V2, 1, address("192.0.2.254") + struct.pack(">H", len(view)) + view.encode() +
                  struct.pack(">H", len(peers)) + b"".join(peers))


def table_entries(*entries):
    """Each: (peer, attributes) or (peer, attributes, path identifier)."""
    out = struct.pack(">H", len(entries))
    for entry in entries:
        out += struct.pack(">HI", entry[0], SECONDS - 100)
        out += struct.pack(">I", entry[2]) if len(entry) > 2 else b""
        out += struct.pack(">H", len(entry[1])) + entry[1]
    return out


def rib(subtype, text, *entries):
    return record(TABLE_DUMP_V2, subtype, struct.pack(">I", 1) + prefix(text) + table_entries(*entries))


def rib_generic(afi, safi, route, *entries, subtype=6):
    return record(TABLE_DUMP_V2, subtype, struct.pack(">IHB", 1, afi, safi) + route + table_entries(*entries))


def geo_peer_table(*peers):
    body = address("192.0.2.254") + struct.pack(">Hff", 4, 52.3, 4.9)
    body = address("192.0.2.254") + struct.pack(">H", 4) + b"view" + struct.pack(">ff", 52.3, 4.9)
    return record(TABLE_DUMP_V2, 7, body + struct.pack(">H", len(peers)) +
                  b"".join(peer + struct.pack(">ff", 50.0, 8.0) for peer in peers))


def table_dump(text, peer, asn, attributes, subtype=None):
    network = ipaddress.ip_network(text)
    kind = subtype or (1 if network.version == 4 else 2)
    return record(TABLE_DUMP, kind, struct.pack(">HH", 0, 1) + network.network_address.packed +
                  struct.pack(">BBI", network.prefixlen, 1, SECONDS - 50) + address(peer) +
                  struct.pack(">H" if kind < 3 else ">I", asn) + struct.pack(">H", len(attributes)) + attributes)


BASIC = origin() + as_path((SEQUENCE, [64500, 64501, 400000])) + next_hop()
BASIC2 = origin() + as_path((SEQUENCE, [64500, 23456, 3]), four=False) + next_hop()
FULL = (BASIC + number(4, 10) + number(5, 200, 0x40) + attribute(6, b"") + aggregator(64499, "198.51.100.9") +
        communities(0xFFFFFF01, 0xFFFFFF02, 0xFFFFFF03, 0xFFFF029A, 64500 << 16 | 12, 0) +
        attribute(16, b"\0\2\xfb\xf4\0\0\0\1", 0xC0) + attribute(32, struct.pack(">III", 64500, 1, 2), 0xC0) +
        attribute(9, address("192.0.2.3"), 0x80) + attribute(10, address("192.0.2.4") * 2, 0x80) +
        attribute(35, struct.pack(">I", 64501), 0xC0) + attribute(99, b"abc", 0xC0) + attribute(128, b"q" * 300, 0xC0))
HOP6 = address("2001:db8::1")
LINK = address("fe80::1")
V4 = prefix("203.0.113.0/24") + prefix("198.51.100.0/25") + prefix("0.0.0.0/0")
V6 = prefix("2001:db8:1::/48") + prefix("::/0") + prefix("2001:db8::5/128")
V4P = prefix("203.0.113.0/24", 1) + prefix("198.51.100.0/25", 70000)
V6P = prefix("2001:db8:1::/48", 5) + prefix("2001:db8:2::/48", 4_000_000_000)
PEERS = (table_peer("192.0.2.7", 64500), table_peer("2001:db8::7", 400000), table_peer("192.0.2.8", 64502, False))
TABLE6 = origin() + as_path((SEQUENCE, [64500, 7])) + mp_reach_short(HOP6)


def messages():
    """(name, bytes): BGP4MP in all its subtypes."""
    for subtype in ADD_PATH_OF:
        four = subtype in (MESSAGE_AS4, MESSAGE_AS4_LOCAL)
        attributes = BASIC if four else BASIC2
        for extended in (False, True):
            for peer in ({}, {"peer": "2001:db8::7", "local": "2001:db8::fe"}):
                name = f"{'et ' if extended else ''}message {subtype}{' ipv6' if peer else ''}"
                yield name, bgp4mp(update(prefix("10.0.0.0/8"), attributes, V4), subtype, extended, **peer)
                yield f"{name} add-path", bgp4mp(update(prefix("10.0.0.0/8", 9), attributes, V4P), subtype, extended,
                                                 add_path=True, **peer)
                six = attributes + mp_reach(2, 1, HOP6, V6) + mp_unreach(2, 1, prefix("2001:db8:9::/48"))
                yield f"{name} of ipv6", bgp4mp(update(b"", six), subtype, extended, **peer)
                six = attributes + mp_reach(2, 1, HOP6, V6P) + mp_unreach(2, 1, prefix("2001:db8:9::/48", 3))
                yield f"{name} of ipv6 add-path", bgp4mp(update(b"", six), subtype, extended, add_path=True, **peer)
    for kind, body in ((1, b"\4\xfb\xf4\0\x5a\xc0\0\2\7\0"), (3, b"\6\2"), (4, b""), (5, b"\0\1\0\1"), (77, b"xyz")):
        yield f"BGP message of type {kind}", bgp4mp(message(kind, body))
    yield "end of RIB", bgp4mp(update()) + bgp4mp(update(b"", mp_unreach(2, 1, b"")))


def states():
    for four in (False, True):
        for extended in (False, True):
            for old in range(0, 9):
                yield (f"state {old} {four} {extended}",
                       state_change(old, (old + 1) % 9, four, extended) +
                       state_change(old, 6, four, extended, peer="2001:db8::7", local="2001:db8::fe"))
    yield "state without addresses", record(BGP4MP, STATE_CHANGE, struct.pack(">HHHH", 64500, 64496, 1, 6))
    yield "state without addresses as4", record(BGP4MP, STATE_CHANGE_AS4, struct.pack(">IIHH", 64500, 64496, 1, 6))
    yield "state of another family", record(BGP4MP, STATE_CHANGE, struct.pack(">HHHHIIHH", 1, 2, 0, 3, 1, 2, 3, 6))


def attributes():
    """(name, bytes): what UPDATEs say in their attributes."""
    def one(extra, base=BASIC, **peer):
        return bgp4mp(update(b"", base + extra, prefix("203.0.113.0/24")), **peer)

    def path(*segments):
        return bgp4mp(update(b"", origin(1) + as_path(*segments) + next_hop(), prefix("203.0.113.0/24")))

    yield "every attribute", one(b"", FULL)
    yield "no attribute", one(b"", b"")
    yield "no origin", one(b"", as_path((SEQUENCE, [1])) + next_hop())
    yield "no path", one(b"", origin(2) + next_hop())
    yield "no next hop", one(b"", origin(2) + as_path((SEQUENCE, [1])))
    for value in (0, 1, 2, 3, 255):
        yield f"origin {value}", one(b"", origin(value) + as_path((SEQUENCE, [1])) + next_hop())
    yield "AS_SET", path((SEQUENCE, [1, 2]), (SET, [3, 4]))
    yield "AS_SET alone", path((SET, [3, 4]))
    yield "AS_SET first", path((SET, [3, 4]), (SEQUENCE, [1, 2]))
    yield "AS_SET of one", path((SEQUENCE, [1]), (SET, [3]))
    yield "two AS_SETs", path((SEQUENCE, [1]), (SET, [3]), (SET, [4, 5]))
    yield "two sequences", path((SEQUENCE, [1]), (SEQUENCE, [2, 3]))
    yield "confederation", path((CONFED_SEQUENCE, [65001, 65002]), (SEQUENCE, [1]))
    yield "confederation set", path((CONFED_SET, [65001, 65002]), (SEQUENCE, [1]), (SET, [9]))
    yield "confederation alone", path((CONFED_SEQUENCE, [65001, 65002]))
    yield "confederations", path((CONFED_SEQUENCE, [65001]), (CONFED_SET, [65003, 65002]))
    yield "empty path", path()
    yield "segment of nothing", path((SEQUENCE, []), (SEQUENCE, [2]))
    yield "set of nothing", path((SEQUENCE, [1]), (SET, []))
    yield "AS 0", path((SEQUENCE, [1, 0, 2]))
    yield "segment type 9", path((9, [1, 2]))
    yield "path cut", one(b"", origin() + attribute(2, b"\2\5\0\0\0\1") + next_hop())
    yield "long path", path((SEQUENCE, list(range(1, 256))), (SEQUENCE, list(range(400_000, 400_255))))
    yield "very long path", path(*[(SEQUENCE, list(range(4_000_000_000, 4_000_000_255)))] * 4)
    yield "extended length", one(attribute(8, b"\0\1\0\2", 0xD0))
    yield "aggregator", one(aggregator(400000, "192.0.2.3"))
    yield "aggregator 0", one(aggregator(0, "192.0.2.3"))
    yield "aggregator of no address", one(aggregator(64500, "255.255.255.255"))
    yield "aggregator short", one(attribute(7, b"\0\1\1\2\3\4", 0xC0))
    yield "aggregator zero", one(attribute(7, bytes(8), 0xC0))
    yield "as4 path in as4", one(as_path((SEQUENCE, [5]), code=17))
    yield "med large", one(number(4, 4_294_967_295))
    yield "local preference large", one(number(5, 4_000_000_000, 0x40))
    yield "communities none", one(attribute(8, b"", 0xC0))
    yield "communities odd", one(attribute(8, b"\0\1\0\2\0", 0xC0))
    yield "communities many", one(communities(*range(65_000 << 16, (65_000 << 16) + 600)))
    yield "communities very many", one(communities(*range(65_000 << 16, (65_000 << 16) + 900)))
    yield "atomic aggregate of a byte", one(attribute(6, b"x"))
    yield "unknown attribute", one(attribute(200, b"12", 0xE0))
    yield "unknown well-known", one(attribute(60, b"12", 0x40))
    yield "attribute 0", one(attribute(0, b"12", 0xC0))
    yield "attribute 255", one(attribute(255, b"12", 0xC0))
    for code in (22, 23, 26, 29, 33, 34, 40, 129):
        yield f"attribute {code}", one(attribute(code, b"\0" * 8, 0xC0))
    yield "host bits", bgp4mp(update(b"", BASIC, b"\x17\xcb\0\x71"))
    yield "many routes", bgp4mp(update(b"", BASIC, b"".join(prefix(f"10.{n // 256}.{n % 256}.0/24")
                                                            for n in range(900))))


def old_as_numbers():
    def two(*extra, path=((SEQUENCE, [64500, 23456, 23456]),)):
        return bgp4mp(update(b"", origin() + as_path(*path, four=False) + next_hop() + b"".join(extra),
                             prefix("203.0.113.0/24")), MESSAGE)

    new = as_path((SEQUENCE, [400000, 400001]), code=17)
    yield "AS4_PATH", two(new)
    yield "AS4_PATH longer", two(as_path((SEQUENCE, [1, 2, 3, 4]), code=17))
    yield "AS4_PATH equal", two(as_path((SEQUENCE, [1, 2, 3]), code=17))
    yield "AS4_PATH with set", two(as_path((SEQUENCE, [400000]), (SET, [7, 400001]), code=17),
                                   path=((SEQUENCE, [64500, 23456]), (SET, [7, 23456])))
    yield "AS4_PATH set in front", two(new, path=((SET, [9, 8]), (SEQUENCE, [64500, 23456, 23456])))
    yield "AS4_PATH confederation", two(new, path=((CONFED_SEQUENCE, [65001]), (SEQUENCE, [64500, 23456, 23456])))
    yield "AS4_PATH two confederations", two(new, path=((CONFED_SEQUENCE, [65001, 65002]),
                                                       (SEQUENCE, [64500, 23456, 23456])))
    yield "AS4_PATH with confederation", two(as_path((CONFED_SEQUENCE, [3]), (SEQUENCE, [400001]), code=17))
    yield "AS4_PATH two sequences", two(new, path=((SEQUENCE, [64500]), (SEQUENCE, [23456, 23456])))
    yield "AS4_PATH empty", two(as_path(code=17))
    yield "AS4_PATH damaged", two(attribute(17, b"\2\5\0\0\0\1", 0xC0))
    yield "AS4_AGGREGATOR", two(aggregator(23456, "192.0.2.3", False), aggregator(400000, "192.0.2.4", code=18), new)
    yield "AS4_AGGREGATOR alone", two(aggregator(400000, "192.0.2.4", code=18))
    yield "AS4_AGGREGATOR not needed", two(aggregator(64500, "192.0.2.3", False),
                                           aggregator(400000, "192.0.2.4", code=18), new)
    yield "AS4_PATH without AGGREGATOR's", two(aggregator(23456, "192.0.2.3", False), new)


def families():
    """(name, bytes): MP_REACH_NLRI and MP_UNREACH_NLRI."""
    def one(*parts, **peer):
        return bgp4mp(update(b"", origin() + as_path((SEQUENCE, [64500, 7])) + b"".join(parts)), **peer)

    yield "ipv6", one(mp_reach(2, 1, HOP6, V6))
    yield "ipv6 link-local", one(mp_reach(2, 1, HOP6 + LINK, V6))
    yield "ipv6 link-local only", one(mp_reach(2, 1, LINK, V6))
    yield "ipv6 mapped", one(mp_reach(2, 1, address("::ffff:192.0.2.1"), V6))
    yield "ipv6 compatible", one(mp_reach(2, 1, address("::192.0.2.1"), prefix("::192.0.2.0/120")))
    yield "ipv6 one zero group", one(mp_reach(2, 1, address("2001:db8:0:1:1:1:1:1"), V6))
    yield "ipv6 zeros", one(mp_reach(2, 1, address("::"), V6) + next_hop())
    yield "ipv6 and ipv4", bgp4mp(update(prefix("10.0.0.0/8"), BASIC + mp_reach(2, 1, HOP6, V6) +
                                         mp_unreach(2, 1, prefix("2001:db8:9::/48")), V4))
    yield "ipv6 announces nothing", one(mp_reach(2, 1, HOP6, b""))
    yield "ipv4 multiprotocol", one(mp_reach(1, 1, address("192.0.2.5"), V4))
    yield "ipv4 multiprotocol withdrawn", one(mp_unreach(1, 1, V4))
    yield "ipv4 multicast", one(mp_reach(1, 2, address("192.0.2.5"), V4), mp_unreach(1, 2, prefix("10.0.0.0/8")))
    yield "ipv6 multicast", one(mp_reach(2, 2, HOP6, V6), mp_unreach(2, 2, prefix("2001:db8:9::/48")))
    yield "ipv4 both casts", one(mp_reach(1, 3, address("192.0.2.5"), V4), mp_unreach(1, 3, prefix("10.0.0.0/8")))
    yield "ipv6 both casts", one(mp_reach(2, 3, HOP6, V6), mp_unreach(2, 3, prefix("2001:db8:9::/48")))
    yield "ipv4 over ipv6", one(mp_reach(1, 1, HOP6, V4))
    yield "vpn", one(mp_reach(1, 128, bytes(8) + address("192.0.2.5"), b"\x70\0\0\1" + bytes(8) + b"\xcb\0\x71"))
    yield "labelled", one(mp_reach(1, 4, address("192.0.2.5"), b"\x30\0\0\1\xcb\0\x71"))
    yield "evpn", one(mp_reach(25, 70, address("192.0.2.5"), b"\3\x11" + bytes(17)))
    yield "flowspec withdrawn", one(mp_unreach(1, 133, b"\5\1\x18\xcb\0\x71"))
    yield "ipv6 of ipv6 peer", one(mp_reach(2, 1, HOP6 + LINK, V6), peer="2001:db8::7", local="2001:db8::fe")
    yield "ipv6 multicast add-path", one(mp_reach(2, 2, HOP6, V6P), mp_unreach(2, 2, prefix("2001:db8:9::/48", 1)),
                                         add_path=True)
    yield "ipv4 multicast add-path", one(mp_reach(1, 2, address("192.0.2.5"), V4P), add_path=True)
    yield "reserved not zero", one(attribute(14, struct.pack(">HBB", 2, 1, 16) + HOP6 + b"\1\2ab" + V6, 0x80))


def tables():
    """(name, bytes): TABLE_DUMP_V2."""
    head = peer_index_table(*PEERS)
    yield "table ipv4", head + rib(2, "203.0.113.0/24", (0, BASIC), (1, FULL), (2, BASIC)) + rib(2, "0.0.0.0/0", (0, BASIC))
    yield "table ipv6", head + rib(4, "2001:db8:1::/48", (0, TABLE6), (1, TABLE6)) + rib(4, "::/0", (0, TABLE6))
    yield "table ipv6 whole MP_REACH", head + rib(4, "2001:db8:1::/48", (0, origin() + as_path((SEQUENCE, [7])) +
                                                                        mp_reach(2, 1, HOP6, V6)))
    yield "table ipv6 whole MP_REACH, no routes", head + rib(4, "2001:db8:1::/48", (0, origin() + mp_reach(2, 1, HOP6, b"")))
    yield "table ipv6 link-local", head + rib(4, "2001:db8:1::/48", (0, origin() + mp_reach_short(HOP6 + LINK)))
    yield "table ipv6 no next hop", head + rib(4, "2001:db8:1::/48", (0, origin() + as_path((SEQUENCE, [7]))))
    yield "table ipv6 NEXT_HOP", head + rib(4, "2001:db8:1::/48", (0, BASIC))
    yield "table ipv4 over ipv6", head + rib(2, "203.0.113.0/24", (0, origin() + mp_reach_short(HOP6)))
    yield "table ipv4 whole MP_REACH", head + rib(2, "203.0.113.0/24", (0, origin() + mp_reach(1, 1, address("192.0.2.5"), b"")))
    yield "table ipv4 multicast", head + rib(3, "203.0.113.0/24", (0, BASIC))
    yield "table ipv6 multicast", head + rib(5, "2001:db8:1::/48", (0, TABLE6))
    for subtype, text, routes in ((8, "203.0.113.0/24", BASIC), (9, "203.0.113.0/24", BASIC),
                                  (10, "2001:db8:1::/48", TABLE6), (11, "2001:db8:1::/48", TABLE6)):
        yield f"table add-path {subtype}", head + rib(subtype, text, (0, routes, 1), (1, routes, 4_000_000_000))
    yield "table generic", head + rib_generic(1, 1, prefix("203.0.113.0/24"), (0, BASIC))
    yield "table generic ipv6", head + rib_generic(2, 1, prefix("2001:db8:1::/48"), (0, TABLE6))
    yield "table generic vpn", head + rib_generic(1, 128, b"\x70\0\0\1" + bytes(8) + b"\xcb\0\x71", (0, BASIC))
    yield "table generic add-path", head + rib_generic(1, 1, prefix("203.0.113.0/24", 8), (0, BASIC, 8), subtype=12)
    yield "table geo", head + geo_peer_table(*PEERS) + rib(2, "203.0.113.0/24", (0, BASIC))
    yield "table two peer tables", (head + rib(2, "203.0.113.0/24", (1, BASIC)) +
                                    peer_index_table(PEERS[1], PEERS[0], view="") +
                                    rib(2, "203.0.113.0/24", (1, BASIC)))
    yield "table no entries", head + rib(2, "203.0.113.0/24") + rib(2, "198.51.100.0/24", (0, BASIC))
    yield "table confederation", head + rib(2, "203.0.113.0/24", (0, origin() + next_hop() + as_path(
        (CONFED_SEQUENCE, [65001]), (SEQUENCE, [1]), (SET, [2, 3]))))
    yield "table host bits", head + record(TABLE_DUMP_V2, 2, struct.pack(">I", 1) + b"\x17\xcb\0\x71" +
                                           table_entries((0, BASIC)))


def old_tables():
    two = FULL.replace(BASIC, BASIC2).replace(aggregator(64499, "198.51.100.9"), aggregator(64499, "198.51.100.9", False))
    six = origin() + as_path((SEQUENCE, [64500, 7]), four=False)
    yield "old table ipv4", table_dump("203.0.113.0/24", "192.0.2.7", 64500, BASIC2)
    yield "old table every attribute", table_dump("203.0.113.0/24", "192.0.2.7", 64500, two)
    yield "old table AS4_PATH", table_dump("203.0.113.0/24", "192.0.2.7", 64500,
                                           BASIC2 + as_path((SEQUENCE, [400000, 3]), code=17))
    yield "old table ipv6 short", table_dump("2001:db8:1::/48", "2001:db8::7", 64500, six + mp_reach_short(HOP6))
    yield "old table ipv6 whole", table_dump("2001:db8:1::/48", "2001:db8::7", 64500,
                                             six + mp_reach(2, 1, HOP6, prefix("2001:db8:1::/48")))
    yield "old table ipv6 link-local", table_dump("2001:db8:1::/48", "2001:db8::7", 64500,
                                                  six + mp_reach(2, 1, HOP6 + LINK, prefix("2001:db8:1::/48")))
    yield "old table ipv6 NEXT_HOP", table_dump("2001:db8:1::/48", "2001:db8::7", 64500, six + next_hop())
    yield "old table ipv4 as4", table_dump("203.0.113.0/24", "192.0.2.7", 400000, BASIC, 3)
    yield "old table ipv6 as4", table_dump("2001:db8:1::/48", "2001:db8::7", 400000, TABLE6, 4)
    yield "old table family 9", table_dump("203.0.113.0/24", "192.0.2.7", 400000, BASIC, 9)


def old_messages():
    """(name, bytes): the type before BGP4MP."""
    head = struct.pack(">H", 64500) + address("192.0.2.7") + struct.pack(">H", 64496) + address("192.0.2.254")
    body = update(prefix("10.0.0.0/8"), BASIC2, V4)[19:]
    yield "old update", record(OLD_BGP, 1, head + body)
    full = BASIC2 + number(4, 10) + number(5, 200, 0x40) + attribute(6, b"") + aggregator(64499, "198.51.100.9", False)
    yield "old update communities", record(OLD_BGP, 1, head + update(b"", full + communities(1, 0xFFFFFF01), V4)[19:])
    yield "old update ipv6", record(OLD_BGP, 1, head + update(b"", BASIC2 + mp_reach(2, 1, HOP6, V6))[19:])
    yield "old state", record(OLD_BGP, 3, struct.pack(">H", 64500) + address("192.0.2.7") + struct.pack(">HH", 6, 1))
    yield "old open", record(OLD_BGP, 5, head)
    yield "old keepalive", record(OLD_BGP, 7, head)
    yield "old notify", record(OLD_BGP, 6, head + b"\6\2")
    for kind in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 32, 33, 48, 49, 64, 65, 77):
        yield f"type {kind}", record(kind, 1, b"text") + bgp4mp(update(b"", BASIC, V4))
    for subtype in (2, 3, 12, 13):
        yield f"subtype {subtype}", record(BGP4MP, subtype, session() + b"text") + bgp4mp(update(b"", BASIC, V4))


def samples():
    """(name, bytes) of one or a few records each."""
    for group in (messages, states, attributes, old_as_numbers, families, tables, old_tables, old_messages):
        yield from group()
