"""The same samples into peeringd and into others, each until it says that they are stored.

Only peeringd makes sketches of them; the others keep rows. ClickHouse does not sync what it acknowledges.
"""
import calendar
import concurrent.futures
import contextlib
import http.client
import pathlib
import shutil
import subprocess
import time
import urllib.parse

PERCENTILES = (50, 90, 95, 99)
CONTENT_TYPES = {"peering": "application/vnd.peering.samples.v1", "ndjson": "application/x-ndjson"}


def written(program, form, folder, base_us, keys, bodies, per_body):
    """Files with the samples in a form."""
    folder.mkdir()
    subprocess.run([program, form, str(folder), *map(str, (base_us, keys, bodies, per_body))], check=True)
    return [folder / str(number) for number in range(bodies)]


def each_connection(files, connections, work):
    """Seconds until each of the connections has worked off its share of the files."""
    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, [files[n::connections] for n in range(connections)]))
    return time.perf_counter() - started


def post_all(address, path, headers, files, connections):
    def work(mine):
        with contextlib.closing(http.client.HTTPConnection(*address, timeout=600)) as connection:
            for file in mine:
                body = file.read_bytes()
                while True:
                    connection.request("POST", path, body, headers)
                    answer = connection.getresponse()
                    text = answer.read()
                    if answer.status in (200, 202):
                        break
                    if answer.status != 503:
                        raise RuntimeError(f"{answer.status}: {text[:500]}")
                    time.sleep(0.01)
    return each_connection(files, connections, work)


def post_samples(server, form, files, connections):
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": CONTENT_TYPES[form]}
    return post_all(server.address("http"), "/telemetry/samples", headers, files, connections)


class ClickHouse:
    """A server of its own on loopback."""

    SETTINGS = """<?xml version="1.0"?><yandex>
      <logger><level>error</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
      <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
      <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><mark_cache_size>268435456</mark_cache_size>
      <users_config>{folder}/users.xml</users_config><default_profile>default</default_profile></yandex>"""
    USERS = """<?xml version="1.0"?><yandex><profiles><default/></profiles><quotas><default/></quotas><users><default>
      <password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      </default></users></yandex>"""
    TABLES = {"rowbinary": "at UInt64, client FixedString(16), rtt UInt32, pop UInt16, kind UInt8",
              "jsoneachrow": "at UInt64, client String, pop String, rtt_us UInt32"}
    FORMATS = {"rowbinary": "RowBinary", "jsoneachrow": "JSONEachRow"}

    def __init__(self, folder, free_port):
        folder.mkdir()
        self.port = free_port()
        (folder / "users.xml").write_text(self.USERS)
        (folder / "config.xml").write_text(self.SETTINGS.format(folder=folder, http=self.port, tcp=free_port()))
        self.process = subprocess.Popen(["clickhouse-server", f"--config-file={folder}/config.xml"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            time.sleep(0.1)
            with contextlib.suppress(OSError):
                return self.query("SELECT 1")
        raise RuntimeError("ClickHouse does not answer")

    def query(self, text):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", "/", text)
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(answer.read().decode())

    def insert(self, form, files, connections):
        self.query("DROP TABLE IF EXISTS samples")
        self.query(f"CREATE TABLE samples ({self.TABLES[form]}) ENGINE = MergeTree PARTITION BY tuple() ORDER BY (client, at)")
        path = "/?query=" + urllib.parse.quote(f"INSERT INTO samples FORMAT {self.FORMATS[form]}")
        return post_all(("127.0.0.1", self.port), path, {}, files, connections)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class PostgreSQL:
    """A cluster of its own, reached by a socket in its folder."""

    TABLE = "CREATE TABLE samples (at int8, client inet, rtt int4, pop int2)"

    def __init__(self, folder):
        folder.mkdir()
        self.folder, self.programs = folder, postgresql_programs()
        # It refuses to run as root.
        self.user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
        self.run("initdb", "-D", folder / "data", "-A", "trust")
        self.run("pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "start",
                 "-o", f"-k {folder} -c listen_addresses='' -c max_wal_size=8GB")

    def run(self, program, *arguments):
        subprocess.run([*self.user, str(self.programs / program), *map(str, arguments)], check=True,
                       stdout=subprocess.DEVNULL, cwd="/")

    def psql(self, text):
        subprocess.run(["psql", "-q", "-h", str(self.folder), "-U", "postgres", "-v", "ON_ERROR_STOP=1"],
                       input=text, text=True, check=True, stdout=subprocess.DEVNULL)

    def percentiles(self, network, from_us, to_us):
        """Exact ones of the rows of a network, in microseconds."""
        done = subprocess.run(
            ["psql", "-Atq", "-h", str(self.folder), "-U", "postgres", "-c",
             f"SELECT unnest(percentile_cont(ARRAY[{','.join(str(p / 100) for p in PERCENTILES)}]) WITHIN GROUP (ORDER BY rtt))"
             f" FROM samples WHERE client <<= '{network}' AND at >= {from_us} AND at < {to_us}"],
            check=True, stdout=subprocess.PIPE, text=True)
        return [float(line) for line in done.stdout.split()]

    def insert(self, _form, files, connections):
        self.psql(f"DROP TABLE IF EXISTS samples; {self.TABLE};")

        def work(mine):
            self.psql("".join(f"\\copy samples FROM '{file}' BINARY\n" for file in mine))
        return each_connection(files, connections, work)

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")


def largest_error(tenant, postgres, names):
    """Of the percentiles of prefixes (name -> network), as a part, beside PostgreSQL with the same samples."""
    errors = []
    for name, network in names.items():
        report = tenant.latency(name, "&timespan=P1D&interval=PT1H&groupBy=kind&percentiles="
                                + ",".join(map(str, PERCENTILES)))
        for point in report["series"][0]["points"]:
            if point["count"] == 0:
                continue
            start = calendar.timegm(time.strptime(point["start"][:19], "%Y-%m-%dT%H:%M:%S")) * 1_000_000
            exact = postgres.percentiles(network, start, start + 3_600_000_000)
            errors += [abs(point[f"p{p}_us"] - right) / right for p, right in zip(PERCENTILES, exact)]
    return max(errors)


def postgresql_programs():
    """Where Debian keeps what is not in the path; None when it is not installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def bytes_of(folder):
    """On disk, of all files below."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def sqlite_seconds(program, file, base_us, keys, bodies, per_body):
    done = subprocess.run([program, "sqlite", str(file), *map(str, (base_us, keys, bodies, per_body))], check=True,
                          stdout=subprocess.PIPE, text=True)
    return float(done.stdout)
