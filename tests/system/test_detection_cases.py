"""The detection cases of the shared examples, scored by their own script."""
import subprocess
import sys

import harness
from harness import need_shared


class DetectionCases(harness.SystemTest):
    def test_every_case_passes(self):
        script = need_shared(self, "examples", "detection-cases", "run_cases.py")
        done = subprocess.run([sys.executable, "-B", str(script), harness.PEERINGCTL, str(script.parent), "-v"],
                              capture_output=True, text=True, timeout=300 * harness.PATIENCE)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    harness.main()
