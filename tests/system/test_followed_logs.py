"""Access logs that are followed as they grow: rotated by rename and by copying, over stops and kills, each line once."""
import os
import random
import subprocess
import threading
import time

import harness
from harness import need_program, total_count, wait_for

LINE = '{"time":"%.3f","client":"203.0.113.%d","rtt_us":"%d"}\n'
KILLS = 6


class FollowedLogs(harness.SystemTest):
    def begin(self, extra=""):
        self.path = self.dir / "access.log"
        self.config = ('[[network.pops]]\nname = "AMS"\nmetro = "Amsterdam"\n'
                       f'[[latency.files]]\npath = "{self.path}"\n{extra}')
        self.written = 0
        self.server = self.daemon(config=self.config)
        self.tenant = harness.Tenant(self.server.client())
        self.tenant.add_prefix("clients", "203.0.113.0/24")

    def lines(self, number):
        self.written += number
        return "".join(LINE % (time.time(), n % 250, 20_000 + n) for n in range(number))

    def append(self, number, path=None):
        with open(path or self.path, "a") as log:
            log.write(self.lines(number))

    def count(self):
        return total_count(self.tenant.latency("clients"))

    def all_counted(self):
        wait_for(lambda: self.count() >= self.written, f"{self.written} samples", 30)
        self.assertEqual(self.count(), self.written)

    def metric(self, name):
        return self.server.metrics().get(name, 0)

    def restart(self):
        self.server.start()
        self.tenant.client = self.server.client()

    def test_a_file_that_grows_and_is_rotated_by_rename(self):
        self.begin()
        self.append(100)
        self.all_counted()
        for number in range(1, 4):
            rotated = self.dir / f"access.log.{number}"
            os.rename(self.path, rotated)
            self.append(50, rotated)  # the web server was not told yet
            self.append(100)
            self.all_counted()
        self.assertEqual(self.metric('peering_file_rotations_total{how="renamed"}'), 3)

    def test_rotation_by_logrotate(self):
        logrotate = need_program(self, "logrotate", "/usr/sbin/logrotate")
        self.begin()
        for how in ("copytruncate", "create", "copytruncate", "create"):
            self.append(200)
            self.all_counted()  # what comes between copying and truncating is lost to everybody
            config = self.dir / "logrotate.conf"
            config.write_text(f"{self.path} {{\n rotate 10\n {how}\n}}\n")
            config.chmod(0o644)
            subprocess.run([logrotate, "-f", "-s", self.dir / "state", config], check=True,
                           timeout=60 * harness.PATIENCE)
            self.append(20)
            self.all_counted()
        self.assertEqual(self.metric('peering_file_rotations_total{how="renamed"}'), 2)
        self.assertEqual(self.metric('peering_file_rotations_total{how="truncated"}'), 2)

    def test_rotations_while_the_server_is_down(self):
        self.begin()
        self.append(100)
        self.all_counted()
        self.assertEqual(self.server.stop(), 0)
        self.append(10)
        for number in (2, 1):
            os.rename(self.path, self.dir / f"access.log.{number}")
            time.sleep(0.02)  # so that their times differ
            self.append(10)
        self.restart()
        self.all_counted()

    def test_kills_while_lines_come_and_the_file_is_rotated(self):
        seed = int(os.environ.get("PEERING_SEED", time.time_ns() % 1_000_000))
        print(f"seed {seed} (PEERING_SEED={seed} repeats this run)")
        chance = random.Random(seed)
        self.begin()
        stop = threading.Event()

        def write():
            rotated = 0
            while not stop.wait(chance.uniform(0, 0.01)):
                text = self.lines(chance.randrange(1, 100))
                cut = chance.randrange(len(text))
                with open(self.path, "a") as log:
                    log.write(text[:cut])
                    log.flush()
                    log.write(text[cut:])
                if chance.random() < 0.003:  # each is waited for to be quiet
                    rotated += 1
                    os.rename(self.path, self.dir / f"access.log.{rotated}")

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 2))
            self.server.kill()
            self.restart()
        stop.set()
        writer.join()
        wait_for(lambda: self.count() >= self.written, f"{self.written} samples", 120, 0.2)
        time.sleep(1)  # for what would come twice
        self.assertEqual(self.count(), self.written)
        print(f"{KILLS} kills, {self.written} lines, each once")

    def test_partial_long_and_broken_lines_cost_only_themselves(self):
        self.begin()
        self.append(1)
        with open(self.path, "ab") as log:
            log.write(b"x" * 65_537 + b"\n" + b"y" * 3_000_000 + b"\n" + b"\xff\x00\n\n{}\n")
            log.write(b'{"client":"203.0.113.7","rtt_us":"20000"}\n')  # of when?
        self.append(1)
        half = self.lines(1)
        with open(self.path, "a") as log:
            log.write(half[:20])
            log.flush()
            wait_for(lambda: self.count() == 2, "the good lines")
            self.assertEqual(self.metric('peering_file_lines_total{result="rejected"}'), 5)
            log.write(half[20:])
        self.all_counted()
        self.assertIn("log files: lines are rejected; the first:", self.server.log_text())
        self.assertNotIn("203.0.113.7", self.server.log_text())

    def test_what_cannot_be_read_is_a_concern_and_no_reason_to_stop(self):
        self.begin()
        self.path.mkdir()

        def concerns():
            return " ".join(self.server.client().ok("GET", "/readyz").get("concerns", []))

        wait_for(lambda: str(self.path) in concerns(), "a concern")
        self.path.rmdir()
        self.append(3)
        self.all_counted()
        wait_for(lambda: not concerns(), "no concern")

    def test_entries_that_cannot_be_are_refused(self):
        for text, words in (('path = "access.log"', "latency.files.path: the value must be an absolute path"),
                            ('path = "/a"\nformat = "apache"', "must be json or trafficserver"),
                            ('path = "/a"\ntime_zone = "Mars"', "must be a time zone"),
                            ('path = "/a"\nformat = "trafficserver"', "needs a PoP"),
                            ('path = "/a"\n[[latency.files]]\npath = "/a"', "stands there twice"),
                            ('format = "json"', "latency.files.path: is required")):
            path = self.dir / "bad.toml"
            path.write_text(f"[[latency.files]]\n{text}\n")
            done = subprocess.run([harness.PEERINGD, "--config", path, "--check"], capture_output=True, text=True,
                                  timeout=60 * harness.PATIENCE)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    harness.main()
