"""The demonstration: server and simulator together until a connection has a report, events and an alert."""
import os
import subprocess

import harness


class Demo(harness.SystemTest):
    def test_once_shows_everything_and_exits_0(self):
        environment = {**os.environ, "HOME": str(self.dir), "XDG_STATE_HOME": str(self.dir / "state"),
                       "TMPDIR": str(self.dir)}
        done = subprocess.run([harness.PEERINGCTL, "demo", "--peeringd", harness.PEERINGD, "--once"],
                              env=environment, capture_output=True, text=True, timeout=150 * harness.PATIENCE)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for word in ("origin-hijack", "p50", "alert", "resolved"):
            self.assertIn(word, done.stdout.lower())


if __name__ == "__main__":
    harness.main()
