"""What people say of companies: another name, or that two are one. Pure.

The companies' rows stay what referrals and links add up to; what people said is laid over them when they are read. So no
sync can undo it, and taking it back gives exactly what there was before.

Companies known by name or number become one with a domain by themselves, and part again (``company_rows``). What was said
of such a company holds for the one that it became.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from shared.model.company import ALIASES_SHOWN, DIRECTIONS, Company, is_domain
from shared.model.domains import display_domain
from shared.model.money import sums_of
from shared.model.person import Person
from shared.model.summary import STATUSES
from shared.model.text import fold

Kind = Literal["name", "into"]


@dataclass(frozen=True, slots=True)
class CompanyEdit:
    """The latest that a person said of a company in one regard."""

    kind: Kind
    """``name``: it is called so; ``into``: it is part of that company."""
    key: str
    """The company."""
    value: str | None
    """The name, or the other company's key; None: taken back."""
    by: Person
    at: str
    """Text of ``model.times``."""
    history: tuple[Mapping[str, str | None], ...] = ()
    """``{at, by, from, to}``, newest first."""


class Standing:
    """Which company is which, by what people said and by what became one by itself.

    Of edits that contradict each other, as when companies became one after people had spoken of both, the latest holds.

    Args:
        edits: all of them, also those taken back.
        stubs: keys of companies that became one with another by themselves, each with that other's key.
    """

    def __init__(self, edits: Iterable[CompanyEdit], stubs: Mapping[str, str]) -> None:
        self._stubs = stubs
        self.names: dict[str, CompanyEdit] = {}
        """By company, the name that it was given."""
        self.merges: dict[str, CompanyEdit] = {}
        """By company, where a person merged it."""
        self._into: dict[str, str] = {}
        self.said = sorted((edit for edit in edits if edit.value), key=lambda edit: (edit.at, edit.key), reverse=True)
        """All that was not taken back, the latest first."""
        for edit in self.said:
            company = self.derived(edit.key)
            if edit.kind == "name":
                self.names.setdefault(company, edit)
            elif company not in self._into and self.company(edit.value or "") != company:
                self._into[company] = self.derived(edit.value or "")
                self.merges[company] = edit

    def derived(self, key: str) -> str:
        """The company that a key leads to without what people said."""
        return self._stubs.get(key, key)

    def company(self, key: str) -> str:
        """The company that a key leads to."""
        company = self.derived(key)
        while company in self._into:
            company = self._into[company]
        return company

    def parts(self, company: str) -> list[str]:
        """The companies that people merged into one, the latest first."""
        return [part for part in self.merges if self.company(part) == company]

    def spoken_of(self) -> set[str]:
        """The companies that are not simply as their rows have them."""
        return {*self.names, *self.merges, *map(self.company, self.merges)}

    def leads(self) -> dict[str, str]:
        """Every key that leads to another company, with that company's key."""
        return {key: self.company(key) for key in {*self._stubs, *self._into}}


@dataclass(frozen=True, slots=True)
class Part:
    """A company that a person merged into another."""

    key: str
    company: Company | None
    """What it is by itself; None when it has no referrals any more."""
    edit: CompanyEdit


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that a person gave."""

    automatic: str
    """What the company is called without."""
    edit: CompanyEdit


class Edited:
    """Companies with what people said of them.

    Args:
        companies: as their rows have them.
        standing: what people said.
    """

    def __init__(self, companies: Sequence[Company], standing: Standing) -> None:
        self._standing = standing
        self._automatic: dict[str, str] = {}
        self._alone = {company.key: self._named(company) for company in companies if company.key in standing.merges}
        spoken_of = standing.spoken_of()
        groups: defaultdict[str, list[Company]] = defaultdict(list)
        for company in companies:
            if company.key in spoken_of:
                groups[standing.company(company.key)].append(company)
        self.companies = [company for company in companies if company.key not in spoken_of]
        """What lists show."""
        self.companies += (self._made(key, members) for key, members in groups.items())
        self.leads = standing.leads()
        """Keys of companies that are part of another, each with the key of that one."""

    def parts(self, key: str) -> list[Part]:
        """What people merged into a company, the latest first."""
        merges = self._standing.merges
        return [Part(part, self._alone.get(part), merges[part]) for part in self._standing.parts(key)]

    def renamed(self, key: str) -> Renamed | None:
        """The name that a person gave a company; None when it has its own."""
        edit = self._standing.names.get(key)
        return Renamed(self._automatic[key], edit) if edit and key in self._automatic else None

    def _made(self, key: str, members: list[Company]) -> Company:
        whole = together(key, [self._named(company) for company in members])
        if key in self._standing.names and key not in self._automatic:  # none of the referrals is its own
            whole = self._named(whole)
        return whole

    def _named(self, company: Company) -> Company:
        edit = self._standing.names.get(company.key)
        if edit is None or not edit.value:
            return company
        self._automatic[company.key] = company.name
        return _called(company, [edit.value, company.name, *company.aliases])


def together(key: str, members: Sequence[Company]) -> Company:
    """Several companies as the one with this key: figures added up, and its own facts before those of the others.

    A person who merged a company vouches for its referrals, so only the company's own can make it doubtful.
    """
    if [member.key for member in members] == [key]:
        return members[0]
    newest = sorted(members, key=lambda member: (member.last_activity or "", member.key), reverse=True)
    known = sorted(newest, key=lambda member: member.key != key)
    first = known[0]
    place = next((member for member in known if member.country), first)
    whole = Company(
        key=key,
        name=first.name,
        domain=key if is_domain(key) else next((member.domain for member in known if member.domain), None),
        country=place.country,
        city=place.city,
        size=next((member.size for member in known if member.size), None),
        duns=key.removeprefix("duns-") if key.startswith("duns-") else next((m.duns for m in known if m.duns), None),
        tenant_hint=next((member.tenant_hint for member in known if member.tenant_hint), None),
        needs_review=first.key == key and first.needs_review,
        referral_count=sum(member.referral_count for member in known),
        by_status={status: sum(member.by_status.get(status, 0) for member in known) for status in STATUSES},
        by_direction={way: sum(member.by_direction.get(way, 0) for member in known) for way in DIRECTIONS},
        open_value=sums_of(amount for member in known for amount in member.open_value.items()),
        won_value=sums_of(amount for member in known for amount in member.won_value.items()),
        first_activity=min(filter(None, (member.first_activity for member in known)), default=None),
        last_activity=max(filter(None, (member.last_activity for member in known)), default=None),
        next_deadline=min(filter(None, (member.next_deadline for member in known)), default=None),
    )
    names = [name for member in known for name in (member.name, *member.aliases)]
    domains = [display_domain(member.domain) for member in known if member.domain and member.domain != whole.domain]
    return _called(whole, [*names, *domains])


def _called(company: Company, names: Iterable[str]) -> Company:
    """The company by the first of these names; the others are its aliases."""
    different: dict[str, str] = {}
    for name in names:
        different.setdefault(fold(name), name)
    name, *aliases = different.values()
    return msgspec.structs.replace(company, name=name, aliases=tuple(aliases[:ALIASES_SHOWN]))


def changed(edit: CompanyEdit | None, said: CompanyEdit, kept: int) -> CompanyEdit:
    """An edit after another: with the steps of both, ``kept`` of them at most."""
    step = {"at": said.at, "by": said.by.id, "from": edit.value if edit else None, "to": said.value}
    return replace(said, history=(step, *(edit.history if edit else ()))[:kept])
