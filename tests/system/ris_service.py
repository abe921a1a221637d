"""A RIS Live of our own for the tests: answers as RIPE's does, and fails when it is told to.

The WebSocket side is Debian's python3-websockets.
"""
import asyncio
import contextlib
import json
import sys
import threading
import time

import harness

# Where Debian's packages are, for a python3 that is not Debian's.
sys.path.append("/usr/lib/python3/dist-packages")
try:
    import websockets
except ImportError:
    websockets = None


def need_websockets(test):
    if websockets is None:
        if harness.REQUIRE_ALL:
            test.fail("python3-websockets is not installed: ./run setup")
        test.skipTest("python3-websockets is not installed")


class Service:
    """A RIS Live of our own: keeps what it was asked, sends what the test says, on a thread of its own."""

    def __init__(self, tls=None, answers_pings=True):
        self.port = harness.free_port()
        self.tls, self.answers_pings = tls, answers_pings
        self.asked, self.connections, self.connected = [], set(), 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        ready = threading.Event()
        self._ready = ready
        self.thread.start()
        ready.wait()

    def url(self):
        return f"{'wss' if self.tls else 'ws'}://localhost:{self.port}/v1/ws/?client=test"

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        self._ready.set()
        self.loop.run_forever()

    async def _listen(self):
        self.server = await websockets.serve(self._serve, "127.0.0.1", self.port, ssl=self.tls,
                                             ping_interval=None, compression=None)

    async def _serve(self, connection, path):
        self.connections.add(connection)
        self.connected += 1
        try:
            async for text in connection:
                message = json.loads(text)
                if message["type"] == "ping":
                    if self.answers_pings:
                        await connection.send('{"type":"pong"}')
                    continue
                self.asked.append(message)
                if message["type"] == "ris_subscribe":
                    await connection.send(json.dumps({"type": "ris_subscribe_ok", "data": message["data"]}))
        except websockets.ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)

    def do(self, coroutine, timeout_s=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout_s * harness.PATIENCE)

    def send(self, *texts):
        async def to_all():
            for text in texts:
                for connection in list(self.connections):
                    with contextlib.suppress(websockets.ConnectionClosed):
                        await connection.send(text if isinstance(text, (str, bytes)) else json.dumps(text))
        self.do(to_all())

    def drop(self):
        async def all_of_them():
            for connection in list(self.connections):
                connection.transport.abort()
        self.do(all_of_them())

    def stop(self):
        async def end():
            self.server.close()
            await self.server.wait_closed()
        self.do(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def update(origin, prefix="203.0.113.0/24", peer="192.0.2.1", asn=64496, host="rrc00", age_s=0.0, **more):
    data = {"timestamp": round(time.time() - age_s, 3), "peer": peer, "peer_asn": str(asn), "id": f"{peer}-1",
            "host": f"{host}.ripe.net", "type": "UPDATE", "path": [asn, 3356, origin], "community": [[asn, 100]],
            "origin": "IGP", "announcements": [{"next_hop": peer, "prefixes": [prefix]}], "withdrawals": []}
    return {"type": "ris_message", "data": {**data, **more}}
