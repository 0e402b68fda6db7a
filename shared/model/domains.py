"""From a customer's addresses, DUNS number and name to the key of its company.

A company is known by its own domain before anything else. Domains that many unrelated people share say nothing about a
company (``shared_domains``), nor do the partner's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from typing import Final

import idna
import msgspec
from publicsuffixlist import PublicSuffixList

from shared.model import shared_domains
from shared.model.mail_field import hosts_in
from shared.model.text import fold, name_key

_DUNS: Final = re.compile(r"(\d{2}-\d{3}-\d{4}|\d{9})(?:[.,]0+)?", re.ASCII)
_HYPHENS: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
_HOST: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63})"
)


class CompanyIdentity(msgspec.Struct, frozen=True):
    """What a payload says about which company it belongs to."""

    key: str | None
    """``contoso.com``, else ``duns-123456789``, else ``name-tr-acme-bilisim``, else None."""
    mentions: tuple[str, ...]
    """The weaker keys that the same payload also shows."""
    domain: str | None
    """The registrable domain, when it is the key."""
    tenant_hint: str | None
    """The first ``….onmicrosoft.com`` domain among the addresses."""


def derive_identity(
    emails: Iterable[str], duns: str | None, name: str | None, country: str | None, own_domains: Collection[str]
) -> CompanyIdentity:
    """Which company a customer is, by the strongest thing its payload shows.

    Args:
        emails: the addresses of ``customerProfile.team`` in order, never those of the partner's own team.
        duns: the customer's DUNS number as given.
        name: the customer's name as given.
        country: its ISO 3166 two-letter code as given.
        own_domains: the partner's own domains.
    """
    own = _own(frozenset(own_domains))
    domain: str | None = None
    hint: str | None = None
    for host in (host for email in emails for name in hosts_in(email) if (host := hostname(name))):
        hint = hint or tenant_domain(host)
        if domain is None and (candidate := company_domain(host)) and not {candidate, registrable(meant(host))} & own:
            domain = candidate
    number = valid_duns(duns)
    keys = [key for key in (domain, f"duns-{number}" if number else None, name_key(name, country)) if key]
    return CompanyIdentity(keys[0] if keys else None, tuple(keys[1:]), domain, hint)


@lru_cache(maxsize=16)
def _own(domains: frozenset[str]) -> frozenset[str | None]:
    hosts = {host for domain in domains if (host := hostname(domain))}
    return frozenset(registrable(form) for host in hosts for form in (host, meant(host)))


@lru_cache(maxsize=4_096)
def hostname(text: str) -> str | None:
    """A domain name in lower case and punycode, without a final dot; None when it is none that the internet has."""
    # Software with a Turkish locale writes MİCROSOFT.COM for microsoft.com; no registry takes İ itself.
    host = text.strip().replace("İ", "i").rstrip(".").lower()
    if not host.isascii() or "xn--" in host:
        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    return host if _HOST.fullmatch(host) and host.rpartition(".")[2] not in shared_domains.NOT_PUBLIC else None


@lru_cache(maxsize=4_096)
def meant(host: str) -> str:
    """The name that whoever typed ``gmaıl.com``, ``gmáil.com`` or ``mıcrosoft.com`` meant; itself when nothing was mistyped.

    A dotless ı may stand for i in any name. Other letters with marks are of real domains (``bücher.de``), and a slip only
    where the name would else be one of the great mail services or Microsoft's. The result is for comparing with lists.

    Args:
        host: as ``hostname`` gives it.
    """
    if "xn--" not in host:
        return host
    try:
        readable = idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host
    folded = hostname(fold(readable)) or host
    short = registrable(folded) or ""
    if shared_domains.is_mail_brand(short) or shared_domains.is_microsoft(short) or shared_domains.tenant_of(folded):
        return folded
    return hostname(readable.replace("ı", "i")) or host


@lru_cache(maxsize=4_096)
def registrable(domain: str) -> str | None:
    """What can be registered under a public suffix: of ``mail.acme.com.tr`` that is ``acme.com.tr``; else None."""
    host = hostname(domain)
    return _suffixes().privatesuffix(host) if host else None


@cache
def _suffixes() -> PublicSuffixList:
    """The list that comes with the library, read when the first domain is asked about: no page needs it.

    A suffix it does not know yet counts as one label, as the list itself prescribes.
    """
    return PublicSuffixList()


@lru_cache(maxsize=4_096)
def company_domain(domain: str) -> str | None:
    """The registrable domain, unless it is one that says nothing about its owner: free mail, Microsoft's, an example."""
    host, short = hostname(domain), registrable(domain)
    if host is None or short is None:
        return None
    intended = meant(host)
    known = registrable(intended)
    if tenant_domain(host) or known is None or shared_domains.is_nobodys(intended, known):
        return None
    return short


def tenant_domain(domain: str) -> str | None:
    """``contoso.onmicrosoft.com`` of any address below it; None for other domains."""
    host = hostname(domain)
    return shared_domains.tenant_of(meant(host)) if host else None


def refused_by_hand(domain: str) -> str | None:
    """Why nobody can link to a domain by hand, as a sentence without its subject; None when it may be somebody's.

    Lists err, and a person knows better: only what is certainly no customer's is refused.
    """
    host, short = hostname(domain), registrable(domain)
    if host is None or short is None:
        return None
    known = registrable(meant(host)) or short
    if shared_domains.is_mail_brand(known):
        return "is a mail service that anybody can use, not a company's domain."
    if shared_domains.is_microsoft(known) or tenant_domain(host):
        return "is Microsoft's and not a customer's domain."
    return "is set aside for examples and nobody's domain." if shared_domains.is_example(known) else None


def valid_duns(text: str | None) -> str | None:
    """The nine digits of a DUNS number; None for what is none (``000000000``, ``6-XXXX``, ``12345678.0``).

    Spaces and the usual hyphens (``12-345-6789``) are grouping, and a decimal of zeros is what a spreadsheet left. Any
    other point or hyphen would make one company's number another's.
    """
    if not text:
        return None
    found = _DUNS.fullmatch("".join(text.translate(_HYPHENS).split()))
    digits = found[1].replace("-", "") if found else ""
    return digits if len(set(digits)) > 1 else None


def display_domain(domain: str) -> str:
    """A domain as people read it: ``xn--biliim-…`` as ``bilişim…``, but left alone where it could pose as another.

    A label is shown decoded only when all its letters are of one script (or of those that Japanese and Korean mix), and
    not when letters of another script all look like Latin ones (``аррӏе.com``), as browsers do.
    """
    return ".".join(_readable(label, domain) for label in domain.split("."))


def _readable(label: str, domain: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        decoded = idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label
    scripts = {_script(letter) for letter in decoded if letter.isalpha()}
    alone = len(scripts) == 1 or any(scripts <= mixed for mixed in _MIXED_SCRIPTS)
    poses = (
        scripts <= {"CYRILLIC", "GREEK"}
        and set(decoded) <= _LIKE_LATIN
        and not domain.rpartition(".")[2].startswith("xn--")
    )
    return decoded if alone and not poses else label


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


_MIXED_SCRIPTS: Final = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    {"LATIN", "CJK", "HANGUL"},
)
_LIKE_LATIN: Final = frozenset("асԁеһіјӏорԛѕухԝьҽқғвнкмтгпωαβγικνορτυχϲϳ0123456789-")


def resembles(name: str, domain: str) -> bool:
    """Whether a customer's name looks like the name that owns a domain: ``Türkiye İş Bankası`` and ``isbank.com.tr``."""
    label = re.sub(r"[^\w]", "", fold(display_domain(domain).split(".")[0]))
    words = [word for word in re.split(r"[^\w]+", fold(name)) if word]
    if not label or not words:
        return False
    initials = "".join(word[0] for word in words)
    return (
        label in "".join(words)
        or (len(label) > 1 and label == initials[: len(label)])
        or any(len(word) > 3 and word in label for word in words)
    )
