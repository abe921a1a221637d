"""VRPs from real validators of a signed repository: FORT as an RTR cache, rpki-client's JSON as a file."""
import json
import os
import shutil
import signal
import subprocess

import harness
import rpki_repository
from harness import PATIENCE, need_program, wait_for
from test_rtr import PREFIX, RtrTest

OURS, STRANGER, OTHER = 64500, 64666, ("2001:db8::/32", 48, 64501)


class SignedRepository(RtrTest):
    def repository(self, *roas):
        need_program(self, "openssl")
        made = rpki_repository.Repository(self.dir / "signed")
        made.publish(*roas)
        return made


class Fort(SignedRepository):
    def test_a_held_route_follows_what_fort_validates(self):
        signed = self.repository((PREFIX, None, OURS), OTHER)
        port = self.fort(signed)
        server = self.daemon(config=f'[[rpki.caches]]\naddress = "127.0.0.1:{port}"\n')
        tenant = self.announced(server)
        wait_for(lambda: self.held(server) == 2, "both VRPs", 90)
        self.assertEqual(self.rtrclient(port), {f"{PREFIX.replace('/', ', ')}, 24, {OURS}",
                                                "2001:db8::, 32, 48, 64501"})
        self.assertIn("version 1, serial", server.log_text(), "the highest version that both know")
        self.becomes(tenant, "valid")

        signed.publish((PREFIX, None, STRANGER), OTHER)
        self.lay_out(signed)
        # FORT validates once a minute at most; a delta of two VRPs tells what changed.
        [event] = wait_for(lambda: self.events(tenant, "rpki-invalid", "open"), "rpki-invalid", 100)
        self.assertIn(f"AS{STRANGER}", event["eventDescription"])
        self.assertEqual(self.state(tenant), "invalid")
        self.assertIn("1 added, 1 removed", server.log_text())

    def fort(self, signed):
        """FORT serving what is published, without rsync: its port."""
        program, port = need_program(self, "fort"), harness.free_port()
        self.lay_out(signed)
        self.background([program, "--mode=server", f"--tal={signed.locator}", f"--local-repository={self.local()}",
                         "--work-offline=true", "--server.address=127.0.0.1", f"--server.port={port}",
                         "--server.interval.validation=60", "--server.interval.refresh=1",
                         "--server.interval.retry=1"], "fort")
        return port

    def local(self):
        return self.dir / "fort"

    def lay_out(self, signed):
        """Where FORT looks for what rsync would have fetched."""
        host = self.local() / rpki_repository.HOST
        shutil.copytree(signed.published, host / "repository.new")
        shutil.rmtree(host / "repository", ignore_errors=True)
        (host / "repository.new").rename(host / "repository")


class RpkiClient(SignedRepository):
    def test_its_json_is_read_at_start_and_on_sighup(self):
        signed = self.repository((PREFIX, None, OURS), OTHER)
        path = self.validated(signed)
        server = self.daemon(config=f'[rpki]\nvrp_file = "{path}"\n')
        tenant = self.announced(server)
        self.assertEqual((self.held(server), self.state(tenant)), (2, "valid"))

        signed.publish((PREFIX, None, STRANGER))
        self.validated(signed)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.events(tenant, "rpki-invalid", "open"), "rpki-invalid")
        self.assertEqual((self.held(server), self.state(tenant)), (1, "invalid"))

    def validated(self, signed):
        """Runs rpki-client on what is published, without rsync: its JSON."""
        program = need_program(self, "rpki-client", "/usr/sbin/rpki-client")
        cache, out = self.dir / "cache", self.dir / "out"
        out.mkdir(exist_ok=True)
        shutil.copytree(signed.published, cache / rpki_repository.HOST / "repository", dirs_exist_ok=True)
        (cache / "ta" / "anchor").mkdir(parents=True, exist_ok=True)
        shutil.copy(signed.published / "anchor.cer", cache / "ta" / "anchor")
        self.open_to_others(cache, out, signed.folder)
        done = subprocess.run([program, "-n", "-j", "-d", cache, "-t", signed.locator, out], capture_output=True,
                              text=True, timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(len(json.loads((out / "json").read_text())["roas"]), 1)
        return out / "json"

    def open_to_others(self, *folders):
        """As root it becomes a user of its own, who must be able to read and write there."""
        self.dir.chmod(0o755)
        for folder in folders:
            for at, _, files in os.walk(folder):
                os.chmod(at, 0o777)
                for name in files:
                    os.chmod(os.path.join(at, name), 0o644)


if __name__ == "__main__":
    harness.main()
