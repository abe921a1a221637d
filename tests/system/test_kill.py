"""kill -9 in the middle of samples and events, twenty times at random moments.

After each restart: every sample that was acknowledged is in the report exactly once, requests that got no
answer count once when they are sent again with their Idempotency-Key, and every event that the API had shown
is there once. PEERING_SEED repeats a run.
"""
import collections
import os
import random
import threading
import time
import uuid

import harness
from bmp import Peer, Router
from harness import Tenant, post_samples, samples_body, total_count

ROUNDS = 20
SAMPLES_A_REQUEST = 40


class SampleSender:
    """Posts batches without pause until the server is gone; knows what was answered."""

    def __init__(self, make_client):
        self.make_client = make_client
        self.acknowledged, self.waiting = 0, {}

    def run(self, stop):
        client = self.make_client()
        while not stop.is_set():
            key = str(uuid.uuid4())
            self.waiting[key] = samples_body([f"203.0.113.{n}" for n in range(SAMPLES_A_REQUEST)])
            if not self.send(client, key):
                return

    def send(self, client, key):
        """False when there was no answer."""
        try:
            answer = post_samples(client, self.waiting[key], key)
        except OSError:
            return False
        if answer.status == 202:
            assert answer.json["accepted"] == SAMPLES_A_REQUEST, answer
            self.acknowledged += SAMPLES_A_REQUEST
            del self.waiting[key]
        elif answer.status != 503:
            raise AssertionError(f"samples: {answer}")
        return True


class Flapper:
    """A router whose routes for the watched prefix change all the time."""

    def __init__(self, randomness):
        self.randomness = randomness
        self.peer = Peer("198.51.100.1", 64496)

    def run(self, address, stop):
        try:
            router = Router(address)
            router.send(self.peer.up())
            while not stop.wait(self.randomness.uniform(0.005, 0.05)):
                router.send(self.next_message())
        except OSError:
            return

    def next_message(self):
        choice = self.randomness.random()
        if choice < 0.3:
            return self.peer.route(withdraw=["203.0.113.0/24"])
        if choice < 0.5:
            number = self.randomness.randrange(128)
            return self.peer.route([f"203.0.113.{number * 2}/31"], path=[64496, 64666])
        origin = self.randomness.choice([64500, 64500, 64666, 64667])
        return self.peer.route(["203.0.113.0/24"], path=[64496, origin])


class Watcher:
    """Remembers the id of every event that the API served."""

    def __init__(self):
        self.seen = set()

    def run(self, make_tenant_client, tenant, stop):
        url = Tenant.extension(tenant.prefix_id("office"), "events")
        client = make_tenant_client()
        while not stop.wait(0.05):
            try:
                answer = client.get(url)
            except OSError:
                return
            if answer.status == 200:
                self.seen |= {event["id"] for event in answer.json["value"]}


class KillNine(harness.SystemTest):
    def test_what_was_acknowledged_is_served_once_after_every_kill(self):
        seed = int(os.environ.get("PEERING_SEED", time.time_ns() % 1_000_000))
        print(f"seed {seed} (PEERING_SEED={seed} repeats this run)")
        self.randomness = random.Random(seed)
        self.server = self.daemon()
        self.tenant = Tenant(self.server.client())
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])
        self.senders = [SampleSender(self.server.client) for _ in range(2)]
        self.watcher = Watcher()
        retried = 0
        for number in range(ROUNDS):
            self.work_until_killed(number)
            self.server.start()
            self.tenant.client = self.server.client()
            retried += sum(len(sender.waiting) for sender in self.senders)
            self.check_samples()
            self.check_events()
        print(f"{ROUNDS} kills, {self.acknowledged()} samples acknowledged, {retried} requests sent again, "
              f"{len(self.watcher.seen)} events seen before a kill")
        self.assertGreater(self.acknowledged(), 0)
        self.assertGreater(len(self.watcher.seen), ROUNDS)

    def work_until_killed(self, number):
        stop, problems = threading.Event(), []

        def guarded(work, *arguments):
            try:
                work(*arguments)
            except AssertionError as problem:
                problems.append(problem)

        flapper = Flapper(random.Random(self.randomness.random()))
        jobs = [(sender.run, stop) for sender in self.senders]
        jobs.append((flapper.run, self.server.address("bmp"), stop))
        jobs.append((self.watcher.run, self.server.client, self.tenant, stop))
        threads = [threading.Thread(target=guarded, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        time.sleep(self.randomness.uniform(0.1, 1.2))
        self.assertTrue(self.server.running(), f"round {number}: the server stopped by itself")
        self.server.kill()
        stop.set()
        for thread in threads:
            thread.join(30)
        self.assertEqual(problems, [])

    def acknowledged(self):
        return sum(sender.acknowledged for sender in self.senders)

    def check_samples(self):
        sure = self.acknowledged()
        unsure = sum(len(sender.waiting) for sender in self.senders) * SAMPLES_A_REQUEST
        served = total_count(self.tenant.latency("office"))
        self.assertGreaterEqual(served, sure, "acknowledged samples are lost")
        self.assertLessEqual(served, sure + unsure, "samples are counted twice")
        client = self.server.client()
        for sender in self.senders:
            for key in list(sender.waiting):
                self.assertTrue(sender.send(client, key))
        self.assertEqual(total_count(self.tenant.latency("office")), self.acknowledged(),
                         "after the retries every sample counts once")

    def check_events(self):
        counts = collections.Counter(event["id"] for event in self.tenant.events("office"))
        self.assertEqual(self.watcher.seen - set(counts), set(), "events that were served are lost")
        self.assertEqual([one for one, count in counts.items() if count > 1], [], "events are there twice")


if __name__ == "__main__":
    harness.main()
