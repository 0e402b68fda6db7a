"""Whether Microsoft signed an event. Pure: bytes, headers, certificate and chain in, a verdict out.

What is checked, in this order (Microsoft Learn, "Partner Center webhooks"): the signature's headers, the certificate's
dates, whose it is, its key, the chain up to a root, and the RSA signature over the body's bytes as they were received.
Microsoft's own sample looks at the issuer's name alone and takes whatever hash a header names; neither is enough.
"""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

ALGORITHM: Final = "rsa-sha256"
ORGANIZATION: Final = "Microsoft Corporation"
LEAST_KEY_BITS: Final = 2048
MOST_HEADER: Final = 2048
"""Characters of a header that are looked at; a signature of RSA-4096 has 684."""
USAGES: Final = frozenset(
    {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
)
"""What a certificate that limits its use has to allow; which of them the real one has is not documented."""
UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
"""Extensions that may be critical; a certificate with any other critical one is refused (RFC 5280, 4.2)."""

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class Verdict(enum.StrEnum):
    """What became of an event; every word but the first is a reason to refuse it."""

    VERIFIED = "verified"
    HEADERS = "headers"
    ALGORITHM = "algorithm"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    DATES = "dates"
    SUBJECT = "subject"
    KEY = "key"
    CHAIN = "chain"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an event's headers claim: the signature, and where its certificate lies."""

    signature: bytes
    certificate_url: str


def claim_of(headers: Mapping[str, str]) -> Claim | Verdict:
    """The claim in an event's headers (names in any case), or why there is none.

    The signature comes as ``Authorization: Signature <base64>`` or, where the registration asks for it, as
    ``x-ms-signature`` with or without that scheme.
    """
    known = {name.lower(): value.strip() for name, value in headers.items()}
    if known.get("x-ms-signature-algorithm", "").lower() != ALGORITHM:
        return Verdict.ALGORITHM
    text = known.get("x-ms-signature") or known.get("authorization", "")
    scheme, _, value = text.rpartition(" ")
    bare_allowed = bool(known.get("x-ms-signature"))
    if scheme.strip().lower() != "signature" and (scheme or not bare_allowed):
        return Verdict.HEADERS
    signature, url = _decoded(value), known.get("x-ms-certificate-url", "")
    if not signature or not url or len(url) > MOST_HEADER:
        return Verdict.HEADERS
    return Claim(signature, url)


def verdict(
    body: bytes,
    headers: Mapping[str, str],
    certificate: bytes,
    chain: Sequence[bytes],
    *,
    roots: Store,
    subjects: Collection[str],
    now: datetime,
) -> Verdict:
    """Whether this body was signed by one of these subjects, whose certificate leads to one of these roots.

    Args:
        body: the bytes as received.
        headers: the event's headers.
        certificate: DER or PEM of the certificate that the headers name.
        chain: DER or PEM of the certificates between it and a root.
        roots: who is trusted.
        subjects: DNS names, lower case, of whom is believed.
        now: the time, with a time zone.
    """
    claim = claim_of(headers)
    if isinstance(claim, Verdict):
        return claim
    leaf = read_certificate(certificate)
    between = [read_certificate(item) for item in chain]
    if leaf is None or None in between:
        return Verdict.CERTIFICATE
    trust = trusted(leaf, [item for item in between if item], roots=roots, subjects=subjects, now=now)
    return trust if trust is not Verdict.VERIFIED else signed(body, claim.signature, leaf)


def read_certificate(content: bytes) -> x509.Certificate | None:
    """A certificate from DER, else PEM; None when it is neither."""
    for load in (x509.load_der_x509_certificate, x509.load_pem_x509_certificate):
        try:
            certificate = load(content)
            # The library overlooks a wrong count of unused bits before the issuer's signature.
            if certificate.public_bytes(serialization.Encoding.DER).endswith(b"\0" + certificate.signature):
                return certificate
        except _UNREADABLE:
            continue
    return None


def trusted(
    leaf: x509.Certificate,
    between: Sequence[x509.Certificate],
    *,
    roots: Store,
    subjects: Collection[str],
    now: datetime,
) -> Verdict:
    """Whether a certificate is good now, belongs to one of the subjects, and leads to one of the roots."""
    try:
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            return Verdict.DATES
        if not _is_of(leaf, subjects):
            return Verdict.SUBJECT
        key = leaf.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
            return Verdict.KEY
        verifier = (
            PolicyBuilder()
            .store(roots)
            .time(now)
            .extension_policies(ca_policy=_AUTHORITIES, ee_policy=_SIGNERS)
            .build_client_verifier()
        )
        found = verifier.verify(leaf, list(between)).chain
    except VerificationError:
        return Verdict.CHAIN
    except _UNREADABLE:
        return Verdict.CERTIFICATE
    return Verdict.VERIFIED if all(_is_understood(item) for item in found[:-1]) else Verdict.CHAIN


def signed(body: bytes, signature: bytes, leaf: x509.Certificate) -> Verdict:
    """Whether the key of a trusted certificate signed these bytes."""
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return Verdict.KEY
    try:
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return Verdict.SIGNATURE
    return Verdict.VERIFIED


def issuer_urls(leaf: x509.Certificate) -> list[str]:
    """Where a certificate says that its issuer's lies (AIA caIssuers)."""
    try:
        access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return []
    return [
        place.access_location.value
        for place in access
        if place.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(place.access_location, x509.UniformResourceIdentifier)
    ]


def _decoded(text: str) -> bytes:
    """The bytes of canonical base64, else none: a second spelling of the same bytes is refused."""
    if len(text) > MOST_HEADER:
        return b""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if base64.b64encode(content).decode() == text else b""


def _is_of(leaf: x509.Certificate, subjects: Collection[str]) -> bool:
    """Whether the certificate is Microsoft's, and its common name or one of its DNS names is a subject."""
    organizations = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if [name.value for name in organizations] != [ORGANIZATION]:
        return False
    names = [name.value for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += alternative.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        pass
    return any(str(name).lower() in subjects for name in names)


def _is_understood(certificate: x509.Certificate) -> bool:
    return all(not extension.critical or extension.oid in UNDERSTOOD for extension in certificate.extensions)


def _is_authority(policy: Policy, certificate: x509.Certificate, extension: x509.BasicConstraints) -> None:
    if not extension.ca:
        raise ValueError("the issuer is no certificate authority")


def _signs_certificates(policy: Policy, certificate: x509.Certificate, extension: x509.KeyUsage | None) -> None:
    if extension and not extension.key_cert_sign:
        raise ValueError("the issuer's key may not sign certificates")


def _signs_data(policy: Policy, certificate: x509.Certificate, extension: x509.KeyUsage | None) -> None:
    if extension and not extension.digital_signature:
        raise ValueError("the key may not sign")


def _has_usage(policy: Policy, certificate: x509.Certificate, extension: x509.ExtendedKeyUsage | None) -> None:
    if extension and not USAGES & set(extension):
        raise ValueError("the key is for something else")


_AUTHORITIES: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
)
_SIGNERS: Final = (
    ExtensionPolicy.permit_all()
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_data)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _has_usage)
)
