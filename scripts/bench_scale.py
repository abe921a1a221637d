"""A server with many registered prefixes: what one more costs, how it starts, lists and deletes.

Most prefixes are dealt to connections of a hundred; one connection in a resource group of its own has a large
part, to be listed page by page and deleted with its group while others go on.
"""
import collections
import json
import os
import pathlib
import statistics
import threading
import time

import bench_register

PREFIXES_A_CONNECTION = 100
BULK_MAX = 100_000
CLIENTS = 16

Figure = collections.namedtuple("Figure", "case value unit note peer theirs ratio", defaults=(None, None, None))


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def quantile(waits, share):
    ordered = sorted(waits)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Others:
    """Somebody else's requests, one after the other in a thread, with the milliseconds each waited."""

    def __init__(self, ask):
        self.ask, self.waits, self.done = ask, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.done.is_set():
            started = time.perf_counter()
            self.ask(len(self.waits))
            self.waits.append((time.perf_counter() - started) * 1e3)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


class Scale:
    """A server, filled, and then measured. Every method gives figures."""

    def __init__(self, load, harness, folder, prefixes):
        self.load, self.harness, self.prefixes = load, harness, prefixes
        self.bulk = min(BULK_MAX, prefixes // 2)
        self.services = max(1, (prefixes - self.bulk) // PREFIXES_A_CONNECTION)
        self.server = harness.Peeringd(folder / "data").start(60)
        self.empty_bytes = status(self.pid, "VmRSS")
        self.tenant = harness.Tenant(self.server.client())
        root = f"/subscriptions/{self.tenant.subscription}/resourceGroups"
        self.spread = f"{self.tenant.provider_root}/peeringServices/site-"
        self.bulk_group = f"{root}/bulk?api-version={harness.GROUP_VERSION}"
        self.bulk_connection = f"{root}/bulk/providers/Microsoft.Peering/peeringServices/bulk"
        self.next_number = prefixes

    @property
    def pid(self):
        return self.server.process.pid

    @property
    def client(self):
        return self.server.client()

    def run_load(self, mode, target, clients, first, count, *more):
        command = [self.load, mode, self.server.address("http")[1], self.server.token, target, clients, first, count]
        return bench_register.measured([str(word) for word in (*command, *more)])

    def fill(self):
        self.run_load("services", self.spread, 64, 0, self.services, json.dumps(self.tenant.service_body))
        self.client.ok("PUT", self.bulk_group, {"location": "eastus"})
        self.client.ok("PUT", self.tenant.url(self.bulk_connection), self.tenant.service_body)
        few = self.prefixes - self.bulk
        seconds = self.run_load("http", self.spread, 64, 0, few, self.services)["seconds"]
        yield Figure("registered with 64 clients", few / seconds, "PUT/s",
                     f"{few:,} prefixes in {self.services:,} connections")
        seconds = self.run_load("http", self.bulk_connection, 64, few, self.bulk)["seconds"]
        yield Figure("the same, one connection", self.bulk / seconds, "PUT/s", f"{self.bulk:,} prefixes in it")

    def puts(self, clients, count):
        first, self.next_number = self.next_number, self.next_number + count
        return self.run_load("http", self.spread, clients, first, count, self.services)

    def sqlite_p99(self, rows, count):
        """Milliseconds of a commit of so many rows by SQLite alone into an empty file on the same disk."""
        file = str(self.server.data_dir.with_name("peer.sqlite"))
        waits = bench_register.measured([self.load, "sqlite", file, str(rows), str(rows * count)])
        for name in (file, f"{file}-wal", f"{file}-shm"):
            if os.path.exists(name):
                os.unlink(name)
        return waits["p99_ms"]

    def registration(self):
        for clients, count in ((1, 1000), (CLIENTS, 8000)):
            waits = self.puts(clients, count)
            theirs = self.sqlite_p99(clients, count // clients)
            yield Figure(f"registration p99, {clients} client{'s' if clients > 1 else ''}", waits["p99_ms"], "ms",
                         f"{count:,} PUTs, median {waits['p50_ms']:.2f} ms; to reach 5",
                         f"SQLite alone, {clients} rows a commit", theirs, theirs / waits["p99_ms"])

    def memory(self):
        held = status(self.pid, "VmRSS") - self.empty_bytes
        yield Figure("resident memory, after filling", held / self.prefixes, "B/prefix", "the whole server")

    def restart(self):
        self.server.stop(60)
        started = time.perf_counter()
        self.server.start(600)
        seconds = time.perf_counter() - started
        yield Figure("start", seconds, "s", "until ready; to reach 20")
        held = status(self.pid, "VmRSS") - self.empty_bytes
        peak = status(self.pid, "VmHWM") / 1e6
        yield Figure("resident memory, after a start", held / self.prefixes, "B/prefix",
                     f"the whole server; {peak:,.0f} MB at most meanwhile")

    def paging(self):
        url, client = self.tenant.url(self.bulk_connection + "/prefixes"), self.client
        client.ok("GET", self.tenant.url(self.bulk_connection))
        forget_peak(self.pid)
        before, waits, seen = status(self.pid, "VmRSS"), [], 0
        while url:
            started = time.perf_counter()
            page = client.ok("GET", url)
            waits.append((time.perf_counter() - started) * 1e3)
            seen += len(page["value"])
            url = page.get("nextLink")
        assert seen == self.bulk, f"{seen} of {self.bulk} prefixes were listed"
        tenth = max(1, len(waits) // 10)
        first, last = statistics.median(waits[:tenth]), statistics.median(waits[-tenth:])
        more = status(self.pid, "VmHWM") - before
        yield Figure("a page of a long list", statistics.median(waits), "ms",
                     f"{seen:,} prefixes in {len(waits)} pages; the first tenth {first:.1f} ms, the last {last:.1f} ms; "
                     f"the client is Python")
        yield Figure("memory that listing all pages adds", more / 1e6, "MB", "the most at any time")

    def deletion(self):
        other = self.harness.Tenant(self.server.client())
        reader, writer = self.server.client(), self.server.client()
        read = Others(lambda _: reader.ok("GET", other.url(other.connection)))
        write = Others(lambda n: writer.ok("PUT", other.url(other.prefix_id(f"p{n}")),
                                           {"properties": {"prefix": f"100.{n >> 8 & 255}.{n & 255}.0/24"}}))
        with read, write:
            time.sleep(1)
            started = time.perf_counter()
            self.client.ok("DELETE", self.bulk_group, timeout_s=600)
            seconds = time.perf_counter() - started
        yield Figure("DELETE of a resource group", seconds, "s", f"{self.bulk:,} prefixes in it")
        for name, waits in (("GETs", read.waits), ("PUTs", write.waits)):
            yield Figure(f"{name} of others meanwhile, p99", quantile(waits, 0.99), "ms",
                         f"{len(waits):,} of them, median {statistics.median(waits):.2f} ms, longest {max(waits):.0f} ms")

    def stop(self):
        self.server.stop(60)


def figures(load, harness, folder, prefixes):
    scale = Scale(load, harness, folder, prefixes)
    try:
        for part in (scale.fill, scale.memory, scale.registration, scale.restart, scale.registration, scale.paging,
                     scale.deletion):
            yield from part()
    finally:
        scale.stop()
