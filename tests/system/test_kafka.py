"""Kafka: from a broker's topic to an event, brokers that are away, settings that are refused.

The brokers are librdkafka's mock cluster (kafka_cluster.py), since Debian has no Kafka broker.
"""
import json
import subprocess

import harness
from bmp import Peer
from harness import Peeringd, Tenant, wait_for
from kafka_cluster import Cluster, envelope, library
from kafka_tls import TlsFront, make_certificates


TOPIC = "routeviews.ams.bmp_raw"
JOIN_S = 60  # joining a group takes its time


class KafkaTest(harness.SystemTest):
    def section(self, more=""):
        return f'[[feeds.kafka]]\nbrokers = "127.0.0.1:{harness.free_port()}"\ntopics = ["^bmp"]\n{more}'

    def refusal(self, config):
        server = Peeringd(self.dir / "refused", config=config)
        done = subprocess.run(server.command(), capture_output=True, text=True, timeout=30 * harness.PATIENCE)
        self.assertNotEqual(done.returncode, 0)
        return done.stdout + done.stderr

    def need_kafka(self):
        if "without librdkafka" in (text := self.refusal(self.section('sasl_password_file = "/nowhere"\n'))):
            self.assertFalse(harness.REQUIRE_ALL, "librdkafka is missing: ./run setup")
            self.skipTest("built without librdkafka")
        self.assertIn("sasl_password_file", text)

    def cluster(self):
        self.need_kafka()
        kafka = library()
        if kafka is None:
            self.assertFalse(harness.REQUIRE_ALL, "librdkafka is missing: ./run setup")
            self.skipTest("librdkafka is missing")
        cluster = Cluster(kafka, TOPIC)
        self.addCleanup(cluster.close)
        return cluster

    def reader(self, cluster, more="", **options):
        return self.daemon(config=f"""{more}
[[feeds.kafka]]
brokers = "{cluster.brokers}"
topics = ['^routeviews\\..+\\.bmp_raw']
group = "a-network"
""", **options)

    def say(self, cluster, *bmp, router="192.0.2.1"):
        cluster.produce(TOPIC, *(envelope(message, router=router) for message in bmp))


class Kafka(KafkaTest):
    def test_a_hijack_on_a_topic_becomes_an_event(self):
        cluster = self.cluster()
        archive = self.dir / "archive"
        server = self.reader(cluster, f'[archive]\ndir = "{archive}"\nevery = "1d"\n')
        tenant = Tenant(server.client())
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        peer = Peer("198.51.100.1", 64496)
        self.say(cluster, peer.up(), peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        [route] = wait_for(lambda: tenant.routes("main"), "route", JOIN_S)
        self.assertEqual(route["peer"]["router"], "ams/192.0.2.1")
        self.say(cluster, peer.route(["203.0.113.0/24"], path=[64496, 64666]), b"no BMP at all")
        [event] = wait_for(lambda: [e for e in tenant.events("main") if e["kind"] == "origin-hijack"], "event", 20)
        self.assertIn("64666", json.dumps(event))
        wait_for(lambda: server.metrics()['peering_kafka_messages_total{result="malformed"}'] == 1, "count", 20)
        server.stop()
        (file,) = archive.iterdir()
        dump = subprocess.run([harness.PEERINGCTL, "mrt", "dump", "-m", file], capture_output=True, text=True).stdout
        for origin in (64500, 64666):
            self.assertIn(f"|A|198.51.100.1|64496|203.0.113.0/24|64496 {origin}|", dump)

    def test_after_a_restart_it_goes_on_where_it_was(self):
        cluster = self.cluster()
        server = self.reader(cluster, same_ports=True)
        tenant = Tenant(server.client())
        tenant.add_prefix("main", "203.0.113.0/24")
        peer = Peer("198.51.100.1", 64496)
        self.say(cluster, peer.up(), *(peer.route([f"10.{n}.0.0/16"], path=[64496]) for n in range(50)))
        wait_for(lambda: server.metrics()["peering_kafka_offsets_stored_total"] >= 51, "the messages", JOIN_S)
        self.assertEqual(server.stop(), 0)
        self.say(cluster, peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        server.start()
        wait_for(lambda: len(tenant.routes("main")) == 1, "what came meanwhile", JOIN_S)
        self.assertEqual(server.metrics()['peering_kafka_messages_total{result="used"}'], 1, "and nothing else")

    def test_brokers_that_go_away_come_back(self):
        cluster = self.cluster()
        server = self.reader(cluster)
        tenant = Tenant(server.client())
        tenant.add_prefix("main", "203.0.113.0/24")
        peer = Peer("198.51.100.1", 64496)
        self.say(cluster, peer.up(), peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: tenant.routes("main"), "route", JOIN_S)
        cluster.down()
        wait_for(lambda: server.metrics()["peering_kafka_errors_total"] > 0, "word of the loss", JOIN_S)
        self.assertEqual(len(tenant.routes("main")), 1, "what was known stays")
        cluster.up()
        self.say(cluster, peer.route(withdraw=["203.0.113.0/24"]))
        wait_for(lambda: not tenant.routes("main"), "the withdrawal behind the loss", JOIN_S)

    def test_brokers_that_are_away_trouble_nobody(self):
        self.need_kafka()
        server = self.daemon(config=self.section())
        Tenant(server.client()).add_prefix("main", "203.0.113.0/24")
        self.assertEqual(server.metrics()["peering_kafka_routers"], 0)

    def test_wrong_settings_are_refused_by_name(self):
        self.assertIn("feeds.kafka.security", self.refusal(self.section('security = "hope"\n')))
        self.assertIn("topics", self.refusal('[[feeds.kafka]]\nbrokers = "a:1"\ntopics = []\n'))
        self.assertIn("brokers", self.refusal('[[feeds.kafka]]\ntopics = ["x"]\n'))

    def test_settings_of_tls_and_sasl_that_do_not_fit_are_refused(self):
        self.need_kafka()
        password = self.dir / "password"
        password.write_text("secret\n")
        password.chmod(0o644)
        sasl = 'security = "sasl_ssl"\nsasl_mechanism = "SCRAM-SHA-512"\nsasl_user = "me"\n'
        for settings, words in (
                ('ca_file = "/ca.pem"\n', "ca_file: is of no use without security"),
                ('security = "ssl"\nca_file = "/nowhere/ca.pem"\n', "ca_file: /nowhere/ca.pem cannot be read"),
                (f'security = "ssl"\ncertificate_file = "{password}"\n', "key_file: a certificate and its key"),
                ('sasl_user = "me"\n', "sasl_user: is of no use without security"),
                ('security = "sasl_ssl"\n', "sasl_mechanism: is required"),
                ('security = "sasl_ssl"\nsasl_mechanism = "MAGIC"\n', "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
                (sasl, "sasl_password_file: is required"),
                (f'{sasl}sasl_password_file = "{password}"\n', "its mode must be 0600")):
            with self.subTest(words):
                self.assertIn(words, self.refusal(self.section(settings)))
        password.chmod(0o600)
        server = self.daemon(config=self.section(f'{sasl}sasl_password_file = "{password}"\n'))
        self.assertTrue(server.running(), "what fits together is taken")


class KafkaOverTls(KafkaTest):
    """The mock cluster behind a front that speaks TLS."""

    def front(self, clients=False):
        cluster = self.cluster()
        make_certificates(self.dir)
        front = TlsFront(self.dir, cluster.brokers, clients)
        self.addCleanup(front.close)
        return cluster, front

    def over_tls(self, front, more):
        return self.daemon(config=f'''[[feeds.kafka]]
brokers = "127.0.0.1:{front.port}"
topics = ['^routeviews\\..+\\.bmp_raw']
security = "ssl"
{more}
''')

    def test_the_authority_that_is_named_is_trusted_and_the_client_shows_its_certificate(self):
        cluster, front = self.front(clients=True)
        server = self.over_tls(front, f'''ca_file = "{self.dir}/ca.pem"
certificate_file = "{self.dir}/client.pem"
key_file = "{self.dir}/client.key"''')
        tenant = Tenant(server.client())
        tenant.add_prefix("main", "203.0.113.0/24", asn=[64500])
        peer = Peer("198.51.100.1", 64496)
        self.say(cluster, peer.up(), peer.route(["203.0.113.0/24"], path=[64496, 64500]))
        wait_for(lambda: tenant.routes("main"), "route", JOIN_S)
        self.assertIn(((("commonName", "client"),),), [cert["subject"] for cert in front.subjects])

    def test_another_authority_is_not_trusted(self):
        _, front = self.front()
        server = self.over_tls(front, "")
        wait_for(lambda: front.refused, "refusal", 20)
        wait_for(lambda: server.metrics()["peering_kafka_errors_total"] > 0, "word of it", 20)
        self.assertEqual(front.subjects, [])

    def test_a_broker_that_asks_for_a_certificate_does_not_take_none(self):
        _, front = self.front(clients=True)
        server = self.over_tls(front, f'ca_file = "{self.dir}/ca.pem"')
        wait_for(lambda: front.refused, "refusal", 20)
        wait_for(lambda: server.metrics()["peering_kafka_errors_total"] > 0, "word of it", 20)


if __name__ == "__main__":
    harness.main()
