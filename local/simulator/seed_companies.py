"""The customers of the seeded referrals, and which of their domains are Entra tenants."""

import itertools
import random
import unicodedata
import uuid
from dataclasses import dataclass, field
from typing import Any

from . import seed_names as names

PARTNER_DOMAIN = "fabrikam-partner.com"
TENANTS_OF_DEFAULT = 17
DEFAULT_REFERRALS = 739
# as written in both forms, and addresses of mail hosts; no tenants, so that their number hangs on no spelling
_ODD_DOMAINS = (
    ("Ünyeli Fındık A.Ş.", "ünyeli-fındık.com.tr", "TR"),
    ("Schröder Möbel GmbH", "xn--schrder-mbel-7ibf.de", "DE"),
    ("Ağaçlı Kâğıt Ltd. Şti.", "ağaçlı-kağıt.com.tr", "TR"),
    ("İncesu Holding A.Ş.", "mail.incesu-holding.com.tr", "TR"),
)
_STRANGE_NAMES = (
    ("<script>alert('x')</script> Ltd", "GB"),
    ("شركة النور للتقنية", "AE"),
    ("\u202eesreveR\u202c Holding", "GB"),
    ("Contoso 🚀 \u200bZero-Width", "US"),
    ("Contoso " + "Uluslararası " * 24 + "A.Ş.", "TR"),
    ('=HYPERLINK("http://example.invalid","x")', "US"),
    ("  IŞIKLAR  BİLİŞİM   A.Ş. ", "TR"),
)


@dataclass
class Company:
    """A customer: what its referrals say of it. `domains` are those of its mail; the first is its own."""

    name: str
    country: str
    city: str
    postal_code: str
    currency: str
    size: str | None
    duns: str | None
    domains: tuple[str, ...]
    people: list[dict[str, Any]] = field(default_factory=list)
    own_domain: bool = False


def companies(count: int, rng: random.Random) -> list[Company]:
    """So many customers: most with a domain of their own, the others as messy as real ones."""
    made: list[Company] = []
    used: set[str] = set()
    special = [_odd(*entry, rng) for entry in _ODD_DOMAINS] + [_strange(*entry, rng) for entry in _STRANGE_NAMES]
    special += _of_consultants(rng)
    if count >= 4 * len(special):
        made += special
    countries, weights = list(names.COUNTRY_WEIGHTS), list(names.COUNTRY_WEIGHTS.values())
    while len(made) < count:
        company = _plain(rng.choices(countries, weights)[0], rng, used)
        lot = rng.random()
        if lot < 0.10:
            company.domains, company.own_domain = (rng.choice(names.FREE_MAIL),), False
        elif lot < 0.14:
            company.domains, company.own_domain = (company.domains[0].replace(".", "") + ".onmicrosoft.com",), False
        elif lot < 0.20:
            company.domains, company.own_domain = (), False
        elif lot < 0.27:
            company.domains = (f"mail.{company.domains[0]}", company.domains[0])
        made.append(company)
    rng.shuffle(made)
    for company in made:
        company.people = [_person(company, rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    return made


def tenants(domains: set[str], referrals: int, rng: random.Random) -> dict[str, str]:
    """Which of the registrable domains are Entra tenants: 17 of the default set, in proportion of others."""
    wanted = max(1, round(TENANTS_OF_DEFAULT * referrals / DEFAULT_REFERRALS))
    chosen = rng.sample(sorted(domains), min(wanted, len(domains)))
    return {domain: str(uuid.UUID(int=rng.getrandbits(128), version=4)) for domain in chosen}


def _plain(country: str, rng: random.Random, used: set[str]) -> Company:
    sectors, forms, suffixes, cities, currency = names.COUNTRIES[country]
    roots = names.ROOTS + names.TURKISH_ROOTS if country == "TR" else names.ROOTS
    for number in itertools.count(1):
        root, sector, suffix = rng.choice(roots), rng.choice(sectors), rng.choice(suffixes)
        tail = "" if number < 8 else str(rng.randrange(2, 9999))
        domain = f"{root[1]}-{sector[1]}{tail}.{suffix}"
        if domain not in used:
            break
    used.add(domain)
    name = " ".join(part for part in (root[0], sector[0], tail, rng.choice(forms)) if part)
    city, postal_code = rng.choice(cities)
    return Company(
        name=name,
        country=country,
        city=city,
        postal_code=postal_code,
        currency=currency if rng.random() < 0.7 else rng.choice(("USD", "EUR")),
        size=rng.choice(names.SIZES),
        duns=f"{rng.randrange(10**8, 10**9)}" if rng.random() < 0.3 else None,
        domains=(domain,),
        own_domain=True,
    )


def _odd(name: str, domain: str, country: str, rng: random.Random) -> Company:
    company = _plain(country, rng, set())
    company.name, company.domains = name, (domain,)
    company.own_domain = False
    return company


def _strange(name: str, country: str, rng: random.Random) -> Company:
    company = _plain(country, rng, set())
    company.name, company.domains, company.own_domain = name, (), False
    return company


def _of_consultants(rng: random.Random) -> list[Company]:
    made = []
    for domain, customers in names.CONSULTANTS:
        for _ in range(customers):
            company = _plain("TR", rng, set())
            company.domains, company.own_domain = (domain,), False
            made.append(company)
    return made


def _person(company: Company, rng: random.Random) -> dict[str, Any]:
    first, last = rng.choice(names.FIRST_NAMES), rng.choice(names.LAST_NAMES)
    domain = rng.choice(company.domains) if company.domains else None
    plain = unicodedata.normalize("NFKD", f"{first}.{last}".replace("ı", "i").lower())
    local = "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "."))
    return {
        "firstName": first,
        "lastName": last,
        "phoneNumber": rng.choice((f"+90 212 555 {rng.randrange(1000, 9999)}", "+15550100", "", None)),
        "email": rng.choice(names.BAD_ADDRESSES) if domain is None else f"{local}@{domain}",
        "title": rng.choice(names.TITLES),
        "contactPreference": {
            "locale": rng.choice(("tr-TR", "en-US", None)),
            "disableNotifications": rng.choice((True, False, None)),
        },
    }
