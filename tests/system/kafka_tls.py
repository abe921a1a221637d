"""TLS in front of a Kafka broker that speaks none (librdkafka's mock cluster): ends it, and says in the broker's answers
that the broker is here."""
import contextlib
import select
import socket
import ssl
import struct
import subprocess
import threading


def make_certificates(folder):
    """In the folder: ca.pem, and server and client certificates that it signed (NAME.pem, NAME.key)."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "2", "-extfile", "names")


class TlsFront:
    """A listener that speaks TLS with `folder`'s server certificate; `clients`: asks for a certificate of its authority."""

    def __init__(self, folder, broker, clients=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem", folder / "server.key")
        if clients:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(folder / "ca.pem")
        host, port = broker.rsplit(":", 1)
        self.broker = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.refused, self.subjects = [], []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        try:
            outside = self.context.wrap_socket(plain, server_side=True)
        except (ssl.SSLError, OSError) as error:
            self.refused.append(str(error))
            return
        self.subjects.append(outside.getpeercert())
        theirs, ours = struct.pack(">i", self.broker[1]), struct.pack(">i", self.port)
        with contextlib.suppress(OSError), outside, socket.create_connection(self.broker) as inside:
            while True:
                ready = [outside] if outside.pending() else select.select([outside, inside], [], [])[0]
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is outside:
                        inside.sendall(data)
                    else:  # a broker names itself by host and port (Metadata, FindCoordinator)
                        outside.sendall(data.replace(theirs, ours))
