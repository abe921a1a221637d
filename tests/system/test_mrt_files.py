"""Every MRT file of the shared data through `peeringctl`: nothing crashes, and the counts are the known ones."""
import bz2
import csv
import gzip
import hashlib
import json
import lzma
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

import harness
from harness import need_shared

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import mrt_samples  # noqa: E402

# The watch list needs an entry that no file announces.
WATCH = {"prefixes": [{"prefix": "240.0.0.0/24", "asn": [64500]}]}


class MrtFiles(harness.SystemTest):
    def setUp(self):
        super().setUp()
        truth = need_shared(self, "data", "mrt", "TRUTH.tsv")
        self.folder = truth.parent
        with open(truth, newline="") as file:
            self.rows = list(csv.DictReader(file, delimiter="\t"))

    def update_files(self):
        return [row for row in self.rows if int(row["B_rib_entries"]) == 0]

    def run_ctl(self, *words):
        return subprocess.run([harness.PEERINGCTL, *map(str, words)], capture_output=True,
                              timeout=300 * harness.PATIENCE)

    def test_analyze_counts_the_records_of_every_update_file(self):
        watch = self.dir / "watch.json"
        watch.write_text(json.dumps(WATCH))
        for row in self.update_files():
            with self.subTest(row["file"]):
                done = self.run_ctl("analyze", "--watch", watch, self.folder / row["file"])
                report = done.stderr.decode()
                self.assertEqual(done.returncode, 0, report)
                self.assertEqual(done.stdout, b"", "nothing in the file concerns the watched prefix")
                counted = re.search(r"(\d+) records?\b", report)
                self.assertTrue(counted, report)
                if row["trailing_bytes"] == "0":
                    self.assertEqual(int(counted.group(1)), int(row["mrt_records"]), report)
                else:
                    self.assertGreater(int(counted.group(1)), int(row["mrt_records"]), "the count ends at the damage")
                if row["rfc_record_errors"] != "0" or row["trailing_bytes"] != "0":
                    self.assertRegex(report, r"malformed|truncated|damaged|error|skipped")

    def test_dump_prints_what_bgpdump_prints(self):
        for row in self.update_files():
            if row["verdict"] == "disagree":
                continue
            with self.subTest(row["file"]):
                done = self.run_ctl("mrt", "dump", "-m", self.folder / row["file"])
                lines = sorted(done.stdout.splitlines(keepends=True))
                self.assertEqual(len(lines), int(row["bgpdump_lines"]))
                self.assertEqual(hashlib.sha256(b"".join(lines)).hexdigest(), row["sha256_sorted_bgpdump_m"])


class MrtSamples(harness.SystemTest):
    def run_ctl(self, *words):
        return subprocess.run([harness.PEERINGCTL, *map(str, words)], capture_output=True,
                              timeout=300 * harness.PATIENCE)

    def test_records_of_every_type_are_shown_as_bgpdump_shows_them(self):
        if not shutil.which("bgpdump"):
            self.skipTest("bgpdump is not installed")
        # With an empty attribute bgpdump shows what its memory held before.
        whole = b"".join(data for name, data in mrt_samples.samples() if name != "communities none")
        file = self.dir / "samples.mrt"
        file.write_bytes(whole)
        for flag in ("-m", "-M"):
            ours = self.run_ctl("mrt", "dump", flag, file)
            theirs = subprocess.run(["bgpdump", flag, file], capture_output=True, timeout=300)
            self.assertEqual(theirs.returncode, 0, theirs.stderr)
            self.assertGreater(theirs.stdout.count(b"\n"), 1000)
            self.assertEqual(ours.stdout, theirs.stdout)

    def test_every_compression_gives_the_same_lines(self):
        plain = self.dir / "plain.mrt"
        plain.write_bytes(b"".join(data for _, data in mrt_samples.messages()))
        expected = self.run_ctl("mrt", "dump", "-m", plain).stdout
        self.assertTrue(expected)
        for suffix, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
            file = self.dir / f"packed.{suffix}"
            file.write_bytes(pack(plain.read_bytes()) + pack(plain.read_bytes()))
            self.assertEqual(self.run_ctl("mrt", "dump", "-m", file).stdout, 2 * expected, suffix)


def bmp(kind, body):
    return struct.pack(">BIB", 3, 6 + len(body), kind) + body


def bmp_header(peer="192.0.2.7", asn=64500, seconds=mrt_samples.SECONDS, flags=0):
    six = ":" in peer
    packed = mrt_samples.address(peer)
    return (struct.pack(">BBQ", 0, flags | (0x80 if six else 0), 0) + packed.rjust(16, b"\0") +
            struct.pack(">I", asn) + mrt_samples.address("192.0.2.3") + struct.pack(">II", seconds, 250_000))


def open_message(asn, add_path):
    """ADD-PATH of IPv4 unicast: 3 is both ways."""
    capabilities = b"\x41\x04" + struct.pack(">I", asn) + b"\x01\x04\0\1\0\1\x01\x04\0\2\0\1"
    if add_path:
        capabilities += b"\x45\x04\0\1\1\3"
    parameters = b"\x02" + bytes([len(capabilities)]) + capabilities
    return mrt_samples.message(1, struct.pack(">BHH", 4, 23456, 180) + mrt_samples.address("192.0.2.3") +
                               bytes([len(parameters)]) + parameters)


def bmp_session(seconds=mrt_samples.SECONDS):
    """What a router says of two peers, one with add-path, half an hour apart."""
    s = mrt_samples
    out = bmp(4, struct.pack(">HH", 2, 6) + b"edge-1" + struct.pack(">HH", 1, 4) + b"test")
    for peer, local, add_path in (("192.0.2.7", "192.0.2.254", True), ("2001:db8::7", "2001:db8::fe", False)):
        header = bmp_header(peer, seconds=seconds)
        out += bmp(3, header + s.address(local).rjust(16, b"\0") + struct.pack(">HH", 179, 5000) +
                   open_message(64496, add_path) + open_message(64500, add_path))
    out += bmp(0, bmp_header(seconds=seconds) + s.update(b"", s.FULL, s.V4P))
    out += bmp(0, bmp_header(seconds=seconds, flags=0x40) + s.update(b"", s.BASIC, s.V4P))  # after the policy
    six = s.origin() + s.as_path((s.SEQUENCE, [64500, 7])) + s.mp_reach(2, 1, s.HOP6 + s.LINK, s.V6)
    out += bmp(0, bmp_header("2001:db8::7", seconds=seconds) + s.update(b"", six))
    out += bmp(0, bmp_header(seconds=seconds + 1800) + s.update(s.prefix("10.0.0.0/8", 4)))
    return out + bmp(2, bmp_header(seconds=seconds + 1800) + b"\4")


LINES_OF_SESSION = [
    ["STATE|192.0.2.7|64500|1|6", "STATE|2001:db8::7|64500|1|6", "A|192.0.2.7|64500|203.0.113.0/24|1|",
     "A|192.0.2.7|64500|198.51.100.0/25|70000|", "A|2001:db8::7|64500|2001:db8:1::/48|64500 7|",
     "A|2001:db8::7|64500|::/0|64500 7|", "A|2001:db8::7|64500|2001:db8::5/128|64500 7|"],
    ["W|192.0.2.7|64500|10.0.0.0/8|4", "STATE|192.0.2.7|64500|6|1"]]


class MrtRecord(harness.SystemTest):
    def lines(self, program, path):
        done = subprocess.run([*program, path], capture_output=True, text=True, timeout=60 * harness.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line.split("|", 2)[2] for line in done.stdout.splitlines()]

    def check(self, path, expected):
        ours = self.lines([harness.PEERINGCTL, "mrt", "dump", "-m"], path)
        theirs = self.lines(["bgpdump", "-m"], path) if shutil.which("bgpdump") else ours
        self.assertEqual(theirs, ours)
        # Whether the end of the BMP session is seen before the recorder's own end is left to the two.
        ours = [line for line in ours if line != "STATE|2001:db8::7|64500|6|1"]
        self.assertEqual(len(ours), len(expected), ours)
        for line, start in zip(ours, expected):
            self.assertTrue(line.startswith(start), f"{line} is not {start}")

    def test_a_recorded_session_becomes_files_that_others_read(self):
        recording = self.dir / "session.bmp"
        recording.write_bytes(bmp_session())
        out = self.dir / "mrt"
        done = subprocess.run([harness.PEERINGCTL, "mrt", "record", "--gzip", "--out", out, recording],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         ["updates.20231114.2200.gz", "updates.20231114.2230.gz"])
        for path, expected in zip(sorted(out.iterdir()), LINES_OF_SESSION):
            self.check(path, expected)

    def send(self, port, wait):
        with socket.create_connection(("127.0.0.1", port)) as router:
            router.sendall(bmp_session(int(time.time())))
            wait()

    def test_routers_are_recorded_until_the_interrupt(self):
        port, out = harness.free_port(), self.dir / "mrt"
        recorder = self.background([harness.PEERINGCTL, "mrt", "record", "--listen", f"127.0.0.1:{port}", "--every",
                                    "1d", "--out", out], "recorder")
        harness.wait_for(lambda: "waiting" in recorder.output(), "the recorder")
        self.send(port, lambda: harness.wait_for(lambda: list(out.glob(".*")), "a file being written"))
        recorder.stop()
        (path,) = out.iterdir()
        self.assertTrue(path.name.startswith("updates."), path.name)
        self.check(path, sum(LINES_OF_SESSION, []))

    def test_the_server_archives_what_it_receives(self):
        out = self.dir / "archive"
        server = self.daemon(config=f'[archive]\ndir = "{out}"\nevery = "1d"\n')
        port = server.address("bmp")[1]
        self.send(port, lambda: harness.wait_for(
            lambda: "peering_archive_bytes_total{result=\"written\"} 0" not in server.client().get("/metrics").text,
            "archived bytes"))
        server.stop()
        (path,) = out.iterdir()
        self.assertTrue(path.name.endswith(".gz"))
        self.check(path, sum(LINES_OF_SESSION, []))


if __name__ == "__main__":
    harness.main()
