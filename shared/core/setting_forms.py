"""What settings may look like: addresses, hosts, domains, ids, mail addresses. Pure; each says yes or no."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_LABEL: Final = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_IPV6: Final = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
_ENTRY: Final = re.compile(
    rf"(?:(?P<name>{_NAME.pattern})|\[(?P<number>[^\]]*)\])(?::(?P<port>[0-9]{{1,5}}))?", re.ASCII
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_MAIL: Final = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")


def address_of(text: str) -> SplitResult | None:
    """The parts of an address: scheme, host, perhaps a port and a path, and nothing else; None for any other text."""
    if not text.isprintable() or set(text) & set(" \\?#"):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return parts if is_host(parts.hostname or "") and port != 0 and parts.username is None else None


def is_secure(parts: SplitResult, *, loopback_http: bool) -> bool:
    """Whether it is https, or http on this machine where that may be."""
    return parts.scheme == "https" or (loopback_http and parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)


def is_host(text: str) -> bool:
    """Whether it is a host's name, of any script, or its number; IPv6 without brackets."""
    try:
        name = text.lower() if text.isascii() else text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return False
    return bool(_NAME.fullmatch(name) or _IPV6.fullmatch(name))


def is_host_entry(text: str, *, port: bool) -> bool:
    """Whether it is a host of a list: IPv6 in brackets, with a port where that may be."""
    match = _ENTRY.fullmatch(text)
    if match is None or not (match["name"] or _IPV6.fullmatch(match["number"])):
        return False
    return match["port"] is None or (port and 0 < int(match["port"]) < 65_536)


def is_domain(text: str) -> bool:
    """Whether it is a domain such as contoso.com."""
    return "." in text and ":" not in text and is_host(text)


def is_identifier(text: str) -> bool:
    """Whether it may be an id of Entra or a tenant's domain. It becomes a part of addresses."""
    return _IDENTIFIER.fullmatch(text) is not None


def is_mail(text: str) -> bool:
    """Whether it is one e-mail address and nothing else."""
    return text.isprintable() and _MAIL.fullmatch(text) is not None
