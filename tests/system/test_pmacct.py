"""What `peeringctl bmp dump` reads in recorded BMP sessions against what pmacct reads in them.

pmacct's decoder is another one's work. Compared is all that both tell: sessions, statistics, End-of-RIB, and of
IPv4 and IPv6 unicast every route with its attributes.
"""
import collections
import ipaddress
import json
import lzma
import subprocess

import harness
from harness import need_shared

VIEWS = {"Adj-Rib-In Pre-Policy": "IN_PRE", "Adj-Rib-In Post-Policy": "IN_POST", "Adj-Rib-Out Pre-Policy": "OUT_PRE",
         "Adj-Rib-Out Post-Policy": "OUT_POST", "Loc-Rib": "LOC_RIB"}
ORIGINS = {"IGP": "i", "EGP": "e", "INCOMPLETE": "u"}
NO_NEXT_HOP = {"255.255.255.255": "0.0.0.0"}  # as bgpdump writes it, as pmacct does


def address(text):
    found = ipaddress.ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def words(value):
    """pmacct writes lists as text or as JSON, by its version, and communities in order."""
    return tuple(value.split() if isinstance(value, str) else value or ())


def asn_of(view, asn):
    """Of a router's own table pmacct keeps what its Peer Up said, which FRR fills with zeros."""
    return None if view == "LOC_RIB" else asn


def theirs(lines):
    """(router's name, what it said), as pmacct tells it."""
    found, names = collections.Counter(), {}
    for line in lines:
        said = json.loads(line)
        kind, router = said.get("bmp_msg_type"), (said["bmp_router"], said.get("bmp_router_port"))
        if kind == "init":
            names[router] = said["bmp_init_info_sysname"]
        if kind not in ("peer_up", "peer_down", "stats", "route_monitor"):
            continue
        view = VIEWS[said["bmp_rib_type"]]
        peer = (names[router], view, address(said["peer_ip"]), asn_of(view, said["peer_asn"]))
        if kind == "peer_up":
            found[("UP", *peer, said["bgp_id"], address(said["local_ip"]), said["local_port"],
                   said["remote_port"])] += 1
        elif kind == "peer_down":
            found[("DOWN", *peer, said["reason_type"])] += 1
        elif kind == "stats":
            family = f":{said['afi']}/{said['safi']}" if said["afi"] else ""
            found[("STATS", *peer, f"{said['counter_type']}{family}={said['counter_value']}")] += 1
        elif said["log_type"] == "end-of-rib":
            found[("EOR", *peer, f"{said['afi']}/{said['safi']}")] += 1
        elif said["safi"] == 1:
            prefix = ipaddress.ip_network(said["ip_prefix"])
            if said["log_type"] == "withdraw":
                found[("W", *peer, prefix)] += 1
            else:
                found[("A", *peer, prefix, words(said["as_path"]), said["origin"], address(said["bgp_nexthop"]),
                       said["local_pref"] or 0, said["med"] or 0, tuple(sorted(words(said["comms"]))))] += 1
    return found


def ours(text):
    """The same of one session's lines (docs/cli.md). Of withdrawals of what was never announced pmacct is silent."""
    found, name, announced = collections.Counter(), None, set()
    for line in text.splitlines():
        view, time, *rest = line.split("|")
        if view == "BMP":
            name = rest[0] if time == "INIT" else name
            continue
        kind, peer_ip, asn, *rest = rest
        peer = (name, view, address(peer_ip), asn_of(view, int(asn)))
        if kind == "UP":
            found[(kind, *peer, rest[0], address(rest[1]), int(rest[2]), int(rest[3]))] += 1
        elif kind == "DOWN":
            found[(kind, *peer, int(rest[0]))] += 1
        elif kind == "STATS":
            found.update((kind, *peer, value) for value in rest[0].split())
        elif kind == "EOR":
            found[(kind, *peer, rest[0])] += 1
        elif kind == "W":
            if (peer, rest[0]) in announced:
                found[(kind, *peer, ipaddress.ip_network(rest[0]))] += 1
        elif kind == "A":
            prefix, path, origin, next_hop, local_pref, med, communities = rest[:7]
            announced.add((peer, prefix))
            found[(kind, *peer, ipaddress.ip_network(prefix), words(path), ORIGINS[origin],
                   address(NO_NEXT_HOP.get(next_hop, next_hop)), int(local_pref), int(med),
                   tuple(sorted(words(communities))))] += 1
    return found


class Pmacct(harness.SystemTest):
    def compare(self, case, *captures):
        folder = need_shared(self, "data", "bmp")
        [truth] = folder.glob(f"pmacct__{case}*output-bmp-00.json.xz")
        told = theirs(lzma.open(truth, "rt"))
        read = collections.Counter()
        for capture in captures:
            [path] = (folder / "raw").glob(f"pmacct__{case}*traffic-{capture:02}.0.bmp")
            done = subprocess.run([harness.PEERINGCTL, "bmp", "dump", path], capture_output=True, text=True,
                                  timeout=60 * harness.PATIENCE)
            read += ours(done.stdout)
        for kind in ("UP", "DOWN", "STATS", "EOR", "A", "W"):
            with self.subTest(case=case, kind=kind):
                mine = {key: count for key, count in read.items() if key[0] == kind}
                other = {key: count for key, count in told.items() if key[0] == kind}
                self.assertEqual(mine, other)
        return sum(told.values())

    def test_a_huawei_router_with_its_own_table(self):
        self.assertGreater(self.compare("200", 0), 20)

    def test_three_routers(self):
        self.assertGreater(self.compare("202", 0, 1, 2), 100)

    def test_a_cisco_router_whose_peers_go_down(self):
        self.assertGreater(self.compare("204", 0), 100)

    def test_frr_whose_peers_go_down(self):
        self.assertGreater(self.compare("205", 0), 400)

    def test_two_cisco_routers_with_segment_routing(self):
        self.assertGreater(self.compare("400", 0, 1), 150)

    def test_two_cisco_routers_with_mpls_over_ipv6(self):
        self.assertGreater(self.compare("401", 0, 1), 80)


if __name__ == "__main__":
    harness.main()
