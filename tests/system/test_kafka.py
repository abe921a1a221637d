"""The Kafka feed's section: a server with brokers that are away runs and stops; wrong settings are refused.

What is read from Kafka is tested in feeds_test, against librdkafka's mock cluster.
"""
import subprocess

import harness
from harness import Peeringd, Tenant


class Kafka(harness.SystemTest):
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

    def test_brokers_that_are_away_trouble_nobody(self):
        self.need_kafka()
        server = self.daemon(config=self.section())
        Tenant(server.client()).add_prefix("main", "203.0.113.0/24")
        self.assertEqual(server.metrics()["peering_kafka_routers"], 0)

    def test_wrong_settings_are_refused_by_name(self):
        self.assertIn("feeds.kafka.security", self.refusal(self.section('security = "hope"\n')))
        self.assertIn("topics", self.refusal('[[feeds.kafka]]\nbrokers = "a:1"\ntopics = []\n'))
        self.assertIn("brokers", self.refusal('[[feeds.kafka]]\ntopics = ["x"]\n'))


if __name__ == "__main__":
    harness.main()
