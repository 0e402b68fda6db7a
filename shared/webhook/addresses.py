"""Where a signing certificate may lie. The address comes from a caller whom nobody knows yet, so hardly any is good.

Pure: an address and the allowed hosts in, yes or no out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
CERTIFICATE_PATH: Final = re.compile(r"/cert/[A-Za-z0-9][A-Za-z0-9._-]*\.cer", re.ASCII)
ISSUER_PATH: Final = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9._%+-]*)+", re.ASCII)
ISSUER_HOSTS: Final = {
    "www.microsoft.com": "/pkiops/",
    "caissuers.microsoft.com": "/",
    "cacerts.digicert.com": "/",
}
"""Where the authorities that sign Microsoft's certificates keep their own, by http as it is usual for them; what comes is
believed only as far as a root vouches for it."""
MOST_LETTERS: Final = 1024


@dataclass(frozen=True, slots=True)
class Host:
    """A host that certificates may lie on."""

    name: str
    port: int

    @classmethod
    def read(cls, text: str) -> Host:
        """``host`` (port 443) or ``host:port``; IPv6 in brackets. Raises ValueError."""
        parts = urlsplit(f"//{text}")
        if not parts.hostname or parts.path or parts.username is not None or parts.query or parts.fragment:
            raise ValueError("no host")
        return cls(parts.hostname, parts.port or 443)


def hosts_of(texts: Iterable[str]) -> frozenset[Host]:
    """The allowed hosts. Raises ValueError."""
    return frozenset(Host.read(text) for text in texts)


def may_hold_certificate(url: str, hosts: frozenset[Host]) -> bool:
    """Whether an event's certificate may be fetched from this address."""
    parts = _plain(url)
    return parts is not None and _is_on(parts, hosts) and CERTIFICATE_PATH.fullmatch(parts.path) is not None


def may_hold_issuer(url: str, hosts: frozenset[Host]) -> bool:
    """Whether the certificate of its issuer may be."""
    parts = _plain(url)
    if parts is None or not ISSUER_PATH.fullmatch(parts.path):
        return False
    if _is_on(parts, hosts):
        return True
    start = ISSUER_HOSTS.get(parts.hostname or "")
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return start is not None and parts.path.startswith(start) and usual is not None and parts.port in {None, usual}


def _is_on(parts: SplitResult, hosts: frozenset[Host]) -> bool:
    name = parts.hostname or ""
    by_tls = parts.scheme == "https"
    if not by_tls and not (parts.scheme == "http" and name in LOOPBACK):
        return False
    return Host(name, parts.port or (443 if by_tls else 80)) in hosts


def _plain(url: str) -> SplitResult | None:
    """The parts of an address that has nothing but scheme, host, perhaps a port, and a path; else None."""
    if len(url) > MOST_LETTERS or not url.isascii() or not url.isprintable() or set(url) & set("\\?#@ "):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and parts.username is None else None
