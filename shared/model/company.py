"""A company: what the referrals behind it add up to. Pure; everything here can be computed anew at any time.

A company is made of :class:`Entry` values, one for each of its referrals, that hold what the figures need and no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from shared.model.domains import display_domain, resembles, valid_duns
from shared.model.money import sums_of
from shared.model.summary import OPEN, STATUSES, ReferralSummary
from shared.model.text import fold, is_placeholder, name_words

DIRECTIONS: Final = ("Incoming", "Outgoing")
ALIASES_SHOWN: Final = 20
STRANGERS: Final = 3
"""So many different customers that do not look like its owner make a domain doubtful."""
_NAME_LETTERS: Final = 300
_WORD_LETTERS: Final = 100


@dataclass(frozen=True, slots=True)
class Link:
    """A referral's company as a person said it is; ``key`` None means: back to what the payload says."""

    key: str | None
    name: str | None
    domain: str | None
    by: str
    at: str
    """Text of ``model.times``."""
    history: tuple[Mapping[str, str | None], ...] = ()
    """``{at, by, from, to}``, newest first."""

    @property
    def keys(self) -> set[str]:
        """Every company that the referral was ever linked to."""
        named = (end for step in self.history for end in (step.get("from"), step.get("to")))
        return {key for key in (self.key, *named) if key}


class Entry(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One referral as its company's row carries it."""

    id: str
    updated: str | None = None
    created: str | None = None
    direction: str | None = None
    status: str | None = None
    substatus: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    expires: str | None = None
    name: str | None = None
    country: str | None = None
    city: str | None = None
    size: str | None = None
    duns: str | None = None
    tenant_hint: str | None = None
    missing: bool = False
    """No longer met in Partner Center: it stays, and counts in no figure."""
    linked_at: str | None = None
    """When a person linked it here."""
    given_name: str | None = None
    """The company's name as that person gave it."""

    @property
    def recency(self) -> tuple[str, str]:
        """Orders entries by their last change; ids make the order total."""
        return (self.updated or self.created or "", self.id)


def entry_of(summary: ReferralSummary, link: Link | None) -> Entry:
    """A referral as an entry; texts are cut here, so that an entry is the same from a payload and from a stored row."""
    linked = link is not None and link.key is not None
    return Entry(
        id=summary.id,
        updated=summary.updated_date_time,
        created=summary.created_date_time,
        direction=_cut(summary.direction),
        status=_cut(summary.status),
        substatus=_cut(summary.substatus),
        value=summary.deal_value if summary.currency else None,
        currency=_cut(summary.currency) if summary.deal_value is not None else None,
        expires=summary.expiration_date_time if summary.unanswered else None,
        name=_cut(summary.customer_name, _NAME_LETTERS),
        country=_cut(summary.country),
        city=_cut(summary.city),
        size=_cut(summary.size),
        duns=valid_duns(summary.duns),
        tenant_hint=summary.tenant_hint,
        missing=summary.missing_since is not None,
        linked_at=link.at if link and linked else None,
        given_name=_cut(link.name, _NAME_LETTERS) if link and linked else None,
    )


def _cut(text: str | None, letters: int = _WORD_LETTERS) -> str | None:
    return (text.strip()[:letters].strip() or None) if text else None


class Company(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A company as lists show it. Times are texts of ``model.times``, amounts are exact and never mix currencies."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    domain: str | None = None
    """Registrable, in punycode."""
    country: str | None = None
    city: str | None = None
    size: str | None = None
    duns: str | None = None
    tenant_hint: str | None = None
    needs_review: bool = False
    referral_count: int = 0
    by_status: dict[str, int] = {}
    by_direction: dict[str, int] = {}
    open_value: dict[str, Decimal] = {}
    won_value: dict[str, Decimal] = {}
    first_activity: str | None = None
    last_activity: str | None = None
    next_deadline: str | None = None


def is_domain(key: str) -> bool:
    """Whether a company key is a domain; the other kinds (``duns-…``, ``name-…``) hold no point."""
    return "." in key


def company_of(key: str, entries: Iterable[Entry]) -> Company | None:
    """What these referrals add up to; None when there are none."""
    newest = sorted(entries, key=lambda entry: entry.recency, reverse=True)
    if not newest:
        return None
    counted = [entry for entry in newest if not entry.missing]
    # What no referral in sight says any more is still the best that is known of a company.
    known = counted or newest
    name, aliases = _names(key, known)
    country = _first(entry.country for entry in known)
    statuses, directions = [entry.status for entry in counted], [entry.direction for entry in counted]
    return Company(
        key=key,
        name=name,
        aliases=aliases,
        domain=key if is_domain(key) else None,
        country=country,
        city=_first(entry.city for entry in known if entry.country == country),
        size=_first(entry.size for entry in known),
        duns=key.removeprefix("duns-") if key.startswith("duns-") else _first(entry.duns for entry in known),
        tenant_hint=_first(entry.tenant_hint for entry in known),
        needs_review=is_domain(key) and _collects_strangers(key, known),
        referral_count=len(counted),
        by_status={status: statuses.count(status) for status in STATUSES},
        by_direction={direction: directions.count(direction) for direction in DIRECTIONS},
        open_value=sums_of((entry.currency, entry.value) for entry in counted if entry.status in OPEN),
        won_value=sums_of(
            (entry.currency, entry.value) for entry in counted if entry.status == "Closed" and entry.substatus == "Won"
        ),
        first_activity=min(filter(None, (entry.created or entry.updated for entry in counted)), default=None),
        last_activity=max(filter(None, (entry.updated or entry.created for entry in counted)), default=None),
        next_deadline=min(filter(None, (entry.expires for entry in counted)), default=None),
    )


def _first(values: Iterable[str | None]) -> str | None:
    return next(filter(None, values), None)


def _names(key: str, newest: list[Entry]) -> tuple[str, tuple[str, ...]]:
    """The company's name and its aliases: what a person gave, else the most recent good one; the others behind it.

    A referral that a person moved here was named wrongly, most likely, so its own name does not become the company's.
    """
    given = sorted(
        (entry for entry in newest if entry.given_name), key=lambda entry: entry.linked_at or "", reverse=True
    )
    names = [entry.given_name for entry in given]
    own_first = sorted(newest, key=lambda entry: entry.linked_at is not None)
    names += [entry.name for entry in own_first if entry.name and _is_good(entry.name)]
    different: dict[str, str] = {}
    for name in filter(None, names):
        different.setdefault(_folded(name), name)
    fallback = f"DUNS {key.removeprefix('duns-')}" if key.startswith("duns-") else display_domain(key)
    name, *aliases = different.values() or [fallback]
    return name, tuple(aliases[:ALIASES_SHOWN])


def _collects_strangers(domain: str, newest: list[Entry]) -> bool:
    """Whether three or more different customers, none of whom looks like the domain's owner, have come by this domain.

    That is what a consultant's or an agency's domain looks like. Referrals that a person linked here are not doubted.
    """
    names = {entry.name for entry in newest if entry.name and not entry.linked_at}
    if len(names) < STRANGERS:
        return False
    strangers = {words for name in names if (words := _identifying(name)) and not _resembles(name, domain)}
    return len(strangers) >= STRANGERS


# Names repeat from referral to referral, and folding is most of the work.
_folded = lru_cache(maxsize=4_096)(fold)
_resembles = lru_cache(maxsize=4_096)(resembles)


@lru_cache(maxsize=4_096)
def _is_good(name: str) -> bool:
    return not is_placeholder(name)


@lru_cache(maxsize=4_096)
def _identifying(name: str) -> tuple[str, ...]:
    return tuple(name_words(name))


def home_of(summary: ReferralSummary, link: Link | None) -> str | None:
    """The key of the company that a referral is an entry of: the hand-made link's, else the one its payload shows."""
    return link.key if link and link.key else summary.company_key


def claims_of(summary: ReferralSummary, link: Link | None) -> dict[str, str]:
    """Weaker keys that a referral with a domain also shows, each with that domain. A linked referral claims nothing."""
    if (link and link.key) or not summary.company_key or not is_domain(summary.company_key):
        return {}
    return dict.fromkeys(summary.company_mentions, summary.company_key)


def only_claimant(key: str, claimants: Collection[str]) -> str | None:
    """The company that another is merged into: the one domain that claims its name or number; None when several do."""
    different = set(claimants)
    return different.pop() if len(different) == 1 and not is_domain(key) else None
