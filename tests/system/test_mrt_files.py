"""Every MRT file of the shared data through `peeringctl`: nothing crashes, and the counts are the known ones."""
import csv
import hashlib
import json
import re
import subprocess

import harness
from harness import need_shared

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
                # In the records of type 5 bgpdump prints the peer's address where the withdrawn prefix belongs.
                if not row["mrt_type_subtype_counts"].startswith("5/"):
                    self.assertEqual(hashlib.sha256(b"".join(lines)).hexdigest(), row["sha256_sorted_bgpdump_m"])


if __name__ == "__main__":
    harness.main()
