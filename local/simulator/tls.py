"""The simulator's own certificate authority: made once per folder, good for this machine's loopback names alone.

The authority's private key is never written: it signs one certificate and is forgotten, so that nobody who reads the
folder can make another.
"""

import contextlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Certificates:
    """What the server presents and what a client has to trust."""

    server_file: Path
    ca_file: Path

    def server_context(self) -> ssl.SSLContext:
        """The context for the server's side of connections."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server_file)
        return context


def certificates(folder: Path, names: Sequence[str] = LOOPBACK) -> Certificates:
    """Those of the folder, made for these names when there are none or they end within a day. Safe when several ask
    at once."""
    folder.mkdir(parents=True, exist_ok=True)
    server, ca = folder / "server.pem", folder / "ca.pem"
    if server.exists() and _expires(server) - datetime.now(UTC) < timedelta(days=1):
        server.unlink(missing_ok=True)
    if not server.exists():
        _place(_make(names), server, keep=True)
    # the bundle holds key, server certificate, CA certificate; whoever lost the race writes the winner's CA again
    chain = server.read_bytes().split(b"-----BEGIN CERTIFICATE-----")
    _place(b"-----BEGIN CERTIFICATE-----" + chain[2], ca, keep=False)
    return Certificates(server, ca)


def _place(content: bytes, target: Path, *, keep: bool) -> None:
    """Write a file in one step, readable by its owner alone; `keep`: not over one that is there."""
    if target.exists() and target.read_bytes() == content:
        return
    handle, name = tempfile.mkstemp(dir=target.parent)  # made with mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    if not keep:
        Path(name).replace(target)
        return
    with contextlib.suppress(FileExistsError):
        os.link(name, target)
    Path(name).unlink()


def _expires(bundle: Path) -> datetime:
    return x509.load_pem_x509_certificates(bundle.read_bytes())[0].not_valid_after_utc


def _make(names: Sequence[str]) -> bytes:
    now = datetime.now(UTC) - timedelta(minutes=5)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Partner Center simulator (this machine only)")])
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + server.public_bytes(pem) + ca.public_bytes(pem)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
