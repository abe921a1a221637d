"""The privacy floor: of a client address no more than its /24 (/48) is written anywhere. Addresses are planted in
every form in which samples come, also in samples that are rejected; then the server is killed, and its data, its
write-ahead logs and its log are searched for them, as text and as bytes. A crash leaves no image of memory.
"""
import gzip
import ipaddress
import json
import os
import pathlib
import resource
import signal
import socket
import struct
import subprocess
import time

import harness
from harness import wait_for

CONFIG = """
[[network.pops]]
name = "AMS"
metro = "Amsterdam"

[latency.syslog]
listen = "127.0.0.1:0"
"""
KINDS = ["srtt", "min", "handshake", "icmp", "stamp", "quic"]
# Of a registered prefix, of none, and of IPv6. What is searched is never alike a network or another address.
MATCHED = [f"203.0.113.{host}" for host in range(101, 141)]
UNMATCHED = [f"198.51.100.{host}" for host in range(101, 121)]
SIX = [f"2001:db8:77:{part:x}:a1b2:c3d4:e5f6:{part:x}" for part in range(0x1111, 0x1125)]
PLANTED = MATCHED + UNMATCHED + SIX


def ndjson(clients):
    lines = []
    for index, client in enumerate(clients):
        sample = {"time": time.time(), "client": client, "pop": "AMS", "rtt_us": 20000 + index, "source": "edge-1"}
        lines.append(json.dumps(sample))
        # Rejected: a bad value beside the address, the address itself broken, a line that does not parse.
        lines.append(json.dumps({**sample, "rtt_us": -1}))
        lines.append(json.dumps({**sample, "kind": f"odd {client}"}))
        lines.append(json.dumps({**sample, "pop": ""}))
        lines.append(json.dumps({**sample, "client": f"{client}:443"}))
        lines.append(json.dumps({**sample, "client": f" {client}/32"}))
        lines.append(json.dumps({**sample, "time": f"when {client} came"}))
        lines.append(f'{{"client": "{client}", "pop": ')
        lines.append(f"{client} - - GET /")
    return ("\n".join(lines) + "\n").encode()


def csv(clients):
    lines = ["time,client,pop,rtt_us,kind,source"]
    for client in clients:
        lines.append(f"{time.time()},{client},AMS,21000,srtt,edge-2")
        lines.append(f"{time.time()},{client},AMS,0,srtt,edge-2")
        lines.append(f"{time.time()},{client} {client},AMS,21000,srtt,edge-2")
        lines.append(f'{time.time()},"{client}')
    return ("\n".join(lines) + "\n").encode()


def packed(client):
    address = ipaddress.ip_address(client)
    return address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed


def binary(clients):
    """application/vnd.peering.samples.v1; every second sample is rejected for its round-trip time."""
    base = int(time.time() * 1e6)
    source = b"edge-3"
    body = b"PSM1" + struct.pack("<HHQ", 1, len(source), base) + b"\x03AMS" + source
    for client in clients:
        for rtt_us in (22000, 0):
            body += struct.pack("<q", 0) + packed(client) + struct.pack("<IHBB", rtt_us, 0, 0, 0)
    return body


def needles():
    """What must not be found: name -> bytes."""
    found = {}
    for client in PLANTED:
        address = ipaddress.ip_address(client)
        found[client] = client.encode()
        found[f"{client} as bytes"] = address.packed
        if address.version == 6:
            found[f"{client} in full"] = address.exploded.encode()
        else:
            found[f"{client} as bytes, reversed"] = address.packed[::-1]
    return found


def found_in(data):
    return [name for name, needle in needles().items() if needle in data]


class PrivacyFloor(harness.SystemTest):
    def begin(self):
        self.server = self.daemon(config=CONFIG)
        tenant = harness.Tenant(self.server.client())
        tenant.add_prefix("four", "203.0.113.0/24")
        tenant.add_prefix("six", "2001:db8:77::/48")
        return tenant

    def post(self, body, kind, key, encoding=None):
        headers = {"Content-Type": kind, "Idempotency-Key": key}
        if encoding:
            headers["Content-Encoding"] = encoding
        client = self.server.client()
        answers = [client.request("POST", "/telemetry/samples", body, headers=headers) for _ in range(2)]
        for answer in answers:
            self.assertEqual(answer.status, 202, answer)
            self.assertEqual(found_in(answer.body), [], "in the answer")
        return answers[0].json

    def plant(self, tenant):
        for name, body, kind in (("ndjson", ndjson(PLANTED), "application/x-ndjson"),
                                 ("csv", csv(PLANTED), "text/csv"),
                                 ("binary", binary(PLANTED), "application/vnd.peering.samples.v1")):
            plain = self.post(body, kind, name)
            self.assertGreaterEqual(plain["accepted"], len(PLANTED), name)
            self.assertGreaterEqual(plain["rejected"], len(PLANTED), name)
            self.post(gzip.compress(body), kind, f"{name} compressed", "gzip")
        client = self.server.client()
        broken = client.request("POST", "/telemetry/samples", f"client\n{MATCHED[0]}\n".encode(),
                                headers={"Content-Type": "text/csv"})
        self.assertEqual(broken.status, 400)
        self.assertEqual(found_in(broken.body), [], "in the refusal")
        self.syslog()
        wait_for(lambda: harness.total_count(tenant.latency("four")) >= 6 * len(MATCHED) + len(MATCHED),
                 "report with all samples")

    def syslog(self):
        address = self.server.address("syslog")
        tail = '"rtt_us":"24000"}'
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for client in PLANTED:
                for line in (f'{{"time":"{time.time():.3f}","client":"{client}",{tail}', f'{{"client":"{client}",',
                             f"{client} is no JSON", f'{{"time":"{time.time():.3f}","client":"{client}x",{tail}'):
                    udp.sendto(f"<190>Nov 27 16:13:36 edge nginx: {line}".encode(), address)
        with socket.create_connection(address) as tcp:
            for client in PLANTED:
                tcp.sendall(f"<190>Nov 27 16:13:36 {client} nginx: {{\"client\":\"{client}\"\n".encode())

    def files(self):
        return [path for path in sorted(self.dir.rglob("*")) if path.is_file()]

    def assert_on_no_disk(self):
        logs = [path for path in self.files() if path.suffix == ".log" and "telemetry" in path.parts]
        self.assertTrue(any(b"203.0.113.0" in path.read_bytes() or b"\xcb\x00\x71\x00" in path.read_bytes()
                            for path in logs), "the write-ahead log has what was accepted, masked")
        for path in self.files():
            self.assertEqual(found_in(path.read_bytes()), [], f"in {path.relative_to(self.dir)}")

    def test_no_full_client_address_is_on_disk_after_a_kill(self):
        self.plant(self.begin())
        self.server.kill()
        self.assert_on_no_disk()

    def test_nor_after_another_start_has_taken_over_what_was_pending(self):
        tenant = self.begin()
        self.plant(tenant)
        self.server.kill()
        self.server.start()
        time.sleep(1)
        self.server.stop()
        for path in self.files():
            self.assertEqual(found_in(path.read_bytes()), [], f"in {path.relative_to(self.dir)}")

    def crash(self, process, pattern):
        """Ends it as a crash would, and gives the core dumps that it left."""
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        folder = pathlib.Path(os.readlink(f"/proc/{process.pid}/cwd"))
        process.send_signal(signal.SIGABRT)
        self.assertEqual(process.wait(), -signal.SIGABRT)
        dumps = [path for path in (folder / pattern, folder / f"{pattern}.{process.pid}") if path.exists()]
        for path in dumps:
            self.addCleanup(path.unlink)
        return dumps

    def test_nor_does_a_crash_leave_a_core_dump(self):
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if "/" in pattern or "|" in pattern or "%" in pattern:
            self.skipTest(f"core dumps go elsewhere: {pattern}")
        other = subprocess.Popen(["sleep", "60"], cwd=self.dir)
        self.assertEqual(len(self.crash(other, pattern)), 1, "of another program the kernel writes one")
        self.plant(self.begin())
        self.assertEqual(self.crash(self.server.process, pattern), [])
        self.assert_on_no_disk()


if __name__ == "__main__":
    harness.main()
