"""`detect`: from RIS Live's JSON to verdicts, and from a BMP socket to a webhook."""
import json
import random
import resource
import subprocess
import threading
import time

WATCHED = 100_000
STRANGER = 64666


def watched_prefix(index):
    return f"{20 + (index >> 16)}.{index >> 8 & 255}.{index & 255}.0/24"


def other_prefix(index):
    return f"{100 + (index >> 16)}.{index >> 8 & 255}.{index & 255}.0/24"


def write_watch_file(path, monitored):
    """100,000 prefixes with an origin each, and so many monitored ASes with upstreams."""
    prefixes = [{"prefix": watched_prefix(i), "asn": [200_000 + i]} for i in range(WATCHED)]
    ases = [{"asn": 4_000_000 + i, "upstreams": [1000 + i % 500]} for i in range(monitored)]
    path.write_text(json.dumps({"prefixes": prefixes, "asns": ases}))


def write_firehose(path, messages, seed=3):
    """RIS Live messages of 20 peers, one in a hundred about a watched prefix; how many prefixes they name."""
    chance, prefixes = random.Random(seed), 0
    with open(path, "w") as out:
        for number in range(messages):
            peer = chance.randrange(20)
            watched = chance.randrange(100) == 0
            index = chance.randrange(WATCHED if watched else 800_000)
            names = [watched_prefix(index)] if watched else [
                other_prefix((index + 7 * i) % 800_000) for i in range(chance.randint(1, 3))]
            prefixes += len(names)
            data = {"timestamp": 1_700_000_000 + number / 1000, "peer": f"192.0.2.{peer + 1}",
                    "peer_asn": str(64496 + peer), "id": f"01-c0000201-{number}", "host": "rrc00.ripe.net",
                    "type": "UPDATE"}
            if chance.randrange(40 if watched else 10) == 0:
                data["withdrawals"] = names
            else:
                origin = STRANGER if watched and chance.randrange(40) == 0 else 200_000 + index
                middle = [1000 + chance.randrange(500) for _ in range(chance.randint(1, 4))]
                data |= {"path": [64496 + peer, *middle, origin], "community": [[64496 + peer, 100]], "origin": "IGP",
                         "announcements": [{"next_hop": f"192.0.2.{peer + 1}", "prefixes": names}]}
            out.write(json.dumps({"type": "ris_message", "data": data}) + "\n")
    return prefixes


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.count(b"\n")


def from_ris(peeringctl, folder, monitored, messages, runs):
    """(prefixes, CPU-seconds of each run without those that reading the watch file takes, events)."""
    watch, updates, nothing = folder / "watch.json", folder / "updates.jsonl", folder / "nothing.jsonl"
    write_watch_file(watch, monitored)
    nothing.write_text("")
    if not updates.exists():
        folder.joinpath("prefixes").write_text(str(write_firehose(updates, messages)))
    prefixes, taken, events = int(folder.joinpath("prefixes").read_text()), [], 0
    for _ in range(runs):
        start, _ = cpu_seconds([peeringctl, "analyze", "--watch", watch, nothing])
        whole, events = cpu_seconds([peeringctl, "analyze", "--watch", watch, updates])
        taken.append(whole - start)
    return prefixes, taken, events


# --- from the BMP socket to the webhook -----------------------------------------------------------------

def background(bmp, peer, second):
    """A second's worth of updates of nobody's prefixes, in fifty parts; odd and even seconds differ."""
    parts = []
    for part in range(50):
        said = bytearray()
        for number in range(part * 1000, part * 1000 + 1000):
            said += peer.route([other_prefix(number)], path=[64496, 1000 + second, 200_000 + number], at=0)
        parts.append(bytes(said))
    return parts


def keep_sending(router, parts, stop, sent):
    """50,000 updates a second, a part every 20 ms."""
    due, number = time.monotonic(), 0
    while not stop.is_set():
        router.send(parts[number // 50 % len(parts)][number % 50])
        sent.append(1000)
        number += 1
        due += 0.02
        time.sleep(max(0.0, due - time.monotonic()))


def to_webhook(harness, folder, alerts):
    """Milliseconds from a stranger's announcement on the socket to the request of the webhook, and updates a second."""
    import bmp
    import webhook
    server = harness.Peeringd(folder / "data", config="[alerts]\nallow_loopback = true\n").start()
    receiver = webhook.Receiver("secret")
    stop, sent = threading.Event(), []
    try:
        tenant = harness.Tenant(server.client())
        channel = f"/subscriptions/{tenant.subscription}/providers/Open.Peering/alertChannels/hook"
        tenant.client.ok("PUT", f"{channel}?api-version={harness.EXTENSION_VERSION}", {"properties": {
            "type": "webhook", "url": receiver.url, "secret": "secret"}})
        tenant.client.ok("PUT", tenant.extension(tenant.connection, "monitoring/default"), {"properties": {
            "alerts": {"enabled": True, "channels": ["hook"], "minimumLevel": "Critical"}}})
        prefixes = [watched_prefix(index) for index in range(alerts)]
        for index, prefix in enumerate(prefixes):
            tenant.add_prefix(f"p{index}", prefix, asn=[64500])
        quiet, busy = bmp.Peer("192.0.2.1", 64496), bmp.Peer("192.0.2.2", 64496)
        router = bmp.Router(server.address("bmp"), "edge-1")
        noise = bmp.Router(server.address("bmp"), "edge-2")
        router.send(quiet.up() + quiet.route(prefixes, path=[64496, 64500]))
        noise.send(busy.up())
        parts = [background(bmp, busy, second) for second in (0, 1)]
        sender = threading.Thread(target=keep_sending, args=(noise, parts, stop, sent), daemon=True)
        began = time.monotonic()
        sender.start()
        time.sleep(2)
        said = {}
        for prefix in prefixes:
            said[prefix] = time.time()
            router.send(quiet.route([prefix], path=[64496, STRANGER]))
            time.sleep(0.05)
        harness.wait_for(lambda: len(receiver.taken()) >= alerts, "every alert", timeout_s=30)
        rate = sum(sent) / (time.monotonic() - began)
        return sorted((one.at - said[one.json["prefix"]]) * 1000 for one in receiver.taken()[:alerts]), rate
    finally:
        stop.set()
        receiver.close()
        server.stop()
