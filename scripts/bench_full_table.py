"""A full table into a running server, beside BIRD 2: time from the first UPDATE until all routes are there, and
memory. One peer, four routes an UPDATE, over loopback; both daemons are asked every few milliseconds how many
routes they have.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

POLL_S = 0.02
PATIENCE_S = 120


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Injector:
    """The router; `load` gives seconds until `count()` says that all routes are there."""

    def __init__(self, program, protocol, address, port, routes, source="127.0.0.1"):
        self.routes = routes
        self.process = subprocess.Popen([program, protocol, address, str(port), str(routes), source],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._line("ready")

    def _line(self, word):
        line = self.process.stdout.readline().decode()
        if not line.startswith(word):
            raise RuntimeError(f"the injector said {line!r} instead of {word}")
        return int(line.split()[1]) / 1e9

    def load(self, count, poll_s=POLL_S):
        self.process.stdin.write(b"g")
        self.process.stdin.flush()
        started = self._line("start")
        while time.monotonic() - started < PATIENCE_S:
            if count() >= self.routes:
                return time.monotonic() - started
            time.sleep(poll_s)
        raise RuntimeError(f"only {count()} of {self.routes} routes came")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def measured(pid, program, protocol, address, port, routes, count):
    """(seconds, CPU seconds, bytes a route)"""
    memory, used = resident_kib(pid), cpu_seconds(pid)
    injector = Injector(program, protocol, address, port, routes)
    try:
        took = injector.load(count)
        return took, cpu_seconds(pid) - used, (resident_kib(pid) - memory) * 1024 / routes
    finally:
        injector.close()


class Bird:
    """BIRD 2 that takes routes from neighbours of AS 64501 on loopback and exports none."""

    def __init__(self, folder, port):
        folder.mkdir()
        (folder / "bird.conf").write_text(f"""
router id 192.0.2.1;
protocol device {{}}
protocol bgp injector {{
  local 127.0.0.1 port {port} as 64500;
  neighbor range 127.0.0.0/8 as 64501;
  multihop; passive; strict bind;
  ipv4 {{ import all; export none; }};
}}
""")
        self.control = folder / "bird.ctl"
        self.birdc = shutil.which("birdc") or "/usr/sbin/birdc"
        self.process = subprocess.Popen(["bird", "-f", "-c", str(folder / "bird.conf"), "-s", str(self.control)],
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self.control.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)

    def ask(self, *words):
        return subprocess.run([self.birdc, "-s", str(self.control), *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.decode()

    def routes(self):
        found = re.search(r"(\d+) of \d+ routes", self.ask("show", "route", "count"))
        return int(found.group(1)) if found else 0

    def table_bytes(self):
        """What its tables and attributes take by its own count, overhead included."""
        units = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
        total = 0.0
        for line in self.ask("show", "memory").splitlines():
            if line.startswith(("Routing tables:", "Route attributes:")):
                total += sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+) +([kMG]?B)", line))
        return total

    def stop(self):
        # It would give back its routes one by one.
        self.process.kill()
        self.process.wait(10)


def bird(program, folder, port, routes):
    server = Bird(folder, port)
    try:
        return measured(server.process.pid, program, "bgp", "127.0.0.1", port, routes, server.routes)
    finally:
        server.stop()


def bird_memory(program, folder, port, routes, peers):
    """(bytes a route by BIRD's own count, resident bytes a route)"""
    server = Bird(folder, port)
    injectors = []
    try:
        resident = resident_kib(server.process.pid)
        for number in range(peers):
            source = f"127.0.0.{2 + number}"
            injectors.append(Injector(program, "bgp", "127.0.0.1", port, routes, source))
            # Counting millions of routes keeps BIRD from taking more.
            injectors[-1].load(lambda: server.routes() - number * routes, poll_s=1)
        total = routes * peers
        return server.table_bytes() / total, (resident_kib(server.process.pid) - resident) * 1024 / total
    finally:
        server.stop()
        for injector in injectors:
            injector.close()


REGISTERING = 16


def watch(server, tenant, prefixes):
    """Registers prefixes over several connections that stay open, one request at a time on each."""
    import http.client
    host, port = server.address("http")
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    failures = []

    def register(mine):
        connection = http.client.HTTPConnection(host, port)
        for name, prefix in mine:
            body = json.dumps({"properties": {"prefix": prefix}})
            connection.request("PUT", tenant.url(tenant.prefix_id(name)), body, headers)
            response = connection.getresponse()
            said = response.read()
            if response.status not in (200, 201):
                failures.append(f"{prefix}: {response.status} {said[:200]}")
                return

    threads = [threading.Thread(target=register, args=(prefixes[n::REGISTERING],)) for n in range(REGISTERING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])


def wait_until_in_force(server):
    """Until no snapshot of the registry was put in force for a second."""
    last, since = None, time.monotonic()
    while time.monotonic() - since < 1:
        snapshots = server.metrics().get("peering_registry_snapshots_total")
        if snapshots != last:
            last, since = snapshots, time.monotonic()
        time.sleep(0.1)


def configuration(shards):
    return f"""
[network]
asn = 64500

[detection]
shards = {shards}

[feeds.bgp]
router_id = "192.0.2.10"
listen = "127.0.0.1:0"

[[feeds.bgp.neighbors]]
address = "127.0.0.1"
asn = 64501
"""


def ours(program, harness, folder, routes, watched, protocol, shards=0):
    """`shards` 0: one for each core."""
    server = harness.Peeringd(folder / f"{protocol}{shards}", config=configuration(shards)).start()
    host, port = server.address(protocol)
    try:
        if watched:
            tenant = harness.Tenant(server.client())
            spread = [(f"w{n}", f"{1 + n % 120}.{n // 120 % 256}.{n // 30720 % 256}.0/24") for n in range(watched)]
            watch(server, tenant, spread)
            wait_until_in_force(server)

        def count():
            return int(server.metrics().get("peering_rib_routes", 0))
        return measured(server.process.pid, program, protocol, host, port, routes, count)
    finally:
        server.stop()
