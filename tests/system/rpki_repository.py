"""A signed RPKI repository of one trust anchor, made with openssl: what validators such as FORT and rpki-client read.

Certificates follow RFC 6487, the manifest RFC 9286, route origin authorisations RFC 9582, and both are signed
objects of RFC 6488.
"""
import base64
import datetime
import hashlib
import ipaddress
import subprocess

HOST = "rpki.example"
BASE = f"rsync://{HOST}/repository"
ROA, MANIFEST = "1.2.840.113549.1.9.16.1.24", "1.2.840.113549.1.9.16.1.26"
SHA256 = bytes.fromhex("0609608648016503040201")
VALID_DAYS = 2

CONFIG = f"""
[req]
distinguished_name = name
string_mask = nombstr
prompt = no
[name]
CN = anything
[ca]
default_ca = anchor
[anchor]
database = index.txt
serial = serial
crlnumber = crlnumber
certificate = anchor.pem
private_key = anchor.key
default_md = sha256
default_crl_days = {VALID_DAYS}
new_certs_dir = .
policy = any
crl_extensions = crl
[any]
commonName = supplied
[crl]
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical,keyCertSign,cRLSign
certificatePolicies = critical,1.3.6.1.5.5.7.14.2
subjectInfoAccess = caRepository;URI:{BASE}/,1.3.6.1.5.5.7.48.10;URI:{BASE}/anchor.mft
sbgp-ipAddrBlock = critical,@everywhere
sbgp-autonomousSysNum = critical,@everyone
[everywhere]
IPv4.0 = 0.0.0.0/0
IPv6.0 = ::/0
[everyone]
AS.0 = 0-4294967295
"""

END_ENTITY = f"""
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical,digitalSignature
certificatePolicies = critical,1.3.6.1.5.5.7.14.2
crlDistributionPoints = URI:{BASE}/anchor.crl
authorityInfoAccess = caIssuers;URI:{BASE}/anchor.cer
subjectInfoAccess = 1.3.6.1.5.5.7.48.11;URI:{BASE}/"""


def der(tag, *parts):
    """One DER element of X.690; lengths below 65536."""
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else \
        b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def sequence(*parts):
    return der(0x30, *parts)


def moment(time):
    return der(0x18, time.strftime("%Y%m%d%H%M%SZ").encode())


def prefix_bits(network):
    size = (network.prefixlen + 7) // 8
    return der(3, bytes([size * 8 - network.prefixlen]), network.network_address.packed[:size])


class Repository:
    """`folder/repository` holds the published files; `folder/anchor.tal` is the trust anchor locator."""

    def __init__(self, folder):
        self.folder, self.published = folder, folder / "repository"
        self.published.mkdir(parents=True)
        self.locator = folder / "anchor.tal"
        self.number = 0
        (folder / "openssl.cnf").write_text(CONFIG)
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("02\n")
        (folder / "crlnumber").write_text("01\n")
        self.openssl("req", "-x509", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "anchor.key", "-out",
                     "anchor.pem", "-config", "openssl.cnf", "-subj", "/CN=anchor", "-extensions", "authority", "-days",
                     VALID_DAYS)
        self.openssl("x509", "-in", "anchor.pem", "-outform", "DER", "-out", self.published / "anchor.cer")
        key = self.openssl("rsa", "-in", "anchor.key", "-pubout", "-outform", "DER")
        text = base64.encodebytes(key).decode()
        self.locator.write_text(f"{BASE}/anchor.cer\n\n{text}")

    def openssl(self, *words):
        return subprocess.run(["openssl", *map(str, words)], cwd=self.folder, check=True, capture_output=True).stdout

    def publish(self, *roas):
        """Replaces everything published by these: (prefix, maximum length, AS number) each."""
        self.number += 1
        for old in self.published.glob("*.roa"):
            old.unlink()
        for index, (prefix, longest, asn) in enumerate(roas):
            network = ipaddress.ip_network(prefix)
            family = b"\x00\x01" if network.version == 4 else b"\x00\x02"
            address = sequence(prefix_bits(network), *([integer(longest)] if longest else []))
            content = sequence(integer(asn), sequence(sequence(der(4, family), sequence(address))))
            self.sign(f"{self.number}-{index}.roa", ROA, content,
                      f"sbgp-ipAddrBlock = critical,IPv{network.version}:{network}\n")
        self.openssl("ca", "-gencrl", "-config", "openssl.cnf", "-out", "anchor.crl.pem")
        self.openssl("crl", "-in", "anchor.crl.pem", "-outform", "DER", "-out", self.published / "anchor.crl")
        self.sign("anchor.mft", MANIFEST, self.manifest(),
                  "sbgp-ipAddrBlock = critical,IPv4:inherit,IPv6:inherit\nsbgp-autonomousSysNum = critical,AS:inherit\n")

    def manifest(self):
        files = [path for path in sorted(self.published.iterdir()) if path.suffix in (".roa", ".crl")]
        hashes = [sequence(der(0x16, path.name.encode()), der(3, b"\0", hashlib.sha256(path.read_bytes()).digest()))
                  for path in files]
        now = datetime.datetime.now(datetime.timezone.utc)
        return sequence(integer(self.number), moment(now - datetime.timedelta(minutes=1)),
                        moment(now + datetime.timedelta(days=1)), SHA256, sequence(*hashes))

    def sign(self, name, kind, content, resources):
        """A signed object with a certificate of its own that holds `resources`."""
        (self.folder / "extensions.cnf").write_text(END_ENTITY + name + "\n" + resources)
        (self.folder / "content.der").write_bytes(content)
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "object.key", "-out", "object.csr",
                     "-config", "openssl.cnf", "-subj", f"/CN=object-{self.number}-{name.split('.')[0]}")
        self.openssl("ca", "-batch", "-notext", "-config", "openssl.cnf", "-in", "object.csr", "-out", "object.pem",
                     "-days", VALID_DAYS, "-extfile", "extensions.cnf")
        self.openssl("cms", "-sign", "-binary", "-nodetach", "-in", "content.der", "-signer", "object.pem", "-inkey",
                     "object.key", "-keyid", "-md", "sha256", "-nosmimecap", "-econtent_type", kind, "-outform", "DER",
                     "-out", self.published / name)
