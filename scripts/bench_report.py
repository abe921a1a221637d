"""A month of reports from a store with many prefixes, and what its bins take on disk."""
import contextlib
import datetime
import http.client
import json
import subprocess
import time

import bench_samples

BIN_S, POPS, MONTH_S = 300, 10, 30 * 86_400
PREFIXES, WITH_MONTH = 10_000, 20
# Bins in the last day of the prefixes that have no month, and samples a bin.
DAY_BINS, PER_BIN = 24, 12


def network_of(number):
    """Of the number-th prefix, as the maker of the samples counts them."""
    return f"10.{number // 250}.{number % 250}.0/24"


def fill(server, maker, folder, base_us, networks, bins):
    """Posts what the maker makes; returns the number of bins, at every PoP one."""
    folder.mkdir()
    subprocess.run([maker, "history", str(folder), *map(str, (base_us, networks, bins, PER_BIN))], check=True)
    files = sorted(folder.iterdir(), key=lambda path: int(path.name))
    bench_samples.post_samples(server, "peering", files, 2)
    for path in files:
        path.unlink()
    return networks * POPS * bins


def filled(harness, maker, folder):
    """A server with the prefixes and their samples; its tenant, the month's end and the number of bins."""
    server = harness.Peeringd(folder / "data").start(60)
    tenant = harness.Tenant(server.client())
    for number in range(PREFIXES):
        tenant.add_prefix(f"site-{number}", network_of(number))
    end = int(time.time()) // BIN_S * BIN_S
    first = end - MONTH_S + 3600
    bins = fill(server, maker, folder / "month", first * 1_000_000, WITH_MONTH, (end - first) // BIN_S)
    bins += fill(server, maker, folder / "day", (end - DAY_BINS * BIN_S) * 1_000_000, PREFIXES, DAY_BINS)
    return server, tenant, end, bins - WITH_MONTH * POPS * DAY_BINS


def wait_until_settled(server):
    """Everything that was posted is in sketches on disk."""
    while server.metrics().get("peering_latency_open_windows", 0) > 0:
        time.sleep(0.2)


def get(connection, path, token):
    started = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {body[:300]}")
    return time.perf_counter() - started, body


def report_seconds(server, tenant, end, rounds):
    """Of every report, each of another prefix than the one before; and the bytes of one."""
    moments = [datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
               for at in (end - MONTH_S, end)]
    query = f"&timespan={moments[0]}/{moments[1]}&interval=PT5M"
    seconds = []
    with contextlib.closing(http.client.HTTPConnection(*server.address("http"), timeout=600)) as connection:
        for number in range(WITH_MONTH * rounds):
            path = tenant.extension(tenant.prefix_id(f"site-{number % WITH_MONTH}"), "latency", query)
            taken, body = get(connection, path, server.token)
            seconds.append(taken)
    series = json.loads(body)["series"]
    points = sum(1 for each in series for point in each["points"] if point["count"] > 0)
    if len(series) != POPS or points < POPS * (MONTH_S // BIN_S - 13):
        raise RuntimeError(f"{len(series)} series with {points} points")
    return seconds, len(body), points
