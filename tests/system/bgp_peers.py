"""Real BGP daemons from Debian's packages as neighbours of the collector, on loopback addresses and high ports.

Each class: `start`, `announce`/`withdraw` of whole sets of routes, `say_goodbye` with words (RFC 9003), `pid`.
They announce {prefix: AS path behind the neighbour}; none touches the kernel's routing table.
"""
import json
import os
import pathlib
import subprocess

from harness import free_port, need_program, wait_for

COLLECTOR_ASN = 64500
PEER_ASN = 64496
UPSTREAM_ASN = 64497


class Peer:
    """What all of them share. `collector` is (address, port); `listens`: the collector connects to us. An option of
    all: `next_hops`, of IPv4 and of IPv6 routes; `multihop` (default: true), whether packets come from up to four hops
    away, which excludes TTL security."""

    def __init__(self, test, address, port, collector, listens=False, **options):
        self.test, self.address, self.port, self.collector = test, address, port, collector
        self.listens, self.options = listens, options
        self.dir = test.dir / self.name
        self.dir.mkdir()
        self.routes = {}
        self.prepare()

    @property
    def pid(self):
        return self.process.process.pid

    def signal(self, number):
        """To every process of the daemon."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (self.pid, *map(int, children)):
            os.kill(pid, number)

    def announce(self, routes):
        self.routes.update(routes)
        self.apply()

    def withdraw(self, *prefixes):
        for prefix in prefixes:
            del self.routes[prefix]
        self.apply()

    def next_hops(self):
        """Of IPv4 routes, of IPv6 routes."""
        return self.options.get("next_hops", ("192.0.2.2", "2001:db8::2"))

    def next_hop(self, prefix):
        return self.next_hops()[":" in prefix]

    def multihop(self):
        return self.options.get("multihop", True)

    def run(self, *command, expect=None):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30)
        if expect is not None:
            self.test.assertIn(expect, done.stdout + done.stderr)
        return done.stdout


class Bird(Peer):
    """Options: `channel`, `protocol` and `more`, lines for the configuration; `families`, what it speaks."""

    name = "bird"
    asns = (PEER_ASN, COLLECTOR_ASN)
    imports = "import none;"

    def prepare(self):
        self.bird = need_program(self.test, "bird", "/usr/sbin/bird")
        self.birdc = need_program(self.test, "birdc", "/usr/sbin/birdc")
        self.second = {}
        self._write()

    def announce_second(self, routes):
        """Other paths of prefixes that may have one already."""
        self.second.update(routes)
        self.apply()

    def withdraw_second(self, *prefixes):
        for prefix in prefixes:
            del self.second[prefix]
        self.apply()

    @staticmethod
    def _statics(name, routes):
        tables = {"4": [], "6": []}
        for prefix, path in routes.items():
            prepends = " ".join(f"bgp_path.prepend({asn});" for asn in reversed(path))
            tables["6" if ":" in prefix else "4"].append(f"route {prefix} unreachable {{ {prepends} }};")
        return "".join(f"protocol static {name}{f} {{ ipv{f}; {' '.join(lines)} }}\n" for f, lines in tables.items())

    def _write(self):
        host, port = self.collector
        channel = self.options.get("channel", "")
        hops = self.next_hops()
        families = "".join(f"""
  ipv{f} {{ {self.imports} {channel} export filter {{ bgp_next_hop = {hop}; accept; }}; }};"""
                           for f, hop in zip("46", hops) if f in self.options.get("families", "46"))
        statics = self._statics("static", self.routes) + self._statics("second", self.second)
        (self.dir / "bird.conf").write_text(f"""
router id {self.options.get("identifier", "10.0.0.2")};
log "{self.dir}/messages.log" all;
protocol device {{}}
{self.options.get("more", "")}
{statics}
protocol bgp collector {{
  strict bind yes;
  local {self.address} port {self.port} as {self.asns[0]};
  neighbor {host} port {port} as {self.asns[1]};
  multihop 4;
  {"passive yes;" if self.listens else ""}
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  {self.options.get("protocol", "")}
  {families}
}}
""")

    def start(self):
        self.process = self.test.background(
            [self.bird, "-f", "-c", self.dir / "bird.conf", "-s", self.dir / "bird.ctl", "-P", self.dir / "bird.pid"],
            self.name)
        wait_for(lambda: (self.dir / "bird.ctl").exists(), "BIRD's control socket")

    def control(self, *words, expect=None):
        return self.run(self.birdc, "-s", self.dir / "bird.ctl", *words, expect=expect)

    def apply(self):
        self._write()
        if hasattr(self, "process"):
            self.control("configure", expect="Reconfigur")

    def established(self):
        return "Established" in self.control("show", "protocols", "collector")

    def say_goodbye(self, words):
        self.control("disable", "collector", f'"{words}"', expect="disabled")

    def details(self):
        return self.control("show", "protocols", "all", "collector")


class Upstream(Bird):
    """BIRD behind another daemon, which it gives several paths for a prefix (RFC 7911)."""

    name = "upstream"
    asns = (UPSTREAM_ASN, PEER_ASN)

    def __init__(self, test, address, port, peer, **options):
        super().__init__(test, address, port, peer, channel="add paths tx;", identifier="10.0.0.9", **options)


class Listener(Bird):
    """BIRD that only hears what an `Upstream` says."""

    name = "listener"
    asns = (PEER_ASN, UPSTREAM_ASN)
    imports = "import all;"


class GoBgp(Peer):
    """Options: `neighbor` and `family`, lines for its tables in the configuration; `more`, tables of their own;
    `upstream`, the (address, port) of another neighbour."""

    name = "gobgp"

    def prepare(self):
        self.gobgpd = need_program(self.test, "gobgpd")
        self.gobgp = need_program(self.test, "gobgp")
        host, port = self.collector
        self.api_port = free_port()
        families = "".join(f"""
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "{family}-unicast"
    {self.options.get("family", "")}""" for family in ("ipv4", "ipv6"))
        neighbors = self._neighbor(host, port, COLLECTOR_ASN, families)
        if "upstream" in self.options:
            neighbors += self._neighbor(*self.options["upstream"], UPSTREAM_ASN, families)
        (self.dir / "gobgpd.toml").write_text(f"""
[global.config]
  as = {PEER_ASN}
  router-id = "10.0.0.3"
  port = {self.port}
  local-address-list = ["{self.address}"]
{self.options.get("more", "")}
{neighbors}
""")
        self.known = {}

    def _neighbor(self, host, port, asn, families):
        return f"""
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{host}"
    peer-as = {asn}
    {self.options.get("neighbor", "")}
  [neighbors.transport.config]
    local-address = "{self.address}"
    remote-port = {port}
    passive-mode = {"true" if self.listens else "false"}
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 9
    keepalive-interval = 3
    idle-hold-time-after-reset = 1
  [neighbors.ebgp-multihop.config]
    enabled = {"true" if self.multihop() else "false"}
    multihop-ttl = 4
  {families}
"""

    def start(self):
        self.process = self.test.background(
            [self.gobgpd, "-f", self.dir / "gobgpd.toml", "--api-hosts", f"127.0.0.1:{self.api_port}"], self.name,
            cwd=self.test.dir)
        wait_for(lambda: "Peer" in self.control("neighbor"), "GoBGP's control port", timeout_s=20, interval_s=0.1)
        self.apply()

    def control(self, *words):
        return self.run(self.gobgp, "-p", self.api_port, *words)

    def apply(self):
        if not hasattr(self, "process"):
            return
        for prefix in self.known.keys() - self.routes.keys():
            self.control("global", "rib", "del", prefix, "-a", self._family(prefix))
        for prefix, path in self.routes.items():
            if self.known.get(prefix) != path:
                self.control("global", "rib", "add", prefix, "aspath", " ".join(map(str, path)), "nexthop",
                             self.next_hop(prefix), "-a", self._family(prefix))
        self.known = dict(self.routes)

    @staticmethod
    def _family(prefix):
        return "ipv6" if ":" in prefix else "ipv4"

    def established(self):
        done = self.control("neighbor", self.collector[0])
        return "BGP state = ESTABLISHED" in done

    def say_goodbye(self, words):
        self.control("neighbor", self.collector[0], "shutdown", "--reason", words)

    def details(self):
        return self.control("neighbor", self.collector[0])


class Frr(Peer):
    """FRR's bgpd without zebra. Options: `neighbor`, what is said of the neighbour; `family` inside the families;
    `upstream`, the (address, port) of another neighbour; `more`, lines outside of `router bgp`."""

    name = "frr"

    def prepare(self):
        self.bgpd = need_program(self.test, "/usr/lib/frr/bgpd")
        self.vtysh = need_program(self.test, "vtysh", "/usr/bin/vtysh")
        host, port = self.collector
        lines = "\n".join(f" neighbor {host} {line}" for line in self.options.get("neighbor", ()))
        inside = "\n".join(f"  neighbor {host} {line}" for line in ("activate", "route-map out out",
                                                                    *self.options.get("family", ())))
        four, six = self.next_hops()
        next_hops = "" if ":" in four else f" set ip next-hop {four}\n"
        next_hops += f" set ipv6 next-hop global {six}"
        upstream = ""
        if "upstream" in self.options:
            theirs, their_port = self.options["upstream"]
            upstream = "\n".join(f" neighbor {theirs} {line}" for line in (
                f"remote-as {UPSTREAM_ASN}", f"port {their_port}", "ebgp-multihop 4", f"update-source {self.address}",
                "timers 3 9", "timers connect 1", "disable-connected-check"))
            inside += f"\n  neighbor {theirs} activate"
        (self.dir / "bgpd.conf").write_text(f"""
hostname frr
router bgp {PEER_ASN}
 bgp router-id 10.0.0.4
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor {host} remote-as {COLLECTOR_ASN}
 neighbor {host} port {port}
 neighbor {host} {"ebgp-multihop 4" if self.multihop() else "disable-connected-check"}
 neighbor {host} update-source {self.address}
 neighbor {host} timers 3 9
 neighbor {host} timers connect 1
 {f"neighbor {host} passive" if self.listens else ""}
{lines}
{upstream}
 address-family ipv4 unicast
{inside}
 exit-address-family
 address-family ipv6 unicast
{inside}
 exit-address-family
route-map out permit 10
{next_hops}
exit
{self.options.get("more", "")}
""")
        self.known = set()

    def start(self):
        self.process = self.test.background(
            [self.bgpd, "-S", "-Z", "-n", "-f", self.dir / "bgpd.conf", "-i", self.dir / "bgpd.pid", "--vty_socket",
             self.dir, "-P", "0", "--log", f"file:{self.dir}/messages.log", "-l", self.address, "-p", self.port],
            self.name)
        wait_for(lambda: (self.dir / "bgpd.vty").exists(), "FRR's control socket")
        self.apply()

    def control(self, *commands):
        words = [word for command in commands for word in ("-c", command)]
        return self.run(self.vtysh, "--vty_socket", self.dir, "-d", "bgpd", *words)

    def configure(self, *commands):
        return self.control("configure terminal", f"router bgp {PEER_ASN}", *commands)

    def apply(self):
        """The paths are FRR's own: it originates what it announces."""
        if not hasattr(self, "process"):
            return
        wanted = set(self.routes)
        commands = []
        for prefix in sorted(wanted ^ self.known):
            family = "ipv6" if ":" in prefix else "ipv4"
            word = "" if prefix in wanted else "no "
            commands += [f"address-family {family} unicast", f"{word}network {prefix}", "exit-address-family"]
        if commands:
            self.configure(*commands)
        self.known = wanted

    def neighbor(self):
        text = self.control(f"show bgp neighbors {self.collector[0]} json")
        return json.loads(text)[self.collector[0]]

    def established(self):
        return self.neighbor().get("bgpState") == "Established"

    def say_goodbye(self, words):
        self.configure(f"neighbor {self.collector[0]} shutdown message {words}")

    def details(self):
        return self.control(f"show bgp neighbors {self.collector[0]}")


class OpenBgpd(Peer):
    """OpenBGPD, portable. Options: `neighbor`, lines in its braces; `upstream`, the (address, port) of another."""

    name = "openbgpd"

    def prepare(self):
        self.bgpd = need_program(self.test, "/usr/sbin/bgpd")
        self.bgpctl = need_program(self.test, "bgpctl", "/usr/sbin/bgpctl")
        self._write()

    def _write(self):
        host, port = self.collector
        networks = "\n".join(f"network {prefix}" for prefix in self.routes)
        upstream = ""
        if "upstream" in self.options:
            theirs, their_port = self.options["upstream"]
            upstream = f"""neighbor {theirs} {{
  remote-as {UPSTREAM_ASN}
  port {their_port}
  local-address {self.address}
  multihop 4
  announce add-path recv yes
}}"""
        path = self.dir / "bgpd.conf"
        path.write_text(f"""
AS {PEER_ASN}
router-id 10.0.0.5
listen on {self.address} port {self.port}
socket "{self.dir}/bgpd.sock"
fib-update no
{networks}
neighbor {host} {{
  remote-as {COLLECTOR_ASN}
  port {port}
  local-address {self.address}
  {"multihop 4" if self.multihop() else ""}
  holdtime 9
  {"passive" if self.listens else ""}
  announce IPv4 unicast
  announce IPv6 unicast
  {self.options.get("neighbor", "")}
}}
{upstream}
allow from any
allow to any
match to any set nexthop 192.0.2.2
""")
        path.chmod(0o600)

    def start(self):
        if self.run("id", "-u").strip() != "0":
            self.test.skipTest("OpenBGPD starts as root only")
        pathlib.Path("/run/openbgpd").mkdir(mode=0o755, exist_ok=True)  # where it locks itself in; its service makes it
        self.process = self.test.background([self.bgpd, "-d", "-f", self.dir / "bgpd.conf"], self.name)
        wait_for(lambda: (self.dir / "bgpd.sock").exists(), "OpenBGPD's control socket")

    def control(self, *words):
        return self.run(self.bgpctl, "-s", self.dir / "bgpd.sock", *words)

    def apply(self):
        self._write()
        if hasattr(self, "process"):
            self.control("reload")

    def established(self):
        return "Established" in self.control("show", "neighbor", self.collector[0])

    def say_goodbye(self, words):
        self.control("neighbor", self.collector[0], "down", words)

    def details(self):
        return self.control("show", "neighbor", self.collector[0])


class ExaBgp(Peer):
    """ExaBGP, told what to say by lines in a pipe of its own: also attributes that nobody else would send."""

    name = "exabgp"
    asns = (PEER_ASN, COLLECTOR_ASN)

    def prepare(self):
        self.exabgp = need_program(self.test, "exabgp")
        self.said = self.dir / "said"
        self.said.touch()
        speaker = self.dir / "speaker.sh"
        speaker.write_text(f"#!/bin/sh\nexec tail -n +1 -f '{self.said}'\n")
        speaker.chmod(0o700)
        host, port = self.collector
        (self.dir / "exabgp.conf").write_text(f"""
process speaker {{
  run {speaker};
  encoder text;
}}
neighbor {host} {{
  router-id 10.0.0.6;
  local-address {self.address};
  local-as {self.asns[0]};
  peer-as {self.asns[1]};
  hold-time 9;
  {self.options.get("neighbor", "")}
  capability {{
    asn4 enable;
    route-refresh enable;
    {self.options.get("capability", "")}
  }}
  family {{
    ipv4 unicast;
    ipv6 unicast;
  }}
  {self.options.get("more", "")}
  api {{
    processes [ speaker ];
  }}
}}
""")
        self.known = {}

    def start(self):
        settings = {"exabgp.tcp.port": self.collector[1], "exabgp.log.level": "INFO", "exabgp.log.destination": "stdout",
                    "exabgp.api.ack": "false", "exabgp.daemon.user": "root", "exabgp.daemon.drop": "false",
                    "exabgp.api.cli": "false"}
        self.process = self.test.background(
            ["env", *(f"{key}={value}" for key, value in settings.items()), self.exabgp, self.dir / "exabgp.conf"],
            self.name)

    def established(self):
        """ExaBGP has no command for it: the kernel says whether its connection stands."""
        port = f":{self.collector[1]:04X}"
        table = "/proc/net/tcp6" if ":" in self.collector[0] else "/proc/net/tcp"
        rows = [row.split() for row in pathlib.Path(table).read_text().splitlines()[1:]]
        return any(row[2].endswith(port) and row[3] == "01" for row in rows)

    def say(self, line):
        with open(self.said, "a") as file:
            file.write(line + "\n")

    def apply(self):
        for prefix in self.known.keys() - self.routes.keys():
            self.say(f"withdraw route {prefix} next-hop {self.next_hop(prefix)}")
        for prefix, path in self.routes.items():
            if self.known.get(prefix) != path:
                full = " ".join(map(str, [self.asns[0], *path]))
                self.say(f"announce route {prefix} next-hop {self.next_hop(prefix)} as-path [ {full} ]")
        self.known = dict(self.routes)
