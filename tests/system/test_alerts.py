"""An alert travels from an event of an opted-in connection to a webhook: signed, retried, resolved."""
import time

import harness
from bmp import Peer, Router
from harness import Tenant, wait_for
from webhook import Receiver, signature_problem

SECRET = "a secret of the customer"


class AlertTest(harness.SystemTest):
    config = ""

    def setUp(self):
        super().setUp()
        self.server = self.daemon(config=self.config)
        self.tenant = Tenant(self.server.client())
        self.tenant.add_prefix("office", "203.0.113.0/24", asn=[64500])
        self.peer = Peer("198.51.100.1", 64496)

    def receiver(self, refusals=0):
        receiver = Receiver(SECRET, refusals)
        self.addCleanup(receiver.close)
        return receiver

    def channel(self, name, url):
        resource = f"/subscriptions/{self.tenant.subscription}/providers/Open.Peering/alertChannels/{name}"
        url_ = Tenant.url(resource, harness.EXTENSION_VERSION)
        self.tenant.client.ok("PUT", url_, {"properties": {"type": "webhook", "url": url, "secret": SECRET}})
        return url_

    def opt_in(self, *channels, **more):
        self.tenant.client.ok("PUT", Tenant.extension(self.tenant.connection, "monitoring/default"),
                              {"properties": {"alerts": {"enabled": True, "channels": list(channels),
                                                         "minimumLevel": "Warning", **more}}})

    def router(self):
        router = Router(self.server.address("bmp"))
        self.addCleanup(router.close)
        router.send(self.peer.up())
        return router

    def announce(self, router, origin):
        router.send(self.peer.route(["203.0.113.0/24"], path=[64496, origin]))


class Alerts(AlertTest):
    def test_an_alert_is_signed_retried_and_resolved_with_its_duration(self):
        receiver = self.receiver(refusals=2)
        self.channel("hook", receiver.url)
        self.opt_in("hook")
        router = self.router()
        self.announce(router, 64666)
        opened = wait_for(receiver.taken, "alert at the webhook", timeout_s=30)[0]
        self.assertGreaterEqual(len(receiver.received), 3, "two refusals, then success")
        for received in receiver.received:
            self.assertIsNone(signature_problem(received, SECRET))
            self.assertEqual(received.headers["Peering-Delivery"], received.json["id"])
        self.assertEqual(len({received.json["id"] for received in receiver.received}), 1, "retries keep the id")

        self.announce(router, 64500)
        resolved = wait_for(lambda: receiver.taken()[1:], "resolution at the webhook", timeout_s=30)[0]
        self.assertIsNone(signature_problem(resolved, SECRET))
        self.check_open(opened.json)
        self.check_resolved(opened.json, resolved.json)

    def check_open(self, alert):
        self.assertEqual((alert["state"], alert["level"], alert["kind"]), ("open", "Critical", "origin-hijack"))
        self.assertEqual(alert["connection"].lower(), self.tenant.connection.lower())
        self.assertIn("203.0.113.0/24", str(alert))
        self.assertIn("64666", str(alert))

    def check_resolved(self, opened, resolved):
        self.assertEqual(resolved["state"], "resolved")
        self.assertEqual(resolved["alertId"], opened["alertId"], "one alert, opened and resolved")
        self.assertGreater(resolved["durationSeconds"], 0)
        self.assertLess(resolved["durationSeconds"], 120)

    def test_only_what_was_asked_for_is_sent(self):
        receiver = self.receiver()
        self.channel("hook", receiver.url)
        router = self.router()
        self.announce(router, 64666)
        wait_for(lambda: self.tenant.events("office"), "event")
        self.announce(router, 64500)
        self.opt_in("hook", minimumLevel="Critical")
        router.send(self.peer.route(["203.0.113.0/25"], path=[64496, 64500]))
        wait_for(lambda: [e for e in self.tenant.events("office") if e["kind"] == "new-prefix"], "Warning event")
        self.announce(router, 64667)
        alert = wait_for(receiver.taken, "alert at the webhook")[0].json
        self.assertIn("64667", str(alert), "neither before the opt-in nor below the level")
        self.assertEqual(len(receiver.taken()), 1)

    def test_an_alert_outlives_a_kill_of_the_server(self):
        receiver = self.receiver(refusals=1)
        self.channel("hook", receiver.url)
        self.opt_in("hook")
        self.announce(self.router(), 64666)
        wait_for(lambda: receiver.received, "first try, refused", timeout_s=10)
        self.server.kill()
        self.server.start()
        alert = wait_for(receiver.taken, "alert after the restart", timeout_s=30)[0]
        self.assertEqual(alert.json["id"], receiver.received[0].json["id"])

    def silence(self, name, **more):
        """A silence of withdrawals and hijacks until it is taken away; gives its address."""
        resource = f"/subscriptions/{self.tenant.subscription}/providers/Open.Peering/silences/{name}"
        url = Tenant.url(resource, harness.EXTENSION_VERSION)
        self.tenant.client.ok("PUT", url, {"properties": {
            "matchers": [{"name": "prefix", "value": "203.0.113.0/24"}], "endsAt": "2100-01-01T00:00:00Z", **more}})
        return url

    def test_a_silenced_event_is_told_when_the_silence_ends_before_it(self):
        receiver = self.receiver()
        self.channel("hook", receiver.url)
        self.opt_in("hook")
        router = self.router()
        self.announce(router, 64500)
        silence = self.silence("works")
        self.announce(router, 64666)
        hijack = wait_for(lambda: [e for e in self.tenant.events("office") if e["kind"] == "origin-hijack"], "event")[0]
        self.assertEqual(hijack["silencedBy"], ["works"])
        self.server.kill()
        self.server.start()
        self.tenant.client = self.server.client()
        time.sleep(3)
        self.assertEqual(receiver.taken(), [], "a restart does not forget that it is silenced")
        self.tenant.client.ok("DELETE", silence)
        told = wait_for(receiver.taken, "alert after the silence", timeout_s=10)
        self.assertEqual(told[0].json["alertId"], hijack["id"])
        self.assertNotIn("silencedBy", told[0].json["event"])
        self.silence("again")
        router = self.router()
        self.announce(router, 64500)
        wait_for(lambda: receiver.taken()[1:], "the resolve of what was told, although silenced", timeout_s=60)

    def test_what_is_over_before_its_silence_is_never_told(self):
        receiver = self.receiver()
        self.channel("hook", receiver.url)
        self.opt_in("hook")
        router = self.router()
        silence = self.silence("works")
        self.announce(router, 64666)
        wait_for(lambda: [e for e in self.tenant.events("office") if e["kind"] == "origin-hijack"], "event")
        self.announce(router, 64500)
        wait_for(lambda: [e for e in self.tenant.events("office") if e["kind"] == "origin-hijack" and e["state"] == "resolved"], "end")
        self.tenant.client.ok("DELETE", silence)
        self.announce(router, 64667)
        first = wait_for(receiver.taken, "alert of the next one", timeout_s=10)[0]
        self.assertIn("64667", str(first.json))

    def test_a_secret_is_never_served(self):
        url = self.channel("hook", "http://127.0.0.1:9/hook")
        self.assertNotIn(SECRET, self.tenant.client.get(url).text)

    def test_a_channel_is_refused_with_field_value_and_rule(self):
        resource = f"/subscriptions/{self.tenant.subscription}/providers/Open.Peering/alertChannels/bad"
        url = Tenant.url(resource, harness.EXTENSION_VERSION)
        for properties, wanted in (({"type": "pigeon", "url": "http://127.0.0.1:9/"}, ("type", "pigeon")),
                                   ({"type": "webhook", "url": "gopher://x"}, ("url", "gopher://x"))):
            answer = self.tenant.client.put(url, {"properties": {**properties, "secret": SECRET}})
            self.assertEqual(answer.status, 400, answer)
            for word in wanted:
                self.assertIn(word, answer.error_message)

    def test_each_of_a_mass_is_told_by_itself_unless_asked_otherwise(self):
        receiver = self.receiver()
        self.channel("hook", receiver.url)
        self.opt_in("hook")
        self.tenant.add_prefix("campus", "198.18.0.0/16", asn=[64500])
        taken = [f"198.18.{n}.0/24" for n in range(100)]
        self.router().send(self.peer.route(taken, path=[64496, 64666]))
        wait_for(lambda: len(receiver.taken()) >= len(taken), "every alert", timeout_s=20)
        self.assertEqual({one.json["event"]["observedPrefix"] for one in receiver.taken()}, set(taken))
        self.assertEqual({one.json["kind"] for one in receiver.taken()}, {"subprefix-hijack"})


class Masses(AlertTest):
    config = "[alerts]\ngroup_after = 20\n"

    def test_a_mass_hijack_is_told_in_few_notifications_also_over_a_kill(self):
        receiver = self.receiver()
        self.channel("hook", receiver.url)
        self.opt_in("hook")
        self.tenant.add_prefix("campus", "198.18.0.0/16", asn=[64500])
        taken = [f"198.18.{n}.0/24" for n in range(200)]
        router = self.router()
        router.send(self.peer.route(taken, path=[64496, 64666]))
        hijacks = lambda state: [e for e in self.tenant.events("campus") if (e["kind"], e["state"]) == ("subprefix-hijack", state)]
        wait_for(lambda: len(hijacks("open")) == len(taken), "an event for each prefix", timeout_s=20)
        wait_for(lambda: len(receiver.taken()) == 20, "the first ones", timeout_s=5)
        self.server.kill()
        self.server.start()
        self.tenant.client = self.server.client()
        wait_for(lambda: len(receiver.taken()) > 20, "the others", timeout_s=30)
        *first, mass = [one.json for one in receiver.taken()]
        self.assertEqual({one["kind"] for one in first}, {"subprefix-hijack"})
        self.assertEqual((mass["kind"], mass["state"], mass["level"], mass["event"]["eventType"]), ("mass-event", "open", "Critical", "PrefixMassEvent"))
        self.assertEqual((mass["event"]["mass"]["count"], len(mass["event"]["mass"]["prefixes"])), (180, 100))
        self.assertEqual(mass["event"]["mass"]["connections"], [self.tenant.connection])
        self.assertEqual(mass["event"]["incidentId"], first[0]["event"]["incidentId"])
        told = {one["event"]["observedPrefix"] for one in first} | set(mass["event"]["mass"]["prefixes"])
        self.assertEqual(len(told), 120, "each prefix once")
        self.assertEqual(sum(e.get("summarizedBy") == mass["alertId"] for e in hijacks("open")), 180)

        router = self.router()
        router.send(self.peer.route(taken, path=[64496, 64500]))
        wait_for(lambda: len(hijacks("resolved")) == len(taken), "the end of each", timeout_s=20)
        resolved = wait_for(lambda: [one.json for one in receiver.taken() if (one.json["kind"], one.json["state"]) == ("mass-event", "resolved")],
                            "the end of all", timeout_s=10)
        self.assertEqual([one["alertId"] for one in resolved], [mass["alertId"]])
        over = [one.json for one in receiver.taken() if (one.json["kind"], one.json["state"]) == ("subprefix-hijack", "resolved")]
        self.assertEqual(len(over), 20)


if __name__ == "__main__":
    harness.main()
