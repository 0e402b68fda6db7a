"""Companies of one version of the data, and which referrals belong to each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final

from shared.model.company import Company, Link
from shared.model.company_edits import Edited
from shared.model.domains import display_domain
from shared.model.summary import ReferralSummary
from shared.model.tenant import KnownTenant
from shared.model.text import fold


@dataclass(frozen=True, slots=True)
class Belonging:
    """Which company a referral belongs to."""

    key: str | None
    """None for a customer of whom nothing is known."""
    name: str | None
    by_hand: bool
    """Whether a person linked it there."""
    needs_review: bool = False
    """Whether that company collects differently named customers, so that this may be another one."""


_NOBODY: Final = Belonging(None, None, by_hand=False)


class Companies:
    """Immutable but for what it computes once and keeps.

    Args:
        edited: all of them with what people said of them, none that is part of another.
        tenants: by domain, what Entra knows of it.
        referrals: all of them, in the order that positions count.
        links: by position of the referral, the company that a person chose.
    """

    def __init__(
        self,
        edited: Edited,
        tenants: Mapping[str, KnownTenant],
        referrals: Sequence[ReferralSummary],
        links: Mapping[int, Link],
    ) -> None:
        self.rows = sorted(edited.companies, key=attrgetter("key"))
        self.edited = edited
        self._merged, self._tenants = edited.leads, tenants
        self._position = {company.key: position for position, company in enumerate(self.rows)}
        self.belongings = self._belong(referrals, links)
        """Where each referral belongs, by its position; referrals of one company share one object."""

    def __iter__(self) -> Iterator[Company]:
        """The companies in the order of their keys."""
        return iter(self.rows)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)

    def _belong(self, referrals: Sequence[ReferralSummary], links: Mapping[int, Link]) -> list[Belonging]:
        homes = [referral.company_key for referral in referrals]
        of_home = {home: self._belonging(home, by_hand=False) for home in {*homes}}
        belongings = [of_home[home] for home in homes]
        for position, link in links.items():
            if link.key:
                belongings[position] = self._belonging(link.key, by_hand=True)
        return belongings

    def _belonging(self, home: str | None, *, by_hand: bool) -> Belonging:
        if not home:
            return _NOBODY
        company = self.find(home)
        key = company.key if company else self._merged.get(home, home)
        doubtful = company is not None and company.needs_review and not by_hand
        return Belonging(key, company.name if company else None, by_hand=by_hand, needs_review=doubtful)

    def position_of(self, key: str) -> int | None:
        """The position of the company under a key, or of the one that it is merged into."""
        return self._position.get(self._merged.get(key, key))

    def find(self, key: str) -> Company | None:
        """The company under a key, or the one that it is merged into."""
        position = self.position_of(key)
        return self.rows[position] if position is not None else None

    def tenant_of(self, company: Company) -> KnownTenant | None:
        """What Entra knows of the company's domain."""
        return self._tenants.get(company.domain or "")

    def is_m365(self, company: Company) -> bool:
        """Whether the company's domain belongs to a Microsoft tenant."""
        tenant = self.tenant_of(company)
        return tenant is not None and tenant.is_m365

    def members(self, company: Company) -> Sequence[int]:
        """The positions of a company's referrals, those that are missing too, in the order of their ids."""
        return self._members.get(company.key, ())

    def members_of(self, keys: Iterable[str]) -> Iterator[int]:
        """The positions of the referrals of the companies under these keys."""
        for key in {self._merged.get(key, key) for key in keys}:
            yield from self._members.get(key, ())

    def members_in_tenants(self) -> Iterator[int]:
        """The positions of the referrals whose company is in a Microsoft tenant."""
        for company in self.rows:
            if self.is_m365(company):
                yield from self.members(company)

    def texts_with_members(self) -> Iterator[tuple[str, Sequence[int]]]:
        """What finds each company, and the positions of its referrals."""
        for company, text in zip(self.rows, self.texts, strict=True):
            yield text, self.members(company)

    @cached_property
    def texts(self) -> list[str]:
        """What finds each company, and its referrals: its name and domain, folded."""
        return [_text_of(company) for company in self.rows]

    @cached_property
    def _members(self) -> dict[str, list[int]]:
        members: defaultdict[str, list[int]] = defaultdict(list)
        for position, belonging in enumerate(self.belongings):
            if belonging.key is not None:
                members[belonging.key].append(position)
        return dict(members)


def _text_of(company: Company) -> str:
    domain = display_domain(company.domain) if company.domain else ""
    return "\n".join({fold(company.name), fold(domain), company.domain or ""})
