"""Kafka brokers for tests: librdkafka's mock cluster, hosted in this process, on TCP ports of the loopback.

Debian has no Kafka broker. These speak Kafka's protocol, groups and committed offsets included; they are not
Kafka's code.
"""
import ctypes
import ctypes.util
import ipaddress
import struct

OWN_COPY, ANY_PARTITION, PRODUCER = 2, -1, 0


def library():
    """librdkafka, or None."""
    name = ctypes.util.find_library("rdkafka") or "librdkafka.so.1"
    try:
        found = ctypes.CDLL(name)
    except OSError:
        return None
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, result, arguments in (
            ("rd_kafka_conf_new", pointer, ()),
            ("rd_kafka_conf_set", number, (pointer, text, text, text, ctypes.c_size_t)),
            ("rd_kafka_new", pointer, (number, pointer, text, ctypes.c_size_t)),
            ("rd_kafka_mock_cluster_new", pointer, (pointer, number)),
            ("rd_kafka_mock_cluster_destroy", None, (pointer,)),
            ("rd_kafka_mock_cluster_bootstraps", text, (pointer,)),
            ("rd_kafka_mock_topic_create", number, (pointer, text, number, number)),
            ("rd_kafka_mock_broker_set_down", number, (pointer, ctypes.c_int32)),
            ("rd_kafka_mock_broker_set_up", number, (pointer, ctypes.c_int32)),
            ("rd_kafka_topic_new", pointer, (pointer, text, pointer)),
            ("rd_kafka_topic_destroy", None, (pointer,)),
            ("rd_kafka_produce", number, (pointer, ctypes.c_int32, number, text, ctypes.c_size_t, text,
                                          ctypes.c_size_t, pointer)),
            ("rd_kafka_flush", number, (pointer, number)),
            ("rd_kafka_destroy", None, (pointer,))):
        call = getattr(found, function)
        call.restype, call.argtypes = result, arguments
    return found


class Cluster:
    """One broker; `close` it."""

    def __init__(self, kafka, *topics):
        self.kafka = kafka
        self.host = self._client()
        self.cluster = kafka.rd_kafka_mock_cluster_new(self.host, 1)
        self.brokers = kafka.rd_kafka_mock_cluster_bootstraps(self.cluster).decode()
        for topic in topics:
            assert kafka.rd_kafka_mock_topic_create(self.cluster, topic.encode(), 1, 1) == 0
        self.producer = self._client(("bootstrap.servers", self.brokers))

    def _client(self, *settings):
        reason = ctypes.create_string_buffer(256)
        configuration = self.kafka.rd_kafka_conf_new()
        for key, value in settings:
            self.kafka.rd_kafka_conf_set(configuration, key.encode(), value.encode(), reason, len(reason))
        client = self.kafka.rd_kafka_new(PRODUCER, configuration, reason, len(reason))
        assert client, reason.value
        return client

    def produce(self, topic, *messages, timeout_s=60):
        handle = self.kafka.rd_kafka_topic_new(self.producer, topic.encode(), None)
        for message in messages:
            assert self.kafka.rd_kafka_produce(handle, ANY_PARTITION, OWN_COPY, message, len(message), None, 0,
                                               None) == 0
        assert self.kafka.rd_kafka_flush(self.producer, timeout_s * 1000) == 0
        self.kafka.rd_kafka_topic_destroy(handle)

    def down(self):
        self.kafka.rd_kafka_mock_broker_set_down(self.cluster, 1)

    def up(self):
        self.kafka.rd_kafka_mock_broker_set_up(self.cluster, 1)

    def close(self):
        self.kafka.rd_kafka_destroy(self.producer)
        self.kafka.rd_kafka_mock_cluster_destroy(self.cluster)
        self.kafka.rd_kafka_destroy(self.host)


def envelope(bmp, collector="ams", router="192.0.2.1"):
    """Raw BMP in OpenBMP's binary header, version 1.7."""
    name, group = collector.encode(), b"group"
    head = struct.pack(">IBBII", len(bmp), 0x80, 12, 1_700_000_000, 250_000) + bytes(16)
    head += struct.pack(">H", len(name)) + name + bytes(16)
    head += ipaddress.ip_address(router).packed.ljust(16, b"\0")
    head += struct.pack(">H", len(group)) + group + struct.pack(">I", 1)
    return b"OBMP" + struct.pack(">BBH", 1, 7, 8 + len(head)) + head + bmp
