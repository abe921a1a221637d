"""Registration at scale: prefixes put into a running server by many clients, beside SQLite's own group commit of as
many rows of the same size, in turns on the same disk.
"""
import json
import os
import pathlib
import subprocess


def measured(command):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


class Registration:
    """A server and how many prefixes it has."""

    def __init__(self, load, harness, folder):
        self.load, self.folder, self.number = load, folder, 0
        self.server = harness.Peeringd(folder / "data").start(60)
        self.tenant = harness.Tenant(self.server.client())
        self.resident_when_empty = resident_bytes(self.server.process.pid)

    def put(self, connections, count):
        first, self.number = self.number, self.number + count
        return measured([self.load, "http", str(self.server.address("http")[1]), self.server.token,
                         self.tenant.connection, str(connections), str(first), str(count)])

    def bytes_a_prefix(self):
        return (resident_bytes(self.server.process.pid) - self.resident_when_empty) / self.number

    def beside_sqlite(self, connections, count):
        """(ours, SQLite's, SQLite's with the entries of the audit log): durable writes a second, SQLite with as many
        rows in a transaction as we have clients."""
        ours = self.put(connections, count)["seconds"]
        return count / ours, self.sqlite(connections, count), self.sqlite(connections, count, "audited")

    def sqlite(self, rows, count, *more):
        file = self.folder / "peer.sqlite"
        seconds = measured([self.load, "sqlite", str(file), str(rows), str(count), *more])["seconds"]
        for name in (file, f"{file}-wal", f"{file}-shm"):
            if os.path.exists(name):
                os.unlink(name)
        return count / seconds
