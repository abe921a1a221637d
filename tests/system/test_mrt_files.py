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
import subprocess
import sys

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
                self.assertEqual(int(counted.group(1)), int(row["mrt_records"]), report)
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


if __name__ == "__main__":
    harness.main()
