"""The other side of STAMP (RFC 8762), written for the tests alone.

    stamp_peer.py reflect ADDRESS PORT HOLD_S     answers packets after holding them so long
    stamp_peer.py send ADDRESS PORT COUNT         prints one round-trip time in milliseconds a line
"""
import socket
import struct
import sys
import time

SENDER, REFLECTOR = struct.Struct(">IIIHH28x"), struct.Struct(">IIIHHIIIIIHHBxxx")
EPOCH_S = 2208988800
ESTIMATE = 0x0101


def stamp(at):
    return int(at) + EPOCH_S, int((at % 1) * 2**32)


def seconds(whole, fraction):
    """Of an NTP timestamp, since 1970."""
    return whole - EPOCH_S + fraction / 2**32


def reflect(address, port, hold_s):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, port))
        print("ready", flush=True)
        while True:
            packet, sender = server.recvfrom(2048)
            received = stamp(time.time())
            sequence, whole, fraction, estimate, session = SENDER.unpack(packet[:44])
            time.sleep(hold_s)
            sent = stamp(time.time())
            answer = REFLECTOR.pack(sequence, *sent, ESTIMATE, session, *received, sequence, whole, fraction,
                                    estimate, 0, 64)
            server.sendto(answer + packet[44:], sender)


def send(address, port, count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.connect((address, port))
        for number in range(count):
            began = time.time()
            client.send(SENDER.pack(number, *stamp(began), ESTIMATE, 0) + b"padding!")
            answer = client.recv(2048)
            ended = time.time()
            assert len(answer) == 52 and answer[44:] == b"padding!", answer
            fields = REFLECTOR.unpack(answer[:44])
            assert fields[0] == fields[7] == number and fields[8:10] == stamp(began), fields
            held = seconds(fields[1], fields[2]) - seconds(fields[5], fields[6])
            assert 0 <= held < 0.5, held
            print((ended - began - held) * 1000, fields[12], flush=True)
            time.sleep(0.02)


if __name__ == "__main__":
    kind, where, number, last = sys.argv[1:]
    if kind == "reflect":
        reflect(where, int(number), float(last))
    else:
        send(where, int(number), int(last))
