"""One version of the data, ready to be asked: referrals, companies, what people added, and both lists."""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

from shared.model import times
from shared.model.company import Company, Link
from shared.model.company_edits import CompanyEdit, Edited, Standing
from shared.model.summary import ReferralSummary
from shared.model.tenant import KnownTenant
from shared.read_model import overview
from shared.read_model.belonging import Belonging, Companies
from shared.read_model.companies import CompanyList
from shared.read_model.desk import EMPTY, Desk
from shared.read_model.query import Bits, Selection
from shared.read_model.questions import CompanyQuery, ReferralQuery
from shared.read_model.referrals import ReferralList


class Snapshot:
    """Immutable but for what it computes once and keeps; shared by all requests.

    Args:
        version: the data version under which it was read.
        referrals: all of them.
        companies: all of them as their rows have them.
        merged: keys of companies that became one with another by themselves, each with the key of that one.
        links: by referral id, the company that a person chose.
        tenants: by domain, what Entra knows of it.
        quarantined: how many records are in quarantine.
        edits: what people said of companies.
    """

    def __init__(
        self,
        version: str,
        referrals: Iterable[ReferralSummary],
        companies: Iterable[Company],
        *,
        merged: Mapping[str, str],
        links: Mapping[str, Link],
        tenants: Mapping[str, KnownTenant],
        quarantined: int,
        edits: Iterable[CompanyEdit] = (),
    ) -> None:
        self.version = version
        self.quarantined = quarantined
        self.referrals = sorted(referrals, key=attrgetter("id"))
        chosen = {place: link for each, link in links.items() if (place := self.referral(each)) is not None}
        edited = Edited(list(companies), Standing(edits, merged))
        self.companies = Companies(edited, tenants, self.referrals, chosen)
        self.desk = EMPTY.laid_over(len(self.referrals), self.referral)
        """Owners and comments."""
        self.referral_list = ReferralList(self.referrals, self.companies, self.referral)
        self.company_list = CompanyList(self.companies)
        self._deadlines = sorted(
            deadline[10:]
            for referral in self.referrals
            if referral.unanswered and (deadline := referral.expiration_date_time)
        )
        self._figures: tuple[str, dict[str, Any]] | None = None

    def with_desk(self, version: str, desk: Desk) -> Snapshot:
        """The same data under another version, with these owners and comments; what was computed of it is shared."""
        other = copy.copy(self)
        other.version, other._figures = version, None
        other.desk = desk.laid_over(len(self.referrals), self.referral)
        return other

    def moment(self, now: datetime) -> str:
        """A text that changes whenever, by time alone, any answer does.

        That is at midnight, when the months of the figures may change, and whenever a deadline is another whole day
        nearer or further past: at the deadline's time of day.
        """
        text = times.from_datetime(now)
        return f"{text[:10]}.{bisect_left(self._deadlines, text[10:])}"

    # --- referrals

    def referral(self, referral_id: str) -> int | None:
        """The position of a referral by its id."""
        position = bisect_left(self.referrals, referral_id, key=lambda referral: referral.id)
        found = position < len(self.referrals) and self.referrals[position].id == referral_id
        return position if found else None

    def belonging(self, position: int) -> Belonging:
        """Which company the referral at a position belongs to."""
        return self.companies.belongings[position]

    def related(self, position: int) -> list[ReferralSummary]:
        """The other referrals of the same engagement, in the order of their ids."""
        engagement = self.referrals[position].engagement_id
        if not engagement:
            return []
        return [
            other
            for place, other in enumerate(self.referrals)
            if other.engagement_id == engagement and place != position
        ]

    def select(self, query: ReferralQuery, now: datetime) -> Selection:
        """A page of the referrals that a query finds, with facets."""
        return self.referral_list.select(query, self.desk, now)

    def fitting(self, query: ReferralQuery, now: datetime) -> Bits:
        """The referrals that a query finds, on all pages."""
        return self.referral_list.fitting(query, self.desk, now)

    def ordered(self, query: ReferralQuery, now: datetime) -> Iterator[int]:
        """The positions of the referrals that a query finds, on all pages, in its order."""
        return self.referral_list.ordered(query, self.desk, now)

    # --- companies

    def company(self, key: str) -> Company | None:
        """The company under a key, or the one that it is merged into."""
        return self.companies.find(key)

    def select_companies(self, query: CompanyQuery) -> Selection:
        """A page of the companies that a query finds, with facets."""
        return self.company_list.select(query)

    def fitting_companies(self, query: CompanyQuery) -> Bits:
        """The companies that a query finds, on all pages."""
        return self.company_list.fitting(query)

    def ordered_companies(self, query: CompanyQuery) -> Iterator[Company]:
        """The companies that a query finds, on all pages, in its order."""
        return self.company_list.ordered(query)

    # --- both

    def figures(self, now: datetime) -> dict[str, Any]:
        """The figures of the overview (see ``overview.figures``), computed once for each moment, and when that was."""
        moment = self.moment(now)
        known = self._figures
        if known is None or known[0] != moment:
            generated = times.public(times.from_datetime(now))
            known = self._figures = (moment, {"generatedAt": generated, **overview.figures(self.referrals, now)})
        return known[1]
