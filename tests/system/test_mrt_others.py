"""MRT between programs: what BIRD, FRR and GoBGP write is read by peeringctl, and what peeringd archives of a BGP
session is read by bgpdump, GoBGP and tshark."""
import json
import re
import struct
import subprocess

import bgp_checks
import bgp_peers
import harness
from bgp_checks import ORIGIN
from bgp_peers import PEER_ASN, UPSTREAM_ASN
from harness import free_port, loopback_network, need_program, wait_for

FOUR, SIX = "203.0.113.0/24", "2001:db8:1::/48"
DECORATED = {"4": "198.51.100.0/24", "6": "2001:db8:2::/48"}
# Every attribute that bgpdump shows.
DECORATION = f"""bgp_path.prepend({ORIGIN}); bgp_path.prepend(64498); bgp_med = 50; bgp_origin = ORIGIN_EGP;
bgp_community.add((64499,1)); bgp_community.add((64499,2)); bgp_large_community.add((64499,4200000000,3));
bgp_ext_community.add((rt,64499,4));"""


def decorated_routes():
    return "".join(f"protocol static decorated{f} {{ ipv{f}; route {prefix} unreachable {{ {DECORATION} }}; }}\n"
                   for f, prefix in DECORATED.items())


class Readers:
    """What programs say of MRT files."""

    def lines(self, *command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=60 * harness.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def our_lines(self, path):
        return self.lines(harness.PEERINGCTL, "mrt", "dump", "-m", path)

    def lines_that_agree(self, path):
        ours = self.our_lines(path)
        self.assertEqual(self.lines(need_program(self, "bgpdump"), "-m", path), ours)
        return ours


class MrtWriters(Readers, harness.SystemTest):
    """A daemon hears routes of an upstream and writes what it hears, or its table."""

    def hearing(self, peer_class, **options):
        """The daemon, started behind an upstream. Its collector is nobody; BIRD has the upstream in that place."""
        network = loopback_network()
        ends = [(address, free_port(address)) for address in (f"{network}.1", f"{network}.2", f"{network}.3")]
        if peer_class is bgp_peers.Listener:
            peer = peer_class(self, *ends[1], ends[2], **options)
        else:
            peer = peer_class(self, *ends[1], ends[0], upstream=ends[2], **options)
        self.upstream = bgp_peers.Upstream(self, *ends[2], ends[1], more=decorated_routes())
        self.upstream.announce({FOUR: [ORIGIN], SIX: [ORIGIN]})
        self.upstream.start()
        peer.start()
        self.writer = peer
        return peer

    def becomes(self, path, routes, timeout_s=20):
        """Waits until the lines of the file that we read show each of (kind, prefix, text behind it)."""
        def there():
            if not path.exists() or path.stat().st_size == 0:
                return False
            done = subprocess.run([harness.PEERINGCTL, "mrt", "dump", "-m", path], capture_output=True, text=True)
            return all(re.search(self.pattern(*route), done.stdout, re.M) for route in routes)
        wait_for(there, f"{routes} in {path.name}", timeout_s=timeout_s, interval_s=0.2)

    def pattern(self, kind, prefix, rest):
        """A line of `-m`; with add-path a number stands behind the prefix."""
        behind = re.escape(f"|{kind}|{self.upstream.address}|{UPSTREAM_ASN}|{prefix}")
        return rf"{behind}(\|\d+)?{re.escape(rest)}"

    @staticmethod
    def routes(kind, families="46"):
        return [route for family, plain in zip("46", (FOUR, SIX)) if family in families for route in (
            (kind, plain, f"|{UPSTREAM_ASN} {ORIGIN}|IGP|"),
            (kind, DECORATED[family], f"|{UPSTREAM_ASN} 64498 {ORIGIN}|EGP|"))]

    def check_updates(self, path, timeout_s=20):
        self.becomes(path, self.routes("A"), timeout_s)
        self.upstream.withdraw(FOUR, SIX)
        self.becomes(path, [("W", prefix, "") for prefix in (FOUR, SIX)], timeout_s)
        # Two programs read the file one after the other: what still writes would give the second one more.
        self.writer.process.stop()
        lines = self.lines_that_agree(path)
        (decorated,) = [line for line in lines if DECORATED["4"] in line]
        self.assertIn("|64499:1 64499:2", decorated)
        self.check_analysis(path)

    def check_analysis(self, path):
        """Somebody else's origin in what the daemon wrote is an incident."""
        watch = self.dir / "watch.json"
        watch.write_text(json.dumps({"prefixes": [{"prefix": FOUR, "asn": [64511]}]}))
        events = [json.loads(line) for line in self.lines(harness.PEERINGCTL, "analyze", "-o", "json", "--watch", watch,
                                                          path)]
        self.assertTrue(events, "the watched prefix has another origin")

    def check_table(self, path, families="46", timeout_s=20):
        routes = self.routes("B", families)
        self.becomes(path, routes, timeout_s)
        self.assertEqual(len(self.lines_that_agree(path)), len(routes))

    def heard(self, *tables):
        """All routes are in the daemon's tables, as its own commands show them."""
        prefixes = (FOUR, SIX, *DECORATED.values())
        wait_for(lambda: all(prefix in "".join(table() for table in tables) for prefix in prefixes), "the routes",
                 timeout_s=30, interval_s=0.1)

    def test_updates_of_frr(self):
        path = self.dir / "frr.mrt"
        self.hearing(bgp_peers.Frr, more=f"dump bgp all {path}")
        self.check_updates(path)

    def test_updates_of_frr_with_microseconds(self):
        path = self.dir / "frr.mrt"
        self.hearing(bgp_peers.Frr, more=f"dump bgp updates-et {path}")
        self.check_updates(path)

    def test_table_of_frr(self):
        path = self.dir / "frr.mrt"
        frr = self.hearing(bgp_peers.Frr)
        self.heard(lambda: frr.control("show bgp ipv4 unicast"), lambda: frr.control("show bgp ipv6 unicast"))
        frr.control("configure terminal", f"dump bgp routes-mrt {path}")
        self.check_table(path)

    def test_updates_and_table_of_gobgp(self):
        """GoBGP writes its table once a minute, and takes digits of a file's name for parts of the time."""
        updates, table = self.dir / "updates.mrt", self.dir / "table.mrt"
        self.hearing(bgp_peers.GoBgp, more="".join(f"""
[[mrt-dump]]
  [mrt-dump.config]
    dump-type = "{path.stem}"
    file-name = "{path.name}"
""" for path in (updates, table)))
        self.check_table(table, timeout_s=100)
        self.check_updates(updates)

    def bird(self):
        """BIRD hears another BIRD."""
        path = self.dir / "bird.mrt"
        return path, self.hearing(bgp_peers.Listener, more=f'mrtdump "{path}"; mrtdump protocols all;')

    def test_updates_of_bird(self):
        path, _ = self.bird()
        self.check_updates(path)

    def test_tables_of_bird(self):
        _, bird = self.bird()
        self.heard(lambda: bird.control("show", "route"))
        for family in "46":
            path = self.dir / f"table{family}.mrt"
            bird.control("mrt", "dump", "table", f"master{family}", "to", f'"{path}"')
            self.check_table(path, family)


def records(data):
    """(type, subtype, body) of each MRT record."""
    while data:
        _, kind, subtype, length = struct.unpack_from(">IHHI", data)
        yield kind, subtype, data[12:12 + length]
        data = data[12 + length:]


def exported_pdus(messages):
    """A capture file whose packets say which dissector they are for (LINKTYPE_WIRESHARK_UPPER_PDU)."""
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 1 << 18, 252)
    for message in messages:
        packet = struct.pack(">HH4sI", 12, 4, b"bgp\0", 0) + message
        out += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    return out


class MrtReaders(Readers, bgp_checks.Collecting, harness.SystemTest):
    """What the server archives of a BGP session with BIRD."""

    peer_class = bgp_peers.Bird
    before_message = 4 + 4 + 4 + 2 + 2 + 4 + 4  # microseconds, AS numbers, interface, family, addresses

    def archived(self, neighbor="", more="", **options):
        """The one file, after routes came and went and the session ended."""
        folder = self.dir / "archive"
        peer = self.collector(neighbor, f'[archive]\ndir = "{folder}"\nevery = "1d"\ncompress = false',
                              more=decorated_routes() + more, **options)
        peer.announce({FOUR: [ORIGIN], SIX: [ORIGIN]})
        peer.start()
        self.routes_become("four", 1)
        self.routes_become("six", 1)
        peer.withdraw(FOUR, SIX)
        self.routes_become("four", 0)
        self.routes_become("six", 0)
        self.server.stop()
        (path,) = folder.iterdir()
        return path

    def check_lines(self, path, add_path=False):
        number = r"\|\d+" if add_path else ""
        lines = self.lines_that_agree(path)
        behind = rf"\|{re.escape(self.peer_address)}\|{PEER_ASN}\|"
        expected = [rf"STATE{behind}5\|6", *(rf"A{behind}{prefix}{number}\|{PEER_ASN} {ORIGIN}\|IGP\|"
                                             for prefix in (FOUR, SIX)),
                    *(rf"A{behind}{prefix}{number}\|{PEER_ASN} 64498 {ORIGIN}\|EGP\|.*\|64499:1 64499:2\|"
                      for prefix in DECORATED.values()),
                    *(rf"W{behind}{prefix}" for prefix in (FOUR, SIX)), rf"STATE{behind}6\|1"]
        self.assertEqual(len(lines), len(expected), lines)
        for pattern in expected:
            self.assertTrue(any(re.search(pattern, line) for line in lines), f"{pattern} in {lines}")

    def test_bgpdump_reads_what_we_do(self):
        self.check_lines(self.archived())

    def test_bgpdump_reads_path_identifiers(self):
        path = self.archived("add_path = true", channel="add paths tx;")
        self.check_lines(path, add_path=True)

    def test_messages_longer_than_4096_bytes(self):
        adds = " ".join(f"bgp_community.add((64499,{number}));" for number in range(2000))
        path = self.archived(protocol="enable extended messages yes;", more=f"""protocol static long_list {{
  ipv4; route 192.0.2.0/25 unreachable {{ bgp_path.prepend({ORIGIN}); {adds} }};
}}""")
        # bgpdump cuts long columns off, and so does `-m`.
        self.assertTrue(any("|192.0.2.0/25|" in line for line in self.lines_that_agree(path)))
        values = [line for line in self.lines(harness.PEERINGCTL, "-o", "json", "mrt", "dump", path)
                  if "192.0.2.0/25" in line]
        for number in range(2000):
            self.assertIn(f'"64499:{number}"', values[0])

    def test_gobgp_reads_every_record_once_its_microseconds_are_gone(self):
        """GoBGP 3.10 knows BGP4MP, not BGP4MP_ET."""
        whole, plain = self.archived(), self.dir / "plain.mrt"
        daemon = bgp_peers.GoBgp(self, self.peer_address, free_port(self.peer_address), self.server.address("bgp"))
        daemon.start()
        self.assertIn("unsupported type: 17", daemon.control("mrt", "inject", "global", whole))
        plain.write_bytes(b"".join(struct.pack(">IHHI", 0, 16, subtype, len(body) - 4) + body[4:]
                                   for _, subtype, body in records(whole.read_bytes())))
        said = [line for line in daemon.control("-d", "mrt", "inject", "global", plain).splitlines() if line.strip()]
        # Each record as GoBGP understands it: two changes of state and eight messages.
        session = f"PeerAS [{PEER_ASN}] LocalAS [64500] InterfaceIndex [0] PeerIP [{self.peer_address}]"
        self.assertEqual(len(said), 10, said)
        self.assertEqual(len([line for line in said if "BGP4MP_MSG_AS4" in line and session in line]), 8, said)
        self.assertNotIn("failed", " ".join(said))

    def test_tshark_reads_every_message(self):
        path = self.archived()
        messages = [body[self.before_message:] for _, subtype, body in records(path.read_bytes()) if subtype == 4]
        capture = self.dir / "messages.pcap"
        capture.write_bytes(exported_pdus(messages))
        fields = ("_ws.malformed", "bgp.type", "bgp.update.path_attribute.community_value", "bgp.nlri_prefix",
                  "bgp.withdrawn_prefix", "bgp.mp_reach_nlri_ipv6_prefix", "bgp.mp_unreach_nlri_ipv6_prefix")
        wanted = [word for field in fields for word in ("-e", field)]
        rows = self.lines(need_program(self, "tshark"), "-r", capture, "-T", "fields", *wanted)
        update, end_of_ribs = "\t2\t", ["\t2"] * 2
        self.assertEqual(sorted(row.rstrip("\t") for row in rows), sorted([
            *end_of_ribs, f"{update}\t203.0.113.0", f"{update}1,2\t198.51.100.0", f"{update}\t\t203.0.113.0",
            f"{update}\t\t\t2001:db8:1::", f"{update}1,2\t\t\t2001:db8:2::", f"{update}\t\t\t\t2001:db8:1::"]))


if __name__ == "__main__":
    harness.main()
