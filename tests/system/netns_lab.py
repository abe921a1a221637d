"""A small Internet of network namespaces: this process, two routers, and a destination behind a slow link.

    source --- r1 --- r2 ~~~ (delay) ~~~ end

The slow link is a pair of TAP devices between which a thread of this process carries every frame late, so it
needs nothing of the kernel beyond namespaces. Everything is gone with the process that made it.
"""
import contextlib
import ctypes
import fcntl
import heapq
import os
import pathlib
import select
import socket
import struct
import subprocess
import threading
import time

import harness

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SO_TIMESTAMPNS = 35
ONE_WAY_S = 0.010

SOURCE, R1_NEAR, R1_FAR, R2_NEAR, R2_FAR, END = (
    "198.51.100.1", "198.51.100.2", "198.51.100.5", "198.51.100.6", "198.51.100.9", "198.51.100.10")
SOURCE6, R1_NEAR6, R1_FAR6, R2_NEAR6, R2_FAR6, END6 = (
    "2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1", "2001:db8:0:2::2", "2001:db8:0:3::1",
    "2001:db8:0:3::2")
BLACK_HOLE, UNREACHABLE, PROHIBITED = "203.0.113.66", "203.0.113.67", "203.0.113.68"
# A network behind the end, of which one address answers.
BEHIND, ONLY_HOST = "203.0.113.128/25", "203.0.113.254"


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def inside(name, *words):
    """The command in a namespace. `ip -n` would mount things anew, which a root directory that is no mount does not allow."""
    return ["nsenter", f"--net=/run/netns/{name}", *words]


def why_impossible():
    """Why no namespaces can be made here; None when they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "unshare", "nsenter"):
        if not any(os.access(os.path.join(place, program), os.X_OK)
                   for place in os.environ.get("PATH", "").split(":") + ["/sbin", "/usr/sbin"]):
            return f"{program} is not installed"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    done = subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    return None if done.returncode == 0 else f"no network namespace can be made: {done.stderr.strip()}"


class SlowLink:
    """Two TAP devices and a thread that carries frames between them late."""

    def __init__(self, near, far):
        self.one_way_s = ONE_WAY_S  # may be changed while it runs
        self.ends = [self._tap(near), self._tap(far)]
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    @staticmethod
    def _tap(name):
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
        return device

    def start(self):
        self._thread.start()

    def stop(self):
        os.write(self._stop_write, b"x")
        self._thread.join()
        for each in (*self.ends, self._stop_read, self._stop_write):
            os.close(each)

    def _carry(self):
        waiting, number = [], 0
        while True:
            left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            readable, _, _ = select.select([*self.ends, self._stop_read], [], [], left)
            if self._stop_read in readable:
                return
            for side in (0, 1):
                while self.ends[side] in readable:
                    try:
                        frame = os.read(self.ends[side], 2048)
                    except BlockingIOError:
                        break
                    number += 1
                    heapq.heappush(waiting, (time.monotonic() + self.one_way_s, number, 1 - side, frame))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, side, frame = heapq.heappop(waiting)
                with contextlib.suppress(OSError):
                    os.write(self.ends[side], frame)


class Lab:
    """The namespaces r1, r2 and end; this process's own one is the source. One of them a process."""

    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.r1, self.r2, self.end = (f"peering-{os.getpid()}-{name}" for name in ("r1", "r2", "end"))
        try:
            self._build()
        except BaseException:
            self.remove()
            raise

    def _build(self):
        run("ip", "link", "set", "lo", "up")
        for name in (self.r1, self.r2, self.end):
            run("ip", "netns", "add", name)
            run(*inside(name, "ip", "link", "set", "lo", "up"))
        run("ip", "link", "add", "to-r1", "type", "veth", "peer", "name", "to-source", "netns", self.r1)
        run(*inside(self.r1, "ip", "link", "add", "to-r2", "type", "veth", "peer", "name", "to-r1", "netns", self.r2))
        self.link = SlowLink("to-end", "to-r2")
        run("ip", "link", "set", "to-end", "netns", self.r2)
        run("ip", "link", "set", "to-r2", "netns", self.end)
        self._address(None, "to-r1", SOURCE, SOURCE6)
        self._address(self.r1, "to-source", R1_NEAR, R1_NEAR6)
        self._address(self.r1, "to-r2", R1_FAR, R1_FAR6)
        self._address(self.r2, "to-r1", R2_NEAR, R2_NEAR6)
        self._address(self.r2, "to-end", R2_FAR, R2_FAR6)
        self._address(self.end, "to-r2", END, END6)
        for name in (self.r1, self.r2):
            self.write(name, "net/ipv4/ip_forward", "1")
            self.write(name, "net/ipv6/conf/all/forwarding", "1")
            # Every probe is answered, however many come.
            self.write(name, "net/ipv4/icmp_ratemask", "0")
            self.write(name, "net/ipv6/icmp/ratelimit", "0")
        run("ip", "route", "add", "default", "via", R1_NEAR)
        run("ip", "-6", "route", "add", "default", "via", R1_NEAR6)
        run(*inside(self.r1, "ip", "route", "add", "198.51.100.8/30", "via", R2_NEAR))
        run(*inside(self.r1, "ip", "-6", "route", "add", "2001:db8:0:3::/64", "via", R2_NEAR6))
        run(*inside(self.r2, "ip", "route", "add", "198.51.100.0/30", "via", R1_FAR))
        run(*inside(self.r2, "ip", "-6", "route", "add", "2001:db8:0:1::/64", "via", R1_FAR6))
        run(*inside(self.end, "ip", "route", "add", "default", "via", R2_FAR))
        run(*inside(self.end, "ip", "-6", "route", "add", "default", "via", R2_FAR6))
        run(*inside(self.r1, "ip", "route", "add", BEHIND, "via", R2_NEAR))
        run(*inside(self.r2, "ip", "route", "add", BEHIND, "via", END))
        run(*inside(self.end, "ip", "address", "add", f"{ONLY_HOST}/32", "dev", "lo"))
        for kind, address in (("blackhole", BLACK_HOLE), ("unreachable", UNREACHABLE), ("prohibit", PROHIBITED)):
            run(*inside(self.r1, "ip", "route", "add", kind, f"{address}/32"))
        self.link.start()

    @staticmethod
    def _address(name, device, v4, v6):
        ip = inside(name, "ip") if name else ["ip"]
        run(*ip, "address", "add", f"{v4}/30", "dev", device)
        run(*ip, "address", "add", f"{v6}/64", "dev", device, "nodad")
        run(*ip, "link", "set", device, "up")

    @staticmethod
    def write(name, path, value):
        """Sets a value under /proc/sys, in the source's namespace when there is no name."""
        place = inside(name) if name else []
        run(*place, "sh", "-c", f"echo '{value}' > /proc/sys/{path}")

    def remove(self):
        if hasattr(self, "link"):
            self.link.stop()
        for name in (self.r1, self.r2, self.end):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)

    def command(self, name, *words):
        """What runs `words` in a namespace."""
        return inside(name, *words)


class Capture:
    """IPv4 packets that leave or come through the device to r1, with the times at which the kernel saw them."""

    def __init__(self, device="to-r1"):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((device, 3))
        self.socket.setblocking(False)
        self.seen = []  # (seconds, is outgoing, packet)

    def read(self):
        """Everything since the beginning."""
        while True:
            try:
                packet, control, _, address = self.socket.recvmsg(2048, 128)
            except BlockingIOError:
                return self.seen
            stamps = [struct.unpack("qq", data[:16]) for level, kind, data in control
                      if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)]
            if packet[0] >> 4 == 4:
                self.seen.append((stamps[0][0] + stamps[0][1] / 1e9, address[2] == socket.PACKET_OUTGOING, packet))

    def sent_times(self, destination=None):
        """When echoes left, in seconds; to one address or to all."""
        return [at for at, outgoing, packet in self.read() if outgoing and packet[9] == 1 and payload(packet)[0] == 8
                and destination in (None, socket.inet_ntoa(packet[16:20]))]

    def sent(self, protocol):
        """What was sent of a protocol, from the IPv4 header on."""
        return [packet for _, outgoing, packet in self.read() if outgoing and packet[9] == protocol]

    def close(self):
        self.socket.close()

    def echo_ms(self):
        """Sequence number -> time between an echo of ours and its reply on the wire."""
        began, found = {}, {}
        for at, outgoing, packet in self.read():
            message = payload(packet)
            if packet[9] == 1 and outgoing and message[0] == 8:
                began[message[4:8]] = at
            elif packet[9] == 1 and not outgoing and message[0] == 0 and message[4:8] in began:
                found[struct.unpack(">H", message[6:8])[0]] = (at - began[message[4:8]]) * 1000
        return found

    def exchanges(self, port):
        """Datagrams and their answers on the wire, whoever began: (time, packet, time, packet)."""
        began, found = {}, []
        for at, _, packet in self.read():
            if packet[9] != 17:
                continue
            source, destination = struct.unpack(">HH", payload(packet)[:4])
            if destination == port:
                began[source] = at, payload(packet)[8:]
            elif source == port and destination in began:
                found.append((*began.pop(destination), at, payload(packet)[8:]))
        return found


def payload(packet):
    return packet[(packet[0] & 15) * 4:]


def program(name):
    """A Python program beside the tests that runs in a namespace."""
    return str(pathlib.Path(harness.__file__).with_name(name))
