"""Degradations of latency, from posted samples to events and a webhook; late and in another order to the same ones."""
import json
import random
import time

import harness
from harness import Tenant, wait_for
from test_alerts import AlertTest

HOUR, BIN = 3600, 300
SAMPLES = 40


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


class LatencyEvents(AlertTest):
    """Two weeks of a path of 30 ms, an hour of 45 ms, two hours that are good again."""

    def setUp(self):
        super().setUp()
        self.now = time.time() // BIN * BIN
        self.degraded = (self.now - 4 * HOUR) // HOUR * HOUR
        self.begin = self.degraded - 15 * 24 * HOUR
        self.random = random.Random(1)
        self.hook = self.receiver()
        self.channel("hook", self.hook.url)
        self.opt_in("hook")

    def samples(self, begin, end, rtt_us):
        """NDJSON of every bin in [begin, end)."""
        lines = []
        for at in range(int(begin), int(end), BIN):
            for i in range(SAMPLES):
                lines.append(json.dumps({"time": at + i, "client": "203.0.113.9", "pop": "AMS", "kind": "srtt",
                                         "rtt_us": rtt_us + 500 * (i % 7)}))
        return ("\n".join(lines) + "\n").encode()

    def post(self, body):
        status = harness.post_samples(self.tenant.client, body).status
        self.assertEqual(status, 202)

    def latency_events(self):
        return [one for one in self.tenant.events("office") if one["kind"].startswith("latency-")
                and not one["latency"].get("retracted")]

    def of(self, kind, state):
        return [one for one in self.latency_events() if one["kind"] == kind and one["state"] == state]

    def told(self):
        """What was told, but for when."""
        out = []
        for one in self.latency_events():
            out.append({name: value for name, value in one.items() if name not in ("detectedAt", "connection", "blame")})
        return sorted(out, key=lambda one: (one["firstSeen"], one["kind"]))

    def alerts(self):
        return [(one.json["kind"], one.json["state"], one.json["openedAt"], one.json.get("resolvedAt"))
                for one in self.hook.taken()]

    def judgements(self):
        report = self.tenant.latency("office", f"&timespan={iso(self.degraded - HOUR)}/{iso(self.degraded + 3 * HOUR)}&interval=PT5M")
        return {point["start"]: point["judgement"] for point in report["series"][0]["points"]}

    def check_the_end(self):
        wait_for(lambda: self.of("latency-degraded", "resolved"), "the end of the degradation", 60)
        recovered = wait_for(lambda: self.of("latency-recovered", "resolved"), "its recovery", 60)[0]
        degraded = self.of("latency-degraded", "resolved")[0]
        self.assertEqual(degraded["firstSeen"], iso(self.degraded))
        self.assertEqual(degraded["resolvedAt"], iso(self.degraded + HOUR))
        self.assertEqual(degraded["durationSeconds"], HOUR)
        self.assertEqual((recovered["eventType"], recovered["eventLevel"], recovered["firstSeen"]),
                         ("PrefixLatencyRecoveredEvent", "Information", iso(self.degraded + HOUR)))
        wait_for(lambda: len(self.hook.taken()) >= 2, "two notifications", 30)
        self.assertEqual(self.alerts(), [
            ("latency-degraded", "open", iso(self.degraded), None),
            ("latency-degraded", "resolved", iso(self.degraded), iso(self.degraded + HOUR))])
        judged = self.judgements()
        for at in range(int(self.degraded - HOUR), int(self.degraded + 3 * HOUR), BIN):
            expected = "degraded" if self.degraded <= at < self.degraded + HOUR else "ok"
            self.assertEqual(judged[iso(at)], expected, iso(at))

    def test_live_then_late_in_another_order_are_told_the_same(self):
        self.post(self.samples(self.begin, self.degraded, 30000))
        self.post(self.samples(self.degraded, self.degraded + HOUR, 45000))
        event = wait_for(lambda: self.of("latency-degraded", "open"), "the degradation", 60)[0]
        self.assertEqual((event["eventType"], event["eventLevel"]), ("PrefixLatencyDegradedEvent", "Warning"))
        self.assertEqual(event["firstSeen"], iso(self.degraded))
        shift = event["latency"]
        self.assertEqual((shift["pop"], shift["kind"], shift["basis"], shift["count"]), ("AMS", "srtt", "hour-of-week", SAMPLES))
        self.assertAlmostEqual(shift["baseline_us"], 31500, delta=500)
        self.assertAlmostEqual(shift["median_us"], 46500, delta=500)
        self.assertLess(shift["median_ci95_us"][0], shift["median_ci95_us"][1])
        self.assertIn("PrefixLatencyDegradedEvent", [one["eventType"] for one in self.tenant.azure_events("office")])
        alert = wait_for(self.hook.taken, "an alert", 30)[0].json
        self.assertEqual((alert["kind"], alert["state"], alert["level"]), ("latency-degraded", "open", "Warning"))
        incidents = self.tenant.client.ok("GET", Tenant.extension(self.tenant.connection, "incidents"))["value"]
        self.assertIn("latency-degraded", json.dumps(incidents))

        self.server.kill()
        self.server.start()
        self.tenant.client = self.server.client()
        self.assertEqual(self.of("latency-degraded", "open")[0]["id"], event["id"])
        self.post(self.samples(self.degraded + HOUR, self.degraded + 3 * HOUR, 30000))
        self.check_the_end()
        in_time = self.told()
        self.assertEqual(len(in_time), 2)

        self.late_in_another_order(in_time)

    def test_a_stop_at_any_moment_after_the_answer_loses_nothing_and_repeats_nothing(self):
        parts = [(self.begin, self.degraded, 30000), (self.degraded, self.degraded + HOUR, 45000),
                 (self.degraded + HOUR, self.degraded + 3 * HOUR, 30000)]
        for pause_s, part in zip((0, 4, 7), parts):
            self.post(self.samples(*part))
            time.sleep(pause_s)
            self.server.kill()
            self.server.start()
            self.tenant.client = self.server.client()
        self.check_the_end()
        self.server.kill()
        self.server.start()
        self.tenant.client = self.server.client()
        time.sleep(3)
        self.assertEqual([one["state"] for one in self.latency_events()], ["resolved", "resolved"])
        self.assertEqual(len(self.hook.taken()), 2)

    def late_in_another_order(self, in_time):
        """The same prefix in another server, where everything comes at once and mixed."""
        self.server = self.daemon("late", config=self.config)
        self.tenant = Tenant(self.server.client())
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])
        self.hook = self.receiver()
        self.channel("hook", self.hook.url)
        self.opt_in("hook")
        parts = [self.samples(self.degraded, self.degraded + HOUR, 45000),
                 self.samples(self.degraded + HOUR, self.degraded + 3 * HOUR, 30000)]
        day = 24 * HOUR
        for begin in range(int(self.begin), int(self.degraded), day):
            parts.append(self.samples(begin, min(begin + day, self.degraded), 30000))
        self.random.shuffle(parts)
        for part in parts:
            self.post(part)
        self.check_the_end()
        late = self.told()
        for mine, other in zip(late, in_time):
            for name in ("firstSeen", "lastSeen", "resolvedAt", "eventType", "eventSummary", "eventDescription", "evidence", "latency"):
                self.assertEqual(mine.get(name), other.get(name), name)
        self.assertEqual(len(late), len(in_time))


if __name__ == "__main__":
    harness.main()
