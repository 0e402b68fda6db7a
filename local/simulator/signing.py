"""What Partner Center's dispatcher signs with: a root of its own, an issuing authority, and certificates good and bad.

As at Microsoft, a certificate file holds the certificate alone, and says where its issuer's lies (AIA). The keys of both
authorities are forgotten when all certificates are made.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

SUBJECT = "pcnotifications-dispatch.microsoft.com"
CERTIFICATE_PATH = f"/cert/{SUBJECT}.cer"
ISSUER_PATH = "/cert/issuing-ca.cer"
_LIFETIME = timedelta(days=365)


@dataclass(frozen=True)
class Kind:
    """How a certificate differs from the good one."""

    name: str
    common_name: str = SUBJECT
    organization: str | None = "Microsoft Corporation"
    starts: timedelta = timedelta(days=-1)
    ends: timedelta = _LIFETIME
    foreign: bool = False
    issuer: bool = True
    usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH


KINDS = (
    Kind("good"),
    Kind("foreign", foreign=True),
    Kind("expired", starts=timedelta(days=-30), ends=timedelta(days=-1)),
    Kind("not_yet", starts=timedelta(days=1)),
    Kind("other_name", common_name="dispatch.example.com"),
    Kind("other_organization", organization="Contoso Ltd"),
    Kind("no_issuer", issuer=False),
    Kind("other_usage", usage=ExtendedKeyUsageOID.TIME_STAMPING),
    Kind("no_usage", usage=None),
)


@dataclass(frozen=True)
class Authority:
    """A certificate authority while it still has its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Signing:
    """The dispatcher's key and what it can show for it."""

    key: rsa.RSAPrivateKey
    root: bytes
    """PEM of the root that a client has to trust."""
    issuer: bytes
    """DER of the issuing authority."""
    certificates: dict[str, bytes]
    """DER by kind; see KINDS."""

    def sign(self, body: bytes, algorithm: hashes.HashAlgorithm | None = None) -> str:
        """Base64 of the RSA signature (PKCS #1 v1.5) of these bytes, SHA-256 by default."""
        return base64.b64encode(self.key.sign(body, padding.PKCS1v15(), algorithm or hashes.SHA256())).decode()


def make(base: str, *, new_key: bool = False) -> Signing:
    """A new authority and its certificates, all of one key: this process's, or a new one. `base` is where certificates
    lie, such as http://127.0.0.1:7080."""
    key = _new_key() if new_key else _key()
    root = _authority("Partner Center simulator webhook root", None)
    issuing = _authority("Partner Center simulator webhook issuing CA", root)
    stranger = _authority("Partner Center simulator webhook issuing CA", _authority("Somebody else's root", None))
    issuer_url = base + ISSUER_PATH
    return Signing(
        key=key,
        root=root.certificate.public_bytes(serialization.Encoding.PEM),
        issuer=issuing.certificate.public_bytes(serialization.Encoding.DER),
        certificates={kind.name: _leaf(kind, key, stranger if kind.foreign else issuing, issuer_url) for kind in KINDS},
    )


@cache
def _key() -> rsa.RSAPrivateKey:
    """One for the process: making it takes longer than everything else here."""
    return _new_key()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str, organization: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(1, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _authority(common_name: str, issuer: Authority | None) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = _name(common_name, "Microsoft Corporation"), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else None), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        builder = builder.add_extension(_identifier(issuer), critical=False)
    return Authority(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _leaf(kind: Kind, signing_key: rsa.RSAPrivateKey, issuer: Authority, issuer_url: str) -> bytes:
    now, key = datetime.now(UTC), signing_key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(kind.common_name, kind.organization))
        .issuer_name(issuer.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + kind.starts)
        .not_valid_after(now + kind.ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(kind.common_name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_identifier(issuer), critical=False)
    )
    if kind.usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([kind.usage]), critical=False)
    if kind.issuer:
        where = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _identifier(issuer: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
