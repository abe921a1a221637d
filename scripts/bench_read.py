"""Reads of a resource over HTTP beside nginx that returns the same answer, each by wrk over keep-alive connections."""
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.request

CONNECTIONS, SECONDS = 16, 4
NOT_COPIED = {"date", "content-length", "content-type", "connection"}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def available():
    return shutil.which("wrk") and shutil.which("nginx")


class Nginx:
    """One worker that gives one answer to everything, headers included."""

    def __init__(self, folder, port, answer_headers, body):
        folder.mkdir()
        headers = "".join(f'add_header {name} "{value}";' for name, value in answer_headers.items()
                          if name.lower() not in NOT_COPIED)
        paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        quoted = body.replace("\\", "\\\\").replace("'", "\\'")
        configuration = folder / "nginx.conf"
        configuration.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;"
            f"events {{}} http {{ access_log off; keepalive_requests 100000000; {paths}"
            f"server {{ listen 127.0.0.1:{port}; location / {{ {headers} default_type application/json;"
            f" return 200 '{quoted}'; }} }} }}")
        self.url = f"http://127.0.0.1:{port}/"
        self.process = subprocess.Popen(["nginx", "-c", str(configuration)], stderr=subprocess.DEVNULL)

    def worker(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while True:
            pids = children.read_text().split()
            if pids:
                return int(pids[0])
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def rates(url, token, pid):
    """(requests a second, requests a CPU second of the server)."""
    before = cpu_seconds(pid)
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {token}", url],
                          capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        raise RuntimeError(done)
    count, seconds = re.search(r"(\d+) requests in ([\d.]+)s", done).groups()
    return int(count) / float(seconds), int(count) / (cpu_seconds(pid) - before)


class Reading:
    """A server with one connection registered, and nginx with the answer to its GET."""

    def __init__(self, harness, folder):
        self.server = harness.Peeringd(folder / "data").start(60)
        tenant = harness.Tenant(self.server.client())
        self.url = self.server.client().endpoint + tenant.url(tenant.connection)
        request = urllib.request.Request(self.url, headers={"Authorization": f"Bearer {self.server.token}"})
        with urllib.request.urlopen(request) as answer:
            self.nginx = Nginx(folder / "nginx", harness.free_port(), answer.headers, answer.read().decode())

    def pair(self):
        """Ours and nginx's rates."""
        return (rates(self.url, self.server.token, self.server.process.pid),
                rates(self.nginx.url, self.server.token, self.nginx.worker()))

    def stop(self):
        self.nginx.stop()
        self.server.stop()
