"""The README's ten minutes by hand, its shell blocks as they stand, only with other ports and folders."""
import os
import re
import subprocess

import harness
from harness import need_program


class Readme(harness.SystemTest):
    def test_the_tour_works_as_printed(self):
        need_program(self, "curl")
        server = self.daemon()
        (self.dir / "secret.txt").write_text("shared")
        blocks = self.shell_blocks()
        self.assertTrue(any("peeringd --data-dir" in block for block in blocks), "the block that starts the server")
        script = ["set -euo pipefail", f"export PEERING_ENDPOINT={server.http}",
                  f"export PATH={os.path.dirname(harness.PEERINGCTL)}:$PATH"]
        script += [self.adapted(block, server) for block in blocks]
        done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=self.dir, capture_output=True, text=True,
                              env={**os.environ, "HOME": str(self.dir)}, timeout=60 * harness.PATIENCE)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("203.0.113.0/24", done.stdout)
        self.assertIn("SEA", done.stdout)

    @staticmethod
    def shell_blocks():
        text = (harness.SOURCE / "README.md").read_text()
        tour = text.split("## Ten minutes by hand")[1].split("\n## ")[0]
        return re.findall(r"^```sh\n(.*?)^```", tour, re.M | re.S)

    @staticmethod
    def adapted(block, server):
        lines = []
        for line in block.splitlines():
            if "peeringd --data-dir" in line or line.startswith("PATH="):
                continue
            line = line.replace("/tmp/peering", str(server.data_dir)).replace("http://127.0.0.1:8470", server.http)
            if "event follow" in line:
                line = f"timeout 2 {line} || [ $? = 124 ]"
            lines.append(line)
        return "\n".join(lines)


if __name__ == "__main__":
    harness.main()
