"""What every system test uses: a peeringd of its own in a folder of its own, and a client for its API.

Nothing here knows the code of the server; it speaks the promises of the documentation. PEERINGD and
PEERINGCTL name the programs (CTest sets them). A part that is missing on this machine skips a test; where
everything has to be there (CI, or PEERING_REQUIRE_ALL=1) it fails the test instead.
"""
import contextlib
import http.client
import importlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("PEERING_SHARED", SOURCE.parent / "shared"))
BUILD = pathlib.Path(os.environ.get("PEERING_BUILD", SOURCE / "build" / "dev"))
PEERINGD = os.environ.get("PEERINGD", str(BUILD / "bin" / "peeringd"))
PEERINGCTL = os.environ.get("PEERINGCTL", str(BUILD / "bin" / "peeringctl"))
REQUIRE_ALL = os.environ.get("PEERING_REQUIRE_ALL") == "1" or os.environ.get("CI", "") not in ("", "0", "false")
# Sanitized programs are slower: waiting gets longer, what is promised does not.
PATIENCE = float(os.environ.get("PEERING_PATIENCE", "1"))
SKIPPED_EXIT_CODE = 77

PEERING_VERSION = "2022-10-01"
EXTENSION_VERSION = "2026-11-01"
SUBSCRIPTION_VERSION = "2022-12-01"
GROUP_VERSION = "2021-04-01"


# --- what must be there -------------------------------------------------------------------------------

def need_program(test, name, *places):
    """The path of a program of a Debian package; skips the test, or fails it in CI, when it is not there."""
    for place in (shutil.which(name), *places):
        if place and os.access(place, os.X_OK):
            return place
    if REQUIRE_ALL:
        test.fail(f"{name} is not installed: ./run setup")
    test.skipTest(f"{name} is not installed")


def need_module(test, name, package=None):
    """A Python module of the Debian package python3-NAME or `package`; skips or fails as for a program."""
    package = package or f"python3-{name}"
    sys.path.append("/usr/lib/python3/dist-packages")  # for a python3 that is not Debian's
    try:
        return importlib.import_module(name)
    except ImportError:
        if REQUIRE_ALL:
            test.fail(f"{package} is not installed: ./run setup")
        test.skipTest(f"{package} is not installed")


def need_shared(test, *parts):
    """A path under the shared data, the one thing that may be missing everywhere."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        test.skipTest("no shared data")
    return path


# --- waiting ------------------------------------------------------------------------------------------

def wait_for(look, what, timeout_s=10.0, interval_s=0.01):
    """Calls `look` until it returns something true, and returns that. `what` names it in the failure."""
    deadline = time.monotonic() + timeout_s * PATIENCE
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout_s * PATIENCE:g} s still no {what}")
        time.sleep(interval_s)


def free_port(address="127.0.0.1"):
    """A TCP port that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def loopback_network():
    """Three octets of a loopback network that this test process has for itself: '127.x.y'."""
    number = os.getpid()
    return f"127.{64 + (number >> 8) % 128}.{number % 256}"


# --- programs in the background -----------------------------------------------------------------------

class Background:
    """A program of ours in the background, its output in a file, stopped by its process id."""

    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        self._file = open(self.log, "ab")
        self.process = subprocess.Popen(command, stdout=self._file, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, **options)

    def running(self):
        return self.process.poll() is None

    def stop(self, timeout_s=5):
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._file.close()
        return self.process.returncode

    def output(self):
        return self.log.read_text(errors="replace")


# --- the API ------------------------------------------------------------------------------------------

class Answer:
    """One HTTP answer. `json` is None when the body is none."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.json = None
        if "json" in headers.get("Content-Type", "") and body:
            self.json = json.loads(body)

    @property
    def text(self):
        return self.body.decode(errors="replace")

    @property
    def error_code(self):
        return ((self.json or {}).get("error") or {}).get("code")

    @property
    def error_message(self):
        return ((self.json or {}).get("error") or {}).get("message", "")

    def __repr__(self):
        return f"HTTP {self.status}: {self.text[:600]}"


class Client:
    """Speaks HTTP(S) to one server with one token. Thread-safe."""

    def __init__(self, endpoint, token=None, authority=None):
        self.endpoint, self.token = endpoint, token
        handlers = [urllib.request.ProxyHandler({})]
        if authority:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)))
        self._opener = urllib.request.build_opener(*handlers)

    def request(self, method, path, body=None, headers=None, timeout_s=30):
        """Any answer is an answer; OSError only when there was none."""
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, (bytes, bytearray)):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        url = path if "://" in path else self.endpoint + path
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=timeout_s * PATIENCE) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())
        except http.client.HTTPException as error:
            raise ConnectionError(f"{method} {path}: the answer broke off") from error

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def put(self, path, body, **options):
        return self.request("PUT", path, body, **options)

    def ok(self, method, path, body=None, **options):
        """The JSON of an answer that must be a 2xx."""
        answer = self.request(method, path, body, **options)
        if not 200 <= answer.status < 300:
            raise AssertionError(f"{method} {path}: {answer}")
        return answer.json


class Tenant:
    """A subscription with one resource group and one peering service ("connection"), and what is under it."""

    def __init__(self, operator, connection="office", subscription=None):
        self.client = operator
        self.subscription = subscription or str(uuid.uuid4())
        self.group = "network"
        root = f"/subscriptions/{self.subscription}"
        operator.ok("PUT", f"{root}?api-version={SUBSCRIPTION_VERSION}", {"displayName": "Test"})
        operator.ok("PUT", f"{root}/resourcegroups/{self.group}?api-version={GROUP_VERSION}",
                    {"location": "eastus"})
        self.provider_root = f"{root}/resourceGroups/{self.group}/providers/Microsoft.Peering"
        self.connection = f"{self.provider_root}/peeringServices/{connection}"
        self.service_body = self._a_service(root)
        operator.ok("PUT", self.url(self.connection), self.service_body)

    def _a_service(self, root):
        catalogue = f"{root}/providers/Microsoft.Peering"
        provider = self.client.ok("GET", self.url(f"{catalogue}/peeringServiceProviders"))["value"][0]
        location = self.client.ok("GET", self.url(f"{catalogue}/peeringServiceLocations"))["value"][0]
        return {"location": "eastus", "properties": {
            "peeringServiceProvider": provider["name"], "peeringServiceLocation": location["name"]}}

    @staticmethod
    def url(resource, version=PEERING_VERSION, query=""):
        return f"{resource}?api-version={version}{query}"

    @staticmethod
    def extension(resource, name, query=""):
        return f"{resource}/providers/Open.Peering/{name}?api-version={EXTENSION_VERSION}{query}"

    def prefix_id(self, name):
        return f"{self.connection}/prefixes/{name}"

    def add_prefix(self, name, prefix, **expected):
        """Registers a prefix; `expected` (asn=[…], upstreams=[…]) is set first thing afterwards."""
        self.client.ok("PUT", self.url(self.prefix_id(name)), {"properties": {"prefix": prefix}})
        if expected:
            self.expect(name, prefix=prefix, **expected)
        return self.prefix_id(name)

    def expect(self, name, **expected):
        self.client.ok("PUT", self.extension(self.prefix_id(name), "monitoring/default"),
                       {"properties": expected})

    def azure_events(self, name):
        answer = self.client.ok("GET", self.url(self.prefix_id(name), query="&$expand=events"))
        return answer["properties"]["events"]

    def events(self, name=None):
        """Every event of a prefix, or of the whole connection."""
        url = self.extension(self.prefix_id(name) if name else self.connection, "events")
        found = []
        while url:
            page = self.client.ok("GET", url)
            found += page["value"]
            url = page.get("nextLink")
        return found

    def routes(self, name):
        return self.client.ok("GET", self.extension(self.prefix_id(name), "routes"))["routes"]

    def latency(self, name=None, query="&timespan=PT6H&interval=PT5M"):
        resource = self.prefix_id(name) if name else self.connection
        return self.client.ok("GET", self.extension(resource, "latency", query))


def total_count(report):
    """All samples of a latency report."""
    return sum(point["count"] for series in report["series"] for point in series["points"])


# --- the server ---------------------------------------------------------------------------------------

class Peeringd:
    """One server on a data folder. Can be stopped, killed and started again on the same folder."""

    def __init__(self, data_dir, config=None, arguments=(), same_ports=False):
        self.data_dir = pathlib.Path(data_dir)
        self.log = self.data_dir.with_name(self.data_dir.name + ".log")
        self.config, self.arguments, self.same_ports = config, list(arguments), same_ports
        self.process, self.addresses = None, {}

    def command(self):
        listen = {"http": "--listen", "https": "--listen-tls", "bmp": "--bmp"}
        command = [PEERINGD, "--data-dir", str(self.data_dir)]
        for name, flag in listen.items():
            again = self.same_ports and self.addresses.get(name)
            command += [flag, again or "127.0.0.1:0"]
        if self.config is not None:
            path = self.data_dir.with_name(self.data_dir.name + ".toml")
            path.write_text(self.config)
            command += ["--config", str(path)]
        return command + self.arguments

    def start(self, timeout_s=15):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log,
                                            stdin=subprocess.DEVNULL)
        ready = self._ready_line(timeout_s * PATIENCE)
        self.addresses = dict(word.split("=", 1) for word in ready.split()[1:])
        threading.Thread(target=self._drain, args=(self.process.stdout,), daemon=True).start()
        return self

    def _ready_line(self, timeout_s):
        timer = threading.Timer(timeout_s, self.process.kill)
        timer.start()
        try:
            for raw in self.process.stdout:
                line = raw.decode(errors="replace").strip()
                if line.startswith("ready "):
                    return line
        finally:
            timer.cancel()
        raise AssertionError(f"peeringd did not become ready (exit code {self.process.wait()}):\n{self.log_text()}")

    def _drain(self, stream):
        with contextlib.suppress(ValueError, OSError), open(self.log, "ab") as log:
            for line in stream:
                log.write(line)

    def log_text(self):
        return self.log.read_text(errors="replace")[-20000:] if self.log.exists() else ""

    @property
    def token(self):
        return (self.data_dir / "admin.token").read_text().strip()

    @property
    def authority(self):
        return str(self.data_dir / "tls" / "ca.pem")

    @property
    def http(self):
        return "http://" + self.addresses["http"]

    @property
    def https(self):
        return "https://" + self.addresses["https"]

    def address(self, name):
        """(host, port) of a listener: http, https, bmp."""
        host, port = self.addresses[name].rsplit(":", 1)
        return host, int(port)

    def client(self, token=None):
        return Client(self.http, token or self.token)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout_s=10):
        """SIGTERM; the exit code. Longer than `timeout_s` is a broken promise."""
        if not self.running():
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"peeringd did not stop within {timeout_s} s") from None

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def memory_kib(self, field="VmRSS"):
        """Resident memory now, or its high-water mark with "VmHWM"."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M).group(1))

    def metrics(self):
        """Every sample of /metrics: name with labels -> value."""
        found = {}
        for line in Client(self.http).get("/metrics").text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[name] = float(value)
        return found


def moved(before, after, pattern):
    """The samples whose name matches and that grew between two readings of /metrics."""
    return {name: value - before.get(name, 0) for name, value in after.items()
            if re.search(pattern, name) and value > before.get(name, 0)}


# --- samples ------------------------------------------------------------------------------------------

def samples_body(clients, pop="AMS", rtt_us=20000, at=None, source="edge-1"):
    """NDJSON of one sample a client address."""
    at = at if at is not None else time.time()
    lines = [json.dumps({"time": at, "client": client, "pop": pop, "rtt_us": rtt_us, "kind": "srtt",
                         "source": source}) for client in clients]
    return ("\n".join(lines) + "\n").encode()


def post_samples(client, body, key=None, kind="application/x-ndjson", **options):
    headers = {"Content-Type": kind}
    if key:
        headers["Idempotency-Key"] = key
    return client.request("POST", "/telemetry/samples", body, headers=headers, **options)


# --- the base of every test ---------------------------------------------------------------------------

class SystemTest(unittest.TestCase):
    """A folder of its own; servers and programs that end with the test; logs shown when it fails."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="peering-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self._logs = []
        self.addCleanup(self._show_logs_of_a_failure)
        for program in (PEERINGD, PEERINGCTL):
            if not os.access(program, os.X_OK):
                self.fail(f"{program} is not built")

    def _show_logs_of_a_failure(self):
        result = getattr(self._outcome, "result", None)
        broken = result and any(test is self or getattr(test, "test_case", None) is self
                                for test, _ in result.failures + result.errors)
        for path in self._logs if broken else ():
            if path.exists():
                print(f"--- {path.name}, last lines ---")
                print("\n".join(path.read_text(errors="replace").splitlines()[-40:]))

    def daemon(self, name="data", **options):
        """A started server. When the test ends, SIGTERM must end it with exit code 0."""
        server = Peeringd(self.dir / name, **options)
        self._logs.append(server.log)
        self.addCleanup(self._stop, server)
        return server.start()

    def _stop(self, server):
        if server.running():
            self.assertEqual(server.stop(), 0, "peeringd's exit code after SIGTERM")

    def background(self, command, name, **options):
        program = Background([str(word) for word in command], self.dir / f"{name}.log", **options)
        self._logs.append(program.log)
        self.addCleanup(program.stop)
        return program

    def ctl(self, server, *words, expect=0, subscription=None, **options):
        """Runs peeringctl against a server; its standard output."""
        environment = {**os.environ, "PEERING_ENDPOINT": server.http, "PEERING_TOKEN": server.token,
                       "HOME": str(self.dir), "XDG_CONFIG_HOME": str(self.dir)}
        if subscription:
            environment["PEERING_SUBSCRIPTION"] = subscription
        done = subprocess.run([PEERINGCTL, *map(str, words)], env=environment, capture_output=True, text=True,
                              timeout=60 * PATIENCE, **options)
        self.assertEqual(done.returncode, expect,
                         f"peeringctl {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return done.stdout if expect == 0 else done.stdout + done.stderr


class _Result(unittest.TextTestResult):
    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skipped: {reason} ({test.id()})", flush=True)


def short_name(test):
    """Class.method, also of a subtest."""
    return getattr(test, "test_case", test).id().removeprefix("__main__.")


def main():
    """Runs the tests of the calling file. Exit code 77 (CTest: skipped) when nothing ran at all."""
    sys.stdout.reconfigure(line_buffering=True)
    program = unittest.main(module="__main__", exit=False, verbosity=2,
                            testRunner=unittest.TextTestRunner(resultclass=_Result, verbosity=2, stream=sys.stdout))
    result = program.result
    broken = sorted({short_name(test) for test, _ in result.failures + result.errors})
    folder = os.environ.get("PEERING_TEST_RESULTS")
    if folder:
        name = pathlib.Path(sys.argv[0]).stem
        counts = {"passed": result.testsRun - len(broken) - len(result.skipped), "failed": broken,
                  "skipped": [f"{short_name(test)}: {why}" for test, why in result.skipped]}
        pathlib.Path(folder, f"{name}.json").write_text(json.dumps(counts))
    if broken or not result.testsRun:
        sys.exit(1)
    sys.exit(SKIPPED_EXIT_CODE if len(result.skipped) == result.testsRun else 0)
