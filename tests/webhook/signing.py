"""Certificates and headers for the tests of signatures."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.verification import Store

from local.simulator import signing

BASE = "http://127.0.0.1:7080"
URL = BASE + signing.CERTIFICATE_PATH
SUBJECTS = frozenset({signing.SUBJECT})
BODY = (
    b'{"EventName":"referral-updated","ResourceUri":"https://api.partnercenter.microsoft.com/engagements/v1/referrals/'
    b'00000000-0000-4000-8000-00000000000a","ResourceName":"referral","AuditUri":null,'
    b'"ResourceChangeUtcDate":"2026-11-26T08:00:00.1234567+00:00"}'
)
SIGNING = signing.make(BASE)


def roots(*extra: bytes) -> Store:
    """The root of the signing authority, and others, as the trusted ones."""
    return Store([x509.load_pem_x509_certificate(pem) for pem in (SIGNING.root, *extra)])


def headers(signature: str | None = None, *, url: str = URL, algorithm: str = "rsa-sha256") -> dict[str, str]:
    """An event's headers in the form that our registration asks for."""
    return {
        "Content-Type": "application/json",
        "X-MS-Certificate-Url": url,
        "X-MS-Signature-Algorithm": algorithm,
        "x-ms-signature": f"Signature {SIGNING.sign(BODY) if signature is None else signature}",
    }


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)
