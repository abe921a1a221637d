"""Real routing daemons from Debian's packages, started by hand on loopback addresses and free ports.

BIRD plays the partner that announces; FRR or GoBGP plays the edge router that hears it and reports by BMP.
None of them touches the kernel's routing table, and none runs as a service.
"""
import subprocess

from harness import need_program, wait_for

EDGE_ASN = 8075
PARTNER_ASN = 64496


class Partner:
    """BIRD with a list of static routes; every change is a `configure`. `said_more` is what a route has beside its path:
    statements of BIRD's filters by prefix."""

    def __init__(self, test, address, port, edge_address, edge_port, name="bird", asn=PARTNER_ASN):
        self.test, self.dir = test, test.dir / name
        self.dir.mkdir()
        self.bird = need_program(test, "bird", "/usr/sbin/bird")
        self.birdc = need_program(test, "birdc", "/usr/sbin/birdc")
        self.name = name
        self.routes, self.said_more = {}, {}
        self._write_routes()
        (self.dir / "bird.conf").write_text(f"""
router id {address};
log "{self.dir}/messages.log" all;
protocol device {{}}
protocol static partner4 {{
  ipv4;
include "{self.dir}/routes4.conf";
}}
protocol static partner6 {{
  ipv6;
include "{self.dir}/routes6.conf";
}}
protocol bgp edge {{
  strict bind yes;
  local {address} port {port} as {asn};
  neighbor {edge_address} port {edge_port} as {EDGE_ASN};
  multihop 4;
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 {{ import none; export filter {{ bgp_next_hop = 192.0.2.2; accept; }}; }};
  ipv6 {{ import none; export filter {{ bgp_next_hop = 2001:db8::2; accept; }}; }};
}}
""")

    def start(self):
        self.process = self.test.background(
            [self.bird, "-f", "-c", self.dir / "bird.conf", "-s", self.dir / "bird.ctl", "-P", self.dir / "bird.pid"],
            self.name)

    def stop(self):
        self.process.stop()

    def established(self):
        done = subprocess.run([self.birdc, "-s", self.dir / "bird.ctl", "show", "protocols", "edge"],
                              capture_output=True, text=True)
        return "Established" in done.stdout

    def wait_established(self):
        wait_for(self.established, "BGP session between partner and edge", timeout_s=30, interval_s=0.1)

    def _write_routes(self):
        for family, mark in (("4", "."), ("6", ":")):
            lines = []
            for prefix, path in self.routes.items():
                if mark in prefix:
                    prepends = " ".join(f"bgp_path.prepend({asn});" for asn in reversed(path))
                    more = self.said_more.get(prefix, "")
                    lines.append(f"route {prefix} unreachable {{ {prepends} {more} }};")
            (self.dir / f"routes{family}.conf").write_text("\n".join(lines) + "\n")

    def change(self, announce=None, withdraw=()):
        """Announces prefix -> AS path behind the partner (origin last), and withdraws."""
        for prefix in withdraw:
            del self.routes[prefix]
        self.routes.update(announce or {})
        self._write_routes()
        done = subprocess.run([self.birdc, "-s", self.dir / "bird.ctl", "configure"], capture_output=True, text=True)
        self.test.assertIn("Reconfigured", done.stdout, done.stdout + done.stderr)


class Frr:
    """FRR's bgpd with its BMP module, without zebra. Pre- and post-policy views, as operators configure it. `others` are
    neighbours that connect on their own: address -> AS number."""

    name = "edge-frr"

    def __init__(self, test, address, port, partner_address, partner_port, station, asn=PARTNER_ASN, others=None):
        self.test, self.dir = test, test.dir / "frr"
        self.dir.mkdir()
        self.bgpd = need_program(test, "/usr/lib/frr/bgpd")
        self.listen = ["-l", address, "-p", str(port)]
        neighbors = "\n".join(f" neighbor {other} {line}" for other, number in (others or {}).items() for line in (
            f"remote-as {number}", "passive", "ebgp-multihop 4", f"update-source {address}", "timers 3 9"))
        activated = "\n".join(f"  neighbor {other} {line}" for other in others or {} for line in (
            "activate", "soft-reconfiguration inbound"))
        self.config = self.dir / "bgpd.conf"
        self.config.write_text(f"""
hostname {self.name}
router bgp {EDGE_ASN}
 bgp router-id {address}
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 neighbor {partner_address} remote-as {asn}
 neighbor {partner_address} port {partner_port}
 neighbor {partner_address} ebgp-multihop 4
 neighbor {partner_address} update-source {address}
 neighbor {partner_address} timers 3 9
 neighbor {partner_address} timers connect 1
{neighbors}
 address-family ipv4 unicast
  neighbor {partner_address} activate
  neighbor {partner_address} soft-reconfiguration inbound
{activated}
 exit-address-family
 address-family ipv6 unicast
  neighbor {partner_address} activate
  neighbor {partner_address} soft-reconfiguration inbound
{activated}
 exit-address-family
 bmp targets station
  bmp monitor ipv4 unicast pre-policy
  bmp monitor ipv4 unicast post-policy
  bmp monitor ipv6 unicast pre-policy
  bmp monitor ipv6 unicast post-policy
  bmp stats interval 1000
  bmp connect {station[0]} port {station[1]} min-retry 100 max-retry 500
 exit
""")

    def start(self):
        self.test.background(
            [self.bgpd, "-S", "-Z", "-n", "-M", "bmp", "-f", self.config, "-i", self.dir / "bgpd.pid",
             "--vty_socket", self.dir, "-P", "0", "--log", f"file:{self.dir}/messages.log", *self.listen], "frr")


class GoBgp:
    """gobgpd with its own BMP client. `others` are neighbours that connect on their own: address -> AS number."""

    name = "edge-gobgp"

    def __init__(self, test, address, port, partner_address, partner_port, station, asn=PARTNER_ASN, others=None):
        self.test, self.dir = test, test.dir / "gobgp"
        self.dir.mkdir()
        self.gobgpd = need_program(test, "gobgpd")
        self.api = f"{address}:{port + 1}"
        neighbors = self._neighbor(address, partner_address, asn, f"remote-port = {partner_port}")
        for other, number in (others or {}).items():
            neighbors += self._neighbor(address, other, number, "passive-mode = true")
        self.config = self.dir / "gobgpd.toml"
        self.config.write_text(f"""
[global.config]
  as = {EDGE_ASN}
  router-id = "{address}"
  port = {port}
  local-address-list = ["{address}"]
{neighbors}
[[bmp-servers]]
  [bmp-servers.config]
    address = "{station[0]}"
    port = {station[1]}
    route-monitoring-policy = "pre-policy"
    statistics-timeout = 15
    sys-name = "{self.name}"
    sys-descr = "GoBGP"
""")

    @staticmethod
    def _neighbor(address, other, asn, transport):
        families = "".join(f"""
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "{family}-unicast\"""" for family in ("ipv4", "ipv6"))
        return f"""
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{other}"
    peer-as = {asn}
  [neighbors.transport.config]
    local-address = "{address}"
    {transport}
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 9
    keepalive-interval = 3
    idle-hold-time-after-reset = 1
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 4{families}
"""

    def start(self):
        self.test.background([self.gobgpd, "-f", self.config, "--api-hosts", self.api], "gobgp")
