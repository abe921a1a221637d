"""The simulator's well-known incidents, played to a server by BMP: the victim sees what an engineer would tell her."""
import contextlib
import json
import signal
import subprocess
import threading
import uuid

import harness
from harness import PEERINGCTL, wait_for

# What each victim has to be told, at least at the level Warning: (kind, observed prefix, suspect), and nothing else.
VERDICTS = {
    "youtube-2008": {("subprefix-hijack", "208.65.153.0/24", 17557), ("new-prefix", "208.65.153.0/24", None),
                     ("new-prefix", "208.65.153.0/25", None), ("new-prefix", "208.65.153.128/25", None)},
    "turk-telekom-2014": {("subprefix-hijack", "8.8.8.8/32", 9121)},
    "indosat-2014": {("origin-hijack", prefix, 4761)
                     for prefix in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")},
    "innofield-2016": {("subprefix-hijack", "66.220.152.0/22", 200759), ("subprefix-hijack", "66.220.152.0/22", 65021)},
    "rostelecom-2017": {("origin-hijack", "216.119.216.0/24", 12389)},
    "google-2017": {("route-leak", "171.5.0.0/17", 15169)},
    "route53-2018": {("subprefix-hijack", f"205.251.{third}.0/24", 10297) for third in (192, 193, 197)},
    "safe-host-2019": {("route-leak", "46.145.0.0/16", 21217)},
    "verizon-2019": {("new-prefix", "104.20.0.0/21", None), ("route-leak", "104.20.0.0/21", 396531)},
    "vodafone-idea-2021": {("origin-hijack", f"198.18.{third}.0/24", 55410) for third in (0, 1)},
    "klayswap-2022": {("subprefix-hijack", "211.249.221.0/24", 9457), ("subprefix-hijack", "121.53.104.0/24", 9457)},
    "twitter-2022": {("origin-hijack", "104.244.42.0/24", 8342)},
    "celer-2022": {("new-prefix", "44.235.216.0/24", None), ("path-forged-first-hop", "44.235.216.0/24", 209243)},
    "orange-2024": {("rpki-invalid", "149.74.0.0/16", None)},
    "cloudflare-2024": {("subprefix-hijack", "1.1.1.1/32", 267613), ("route-leak", "1.1.1.0/24", 262504)},
}
# Its ROAs change while it is played: each change has to be read before the next step.
WITH_ROA_CHANGES = {"orange-2024"}
CONFIG = """
[topology]
as_relationships = "{folder}/as-relationships.txt"
[rpki]
vrp_file = "{folder}/vrps.json"
"""


class Incidents(harness.SystemTest):
    def write_topology(self):
        """The relationships of every incident in one file, as a server would have them."""
        lines = set()
        for name in VERDICTS:
            folder = self.dir / name
            done = subprocess.run([PEERINGCTL, "simulate", "--incident", name, "--write", folder], capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines.update((folder / "as-relationships.txt").read_text().splitlines())
        (self.dir / "as-relationships.txt").write_text("\n".join(sorted(lines)) + "\n")
        (self.dir / "vrps.json").write_text('{"roas": []}')

    def told(self, server, subscription):
        """Kind, observed prefix and suspect of everything from Warning on, in all connections."""
        listed = json.loads(self.ctl(server, "service", "list", "-o", "json", subscription=subscription))
        found = set()
        for service in listed:
            events = server.client().ok("GET", harness.Tenant.extension(service["id"], "events"))["value"]
            found |= {(e["kind"], e["observedPrefix"], e.get("suspectAsn")) for e in events
                      if e["eventLevel"] != "Information" and e["kind"] not in ("session-state", "withdrawal")}
        return found

    def play(self, server, name, subscription):
        """Tells the server to read its files again whenever the ROAs have changed, as a validator's hook would."""
        bmp = ":".join(map(str, server.address("bmp")))
        speed = "1" if name in WITH_ROA_CHANGES else "10"
        over = threading.Event()
        reader = threading.Thread(target=self.reload_on_change, args=(server, over))
        reader.start()
        try:
            self.ctl(server, "simulate", "--incident", name, "--register", "--once", "--bmp", bmp, "--speed", speed,
                     "--pace", "5", "--vrp-file", self.dir / "vrps.json", "--samples-per-second", "0",
                     subscription=subscription)
        finally:
            over.set()
            reader.join()

    def reload_on_change(self, server, over):
        path, known = self.dir / "vrps.json", None
        while not over.wait(0.05):
            now = path.read_text()
            if now != known:
                server.process.send_signal(signal.SIGHUP)
            known = now

    def test_every_victim_is_told_what_happened_and_nothing_else(self):
        self.write_topology()
        server = self.daemon(config=CONFIG.format(folder=self.dir))
        for name, wanted in VERDICTS.items():
            with self.subTest(incident=name):
                subscription = str(uuid.uuid4())
                self.play(server, name, subscription)
                with contextlib.suppress(AssertionError):
                    wait_for(lambda: self.told(server, subscription) == wanted, name, timeout_s=5)
                self.assertEqual(self.told(server, subscription), wanted)

    def test_what_cannot_be_played_is_said(self):
        server = self.daemon()
        said = self.ctl(server, "simulate", "--incident", "nowhere-1999", expect=2)
        self.assertIn("youtube-2008", said)
        self.assertIn("--incident", self.ctl(server, "simulate", "--write", self.dir / "x", expect=2))
        self.assertIn("one of them", self.ctl(server, "simulate", "--incident", "youtube-2008", "--scene", "hijack",
                                              expect=2))


if __name__ == "__main__":
    harness.main()
